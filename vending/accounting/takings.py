"""What rows of the books come to: takings by day and way of paying, and how a deposit moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import NamedTuple

from .days import day_of
from .parts import NO_MONEY
from .ports import SoldRow
from .statements import DepositLine, StatementLine, Taking


def takings_of(sold: Iterable[SoldRow], zone: tzinfo) -> list[Taking]:
    """What was taken and given back, by point, local day, operator and way of paying."""
    sums: dict[tuple[str, str, str, str, bool, str], list[int]] = {}
    for row in sold:
        day = day_of(row.at, zone).isoformat()
        ways: dict[str, int] = {}
        for tender, amount in row.taken.parts or ((NO_MONEY, 0),):
            ways[tender] = ways.get(tender, 0) + amount
        for tender, amount in ways.items():
            # Nothing comes off a deposit for what takes no money.
            on_deposit = row.taken.on_deposit and tender != NO_MONEY
            key = (row.point, day, row.operator, tender, on_deposit, row.currency)
            one = sums.setdefault(key, [0, 0, 0, 0])
            place = 2 if row.is_back else 0
            one[place] += 1
            one[place + 1] += amount
    return [Taking(*key, *sums[key]) for key in sorted(sums)]


class SoldSums(NamedTuple):
    """What one operator sold and had taken back; commission in minor units."""

    sales: int
    voids: int
    commission: int
    takings: tuple[Taking, ...]


def sums_of(sold: Iterable[SoldRow], zone: tzinfo) -> SoldSums:
    """Sums of any number of rows, which are read once and not kept."""
    sales = voids = commission = 0

    def counted() -> Iterator[SoldRow]:
        nonlocal sales, voids, commission
        for row in sold:
            voids += row.is_back
            sales += not row.is_back
            commission += row.taken.commission
            yield row

    takings = tuple(takings_of(counted(), zone))
    return SoldSums(sales, voids, commission, takings)


def deposit_lines(opening: int, lines: Iterable[StatementLine]) -> tuple[DepositLine, ...]:
    """The postings to an operator's deposit, one line for each entry, as the operator sees it."""
    found: list[DepositLine] = []
    balance = opening
    for line in lines:
        balance -= line.amount
        if found and found[-1].entry == line.entry:
            same = found[-1]
            found[-1] = same._replace(amount=same.amount - line.amount, balance=balance)
            continue
        found.append(
            DepositLine(
                line.entry,
                line.at,
                line.kind,
                line.cause,
                line.actor,
                line.receipt,
                -line.amount,
                balance,
            )
        )
    return tuple(found)
