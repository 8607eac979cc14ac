"""Units as tokens carry them: whole steps, the large ones not all. Pure."""

from __future__ import annotations

from meters.quantities import Quantity
from tokens.sts import carried

from .errors import AmountTooLow, UnitsNotCarried

MOST_STEPS = 18_201_624
"""Largest value of the 16-bit amount field (IEC 62055-41; STS notes, section 7.1)."""


def check_carried(units: Quantity, step: int) -> None:
    """Raises AmountTooLow or UnitsNotCarried unless a token carries exactly these units, or there
    are none."""
    if carried(units) == units:
        return
    kind = type(units)
    if units.value < step:
        raise AmountTooLow(str(units), str(kind(step)))
    below = carried_floor(kind, units.value // step, step)
    raise UnitsNotCarried(str(units), str(below), str(carried(units)))


def carried_floor(kind: type[Quantity], steps: int, step: int) -> Quantity:
    """The largest amount up to `steps` steps that the token's field holds exactly."""
    wanted = kind(steps * step)
    if carried(wanted) == wanted:
        return wanted
    # The field rounds up, so look for the last amount that it does not lift above the wanted one.
    low, high = 0, steps - 1
    while low < high:
        middle = (low + high + 1) // 2
        if not wanted < carried(kind(middle * step)):
            low = middle
        else:
            high = middle - 1
    return carried(kind(low * step))
