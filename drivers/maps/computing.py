"""What the language of checks computes with: kinds of values, and what may be done with which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from meters.readings import Value

Result = Decimal | str | bool | frozenset[str]
Values = Mapping[str, Value]


class Misuse(Exception):
    """A value of the wrong kind."""


def number(value: Result) -> Decimal:
    if not isinstance(value, Decimal):
        raise Misuse(f"{value!r:.30} is not a number")
    return value


def truth(value: Result) -> bool:
    if not isinstance(value, bool):
        raise Misuse(f"{value!r:.30} is neither true nor false")
    return value


def value_of(values: Values, name: str) -> Result:
    if name not in values:
        raise Misuse(f"no value of {name}")
    found = values[name]
    if isinstance(found, Decimal | str | frozenset):
        return found
    return found.isoformat(sep=" ")


def _ordered(
    decide: Callable[[Decimal, Decimal], bool],
) -> Callable[[Result, Result], bool]:
    return lambda left, right: decide(number(left), number(right))


def _equal(left: Result, right: Result) -> bool:
    if type(left) is not type(right):
        raise Misuse(f"{left!r:.30} and {right!r:.30} are of different kinds")
    return left == right


def _within(left: Result, right: Result) -> bool:
    if not isinstance(left, str) or not isinstance(right, frozenset):
        raise Misuse(f"{left!r:.30} cannot be in {right!r:.30}")
    return left in right


COMPARE: Final[Mapping[str, Callable[[Result, Result], bool]]] = {
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "in": _within,
}
ARITHMETIC: Final[Mapping[str, Callable[[Decimal, Decimal], Decimal]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
FUNCTIONS: Final[Mapping[str, Callable[[list[Decimal]], Decimal]]] = {
    "abs": lambda given: abs(given[0]),
    "min": min,
    "max": max,
}
