"""IEEE 754 numbers as exact decimals: the shortest decimal that means the same float, and the
distance to the next float, which is all the meter can tell.
"""

from __future__ import annotations

import math
import struct
from decimal import Decimal

_FORMATS = {4: ">f", 8: ">d"}
_MANTISSA = {4: 23, 8: 52}
_LEAST_NORMAL = 2.0**-126
_LEAST_EXPONENT = {4: -126, 8: -1022}


def decimal_of(raw: bytes) -> Decimal:
    """The shortest decimal that is nearer to this float than to any other: 43 66 33 33 is 230.2,
    not 230.19999694824219. Raises ValueError for infinities and for what is no number."""
    (number,) = struct.unpack(_FORMATS[len(raw)], raw)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    if len(raw) == 8:
        return Decimal(repr(number))
    # Every decimal of 6 digits survives a single-precision float, but for the very smallest, which
    # have fewer bits; 9 digits tell any two apart.
    for digits in range(6 if abs(number) >= _LEAST_NORMAL else 1, 10):
        text = f"{number:.{digits}g}"
        if struct.pack(">f", float(text)) == raw:
            return _plain(Decimal(text))
    raise AssertionError("9 digits always suffice")


def is_nan(raw: bytes) -> bool:
    """Whether this float is one of the many that are no number."""
    return math.isnan(struct.unpack(_FORMATS[len(raw)], raw)[0])


def float_of(value: Decimal, size: int) -> bytes:
    """The float nearest to `value`. Raises ValueError if it is beyond all of them."""
    try:
        return struct.pack(_FORMATS[size], float(value))
    except OverflowError:
        raise ValueError("beyond the largest float") from None


def step_of(raw: bytes) -> Decimal:
    """Distance from this float to the next one away from zero, to 28 digits. At 1 000 000 kWh a
    single-precision meter counts in steps of 0.0625 kWh, whatever it displays."""
    (number,) = struct.unpack(_FORMATS[len(raw)], raw)
    least = _LEAST_EXPONENT[len(raw)]
    exponent = max(math.frexp(number)[1] - 1, least) if number else least
    return Decimal(2) ** (exponent - _MANTISSA[len(raw)])


def _plain(value: Decimal) -> Decimal:
    """Without trailing zeros, and 1E+3 as 1000."""
    value = value.normalize()
    return Decimal(int(value)) if value == value.to_integral_value() else value
