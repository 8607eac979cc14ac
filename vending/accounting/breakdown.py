"""What sales were made of, line by line of their tariffs: units at each rate, the base and the sum
of each tax, charges by their code, supports by who bears them, debts paid. Pure.

A void takes back what its sale was made of. A refund takes back none of it: money was given, and
the sale stands. So the rows of an account sum to what sales and voids moved in it. Units that were
moved off an exchanged meter are in none: they were sold before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from meters.quantities import Quantity

from ..ledger import Chart
from ..ledger.verify import UNREADABLE
from ..tariff import LineKind, QuoteLine, line_from
from ..tariff.booking import TAX
from .errors import SoldUnreadable

CONTAINED: Final = "tax_contained"
"""The kind of a row that takes a tax out of the prices that contain it."""


class PricedSale(NamedTuple):
    """What a sale, or the void of one, says of its lines."""

    entry: int
    commodity: str
    currency: str
    document: str
    is_void: bool


class BreakdownRow(NamedTuple):
    """Lines of one kind in one account. Money in minor units; `amount` is what sales charged,
    supports and contained taxes below 0, and `taken_back` what voids took back of it."""

    account: str
    commodity: str
    kind: str
    """A LineKind, or CONTAINED."""
    code: str
    """Of the charge or support, also on its tax; empty for units, and for debts, of which each
    customer has own ones."""
    name_ar: str
    """The municipality's name for it, as on the last of the sales; else empty."""
    name_en: str
    rate: str
    """Of units the price of one, of a tax or support the percentage; else empty."""
    payer: str
    """Who bears a support; else empty."""
    currency: str
    sales: int
    """Lines of sales."""
    amount: int
    voids: int
    taken_back: int
    base: int
    """Units that were sold at the rate or supported, or the money that was taxed; voids are taken
    off. 0 where `unit` is empty."""
    unit: str
    """Of the base."""

    @property
    def net(self) -> int:
        return self.amount + self.taken_back


class _Key(NamedTuple):
    account: str
    commodity: str
    kind: str
    code: str
    rate: str
    payer: str
    currency: str
    unit: str


@dataclass(slots=True)
class _Sums:
    names: tuple[str, str] = ("", "")
    count: list[int] = field(default_factory=lambda: [0, 0])
    amount: list[int] = field(default_factory=lambda: [0, 0])
    base: int = 0


def breakdown_of(sold: Iterable[PricedSale], chart: Chart) -> list[BreakdownRow]:
    """By account, commodity, kind, code, rate and payer. A line that took nothing is left out,
    but of units and taxes. Raises SoldUnreadable if a document is not one of a sale."""
    sums: dict[_Key, _Sums] = {}
    for sale in sold:
        for key, line, amount, base in _read(sale, chart):
            one = sums.setdefault(key, _Sums())
            sign = -1 if sale.is_void else 1
            one.count[sale.is_void] += 1
            one.amount[sale.is_void] += sign * amount
            one.base += sign * base
            if line.label is not None and line.kind in (LineKind.CHARGE, LineKind.SUPPORT):
                one.names = (line.label.ar, line.label.en)
    return [
        BreakdownRow(
            *key[:4],
            *one.names,
            *key[4:7],
            one.count[False],
            one.amount[False],
            one.count[True],
            one.amount[True],
            one.base,
            key.unit,
        )
        for key, one in sorted(sums.items())
    ]


def _read(sale: PricedSale, chart: Chart) -> list[tuple[_Key, QuoteLine, int, int]]:
    try:
        lines = [line_from(kept, sale.currency) for kept in json.loads(sale.document)["lines"]]
        return list(_parts(lines, sale, chart))
    except UNREADABLE as error:
        raise SoldUnreadable(sale.entry) from error


def _parts(
    lines: list[QuoteLine], sale: PricedSale, chart: Chart
) -> Iterable[tuple[_Key, QuoteLine, int, int]]:
    """Each line with its account, amount and base; a contained tax once more, where it is taken
    out of the price."""
    books = {
        line.code if line.kind is LineKind.CHARGE else "": line.book
        for line in lines
        if line.kind in (LineKind.CHARGE, LineKind.UNITS)
    }

    def key(line: QuoteLine, kind: str, role: str, unit: str) -> _Key:
        account = chart.role(role or f"sales_{sale.commodity}").code
        code = "" if line.kind is LineKind.DEBT else line.code
        rate = "" if line.kind in (LineKind.DEBT, LineKind.CHARGE) else line.rate
        return _Key(account, sale.commodity, kind, code, rate, line.payer, sale.currency, unit)

    for line in lines:
        amount, base, unit = line.amount.minor, 0, ""
        if line.kind is LineKind.TAX:
            base, unit = _taxed(line), sale.currency
            if line.included:
                yield key(line, CONTAINED, books[line.code], ""), line, -amount, 0
        elif isinstance(line.base, Quantity) and line.kind in (LineKind.UNITS, LineKind.SUPPORT):
            base, unit = line.base.value, line.base.unit
        elif not amount:
            continue
        role = TAX if line.kind is LineKind.TAX else line.book
        yield key(line, line.kind.value, role, unit), line, amount, base


def _taxed(line: QuoteLine) -> int:
    """Money without the tax that is on it."""
    base = line.base
    whole = 0 if isinstance(base, Quantity) else base.minor
    return whole - line.amount.minor if line.included else whole
