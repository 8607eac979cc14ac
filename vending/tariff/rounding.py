"""The one door from an exact amount to whole minor units; the way through is named."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction


class Rounding(Enum):
    """How an exact amount of money becomes whole minor units."""

    HALF_UP = "half_up"
    """To the nearest; a half goes away from zero."""
    HALF_EVEN = "half_even"
    """To the nearest; a half goes to the even neighbour."""
    DOWN = "down"
    """Toward zero."""
    UP = "up"
    """Away from zero."""


def rounded(numerator: int, denominator: int, how: Rounding) -> int:
    """`numerator / denominator` as a whole number; the denominator is positive.

    Symmetric: the rounding of -x is minus the rounding of x.
    """
    whole, rest = divmod(abs(numerator), denominator)
    if rest:
        twice = 2 * rest
        if (
            how is Rounding.UP
            or (how is Rounding.HALF_UP and twice >= denominator)
            or (
                how is Rounding.HALF_EVEN
                and (twice > denominator or (twice == denominator and whole % 2 == 1))
            )
        ):
            whole += 1
    return -whole if numerator < 0 else whole


def rounded_fraction(exact: Fraction, how: Rounding) -> int:
    """The same for a Fraction."""
    return rounded(exact.numerator, exact.denominator, how)
