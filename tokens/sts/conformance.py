"""Runs a vector file (spec section 18) against this codec, entry by entry.

Pure: takes the parsed list, returns what passed and why the rest did not. An unknown token
name counts as failed; unknown keys of an entry are ignored. Unverified algorithms are
enabled here, because a vector is just what could verify them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from typing import Any, Final

from meters.errors import RaseedError
from meters.identity import CheckDigitWrong, Drn, MeterNumberLength, MeterPan, luhn_digit
from meters.verdicts import TokenResult

from . import unverified
from .amounts import ceil_units, encode_amount16
from .codec import decode_token, encode_token, open_block
from .crc import crc16
from .digits import token_digits
from .dkga import STANDARD, control_block, derive_decoder_key, pan_block
from .keychange import KeyChangeSection, key_change_set
from .keys import (
    DecoderKey,
    Dkga,
    EncryptionAlgorithm,
    KeyParameters,
    KeyType,
    VendingKey,
)
from .kinds import Stamp, Token, TokenWithTid, check_field, kind_named
from .misty1 import Misty1Key
from .policy import KeyExpired
from .sta import start_key
from .tid import BaseDate, is_expired, tid_at

Entry = Mapping[str, Any]

_ALGORITHMS: Final = unverified.including(STANDARD, *unverified.NAMES)
_METER_NUMBERS: Final = "meter_pan_validation"
_SECTION_NAMES: Final = tuple(
    f"set_{order}_section_decoder_key" for order in ("1st", "2nd", "3rd", "4th")
)


class Mismatch(Exception):
    """An entry's answer is not ours; the text says which part."""


@dataclass(slots=True)
class ConformanceReport:
    """Counts, and the failed ids with their reasons in file order."""

    passed: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return len(self.failures)


def run_conformance(entries: Iterable[Entry]) -> ConformanceReport:
    """Judge every entry. Never raises for what an entry contains."""
    report = ConformanceReport()
    for number, entry in enumerate(entries, start=1):
        name = f"entry {number}"
        try:
            name = str(entry.get("id", name))
            _CASES[str(entry["case"])](entry)
        except Mismatch as mismatch:
            report.failures.append((name, str(mismatch)))
        except RaseedError as error:
            report.failures.append((name, str(error)))
        except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
            # A malformed entry fails by itself; the rest of the file still counts.
            report.failures.append((name, f"malformed entry: {type(error).__name__} {error}"))
        else:
            report.passed += 1
    return report


def _expect(what: str, ours: object, theirs: object) -> None:
    if ours != theirs:
        raise Mismatch(f"{what}: {ours} here, {theirs} expected")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _base_date(value: object) -> BaseDate:
    text = str(value)
    return BaseDate(int(text)) if len(text) == 4 else next(b for b in BaseDate if b.short == text)


def _meter(key: Entry) -> MeterPan:
    """The meter of a key record. Raises CheckDigitWrong, MeterNumberLength."""
    number = key.get("drn") or key.get("iain")
    if number is None:
        return MeterPan(str(key["pan"]))
    pan = Drn(str(number)).pan
    if "pan" in key and key["pan"] != _common_pan(key, pan):
        _expect("PAN", pan.number, key["pan"])
    return pan


def _common_pan(key: Entry, pan: MeterPan) -> str | None:
    """A common key has no meter: its PAN may be written as the issuer and zeros."""
    return pan.iin.ljust(18, "0") if int(key["key_type"]) == KeyType.DCTK else None


def _parameters(key: Entry) -> KeyParameters:
    return KeyParameters(
        dkga=Dkga(str(key["dkga"]).zfill(2)),
        ea=EncryptionAlgorithm(str(key["ea"]).zfill(2)),
        key_type=KeyType(int(key["key_type"])),
        sgc=str(key["sgc"]),
        ti=int(key["ti"]),
        krn=int(key["krn"]),
        ken=int(key.get("ken", 255)),
        base_date=_base_date(key["base_date"]),
    )


def _derived(key: Entry) -> DecoderKey:
    vending_key = VendingKey(bytes.fromhex(str(key["vending_key_hex"])))
    return derive_decoder_key(vending_key, _parameters(key), _meter(key), _ALGORITHMS)


def _entry_key(entry: Entry) -> DecoderKey | None:
    """The key the entry's tokens are under; None where it names none (class 1)."""
    if "decoder_key_hex" in entry:
        secret = bytes.fromhex(str(entry["decoder_key_hex"]))
        # Without a word on the cipher the key's length tells it.
        ea = str(entry.get("ea", "11" if len(secret) == 16 else "07")).zfill(2)
        return DecoderKey(EncryptionAlgorithm(ea), secret, _ALGORITHMS.ciphers)
    return _derived(entry["key"]) if entry.get("key") else None


