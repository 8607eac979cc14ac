"""The variable data structure of EN 13757-3: a telegram's header and its records, exactly.

A number is its raw integer and a power of ten; nothing goes through binary floating point, except
what the meter itself sends as such, and that becomes its shortest decimal.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from ..maps.floats import decimal_of
from .calendar import date_of, moment_of
from .frames import Long
from .telegram import Content, NotATelegram, Record, Telegram, maker_letters
from .units import (
    DATE,
    ERRORS,
    EXTENSION_FB,
    EXTENSION_FD,
    MAKER,
    MOMENT,
    TEXT_VIF,
    UNKNOWN,
    UNSIGNED,
    Meaning,
    meaning,
)

HEADER: Final = 12
MAKER_DATA: Final = 0x0F
MORE_FOLLOWS: Final = 0x1F
_FILLER: Final = 0x2F
_EXTENDED: Final = 0x80
_MOST_EXTENSIONS: Final = 10
_VARIABLE_LENGTH: Final = 0x0D
_REAL: Final = 0x05
_LENGTHS: Final = (0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, -1, 6, 0)
_BCD: Final = range(0x09, 0x10)
_FUNCTIONS: Final = ("instant", "maximum", "minimum", "error")
_TIMES_THOUSAND: Final = 0x7D
_CORRECTION: Final = range(0x70, 0x78)


def variable(frame: Long) -> Telegram:
    """The telegram of a frame with this structure. Raises NotATelegram."""
    if len(frame.data) < HEADER:
        raise NotATelegram("cut_off")
    head = frame.data[:HEADER]
    word = int.from_bytes(head[4:6], "little")
    told = Telegram(
        identification=head[3::-1].hex().upper(),
        maker=maker_letters(word),
        version=head[6],
        medium=head[7],
        access=head[8],
        status=head[9],
        signature=int.from_bytes(head[10:12], "little"),
        records=(),
        more=False,
        address=frame.address,
    )
    if told.is_encrypted:
        return told
    records, more = _records(frame.data[HEADER:])
    return replace(told, records=records, more=more)


def record_meaning(head: bytes) -> Meaning:
    """What a record with this DIF, DIFE, VIF, VIFE holds. Raises NotATelegram."""
    _, at = _extended(head, 0)
    vifs, _ = _extended(head, at)
    return _meaning(vifs, "")[0]


def _records(data: bytes) -> tuple[tuple[Record, ...], bool]:
    records: list[Record] = []
    at = 0
    while at < len(data):
        dif = data[at]
        if dif == _FILLER:
            at += 1
            continue
        if dif in (MAKER_DATA, MORE_FOLLOWS):
            return tuple(records), dif == MORE_FOLLOWS
        record, at = _record(data, at)
        records.append(record)
    return tuple(records), False


def _record(data: bytes, at: int) -> tuple[Record, int]:
    begin = at
    difs, at = _extended(data, at)
    text = ""
    vif = _byte(data, at)
    vifs, at = _extended(data, at)
    if vif & 0x7F == TEXT_VIF:
        # Plain text: its length and characters stand behind all VIFEs, last character first.
        length = _byte(data, at)
        text = _letters(_slice(data, at + 1, length)[::-1])
        at += 1 + length
    key = data[begin:at].hex(" ").upper()
    size = _LENGTHS[difs[0] & 0x0F]
    kind = difs[0] & 0x0F
    if kind == _VARIABLE_LENGTH:
        lvar = _byte(data, at)
        at += 1
        kind, size = _variable(lvar)
    else:
        lvar = 0
    raw = _slice(data, at, size)
    what, error = _meaning(vifs, text)
    storage = difs[0] >> 6 & 1
    tariff = subunit = 0
    for number, dife in enumerate(difs[1:]):
        storage |= (dife & 0x0F) << 1 + 4 * number
        tariff |= (dife >> 4 & 3) << 2 * number
        subunit |= (dife >> 6 & 1) << number
    value, problem = (None, error) if error else _value(kind, lvar, raw, what)
    function = _FUNCTIONS[difs[0] >> 4 & 3]
    return Record(key, storage, tariff, subunit, function, what, raw, value, problem), at + size


def _extended(data: bytes, at: int) -> tuple[bytes, int]:
    """A field and the extensions that its highest bits announce."""
    end = at
    while _byte(data, end) & _EXTENDED:
        end += 1
        if end - at > _MOST_EXTENSIONS:
            raise NotATelegram("extensions")
    return data[at : end + 1], end + 1


def _variable(lvar: int) -> tuple[int, int]:
    """Kind of data (as a DIF) and its length, of a variable length."""
    if lvar < 0xC0:
        return _VARIABLE_LENGTH, lvar
    if lvar < 0xE0:
        return _BCD.start, lvar & 0x0F
    if lvar < 0xF0:
        return 0x04, lvar & 0x0F
    raise NotATelegram("variable_length")


def _meaning(vifs: bytes, text: str) -> tuple[Meaning, str]:
    """What the value is, and the error that the last VIFE tells instead of one."""
    first = vifs[0]
    rest = vifs[1:]
    if first in (EXTENSION_FB, EXTENSION_FD):
        what = meaning(first, rest[0] & 0x7F)
        rest = rest[1:]
    elif first & 0x7F == TEXT_VIF:
        what = Meaning(UNKNOWN, text)
    else:
        what = meaning(0, first & 0x7F)
    exponent = what.exponent
    error = also = ""
    for vife in rest:
        code = vife & 0x7F
        if what.quantity == MAKER or code == 0x7F:
            # What follows is the maker's own, and so is then the value.
            return Meaning(MAKER, what.unit, exponent), error
        if code in _CORRECTION:
            exponent += code - 0x70 - 6
        elif code == _TIMES_THOUSAND:
            exponent += 3
        elif code in range(0x78, 0x7C):
            error = "additive_correction"
        elif code in ERRORS:
            error = ERRORS[code]
        else:
            also += f"{code:02X}"
    return Meaning(what.quantity, what.unit, exponent, also), error


def _value(kind: int, lvar: int, raw: bytes, what: Meaning) -> tuple[Content, str]:
    if kind == _VARIABLE_LENGTH:
        return _letters(raw[::-1]), ""
    if not raw:
        return None, "no_data"
    if what.quantity == MAKER:
        return None, MAKER
    if what.quantity == MOMENT and len(raw) in (4, 6):
        return _or_invalid(moment_of(raw))
    if what.quantity == DATE and len(raw) == 2:
        return _or_invalid(date_of(raw))
    if kind in _BCD:
        return bcd(raw, what.exponent, negative=0xD0 <= lvar < 0xE0)
    if kind == _REAL:
        try:
            return decimal_of(raw[::-1]).scaleb(what.exponent), ""
        except ValueError:
            return None, "not_a_number"
    signed = what.quantity not in UNSIGNED
    return scaled(int.from_bytes(raw, "little", signed=signed), what.exponent), ""


def scaled(number: int, exponent: int) -> Decimal:
    """Times ten to the exponent, with the digits that the meter tells and no others."""
    return Decimal(number * 10**exponent) if exponent > 0 else Decimal(number).scaleb(exponent)


def bcd(raw: bytes, exponent: int, negative: bool = False) -> tuple[Content, str]:
    """The number, and why there is none."""
    digits = raw[::-1].hex()
    if digits[0] == "f":
        # Type A of annex A: F in the highest place is a minus.
        negative, digits = True, "0" + digits[1:]
    if not digits.isdecimal():
        return None, "not_bcd"
    number = int(digits)
    return scaled(-number if negative else number, exponent), ""


def _or_invalid(value: date | datetime | None) -> tuple[Content, str]:
    return (value, "") if value is not None else (None, "invalid_date")


def _letters(raw: bytes) -> str:
    return raw.decode("latin-1")


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise NotATelegram("cut_off")
    return data[at]


def _slice(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise NotATelegram("cut_off")
    return data[at : at + size]
