"""Key records as the JSON inside the seal. The format names each field, so that a renamed
attribute in the program never changes what a file means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from meters.errors import RaseedError
from tokens.sts import (
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyAttributes,
    KeyLength,
    KeyRecord,
    KeyRef,
    KeyType,
    VendingKey,
)

from .errors import KeyRecordInvalid


def to_payload(records: Iterable[KeyRecord]) -> bytes:
    """The clear payload of a key file. Holds secrets: it goes into the seal and nowhere else."""
    keys = [_told(record) for record in records]
    return json.dumps({"keys": keys}, separators=(",", ":")).encode("utf-8")


def from_payload(payload: bytes) -> tuple[KeyRecord, ...]:
    """The inverse of `to_payload`. Raises KeyRecordInvalid, which never quotes a value."""
    try:
        keys = json.loads(payload)["keys"]
    except (ValueError, KeyError, TypeError):
        raise KeyRecordInvalid("keys") from None
    if not isinstance(keys, list):
        raise KeyRecordInvalid("keys")
    return tuple(_read(fields) for fields in keys)


def checked(record: KeyRecord) -> KeyRecord:
    """The record, if its key has the length its algorithm needs and its fields fit the standard.

    Raises KeyLength, KeyFieldInvalid, KeyRecordInvalid.
    """
    attributes = record.attributes
    expected = attributes.dkga.vending_key_bytes
    if len(record.secret.secret) != expected:
        name = f"DKGA{attributes.dkga.value}"
        raise KeyLength(name, expected, len(record.secret.secret))
    attributes.parameters(EncryptionAlgorithm.EA07, ti=0)
    since, until = attributes.active_from, attributes.issued_until
    for name, moment in (("active_from", since), ("issued_until", until)):
        if moment is not None and moment.tzinfo is None:
            raise KeyRecordInvalid(name)
    if since is not None and until is not None and until < since:
        raise KeyRecordInvalid("issued_until")
    for name in ("unit_limit", "currency_limit"):
        limit = getattr(attributes, name)
        if limit is not None and limit < 0:
            raise KeyRecordInvalid(name)
    return record


def _told(record: KeyRecord) -> dict[str, Any]:
    attributes = record.attributes
    return {
        "sgc": attributes.ref.sgc,
        "krn": attributes.ref.krn,
        "dkga": attributes.dkga.value,
        "key_type": int(attributes.key_type),
        "base_date": attributes.base_date.value,
        "ken": attributes.ken,
        "active_from": _instant_text(attributes.active_from),
        "issued_until": _instant_text(attributes.issued_until),
        "unit_limit": attributes.unit_limit,
        "currency_limit": attributes.currency_limit,
        "kinds": None if attributes.kinds is None else sorted(attributes.kinds),
        "cluster": attributes.cluster,
        "secret": record.secret.secret.hex(),
    }


def _read(fields: Mapping[str, Any]) -> KeyRecord:
    if not isinstance(fields, dict):
        raise KeyRecordInvalid("keys")
    at = ""

    def take(name: str) -> Any:
        nonlocal at
        at = name
        return fields[name]

    try:
        kinds = take("kinds")
        attributes = KeyAttributes(
            ref=KeyRef(str(take("sgc")), int(take("krn"))),
            dkga=Dkga(take("dkga")),
            key_type=KeyType(take("key_type")),
            base_date=BaseDate(take("base_date")),
            ken=int(take("ken")),
            active_from=_instant(take("active_from")),
            issued_until=_instant(take("issued_until")),
            unit_limit=_whole(take("unit_limit")),
            currency_limit=_whole(take("currency_limit")),
            kinds=None if kinds is None else frozenset(str(name) for name in kinds),
            cluster=int(take("cluster")),
        )
        return checked(KeyRecord(attributes, VendingKey(bytes.fromhex(take("secret")))))
    except RaseedError:
        raise
    except (KeyError, ValueError, TypeError):
        raise KeyRecordInvalid(at) from None


def _instant_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _whole(value: int | None) -> int | None:
    return None if value is None else int(value)