def _stamp(entry: Entry) -> Stamp:
    rnd = int(entry.get("rnd", 0))
    if "issue_datetime" not in entry:
        return Stamp(int(entry.get("tid", 0)), rnd)
    key = entry.get("key") or {}
    base = _base_date(entry.get("tid_base_date") or key["base_date"])
    tid = tid_at(base, _moment(str(entry["issue_datetime"])))
    if "tid" in entry:
        _expect("TID", tid, int(entry["tid"]))
    return Stamp(tid, rnd)


def _built(entry: Entry) -> Token:
    """The token that the entry describes, before any key is asked whether it may issue it."""
    name, fields = str(entry["token"]), entry.get("fields", {})
    if name in _SECTION_NAMES and entry.get("new_key"):
        return _section(entry, fields)
    key = entry.get("key") or entry
    ea = EncryptionAlgorithm(str(key.get("ea", "07")).zfill(2))
    row = kind_named(name, ea)
    stamp = _stamp(entry) if issubclass(row, TokenWithTid) else Stamp()
    return row.from_fields(fields, stamp)


def _section(entry: Entry, fields: Entry) -> KeyChangeSection:
    new_key = entry["new_key"]
    sections = key_change_set(
        _derived(new_key),
        _parameters(new_key),
        ro=_flag(fields, "ro"),
        three_tokens=_flag(fields, "three_kct"),
    )
    order = int(fields.get("section", 1 + _SECTION_NAMES.index(str(entry["token"]))))
    if order > len(sections):
        # The third section of a 64-bit set exists only with its flag.
        raise Mismatch(f"the set has {len(sections)} sections, section {order} asked for")
    return sections[order - 1]


def _flag(fields: Entry, name: str) -> bool:
    value = int(fields.get(name, 0))
    check_field(name, value, 1)
    return bool(value)


def _issued(entry: Entry) -> str:
    """Digits of a positive entry, refused as an issuer would. Raises KeyExpired,
    CheckDigitWrong."""
    token = _built(entry)
    _expect_class(entry, token)
    key = entry.get("key")
    if isinstance(token, TokenWithTid) and key is not None:
        params = _parameters(key)
        if is_expired(token.tid, params.ken):
            raise KeyExpired(params.sgc, params.krn, params.ken)
    decoder_key = _entry_key(entry)
    expected_key = entry.get("expected_decoder_key_hex")
    if expected_key is not None and decoder_key is not None:
        same = decoder_key.secret == bytes.fromhex(str(expected_key))
        _expect("decoder key", "the same" if same else "another", "the same")
    _expect_body(entry, token.body())
    return encode_token(token, decoder_key)


def _expect_class(entry: Entry, token: Token) -> None:
    if "token_class" in entry:
        _expect("class", token.token_class, int(entry["token_class"]))
    if "token_subclass" in entry:
        _expect("subclass", token.subclass, int(entry["token_subclass"]))


def _expect_body(entry: Entry, body: int) -> None:
    if "body48_hex" in entry:
        _expect("body", f"{body:012x}", str(entry["body48_hex"]).lower())


def _positive(entry: Entry) -> None:
    if entry["token"] == _METER_NUMBERS:
        for number in entry["fields"]["drn_candidates"]:
            Drn(str(number))
        return
    _expect("tokens", [_issued(entry)], [str(t) for t in entry["expected_tokens"]])


_ERRORS: Final[Mapping[str, tuple[type[RaseedError], ...]]] = {
    "KeyExpired": (KeyExpired,),
    "DRNCheckDigit": (CheckDigitWrong, MeterNumberLength),
}


def _error(entry: Entry) -> None:
    expected = str(entry["expected_error"])
    _expect("tokens", [], entry.get("expected_tokens", []))
    if expected not in _ERRORS:
        raise Mismatch(f"unknown expected_error {expected}")
    if entry["token"] == _METER_NUMBERS:
        for number in entry["fields"]["drn_candidates"]:
            _refused(partial(Drn, str(number)), expected, str(number))
        return
    _refused(lambda: _issued(entry), expected, "issue")


def _refused(act: Callable[[], object], expected: str, what: str) -> None:
    try:
        act()
    except _ERRORS[expected]:
        return
    raise Mismatch(f"{what}: not refused, {expected} expected")


