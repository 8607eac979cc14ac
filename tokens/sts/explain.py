"""How 20 digits turn into a token, step by step, for people who ask why."""

from __future__ import annotations

from dataclasses import dataclass

from meters.verdicts import TokenResult

from .codec import open_block
from .credit import _TransferCurrency
from .digits import extract_class, grouped
from .display import MeterTest, _Display
from .keychange import KeyChangeSection
from .keys import DecoderKey, EncryptionAlgorithm
from .kinds import Token, TokenWithTid, kind_at
from .tid import BaseDate, is_reserved, tid_moment

_CLASSES = {0: "credit transfer", 1: "test or display", 2: "management", 3: "reserved"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what was done, what came out, and whether it went well."""

    name: str
    result: str
    ok: bool = True


def explain(digits: str, key: DecoderKey | None, base_date: BaseDate) -> list[Step]:
    """Steps from the digits to the fields; ends at the first that fails.

    `key` may be None: then an encrypted token is explained up to its class. Key sections
    are never shown. Raises TokenTooLarge.
    """
    token_class, _ = extract_class(digits)
    steps = [
        Step("digits", f"{grouped(digits)}, below 2^66"),
        Step("class", f"{token_class} ({_CLASSES[token_class]})", ok=token_class != 3),
    ]
    if token_class == 3:
        return steps
    if token_class != 1 and key is None:
        return [*steps, Step("decryption", "needs the meter's key", ok=False)]
    opened = open_block(digits, key)
    if isinstance(opened, TokenResult):
        return [*steps, Step("decryption", opened.name, ok=False)]
    cipher = "not encrypted" if token_class == 1 or key is None else f"EA{key.ea.value}"
    steps.append(Step("decryption", cipher))
    authentic = opened.crc == opened.crc_expected
    steps.append(
        Step(
            "CRC",
            "right: made with this key"
            if authentic
            else "wrong: another key, another meter, or mistyped",
            ok=authentic,
        )
    )
    if not authentic:
        return steps
    ea = key.ea if key is not None else EncryptionAlgorithm.EA07
    row = kind_at(token_class, opened.subclass, ea)
    if row is None:
        return [*steps, Step("subclass", f"{opened.subclass} (reserved)", ok=False)]
    steps.append(Step("subclass", f"{opened.subclass} ({row.name})"))
    token = row.from_body(opened.body)
    if isinstance(token, TokenResult):
        return [*steps, Step("fields", token.name, ok=False)]
    return [*steps, *_fields(token, base_date)]


def _fields(token: Token, base_date: BaseDate) -> list[Step]:
    steps = []
    if isinstance(token, TokenWithTid):
        moment = tid_moment(base_date, token.tid)
        note = ", the reserved minute" if is_reserved(token.tid) else ""
        when = f"{token.tid} = {moment:%Y-%m-%d %H:%M} UTC (base {base_date.value}){note}"
        steps.append(Step("TID", when))
        rnd = getattr(token, "rnd", None)
        if rnd is not None:
            steps.append(Step("random nibble", str(rnd)))
    for name, value in token.to_fields().items():
        if isinstance(token, KeyChangeSection) and name.startswith("nk"):
            value = "(part of a key, not shown)"
        if name == "unit":
            continue
        unit = token.to_fields().get("unit", "")
        steps.append(Step(name, f"{value} {unit}".strip()))
    if isinstance(token, _Display):
        asked = [test.name.lower() for test in MeterTest if token.control & test and test.name]
        steps.append(Step("tests", ", ".join(asked) or "none known"))
    if isinstance(token, _TransferCurrency):
        steps.append(Step("currency CRC", "extra byte 01 included"))
    return steps
