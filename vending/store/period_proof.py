"""What proves closed months, as it lies in the database (`accounting.period_proof`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from ..accounting.period_proof import period_problems
from ..accounting.periods import BalanceRow, PeriodAct
from ..ledger import LedgerProblem, Seal
from . import schema as t
from .rows import act_of


def closed_months_problems(db: Connection, seals: Sequence[Seal]) -> Iterator[LedgerProblem]:
    """What differs between the closed months, the journal and the seals. `chain` says how far the
    books are closed; where it has no row, that is told elsewhere."""
    acts = []
    for number in db.execute(select(_A.number).order_by(_A.number)).scalars().all():
        act = _read(db, number)
        if act is None:
            yield LedgerProblem(0, "period_chain", f"{number}")
            return
        acts.append(act)
    kept = db.execute(select(t.chain.c.closed_until)).first()
    found = select(t.entries.c.number, t.entries.c.hash).where(
        t.entries.c.number.in_({act.entry for act in acts})
    )
    hashes = {row.number: row.hash for row in db.execute(found)}

    def moved(start: datetime | None, end: datetime, last: int) -> list[BalanceRow]:
        return _moved(db, start, end, last)

    until = (acts[-1].closed_until if acts else None) if kept is None else kept.closed_until
    yield from period_problems(acts, until, hashes, seals, moved)


_A, _E, _P = t.period_acts.c, t.entries.c, t.postings.c


def _read(db: Connection, number: int) -> PeriodAct | None:
    """None for what can be no act."""
    try:
        return act_of(db.execute(select(t.period_acts).where(_A.number == number)).one())
    except (ValueError, TypeError):
        return None


def _moved(db: Connection, start: datetime | None, end: datetime, last: int) -> list[BalanceRow]:
    """See `accounting.period_proof.Moved`. Reads no postings from before the first entry of the
    span: a town closes months for decades."""
    when = [_P.entry <= last, _E.at < end]
    if start is not None:
        first = db.execute(select(func.min(_E.number)).where(_E.at >= start)).scalar()
        when += [_E.at >= start, _P.entry >= (last + 1 if first is None else first)]
    found = db.execute(
        select(
            _P.account,
            _P.unit,
            func.sum(case((_P.amount > 0, _P.amount), else_=0)),
            func.sum(case((_P.amount < 0, -_P.amount), else_=0)),
        )
        .select_from(t.postings)
        .join(t.entries, _E.number == _P.entry)
        .where(*when)
        .group_by(_P.account, _P.unit)
    )
    return [BalanceRow(account, unit, 0, int(d), int(c)) for account, unit, d, c in found]
