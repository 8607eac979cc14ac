"""Key changes: plans and their steps, and the key that the books call a meter's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, literal, select, update
from sqlalchemy.sql.elements import ColumnElement

from ..aftersale import SaleState
from ..blocking import Block, BlockKey
from ..keychanges.changes import (
    MOST_IN_A_ROW,
    OUT,
    KeyChange,
    KeyChangeEvent,
    KeyChangeState,
    Scope,
)
from ..parties import Meter
from ..record import SaleRecord
from . import schema as t
from .key_campaigns import NO_PLAN, SqlCampaignReading, SqlCampaignWriting
from .key_change_rows import STATE, STATED, add_change, add_event, change_of, row_of, within
from .meter_keys import follow
from .parties import meter_of
from .reading import SALES, SqlReading
from .sqlstore import SqlStore

_C, _E, _M = t.key_changes, t.key_change_events, t.meters
_MINUTES_OF_A_KEN = 1 << 16
_LATER_TAKEN = "the set of a later change was taken"
_PLANNED, _ISSUED = KeyChangeState.PLANNED.value, KeyChangeState.ISSUED.value
_OUT = tuple(state.value for state in OUT)
_TAKES = t.delivery_events.join(t.sales, t.sales.c.vend_id == t.delivery_events.c.vend_id)


_KEEPS_DECODER_KEY = and_(
    *(
        _C.c[f"from_{name}"].is_not_distinct_from(_C.c[f"to_{name}"])
        for name in ("sgc", "krn", "ti", "base_date")
    )
)
"""As `KeyMove.keeps_decoder_key`."""


def _past(vend_id: Any, ken: Any) -> ColumnElement[bool]:
    """A sale with a token that this expiry number would have refused (as `KeyMove.shows`)."""
    own = t.tokens.c
    past = exists().where(own.vend_id == vend_id, own.tid >= (ken + 1) * _MINUTES_OF_A_KEN)
    return past.correlate_except(t.tokens)


class SqlKeyChangesReading(SqlCampaignReading):
    """See `vending.keychanges.ports.KeyChangeReading`."""

    def __init__(self, books: SqlReading) -> None:
        self._books = books
        self._db = books._db

    def blocked(self, keys: Collection[BlockKey]) -> dict[BlockKey, Block]:
        return self._books.blocked(keys)

    def meter(self, number: str) -> Meter | None:
        row = self._db.execute(select(_M).where(_M.c.number == number)).first()
        return None if row is None else meter_of(row)

    def latest(self, meter: str) -> KeyChange | None:
        standing = STATE.is_distinct_from(KeyChangeState.CANCELLED.value)
        statement = select(_C).select_from(STATED).where(_C.c.meter == meter, standing)
        found = self._changes(statement.order_by(_C.c.id.desc()).limit(1))
        return found[0] if found else None

    def changes_of(self, meter: str, before: int | None, limit: int) -> list[KeyChange]:
        statement = select(_C).where(_C.c.meter == meter)
        if before is not None:
            statement = statement.where(_C.c.id < before)
        return self._changes(statement.order_by(_C.c.id.desc()).limit(limit))

    def changes(
        self, states: Collection[KeyChangeState], scope: Scope, after: int, limit: int
    ) -> list[KeyChange]:
        statement = within(scope, select(_C).select_from(STATED)).where(_C.c.id > after)
        if states:
            statement = statement.where(STATE.in_([state.value for state in states]))
        return self._changes(statement.order_by(_C.c.id).limit(limit))

    def counts(self, scope: Scope) -> Mapping[KeyChangeState, int]:
        each = within(scope, select(STATE.label("state")).select_from(STATED)).subquery()
        found = self._db.execute(select(each.c.state, func.count()).group_by(each.c.state))
        return {KeyChangeState(state): number for state, number in found}

    def oldest(self, states: Collection[KeyChangeState], scope: Scope) -> datetime | None:
        statement = within(scope, select(_C.c.planned_at).select_from(STATED))
        wanted = statement.where(STATE.in_([state.value for state in states]))
        return self._db.execute(wanted.order_by(_C.c.id).limit(1)).scalar()

    def sale(self, vend_id: str) -> SaleRecord | None:
        return self._books.sale(vend_id)

    def shown(self, vend_id: str) -> bool:
        return self._books.shown(vend_id)

    def taken_back(self, vend_id: str) -> bool:
        void = self._books.void_of(vend_id)
        return void is not None and void.evidence.takes_back

    def log_sequence_before(self, meter: str, moment: datetime) -> int:
        return self._books.log_sequence_before(meter, moment)

    def sold_since(self, meter: str, vend_id: str, limit: int) -> list[SaleRecord]:
        since = _entry_of(vend_id)
        found = self._db.execute(
            SALES.where(t.sales.c.meter == meter, t.sales.c.entry >= since)
            .order_by(t.sales.c.entry.desc())
            .limit(limit)
        ).all()
        return [self._books._record(row) for row in found]

    def delivered_since(self, change: KeyChange) -> str | None:
        keeps, ken = change.move.keeps_decoder_key, change.move.from_ken or 0
        shows = literal(not keeps) | _past(t.sales.c.vend_id, literal(ken))
        return self._db.execute(
            select(t.sales.c.vend_id)
            .select_from(_TAKES)
            .where(*_taken(change.meter, _entry_of(change.issued_with or "")), shows)
            .order_by(t.sales.c.entry)
            .limit(1)
        ).scalar()

    def provable(self, after: int, limit: int) -> list[KeyChange]:
        issue = _E.alias()
        since = (
            select(func.min(t.sales.c.entry))
            .select_from(issue.join(t.sales, t.sales.c.vend_id == issue.c.vend_id))
            .where(issue.c.change == _C.c.id, issue.c.state == _ISSUED)
            # Two queries further out; by itself the library looks only one further, and would ask
            # for the first issue of all changes that there are.
            .correlate(_C)
            .scalar_subquery()
        )
        later = t.sales.alias()
        taken = exists().where(
            t.delivery_events.c.vend_id == later.c.vend_id,
            t.delivery_events.c.state == SaleState.DELIVERED.value,
            later.c.meter == _C.c.meter,
            later.c.entry >= since,
            ~_KEEPS_DECODER_KEY | _past(later.c.vend_id, _C.c.from_ken),
        )
        statement = select(_C).select_from(STATED).where(_C.c.id > after, _E.c.state.in_(_OUT))
        return self._changes(statement.where(taken).order_by(_C.c.id).limit(limit))

    def _changes(self, statement: Select[Any]) -> list[KeyChange]:
        found = self._db.execute(statement).all()
        events: dict[int, list[KeyChangeEvent]] = defaultdict(list)
        wanted = [row.id for row in found]
        for row in self._db.execute(
            select(_E).where(_E.c.change.in_(wanted)).order_by(_E.c.change, _E.c.seq)
        ):
            change, seq, state, *rest = row
            events[change].append(KeyChangeEvent(seq, KeyChangeState(state), *rest))
        return [change_of(row, tuple(events[row.id])) for row in found]


class SqlKeyChangesWriting(SqlKeyChangesReading, SqlCampaignWriting):
    """See `vending.keychanges.ports.KeyChangeWriting`. The writer's place is already held."""

    def plan(self, meter: str, change: KeyChange) -> KeyChange:
        to = change.move
        id = add_change(self._db, change)
        self._db.execute(
            update(_M)
            .where(_M.c.number == meter)
            .values(next_sgc=to.to_sgc, next_krn=to.to_krn, next_ti=to.to_ti)
        )
        return change_of((id, *row_of(change).values()), ())

    def add_event(self, change: KeyChange, event: KeyChangeEvent) -> None:
        add_event(self._db, change.id, event)
        if event.state is KeyChangeState.CONFIRMED:
            settle_earlier(self._db, change, event)
        follow(self._db, change, event.state)

    def drop_plan(self, meter: str) -> None:
        self._db.execute(update(_M).where(_M.c.number == meter).values(NO_PLAN))


