"""The world file: which stand-in meters exist, behind which gateways.

JSON, readable by its owner only (mode 0600), because it holds decoder keys:

    {
      "start": "2026-03-01T08:00:00Z",     optional: the meters' clock at the start; now if absent
      "keypad": {"port": 0},               optional; port 0 takes a free one
      "gateways": {
        "north": {                         one Modbus TCP server, many meters by unit id
          "port": 0,
          "meters": [
            {
              "unit": 1,                   1..247, once in a gateway
              "drn": "60010000014",        11 or 13 digits, once in the world
              "commodity": "electricity",  or "water"
              "decoder_key": "0123...",    hex: 8 bytes for EA 07 and 09, 16 for EA 11
              "ea": "07",
              "sgc": "123457",             or null if the meter cannot know it
              "krn": 1,
              "ti": 1,
              "key_type": 2,               0 DITK, 1 DDTK, 2 DUTK, 3 DCTK
              "ken": 255,
              "manufactured_tid": 0,       older tokens are Old; counted from the key's base date
              "credit": 5000,              optional, Wh or litres, 0 if absent
              "load": 1200,                optional, W or litres an hour, 0 if absent
              "capacity": 999999999,       optional, the credit register's end
              "power_limit": 5000,         optional, W
              "tamper": true,              optional
              "fault": {"name": "reply_lost", "number": 1}    optional, see faults.py
            }
          ]
        }
      }
    }

Unknown keys are refused: a misspelt one must not pass for a default.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TypeVar

from meters.account import Commodity
from meters.errors import RaseedError, Refused
from meters.identity import Drn
from tokens.sts import LAST_TID, DecoderKey, EncryptionAlgorithm, KeyType, new_acceptance_state

from . import calendar
from .documents import Place, WorldInvalid
from .faults import Fault, fault_named
from .payment_meter import CAPACITY, MeterMemory, PaymentMeter, capabilities

_STS_RANGES = {
    "krn": range(1, 10),
    "ti": range(100),
    "key_type": range(4),
    "ken": range(256),
    "manufactured_tid": range(LAST_TID + 1),
}


@dataclass(eq=False)
class WorldUnprotected(Refused, code="simulator.world_unprotected"):
    """The world file holds decoder keys and others may read it: set its mode to 0600."""

    mode: str
    wanted: str = "0600"


@dataclass(frozen=True, slots=True)
class MeterPlan:
    """One meter of the world, ready to be built."""

    unit: int
    drn: Drn
    commodity: Commodity
    memory: MeterMemory = field(repr=False)
    load: int
    capacity: int
    fault: Fault | None

    def build(self, now: datetime) -> PaymentMeter:
        return PaymentMeter(
            self.drn,
            self.commodity,
            self.memory,
            now,
            load=self.load,
            can=capabilities(self.commodity, self.capacity),
        )


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """One Modbus TCP server and the meters behind it."""

    port: int
    meters: tuple[MeterPlan, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Everything the simulator starts."""

    gateways: Mapping[str, GatewayPlan]
    keypad_port: int = 0
    start: datetime | None = None


def read_world(path: Path) -> World:
    """The world in a file. Raises WorldUnprotected, WorldInvalid."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode != 0o600:
                raise WorldUnprotected(f"{mode:04o}")
            document = json.load(file)
    except OSError as error:
        raise WorldInvalid("file", error.strerror or "cannot be read") from None
    except ValueError:
        # The parser's message would quote the text around the mistake.
        raise WorldInvalid("file", "is not JSON") from None
    return parse_world(document)


def parse_world(document: object) -> World:
    """The world described by a JSON document. Raises WorldInvalid."""
    top = Place("world", document)
    start = top.take("start", str, None)
    gateways = {
        str(name): _gateway(Place(f"gateways.{name}", value))
        for name, value in top.take("gateways", dict).items()
    }
    keypad = Place("keypad", top.take("keypad", dict, {}))
    port = keypad.take("port", int, 0)
    keypad.end()
    top.end()
    numbers = [meter.drn for gateway in gateways.values() for meter in gateway.meters]
    if len(set(numbers)) != len(numbers):
        raise WorldInvalid("gateways", "a meter number stands twice")
    return World(gateways, _port("keypad", port), None if start is None else calendar.start(start))


def _gateway(place: Place) -> GatewayPlan:
    port = _port(place.name, place.take("port", int, 0))
    rows = place.take("meters", list)
    place.end()
    meters = tuple(_meter(Place(f"{place.name}.{i}", row)) for i, row in enumerate(rows))
    if len({meter.unit for meter in meters}) != len(meters):
        raise WorldInvalid(place.name, "a unit id stands twice")
    return GatewayPlan(port, meters)


def _meter(place: Place) -> MeterPlan:
    unit = place.take("unit", int)
    if not 1 <= unit <= 247:
        raise WorldInvalid(place.name, "unit must be 1 to 247")
    credit = place.take("credit", int, 0)
    load = place.take("load", int, 0)
    capacity = place.take("capacity", int, CAPACITY)
    if not 0 <= credit <= capacity or load < 0:
        raise WorldInvalid(place.name, "needs 0 <= credit <= capacity and load >= 0")
    fault = Place(f"{place.name}.fault", place.take("fault", dict, {"name": "none"}))
    sgc = place.take("sgc", str, None)
    numbers = {key: place.take(key, int) for key in _STS_RANGES}
    for key, value in numbers.items():
        if value not in _STS_RANGES[key]:
            allowed = _STS_RANGES[key]
            raise WorldInvalid(place.name, f"{key} must be {allowed[0]} to {allowed[-1]}")
    if sgc is not None and not (len(sgc) == 6 and sgc.isascii() and sgc.isdecimal()):
        raise WorldInvalid(place.name, "sgc must be six digits")
    try:
        plan = MeterPlan(
            unit=unit,
            drn=Drn(place.take("drn", str)),
            commodity=_one_of(place, "commodity", Commodity),
            memory=MeterMemory(
                acceptance=new_acceptance_state(
                    key=DecoderKey(
                        _one_of(place, "ea", EncryptionAlgorithm),
                        _key(place, place.take("decoder_key", str)),
                    ),
                    sgc=sgc,
                    krn=numbers["krn"],
                    ti=numbers["ti"],
                    key_type=KeyType(numbers["key_type"]),
                    ken=numbers["ken"],
                    manufactured_tid=numbers["manufactured_tid"],
                ),
                balance=credit,
                credited=credit,
                power_limit_w=place.take("power_limit", int, None),
                tamper=place.take("tamper", bool, False),
            ),
            load=load,
            capacity=capacity,
            fault=fault_named(fault.take("name", str), str(fault.take("number", (int, float), ""))),
        )
    except WorldInvalid:
        raise
    except RaseedError as error:
        raise WorldInvalid(place.name, str(error)) from None
    fault.end()
    place.end()
    return plan


_E = TypeVar("_E", bound=Enum)


def _one_of(place: Place, key: str, choices: type[_E]) -> _E:
    text = place.take(key, str)
    for choice in choices:
        if choice.value == text:
            return choice
    # What was written is not quoted: it may be a key in the wrong line.
    known = ", ".join(str(choice.value) for choice in choices)
    raise WorldInvalid(place.name, f"{key} must be one of {known}")


def _key(place: Place, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise WorldInvalid(place.name, "decoder_key is not hex") from None


def _port(name: str, port: int) -> int:
    if not 0 <= port <= 65535:
        raise WorldInvalid(name, "port must be 0 to 65535")
    return port