def _decode(entry: Entry) -> None:
    key = _entry_key(entry)
    digits = token_digits(str(entry["input_token"]))
    opened = open_block(digits, key)
    if not isinstance(opened, TokenResult):
        _expect_body(entry, opened.body)
    token = decode_token(digits, key)
    if isinstance(token, TokenResult):
        raise Mismatch(f"does not open: {token.name}")
    _expect("token", token.name, str(entry["token"]))
    _expect_class(entry, token)
    if isinstance(token, TokenWithTid):
        stamp = _stamp(entry)
        if "tid" in entry or "issue_datetime" in entry:
            _expect("TID", token.tid, stamp.tid)
        if "rnd" in entry and hasattr(token, "rnd"):
            _expect("random nibble", token.rnd, stamp.rnd)
    _expect_fields(token, entry.get("fields", {}))
    _expect("re-encoded", encode_token(token, key), digits)


def _expect_fields(token: Token, fields: Entry) -> None:
    ours = token.to_fields()
    for name, theirs in fields.items():
        if name == "unit" or name not in ours:
            continue
        if name == "amount" and _carries(token, fields):
            continue
        _expect(name, _comparable(name, ours[name]), _comparable(name, theirs))


def _carries(token: Token, fields: Entry) -> bool:
    """True if the stated amount, rounded as an issuer rounds it, is what the token carries."""
    stamp = Stamp(getattr(token, "tid", 0), getattr(token, "rnd", 0))
    return type(token).from_fields(fields, stamp).body() == token.body()


def _comparable(name: str, value: object) -> object:
    """Numbers compare as numbers however they are written, hexadecimal and other text as
    lower-case text."""
    if isinstance(value, bool):
        return Fraction(value)
    text = str(value).strip().lower()
    if name.endswith("_hex"):
        return text
    if name == "ken_nibble" and text in "abcdef":
        return Fraction(int(text, 16))
    try:
        return Fraction(text)
    except ValueError:
        return text


def _unit(entry: Entry) -> None:
    name = str(entry["token"])
    if name not in _UNITS:
        raise Mismatch(f"unknown token {name}")
    _expect(name, _plain_unit(_UNITS[name](entry["fields"])), _plain_unit(entry["expected"]))


def _plain_unit(value: object) -> str:
    return str(value).strip().lower()


def _unit_tid(f: Entry) -> str:
    # The helper counts minutes; moving on from the reserved one belongs to issuing.
    moment = _moment(str(f["datetime"]))
    return str(tid_at(_base_date(f["base_date"]), moment, special_reserved=True))


def _unit_amount(f: Entry) -> str:
    return f"{encode_amount16(ceil_units(Fraction(str(f['amount'])), 10)):04x}"


def _unit_pan_block(f: Entry) -> str:
    iin, number = str(f["iin"]), str(f["iain"])
    return f"{pan_block(iin + number, iin, int(f['key_type'])):016x}"


def _unit_control_block(f: Entry) -> str:
    block = control_block(int(f["key_type"]), str(f["sgc"]), int(f["ti"]), int(f["krn"]))
    return f"{block:016x}"


def _whole_hex(f: Entry, name: str, size: int) -> int:
    data = bytes.fromhex(str(f[name]))
    if len(data) != size:
        raise Mismatch(f"{name}: {len(data)} bytes, {size} needed")
    return int.from_bytes(data, "big")


def _unit_misty1(f: Entry) -> str:
    key = Misty1Key(_whole_hex(f, "key_hex", 16))
    block = _whole_hex(f, "block_hex", 8)
    answer = key.encrypt(block)
    _expect("decrypted again", key.decrypt(answer), block)
    return f"{answer:016x}"


_UNITS: Final[Mapping[str, Callable[[Entry], str]]] = {
    "unit_luhn": lambda f: str(luhn_digit(str(f["digits"]))),
    "unit_crc": lambda f: f"{crc16(bytes.fromhex(str(f['data_hex']))):04x}",
    "unit_tid": _unit_tid,
    "unit_amount16": _unit_amount,
    "unit_pan_block": _unit_pan_block,
    "unit_control_block": _unit_control_block,
    "unit_sta_start_key": lambda f: f"{start_key(_whole_hex(f, 'decoder_key_hex', 8)):016x}",
    "unit_misty1": _unit_misty1,
}

_CASES: Final[Mapping[str, Callable[[Entry], None]]] = {
    "positive": _positive,
    "error": _error,
    "decode": _decode,
    "unit": _unit,
}
