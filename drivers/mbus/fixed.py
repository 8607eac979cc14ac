"""The fixed data structure of EN 1434-3 and EN 13757-3: two counters, as the oldest meters tell.

    identification 4   access 1   status 1   medium and units 2   counter 4   counter 4

Low bytes come first. Of medium and units each byte has a unit in its six lower bits; the two upper
ones of both together are the medium, those of the second byte being the higher.
"""

from __future__ import annotations

from typing import Final

from .frames import Long
from .records import bcd, scaled
from .telegram import Content, NotATelegram, Record, Telegram
from .units import UNKNOWN, Meaning

LENGTH: Final = 16
KEYS: Final = ("FIXED 1", "FIXED 2")
# Bits of the status; the others are those of the variable structure.
_BINARY: Final = 0x01
_AT_FIXED_DATE: Final = 0x02
_MEDIUM: Final = 0xC0
_UNIT: Final = 0x3F
_HISTORIC: Final = 0x3E
"""The unit of the other counter, and its value at the fixed date."""
_LAST_MEDIUM: Final = 8
"""Up to here they are the media of the variable structure. Those above are of meters that send high
bytes first, of which nobody says whether that goes for this very telegram."""
_SIGN: Final = 0x80

_STEPS: Final = 3
"""Each unit stands for itself, tens and hundreds of it, one code after the other."""
_FIRST: Final = (
    (0x02, "energy", "Wh", 0),
    (0x05, "energy", "Wh", 3),
    (0x08, "energy", "Wh", 6),
    (0x0B, "energy", "J", 3),
    (0x0E, "energy", "J", 6),
    (0x11, "energy", "J", 9),
    (0x14, "power", "W", 0),
    (0x17, "power", "W", 3),
    (0x1A, "power", "W", 6),
    (0x1D, "power", "J/h", 3),
    (0x20, "power", "J/h", 6),
    (0x23, "power", "J/h", 9),
    (0x26, "volume", "m3", -6),
    (0x29, "volume", "m3", -3),
    (0x2C, "volume", "m3", 0),
    (0x2F, "flow", "m3/h", -6),
    (0x32, "flow", "m3/h", -3),
    (0x35, "flow", "m3/h", 0),
)
UNITS: Final = {
    first + step: Meaning(quantity, unit, exponent + step)
    for first, quantity, unit, exponent in _FIRST
    for step in range(_STEPS)
} | {
    # One temperature, of which it is not told where it was measured.
    0x38: Meaning("temperature", "°C", -3),
    0x39: Meaning("heat_cost"),
    0x3F: Meaning(UNKNOWN),
}
"""What counters count, by code. Time of day (00) and date (01) are left out: nobody says how they
are written; 3A to 3D are reserved."""


def fixed(frame: Long) -> Telegram:
    """The telegram of a frame with this structure. Raises NotATelegram."""
    if len(frame.data) != LENGTH:
        raise NotATelegram("cut_off")
    head, data = frame.data[:8], frame.data[8:]
    first, second = head[6], head[7]
    medium = (second & _MEDIUM) >> 4 | (first & _MEDIUM) >> 6
    if medium > _LAST_MEDIUM:
        raise NotATelegram("high_byte_first")
    status = head[5]
    codes = (first & _UNIT, second & _UNIT)
    records = tuple(
        _record(number, codes, status, data[4 * number : 4 * number + 4]) for number in range(2)
    )
    return Telegram(
        identification=head[3::-1].hex().upper(),
        maker="",
        version=0,
        medium=medium,
        access=head[4],
        status=status & ~(_BINARY | _AT_FIXED_DATE),
        signature=0,
        records=records,
        more=False,
        address=frame.address,
    )


def _record(number: int, codes: tuple[int, int], status: int, raw: bytes) -> Record:
    code = codes[number]
    is_historic = code == _HISTORIC
    what = UNITS.get(codes[1 - number] if is_historic else code)
    value: Content = None
    problem = "unknown_unit"
    if what is not None:
        value, problem = _value(status, raw, what)
    return Record(
        key=KEYS[number],
        storage=int(is_historic or bool(status & _AT_FIXED_DATE)),
        tariff=0,
        subunit=0,
        function="instant",
        meaning=what or Meaning(UNKNOWN),
        data=raw,
        value=value,
        problem=problem,
    )


def _value(status: int, raw: bytes, what: Meaning) -> tuple[Content, str]:
    if not status & _BINARY:
        return bcd(raw, what.exponent)
    if raw[-1] & _SIGN:
        # Some meters have a sign here and some have not: below this it makes no difference.
        return None, "sign_unknown"
    return scaled(int.from_bytes(raw, "little"), what.exponent), ""
