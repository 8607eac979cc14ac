"""How meters write a moment. A codec turns plain bytes (highest first, where the register's order
says so) into a naive datetime, as the meter's own clock tells it, and back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a meter's clock has no zone


@dataclass(frozen=True, slots=True)
class Codec:
    """One way to write a moment. `decode` and `encode` raise ValueError for what is none."""

    size: int
    step: timedelta
    """What is finer is lost on the way to the meter."""
    first: datetime
    last: datetime
    decode: Callable[[bytes], datetime]
    encode: Callable[[datetime], bytes]


def _naive(*fields: int) -> datetime:
    return datetime(*fields)  # type: ignore[arg-type]  # noqa: DTZ001


def _from_bcd(raw: bytes) -> list[int]:
    """Two decimal digits in each byte."""
    if not raw.hex().isdecimal():
        raise ValueError("not BCD")
    return [int(f"{byte:02x}") for byte in raw]


def _to_bcd(*numbers: int) -> bytes:
    return bytes.fromhex("".join(f"{number:02d}" for number in numbers))


def _decode_epoch(raw: bytes) -> datetime:
    return _EPOCH + timedelta(seconds=int.from_bytes(raw, "big"))


def _encode_epoch(moment: datetime) -> bytes:
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    if not 0 <= seconds < 2**32:
        raise ValueError("beyond 32 bits of seconds")
    return seconds.to_bytes(4, "big")


def _decode_bcd_clock(raw: bytes) -> datetime:
    second, minute, hour, day, month, year, century, _ = _from_bcd(raw)
    return _naive(100 * century + year, month, day, hour, minute, second)


def _encode_bcd_clock(moment: datetime) -> bytes:
    century, year = divmod(moment.year, 100)
    clock = (moment.second, moment.minute, moment.hour)
    return _to_bcd(*clock, moment.day, moment.month, year, century, 0)


def _decode_iem(raw: bytes) -> datetime:
    year, date, time, milliseconds = (int.from_bytes(raw[i : i + 2], "big") for i in (0, 2, 4, 6))
    if time & 0x0080:
        raise ValueError("the meter says that its clock is not valid")
    if milliseconds > 59999:
        raise ValueError("more than a minute of milliseconds")
    start = _naive(
        2000 + (year & 0x7F), date >> 8 & 0x0F, date & 0x1F, time >> 8 & 0x1F, time & 0x3F
    )
    return start + timedelta(milliseconds=milliseconds)


def _encode_iem(moment: datetime) -> bytes:
    words = (
        moment.year - 2000,
        moment.month << 8 | moment.isoweekday() % 7 + 1 << 5 | moment.day,
        moment.hour << 8 | moment.minute,
        moment.second * 1000 + moment.microsecond // 1000,
    )
    return b"".join(word.to_bytes(2, "big") for word in words)


def _decode_mbus_date(raw: bytes) -> datetime:
    return _mbus_day(raw, 0)


def _mbus_day(raw: bytes, century: int) -> datetime:
    """Without a century, years from 81 to 99 are of the last one (annex A of EN 13757-3)."""
    day, month = raw
    year = day >> 5 | month >> 4 << 3
    if year > 99:
        raise ValueError("a year beyond its century")
    if century:
        start = 1900 + 100 * century
    else:
        start = 1900 if year > 80 else 2000
    return _naive(start + year, month & 0x0F, day & 0x1F)


def _encode_mbus_date(moment: datetime) -> bytes:
    year = moment.year % 100
    return bytes([(year & 7) << 5 | moment.day, year >> 3 << 4 | moment.month])


def _decode_mbus_time(raw: bytes) -> datetime:
    if raw[0] & 0x80:
        raise ValueError("the meter says that its clock is not valid")
    date = _mbus_day(raw[2:], raw[1] >> 5 & 3)
    return date.replace(hour=raw[1] & 0x1F, minute=raw[0] & 0x3F)


def _encode_mbus_time(moment: datetime) -> bytes:
    return bytes([moment.minute, moment.hour]) + _encode_mbus_date(moment)


def _decode_dlt645(raw: bytes) -> datetime:
    year, month, day, _, hour, minute, second = _from_bcd(raw)
    return _naive(2000 + year, month, day, hour, minute, second)


def _encode_dlt645(moment: datetime) -> bytes:
    date = (moment.year - 2000, moment.month, moment.day, moment.isoweekday() % 7)
    return _to_bcd(*date, moment.hour, moment.minute, moment.second)


def _decode_binary(raw: bytes) -> datetime:
    return _naive(2000 + raw[0], *raw[1:])


def _encode_binary(moment: datetime) -> bytes:
    date = (moment.year - 2000, moment.month, moment.day)
    return bytes((*date, moment.hour, moment.minute, moment.second))


_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


def _years(first: int, last: int) -> tuple[datetime, datetime]:
    return _naive(first, 1, 1), _naive(last, 12, 31, 23, 59, 59)


CODECS: dict[str, Codec] = {
    # Seconds since 1970-01-01T00:00:00Z.
    "epoch": Codec(
        4, _SECOND, _EPOCH, _EPOCH + timedelta(seconds=2**32 - 1), _decode_epoch, _encode_epoch
    ),
    # Xintai: ss mm hh DD MM YY CC 00, two digits a byte.
    "bcd-clock": Codec(8, _SECOND, *_years(1, 9999), _decode_bcd_clock, _encode_bcd_clock),
    # Schneider iEM3000, four words: year since 2000; month, weekday (1 is Sunday), day; summer
    # time, hour, not valid, minute; milliseconds of the minute.
    "iem3155": Codec(
        8, timedelta(milliseconds=1), *_years(2000, 2127), _decode_iem, _encode_iem
    ),
    # M-Bus types F (CP32) and G (CP16), EN 13757-3, in the order they are sent.
    "mbus-f": Codec(4, _MINUTE, *_years(1981, 2080), _decode_mbus_time, _encode_mbus_time),
    "mbus-g": Codec(
        2, timedelta(days=1), *_years(1981, 2080), _decode_mbus_date, _encode_mbus_date
    ),
    # DL/T 645-2007: YY MM DD WW hh mm ss, two digits a byte (weekday 0 is Sunday).
    "dlt645": Codec(7, _SECOND, *_years(2000, 2099), _decode_dlt645, _encode_dlt645),
    # YY MM DD hh mm ss, one plain byte each.
    "binary6": Codec(6, _SECOND, *_years(2000, 2255), _decode_binary, _encode_binary),
}  # fmt: skip
