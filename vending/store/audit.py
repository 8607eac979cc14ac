"""What no walk along the journal can see: rows without what they belong to, gaps, and caches that
differ from the books. The walk itself is in `walk.py`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    String,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
    type_coerce,
)

from ..aftersale import Evidence
from ..ledger import Chart, LedgerProblem
from . import schema as t
from .adjustment_proof import adjustment_problems
from .attestation_proof import attestation_problems
from .streams import streamed


def overdrawn(db: Connection, chart: Chart) -> Iterator[LedgerProblem]:
    """Customers whose carried money the journal has below zero: a sale has spent what was never
    there, whatever the cached sum said then and says now."""
    code = chart.role("customer_balance").code
    statement = (
        select(literal(0), _SUMS.c.holder).where(_SUMS.c.amount > 0).order_by(_SUMS.c.holder)
    )
    for entry, holder in _stream(db, statement, {"cached": [code]}):
        yield LedgerProblem(int(entry), "overdrawn", str(holder))


def loose_ends(db: Connection, cached: Collection[str]) -> Iterator[LedgerProblem]:
    """Rows without what they belong to, gaps, and caches that differ from the books."""
    for what, statement in _LOOSE.items():
        for entry, detail in _stream(db, statement, {"cached": list(cached)}):
            yield LedgerProblem(int(entry or 0), what, str(detail))
    yield from adjustment_problems(db)
    yield from _chain_head(db)
    yield from attestation_problems(db)


def _chain_head(db: Connection) -> Iterator[LedgerProblem]:
    at = type_coerce(t.chain.c.at, String).label("at")
    kept = db.execute(select(t.chain.c.number, t.chain.c.hash, at)).first()
    last = db.execute(
        select(t.entries.c.number, t.entries.c.hash).order_by(t.entries.c.number.desc()).limit(1)
    ).first()
    if kept is None:
        yield LedgerProblem(0, "chain_head", "missing")
    elif last is None:
        if kept.number != 0:
            yield LedgerProblem(1, "chain_head", f"kept {kept.number}, found none")
    elif (kept.number, kept.hash) != (last.number, last.hash):
        first = min(kept.number, last.number) + (kept.number != last.number)
        yield LedgerProblem(first, "chain_head", f"kept {kept.number}, found {last.number}")
    if kept is not None:
        # By it the clock is held; its text, because whatever stands there has to be told.
        latest = db.execute(select(type_coerce(func.max(t.entries.c.at), String))).scalar()
        if kept.at != latest:
            yield LedgerProblem(0, "chain_at", f"kept {kept.at}, found {latest}")


def _stream(
    db: Connection, statement: Select[Any], values: dict[str, Any] | None = None
) -> Iterator[Any]:
    return iter(streamed(db, statement, values))


def _without(child: Any, parent: Any, detail: Any, entry: Any = None) -> Select[Any]:
    """Rows of `child`'s table whose value is nowhere in `parent`."""
    return (
        select(literal(0) if entry is None else entry, detail)
        .select_from(child.table)
        .outerjoin(parent.table, child == parent)
        .where(parent.is_(None))
    )


_SUMS = (
    select(
        t.postings.c.account,
        t.postings.c.holder,
        t.postings.c.unit,
        func.sum(t.postings.c.amount).label("amount"),
    )
    .where(t.postings.c.account.in_(bindparam("cached", expanding=True)))
    .group_by(t.postings.c.account, t.postings.c.holder, t.postings.c.unit)
    .subquery()
)
_SAME_HOLDER = (
    (_SUMS.c.account == t.balances.c.account)
    & (_SUMS.c.holder == t.balances.c.holder)
    & (_SUMS.c.unit == t.balances.c.unit)
)
_NUMBERS = (
    select(
        t.receipts.c.point,
        func.count().label("held"),
        func.min(t.receipts.c.number).label("first"),
        func.max(t.receipts.c.number).label("last"),
    )
    .group_by(t.receipts.c.point)
    .subquery()
)

_LATER = t.block_events.alias()
_LAST_EVENTS = (
    select(t.block_events)
    .where(
        ~exists().where(
            _LATER.c.kind == t.block_events.c.kind,
            _LATER.c.subject == t.block_events.c.subject,
            _LATER.c.id > t.block_events.c.id,
        )
    )
    .subquery()
)
"""What was done last about each subject that was ever barred."""
_SAME_SUBJECT = (_LAST_EVENTS.c.kind == t.blocks.c.kind) & (
    _LAST_EVENTS.c.subject == t.blocks.c.subject
)


def _gap(number: Any, by: Any) -> Select[Any]:
    """What has rows (`by`) that are not numbered 1, 2, ... without gaps."""
    return (
        select(literal(0), by)
        .group_by(by)
        .having((func.min(number) != 1) | (func.max(number) != func.count()))
        .order_by(by)
    )


def _cause_differs(row: Any, id: Any, kind: Any) -> Select[Any]:
    """Rows of a table whose entry was booked for something else, or is not there."""
    e = t.entries.c
    return (
        select(row.c.entry, id)
        .select_from(row)
        .outerjoin(t.entries, e.number == row.c.entry)
        .where(row.c.entry.is_not(None), e.number.is_(None) | (e.cause != id) | (e.kind != kind))
        .order_by(row.c.entry)
    )


