"""What a meter maker knows: fresh keys, and the world file that the simulated meters run on.

The vending key is drawn for this demo, sealed into the key file, used once here to give each
simulated meter its decoder key, and forgotten.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from meters.account import Commodity
from meters.identity import Drn
from tokens.sts import (
    BaseDate,
    Dkga,
    KeyAttributes,
    KeyRecord,
    KeyRef,
    KeyType,
    VendingKey,
    derive_decoder_key,
    tid_at,
)

from .municipality import KRN, SGC, TI, Household

# A home draws this much on average (W, litres an hour), a little different in each.
_LOADS = {Commodity.ELECTRICITY: (350, 90), Commodity.WATER: (18, 5)}
_CREDITS = {Commodity.ELECTRICITY: 18_400, Commodity.WATER: 3_200}


def new_key(random_bytes: Callable[[int], bytes], now: datetime, krn: int = KRN) -> KeyRecord:
    """A vending key for the demo's supply group: 2014 base date, DKGA04, limits as a careful
    municipality would set them (1 000 kWh or m3 a token, one year of issue)."""
    attributes = KeyAttributes(
        KeyRef(SGC, krn),
        Dkga.DKGA04,
        KeyType.DUTK,
        BaseDate.BASE_2014,
        ken=255,
        # The municipality has a month behind it.
        active_from=now - timedelta(days=40),
        issued_until=now + timedelta(days=365),
        unit_limit=10_000,
    )
    return KeyRecord(attributes, VendingKey(random_bytes(Dkga.DKGA04.vending_key_bytes)))


def world_document(
    houses: list[Household], record: KeyRecord, now: datetime, *, empty: Drn
) -> dict[str, Any]:
    """The world of all meters (see simulators/world.py); the meter `empty` has no credit left.

    Holds decoder keys: write it with `write_private` only.
    """
    gateways: dict[str, Any] = {}
    made = tid_at(BaseDate.BASE_2014, now - timedelta(days=40))
    for number, house in enumerate(houses):
        meters = gateways.setdefault(house.quarter.gateway, {"meters": []})["meters"]
        for commodity, drn, unit in (
            (Commodity.ELECTRICITY, house.electricity, house.unit),
            (Commodity.WATER, house.water, house.unit + 1),
        ):
            parameters = record.attributes.parameters(house.quarter.ea, TI)
            key = derive_decoder_key(record.secret, parameters, drn.pan)
            usual, spread = _LOADS[commodity]
            meters.append(
                {
                    "unit": unit,
                    "drn": drn.number,
                    "commodity": commodity.value,
                    "decoder_key": key.secret.hex(),
                    "ea": house.quarter.ea.value,
                    "sgc": SGC,
                    "krn": KRN,
                    "ti": TI,
                    "key_type": int(KeyType.DUTK),
                    "ken": record.attributes.ken,
                    "manufactured_tid": made,
                    "credit": 0 if drn == empty else _CREDITS[commodity] + 700 * (number % 7),
                    "load": usual + spread * (number % 5),
                }
            )
    return {"gateways": gateways}


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner can read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def write_world(path: Path, document: dict[str, Any]) -> None:
    """The world file, mode 0600."""
    write_private(path, json.dumps(document))
