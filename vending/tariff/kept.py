"""A priced line as plain values, the way a sale keeps it."""

from __future__ import annotations

from fractions import Fraction
from operator import attrgetter
from typing import Any

from meters.quantities import Energy, Money, Quantity, Volume

from .labels import Label
from .quotes import Limited, LineKind, QuoteLine
from .rounding import Rounding

_QUANTITIES: dict[str, type[Quantity]] = {kind.unit: kind for kind in (Energy, Volume)}


def kept_line(line: QuoteLine) -> list[Any]:
    """Eight plain values and, where a line says more than units or added tax, a table of the rest
    by name. Sales of before that table keep reading, and keep their hash."""
    base = line.base
    values: list[Any] = [
        line.rule,
        base.value if isinstance(base, Quantity) else base.minor,
        base.unit if isinstance(base, Quantity) else base.currency,
        line.rate,
        line.exact.numerator,
        line.exact.denominator,
        line.rounding.value,
        line.amount.minor,
    ]
    rest = {name: value for name, value in zip(_PLAIN, _PLAIN_OF(line), strict=True) if value}
    if line.kind is not _usual_kind(line.rule):
        rest["kind"] = line.kind.value
    if line.label is not None:
        rest["name"] = [line.label.ar, line.label.en]
    if line.limited is not None:
        rest["limited"] = line.limited.value
    for name in _SUMS:
        amount: Money | None = getattr(line, name)
        if amount is not None:
            rest[name] = amount.minor
    return [*values, rest] if rest else values


_PLAIN = ("code", "included", "block", "months", "payer", "book", "reason")
"""Kept as they are, where they say something."""
_PLAIN_OF = attrgetter(*_PLAIN)
_SUMS = ("left", "before")
"""Amounts, where there are any."""


def line_from(values: list[Any], currency: str) -> QuoteLine:
    """The line that `kept_line` was given."""
    rule, base, unit, rate, numerator, denominator, rounding, amount, *rest = values
    more = rest[0] if rest else {}
    quantity = _QUANTITIES.get(unit)
    name, limited = more.get("name"), more.get("limited")
    left, before = (_money(more.get(name), currency) for name in _SUMS)
    return QuoteLine(
        rule=rule,
        base=Money(base, unit) if quantity is None else quantity(base),
        rate=rate,
        exact=Fraction(numerator, denominator),
        rounding=Rounding(rounding),
        amount=Money(amount, currency),
        kind=LineKind(more["kind"]) if "kind" in more else _usual_kind(rule),
        code=more.get("code", ""),
        label=None if name is None else Label(*name),
        included=more.get("included", False),
        block=more.get("block", 0),
        months=more.get("months", 0),
        payer=more.get("payer", ""),
        book=more.get("book", ""),
        limited=None if limited is None else Limited(limited),
        reason=more.get("reason", ""),
        left=left,
        before=before,
    )


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)


def _usual_kind(rule: str) -> LineKind:
    return LineKind.TAX if rule == "vat" else LineKind.UNITS
