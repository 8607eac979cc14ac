"""What n units cost an account now: one function of units, whole minor units, that never falls.

Search and receipt ask the same object: `cost` in plain integers because a search asks often,
`lines` with everything that a receipt tells. A test holds the two together.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from meters.quantities import Money, Quantity

from .quotes import LineKind, QuoteLine
from .rounding import Rounding, rounded
from .state import MonthUse
from .tariffs import Tariff
from .vat import Vat

_Run = tuple[int, int | None, int, int, Rounding]
"""First unit, unit behind the last one (None: endless), and the rate as a fraction."""


class UnitCost:
    """The cost of units for one account at one moment."""

    def __init__(self, tariff: Tariff, day: date, use: MonthUse) -> None:
        """`day` is local; `use` is of the month of that day."""
        self._tariff = tariff
        self._pieces = tariff.price.pieces(day, use.units.value)
        self._runs: list[_Run] = []
        start = 0
        for piece in self._pieces:
            end = None if piece.width is None else start + piece.width
            rate = piece.rate.per_unit
            self._runs.append((start, end, rate.numerator, rate.denominator, piece.rounding))
            start = end or start
        self._tax = _added_by(tariff.vat)
        self._charges = [
            (c.per_unit, c.fraction, c.rounding, _added_by(c.heading.vat))
            for c in tariff.unit_charges
        ]
        taken = dict(use.supported)
        self._supports: list[tuple[int, int]] = []
        self._free = start = 0
        for support in tariff.borne:
            already = taken.get(support.code)
            left = support.units.value - (0 if already is None else already.value)
            self._supports.append((start, start + max(left, 0)))
            start = self._supports[-1][1]
            if support.share == 1 and self._free == self._supports[-1][0]:
                self._free = start

    def bends(self) -> list[int]:
        """Where the cost changes its slope: ends of blocks and of supported units."""
        ends = {end for _, end, _, _, _ in self._runs if end is not None}
        return sorted(ends | {end for _, end in self._supports if end > 0})

    def cost(self, units: int) -> int:
        """What the customer pays for `units` smallest units, tax included."""
        total = self.full(units)
        if not self._supports:
            return total
        for support, (start, end) in zip(self._tariff.borne, self._supports, strict=True):
            end = min(end, units)
            if end > start:
                worth = self.full(end) - self.full(start)
                share = support.share
                total -= rounded(worth * share.numerator, share.denominator, support.rounding)
        return total

    def full(self, units: int) -> int:
        """The same as if nobody bore a part of it."""
        price = 0
        for start, end, numerator, denominator, how in self._runs:
            if units <= start:
                break
            part = (units if end is None or units < end else end) - start
            price += rounded(part * numerator, denominator, how)
        numerator, denominator, how = self._tax
        total = price + rounded(price * numerator, denominator, how) if numerator else price
        for per_unit, share, how, (numerator, denominator, tax_how) in self._charges:
            base = units if per_unit else price
            amount = rounded(base * share.numerator, share.denominator, how)
            total += amount + rounded(amount * numerator, denominator, tax_how)
        return total

    def costs_nothing(self, units: int) -> bool:
        """Whether rounding alone makes these units free: they are not among those that somebody
        bears wholly, and all that they cost is less than the coin that it is rounded to."""
        return not self.full(units) and units > self._free

    def lines(self, units: Quantity) -> list[QuoteLine]:
        """`cost` of these units, line by line: prices, their tax, charges with theirs, supports."""
        tariff, kind = self._tariff, type(units)
        lines: list[QuoteLine] = []
        for piece, (start, end, _, _, _) in zip(self._pieces, self._runs, strict=True):
            if units.value <= start:
                break
            part = kind((units.value if end is None else min(units.value, end)) - start)
            exact = piece.rate.cost(part)
            lines.append(
                QuoteLine(
                    rule=piece.rule,
                    base=part,
                    rate=piece.rate.to_text(),
                    exact=exact,
                    rounding=piece.rounding,
                    amount=self._money(exact, piece.rounding),
                    label=piece.season,
                    block=piece.block,
                )
            )
        price = Money(sum([line.amount.minor for line in lines]), tariff.currency)
        lines.append(tax_line(tariff.vat, price, ""))
        for charge in tariff.unit_charges:
            base: Money | Quantity = units if charge.per_unit else price
            exact = charge.fraction * (units.value if charge.per_unit else price.minor)
            line = QuoteLine(
                rule=charge.rule,
                base=base,
                rate=charge.rate_text,
                exact=exact,
                rounding=charge.rounding,
                amount=self._money(exact, charge.rounding),
                kind=LineKind.CHARGE,
                code=charge.heading.code,
                label=charge.heading.label,
                book=charge.heading.book,
            )
            lines.append(line)
            if charge.heading.vat.fraction:
                lines.append(tax_line(charge.heading.vat, line.amount, line.code))
        return lines + self._support_lines(units)

    def _support_lines(self, units: Quantity) -> list[QuoteLine]:
        lines = []
        for support, (start, end) in zip(self._tariff.borne, self._supports, strict=True):
            end = min(end, units.value)
            if end > start:
                exact = -support.share * (self.full(end) - self.full(start))
                lines.append(
                    QuoteLine(
                        rule=support.rule,
                        base=type(units)(end - start),
                        rate=support.percent,
                        exact=exact,
                        rounding=support.rounding,
                        amount=self._money(exact, support.rounding),
                        kind=LineKind.SUPPORT,
                        code=support.code,
                        label=support.label,
                        payer=support.payer,
                        book=support.book,
                    )
                )
        return lines

    def _money(self, exact: Fraction, how: Rounding) -> Money:
        return Money(rounded(exact.numerator, exact.denominator, how), self._tariff.currency)


def tax_line(vat: Vat, stated: Money, code: str) -> QuoteLine:
    """The tax on a stated amount, or contained in it."""
    exact = vat.exact(stated.minor)
    return QuoteLine(
        rule="vat",
        base=stated,
        rate=vat.percent,
        exact=exact,
        rounding=vat.rounding,
        amount=Money(rounded(exact.numerator, exact.denominator, vat.rounding), stated.currency),
        kind=LineKind.TAX,
        code=code,
        included=vat.included,
    )


def _added_by(vat: Vat) -> tuple[int, int, Rounding]:
    """The part of an amount that its tax adds to it, as a fraction."""
    if vat.included:
        return 0, 1, vat.rounding
    return vat.fraction.numerator, vat.fraction.denominator, vat.rounding


def affordable(unit_cost: UnitCost, budget: int, step: int, most: int) -> int:
    """The largest number of token steps, up to `most`, that costs no more than `budget`.

    Searched for, because rounding line by line makes the inverse of the cost inexact. Between two
    bends the cost is nearly straight, so a straight line from end to end lands close by.
    """

    def cost(steps: int) -> int:
        return unit_cost.cost(steps * step)

    low, low_cost = 0, 0
    if budget < 0:
        return 0
    high = most
    for bend in unit_cost.bends():
        steps = min(bend // step, most)
        if steps > low:
            reached = cost(steps)
            if reached > budget:
                high = steps
                break
            low, low_cost = steps, reached
    if low == most:
        return low
    high_cost = cost(high)
    if high_cost <= budget:
        return high
    straight = True
    while high - low > 1:
        if straight:
            guess = low + (budget - low_cost) * (high - low) // (high_cost - low_cost)
            middle = min(max(guess, low + 1), high - 1)
        else:
            middle = (low + high) // 2
        straight = not straight
        reached = cost(middle)
        if reached <= budget:
            low, low_cost = middle, reached
        else:
            high, high_cost = middle, reached
    return low