def settle_earlier(db: Connection, change: KeyChange, event: KeyChangeEvent) -> None:
    """The set of this change was made under the key that an earlier one brought: what proves it
    proves those that are still out."""
    books = SqlKeyChangesReading(SqlReading(db))
    for earlier in books.changes_of(change.meter, change.id, MOST_IN_A_ROW):
        if earlier.state in OUT:
            seq = len(earlier.events) + 1
            add_event(db, earlier.id, replace(event, seq=seq, note=_LATER_TAKEN))


class SqlKeyChanges:
    """See `vending.keychanges.ports.KeyChangeStore`: the same database as `store`, with the same
    place for one writer."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[SqlKeyChangesReading]:
        with self._store.reading() as books:
            yield SqlKeyChangesReading(books)

    @contextmanager
    def writing(self) -> Iterator[SqlKeyChangesWriting]:
        with self._store.writing() as books:
            yield SqlKeyChangesWriting(books)


def _entry_of(vend_id: str) -> Any:
    return select(t.sales.c.entry).where(t.sales.c.vend_id == vend_id).scalar_subquery()


def _taken(meter: Any, since: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        t.sales.c.meter == meter,
        t.sales.c.entry >= since,
        t.delivery_events.c.state == SaleState.DELIVERED.value,
    )
