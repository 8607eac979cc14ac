"""Amount fields of many tokens at once: 16 bits for units, 20 bits for currency (section 7).

The same fields as `encode_amount16` and `encode_currency20`, in whole numbers throughout.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .batch_columns import Words

_MANTISSAS: Final = 1 << 14


def _ranges(exponents: int) -> tuple[Words, Words, Words]:
    """Step, offset (first value) and last value of each exponent's range."""
    steps = [10**e for e in range(exponents)]
    offsets = [_MANTISSAS * (step - 1) // 9 for step in steps]
    lasts = [(_MANTISSAS - 1) * step + offset for step, offset in zip(steps, offsets, strict=True)]
    return (
        np.array(steps, dtype=np.uint64),
        np.array(offsets, dtype=np.uint64),
        np.array(lasts, dtype=np.uint64),
    )


# Sixteen ranges of the 20-bit field reach beyond 63 bits: enough for any column.
_STEPS, _OFFSETS, _LASTS = _ranges(16)
LARGEST_AMOUNT16: Final = int(_LASTS[3])
LARGEST_COLUMN: Final = (1 << 63) - 1


def _magnitude_up(units: Words) -> Words:
    exponent = np.searchsorted(_LASTS, units)
    # A value between two ranges lies below the offset of its range and takes the first value.
    above = np.maximum(units, _OFFSETS[exponent]) - _OFFSETS[exponent]
    step = _STEPS[exponent]
    mantissa: Words = (above + (step - np.uint64(1))) // step
    return exponent.astype(np.uint64) << np.uint64(14) | mantissa


def _magnitude_down(units: Words) -> Words:
    exponent = np.searchsorted(_OFFSETS, units, side="right") - 1
    steps: Words = (units - _OFFSETS[exponent]) // _STEPS[exponent]
    mantissa = np.minimum(steps, np.uint64(_MANTISSAS - 1))
    return exponent.astype(np.uint64) << np.uint64(14) | mantissa


def amount16(units: Words) -> Words:
    """Fields `exponent2 | mantissa14` for whole steps up to LARGEST_AMOUNT16, rounded up."""
    if not len(units) or int(units.max()) < _MANTISSAS:
        return units
    return _magnitude_up(units)


def currency20(units: NDArray[Any]) -> Words:
    """Fields `sign1 | exponent5 | mantissa14` for signed units of 10^-5 base currency.

    Rounds toward plus infinity, as section 7.2 wants; there is no negative zero.
    """
    magnitude = np.abs(units).astype(np.uint64)
    charge = units < 0
    field = np.where(charge, _magnitude_down(magnitude), _magnitude_up(magnitude))
    field[charge & (field != 0)] |= np.uint64(1 << 19)
    return field