_OPEN, _SHUT = t.open_shifts.c, t.shift_closes.c
_STANDING = (
    select(literal(0), t.shifts.c.id)
    .select_from(t.shifts)
    .outerjoin(t.open_shifts, _OPEN.shift == t.shifts.c.id)
    .outerjoin(t.shift_closes, _SHUT.shift == t.shifts.c.id)
    .where(
        (_OPEN.shift.is_(None) & _SHUT.shift.is_(None))
        | (_OPEN.shift.is_not(None) & _SHUT.shift.is_not(None))
        | (_OPEN.point != t.shifts.c.point)
        | (_OPEN.terminal != t.shifts.c.terminal)
        | (_OPEN.operator != t.shifts.c.operator)
    )
)
"""Shifts that are neither open nor closed, or both, or open where they were not opened."""

_LOOSE: dict[str, Select[Any]] = {
    "posting_without_entry": _without(
        t.postings.c.entry, t.entries.c.number, t.postings.c.account, t.postings.c.entry
    ),
    "sale_without_entry": _without(
        t.sales.c.entry, t.entries.c.number, t.sales.c.vend_id, t.sales.c.entry
    ),
    "token_without_sale": _without(t.tokens.c.vend_id, t.sales.c.vend_id, t.tokens.c.vend_id),
    "receipt_without_sale": _without(t.receipts.c.vend_id, t.sales.c.vend_id, t.receipts.c.vend_id),
    "idempotency_without_sale": _without(
        t.idempotency.c.vend_id, t.sales.c.vend_id, t.idempotency.c.vend_id
    ),
    "balance": select(literal(0), t.balances.c.holder)
    .select_from(t.balances)
    .outerjoin(_SUMS, _SAME_HOLDER)
    .where(func.coalesce(_SUMS.c.amount, 0).is_distinct_from(t.balances.c.amount)),
    "balance_missing": select(literal(0), _SUMS.c.holder)
    .select_from(_SUMS)
    .outerjoin(t.balances, _SAME_HOLDER)
    .where(t.balances.c.account.is_(None), _SUMS.c.amount != 0),
    "receipt_gap": select(literal(0), t.counters.c.point)
    .select_from(t.counters)
    .outerjoin(_NUMBERS, _NUMBERS.c.point == t.counters.c.point)
    .where(
        func.coalesce(_NUMBERS.c.last, 0).is_distinct_from(t.counters.c.receipts)
        | (func.coalesce(_NUMBERS.c.held, 0) != t.counters.c.receipts)
        | (func.coalesce(_NUMBERS.c.first, 1) != 1)
    ),
    "counter_missing": select(literal(0), _NUMBERS.c.point)
    .select_from(_NUMBERS)
    .outerjoin(t.counters, t.counters.c.point == _NUMBERS.c.point)
    .where(t.counters.c.point.is_(None)),
    # A basket has one receipt, which is the leading sale's.
    "receipt_of_follower": select(t.sales.c.entry, t.sales.c.vend_id)
    .select_from(t.sales)
    .join(t.receipts, t.receipts.c.vend_id == t.sales.c.vend_id)
    .where(t.sales.c.basket.is_not(None)),
    # What is barred is what the events say, reason and moment included.
    "block_without_event": select(literal(0), t.blocks.c.subject)
    .select_from(t.blocks)
    .outerjoin(_LAST_EVENTS, _SAME_SUBJECT)
    .where(
        (func.coalesce(_LAST_EVENTS.c.act, "") != "blocked")
        | _LAST_EVENTS.c.reason.is_distinct_from(t.blocks.c.reason)
        | _LAST_EVENTS.c.at.is_distinct_from(t.blocks.c.since)
    ),
    "block_missing": select(literal(0), _LAST_EVENTS.c.subject)
    .select_from(_LAST_EVENTS)
    .outerjoin(t.blocks, _SAME_SUBJECT)
    .where(_LAST_EVENTS.c.act == "blocked", t.blocks.c.kind.is_(None)),
    "shift_gap": _gap(t.shifts.c.number, t.shifts.c.point),
    "banking_gap": _gap(t.bankings.c.number, t.bankings.c.point),
    # A copy, or what became of a token or a key, that somebody took out of the record.
    "copy_gap": _gap(t.reprints.c.copy, t.reprints.c.vend_id),
    "z_copy_gap": _gap(t.shift_prints.c.copy, t.shift_prints.c.shift),
    "x_copy_gap": _gap(t.x_report_prints.c.copy, t.x_report_prints.c.report),
    "slip_copy_gap": _gap(t.banking_prints.c.copy, t.banking_prints.c.banking),
    "delivery_gap": _gap(t.delivery_events.c.seq, t.delivery_events.c.vend_id),
    "key_change_gap": _gap(t.key_change_events.c.seq, t.key_change_events.c.change),
    "step_gap": _gap(t.approval_steps.c.seq, t.approval_steps.c.approval),
    "shift_state": _STANDING,
    "void": _cause_differs(
        t.voids,
        t.voids.c.vend_id,
        case((t.voids.c.evidence == Evidence.REFUND.value, "refund"), else_="void"),
    ),
    "cash_move": _cause_differs(t.cash_moves, t.cash_moves.c.id, "cash_" + t.cash_moves.c.kind),
    "z_report": _cause_differs(t.shift_closes, t.shift_closes.c.shift, "over_short"),
    "banking": _cause_differs(t.bankings, t.bankings.c.id, "banking"),
}
"""Problem by statement; each gives (entry number or 0, what it is about)."""
