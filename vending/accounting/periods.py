"""Closing months: after it nothing is booked at an earlier moment. Every act is kept, chained by
hashes, with the trial balance of its moment. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum
from hashlib import sha256

from ..ledger import GENESIS, canonical_json, canonical_time
from .days import Month
from .errors import (
    MonthBeforeBooks,
    PeriodClosedAlready,
    PeriodNotLast,
    PeriodNotOver,
    PeriodSkipped,
)


class PeriodActKind(Enum):
    """What was done to a month."""

    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One account in a trial balance: what stood there before, what moved, what stands there
    after. Debit positive; `debit` and `credit` are both 0 or more."""

    account: str
    unit: str
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        return self.opening + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class PeriodAct:
    """One closing or reopening, as it is kept."""

    number: int
    month: str
    act: PeriodActKind
    at: datetime
    actor: str
    reason: str
    """Empty for a closing."""
    closed_until: datetime | None
    """From now on: nothing before this moment."""
    entry: int
    """The last journal entry at the time."""
    entry_hash: str
    document: str
    """The trial balance of the month, canonical JSON: [account, unit, opening, debit, credit]."""
    previous_hash: str
    hash: str

    @property
    def balances(self) -> tuple[BalanceRow, ...]:
        return tuple(BalanceRow(*row) for row in json.loads(self.document))


def closed_months(acts: Sequence[PeriodAct]) -> list[str]:
    """The months that are closed now, in their order."""
    closed: list[str] = []
    for act in acts:
        if act.act is PeriodActKind.CLOSED:
            closed.append(act.month)
        else:
            closed.remove(act.month)
    return closed


def check_closing(
    month: Month, acts: Sequence[PeriodAct], first: datetime | None, now: datetime, zone: tzinfo
) -> None:
    """`first` is the moment of the first entry of the journal.

    Raises MonthBeforeBooks, PeriodClosedAlready, PeriodNotOver, PeriodSkipped.
    """
    end = month.span(zone).end
    assert end is not None
    closed = closed_months(acts)
    begin = _begin(closed, first, zone)
    if begin is not None and month < begin:
        raise MonthBeforeBooks(str(month), str(begin))
    if closed and str(month) <= closed[-1]:
        raise PeriodClosedAlready(str(month), closed[-1])
    if now < end:
        raise PeriodNotOver(str(month))
    expected = Month.read(closed[-1]).next if closed else begin or month
    if month != expected:
        raise PeriodSkipped(str(month), str(expected))


def _begin(closed: Sequence[str], first: datetime | None, zone: tzinfo) -> Month | None:
    """The first month that is closed, or to be closed; None: nothing says where they begin."""
    if closed:
        return Month.read(closed[0])
    return None if first is None else Month.of(first, zone)


def check_reopening(month: Month, acts: Sequence[PeriodAct]) -> None:
    """Raises PeriodNotLast."""
    closed = closed_months(acts)
    if not closed or closed[-1] != str(month):
        raise PeriodNotLast(str(month), closed[-1] if closed else "-")


def period_act(
    month: Month,
    act: PeriodActKind,
    at: datetime,
    actor: str,
    reason: str,
    entry: int,
    entry_hash: str,
    balances: Sequence[BalanceRow],
    acts: Sequence[PeriodAct],
    zone: tzinfo,
) -> PeriodAct:
    """The act that follows on `acts`."""
    if act is PeriodActKind.CLOSED:
        until = month.span(zone).end
    else:
        before = closed_months(acts)[:-1]
        until = Month.read(before[-1]).span(zone).end if before else None
    document = canonical_json(
        [(row.account, row.unit, row.opening, row.debit, row.credit) for row in balances]
    ).decode("ascii")
    made = PeriodAct(
        number=len(acts) + 1,
        month=str(month),
        act=act,
        at=at,
        actor=actor,
        reason=reason,
        closed_until=until,
        entry=entry,
        entry_hash=entry_hash,
        document=document,
        previous_hash=acts[-1].hash if acts else GENESIS,
        hash="",
    )
    return _with_hash(made)


def _with_hash(act: PeriodAct) -> PeriodAct:
    fields = {name: getattr(act, name) for name in PeriodAct.__dataclass_fields__}
    return PeriodAct(**{**fields, "hash": hash_of(act)})


def hash_of(act: PeriodAct) -> str:
    """The hash that this act must carry."""
    fields = [
        act.number,
        act.month,
        act.act.value,
        canonical_time(act.at),
        act.actor,
        act.reason,
        None if act.closed_until is None else canonical_time(act.closed_until),
        act.entry,
        act.entry_hash,
        act.document,
        act.previous_hash,
    ]
    return sha256(canonical_json(fields)).hexdigest()
