"""Key changes: plans and their steps, and the key that the books call a meter's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, func, insert, literal, select, update
from sqlalchemy.sql.elements import ColumnElement

from tokens.sts import EncryptionAlgorithm, KeyAttributes, KeyRef

from ..keychanges.changes import OUT, KeyChange, KeyChangeEvent, KeyChangeState, Scope
from ..keychanges.ports import Move, Standing
from ..keymoves import KeyMove
from ..parties import Meter
from ..record import SaleRecord
from ..sale import SaleState
from . import schema as t
from .meter_keys import follow
from .parties import meter_of
from .reading import SALES, SqlReading
from .sqlstore import SqlStore

_C, _E, _M = t.key_changes, t.key_change_events, t.meters
_MINUTES_OF_A_KEN = 1 << 16
_LATER_TAKEN = "the set of a later change was taken"
_LOOKED_AT = 20
"""Changes of one meter behind its latest: more were not out in a row."""
_PLANNED, _ISSUED = KeyChangeState.PLANNED.value, KeyChangeState.ISSUED.value
_OUT = tuple(state.value for state in OUT)
_NEXT = _E.alias()
_IS_LAST = ~exists().where(_NEXT.c.change == _E.c.change, _NEXT.c.seq > _E.c.seq)
_STATED = _C.outerjoin(_E, and_(_E.c.change == _C.c.id, _IS_LAST))
"""Each change beside its last event, if it has one."""
_STATE: ColumnElement[str] = func.coalesce(_E.c.state, _PLANNED)
_NOT_BEGUN = ~exists().where(_E.c.change == _C.c.id)
_LATER, _SAID = _C.alias(), _E.alias()
_LATER_ENTERED = (
    exists()
    .where(
        _LATER.c.meter == _C.c.meter,
        _LATER.c.id > _C.c.id,
        _SAID.c.change == _LATER.c.id,
        _SAID.c.state == KeyChangeState.ENTERED.value,
    )
    .correlate(_C)
)
"""Of a change: somebody said so of one behind it, whose set was made under its key."""
_OPEN_ISSUE = exists().where(
    _C.c.meter == _M.c.number,
    _E.c.change == _C.c.id,
    _E.c.state == _ISSUED,
    _IS_LAST,
    ~_LATER_ENTERED,
)
"""Of a meter: the tokens of an earlier change are out and nobody says they were entered."""
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


class SqlKeyChangesReading:
    """See `vending.keychanges.ports.KeyChangeReading`."""

    def __init__(self, books: SqlReading) -> None:
        self._books = books
        self._db = books._db

    def meter(self, number: str) -> Meter | None:
        row = self._db.execute(select(_M).where(_M.c.number == number)).first()
        return None if row is None else meter_of(row)

    def sample(self, move: Move) -> Meter | None:
        row = self._db.execute(
            select(_M)
            .where(_has(_M, move.source.ref), ~_there(move))
            .order_by(_back(move), _M.c.number)
            .limit(1)
        ).first()
        return None if row is None else meter_of(row)

    def standing(self, move: Move, fit: Collection[EncryptionAlgorithm]) -> Standing:
        kind = case(
            (_there(move), "there"),
            (_M.c.next_sgc.is_not(None), "planned"),
            (_OPEN_ISSUE, "issued"),
            (~_fits(move, fit), "unfit"),
            else_="",
        ).label("kind")
        found = select(kind).where(_has(_M, move.source.ref)).subquery()
        counted = select(found.c.kind, func.count()).group_by(found.c.kind)
        counts = {row[0]: row[1] for row in self._db.execute(counted)}
        return Standing(*(counts.get(name, 0) for name in Standing.__slots__))

    def untold(self) -> Collection[KeyRef]:
        rows = self._db.execute(
            select(_M.c.sgc, _M.c.krn).where(_M.c.base_date.is_(None)).distinct()
        )
        return {KeyRef(sgc, krn) for sgc, krn in rows}

    def latest(self, meter: str) -> KeyChange | None:
        standing = _STATE.is_distinct_from(KeyChangeState.CANCELLED.value)
        statement = select(_C).select_from(_STATED).where(_C.c.meter == meter, standing)
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
        statement = _in(scope, select(_C).select_from(_STATED)).where(_C.c.id > after)
        if states:
            statement = statement.where(_STATE.in_([state.value for state in states]))
        return self._changes(statement.order_by(_C.c.id).limit(limit))

    def counts(self, scope: Scope) -> Mapping[KeyChangeState, int]:
        each = _in(scope, select(_STATE.label("state")).select_from(_STATED)).subquery()
        found = self._db.execute(select(each.c.state, func.count()).group_by(each.c.state))
        return {KeyChangeState(state): number for state, number in found}

    def oldest(self, states: Collection[KeyChangeState], scope: Scope) -> datetime | None:
        statement = _in(scope, select(_C.c.planned_at).select_from(_STATED))
        wanted = statement.where(_STATE.in_([state.value for state in states]))
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
        statement = select(_C).select_from(_STATED).where(_C.c.id > after, _E.c.state.in_(_OUT))
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
        return [_change(row, tuple(events[row.id])) for row in found]


class SqlKeyChangesWriting(SqlKeyChangesReading):
    """See `vending.keychanges.ports.KeyChangeWriting`. The writer's place is already held."""

    def plan(self, meter: str, change: KeyChange) -> KeyChange:
        to = change.move
        id = add_change(self._db, change)
        self._db.execute(
            update(_M)
            .where(_M.c.number == meter)
            .values(next_sgc=to.to_sgc, next_krn=to.to_krn, next_ti=to.to_ti)
        )
        return _change((id, *_row(change).values()), ())

    def plan_some(
        self, move: Move, fit: Collection[EncryptionAlgorithm], after: str, many: int
    ) -> tuple[int, str | None]:
        page = select(_M.c.number).where(_has(_M, move.source.ref), _M.c.number > after)
        last = self._last(page.order_by(_M.c.number).limit(many))
        if last is None:
            return 0, None
        able = and_(
            _M.c.number > after,
            _M.c.number <= last,
            _has(_M, move.source.ref),
            ~_there(move),
            _M.c.next_sgc.is_(None),
            ~_OPEN_ISSUE,
            _fits(move, fit),
        )
        source, target = move.source, move.target
        ti = _M.c.ti if move.ti is None else literal(move.ti)
        rows = select(
            _M.c.number,
            _M.c.sgc,
            _M.c.krn,
            _M.c.ti,
            literal(target.ref.sgc),
            literal(target.ref.krn),
            ti,
            literal(move.reason),
            literal(move.at, t.UtcTime()),
            literal(move.actor),
            func.coalesce(_M.c.base_date, literal(source.base_date.value)),
            func.coalesce(_M.c.ken, literal(source.ken)),
            literal(target.base_date.value),
            literal(target.ken),
        ).where(able)
        columns = [c.name for c in _C.columns if c.name != "id"]
        self._db.execute(insert(_C).from_select(columns, rows.order_by(_M.c.number)))
        planned = self._db.execute(
            update(_M)
            .where(able)
            .values(next_sgc=target.ref.sgc, next_krn=target.ref.krn, next_ti=ti)
        )
        return planned.rowcount, last

    def cancel_some(
        self, scope: Scope, event: KeyChangeEvent, after: int, many: int
    ) -> tuple[int, int | None]:
        page = _in(scope, select(_C.c.id)).where(_NOT_BEGUN, _C.c.id > after)
        last = self._last(page.order_by(_C.c.id).limit(many))
        if last is None:
            return 0, None
        chosen = _in(scope, select(_C.c.id, _C.c.meter)).where(
            _NOT_BEGUN, _C.c.id > after, _C.c.id <= last
        )
        meters = select(chosen.subquery().c.meter)
        cancelled = self._db.execute(
            update(_M).where(_M.c.number.in_(meters)).values(_NO_PLAN)
        ).rowcount
        begun = chosen.subquery()
        self._db.execute(
            insert(_E).from_select(
                [c.name for c in _E.columns],
                select(
                    begun.c.id,
                    literal(event.seq),
                    literal(event.state.value),
                    literal(event.at, t.UtcTime()),
                    literal(event.actor),
                    literal(event.vend_id, _E.c.vend_id.type),
                    literal(event.note),
                ),
            )
        )
        return cancelled, last

    def add_event(self, change: KeyChange, event: KeyChangeEvent) -> None:
        add_event(self._db, change.id, event)
        if event.state is KeyChangeState.CONFIRMED:
            settle_earlier(self._db, change, event)
        follow(self._db, change, event.state)

    def tell_untold(self, key: KeyAttributes) -> None:
        self._db.execute(
            update(_M)
            .where(_has(_M, key.ref), _M.c.base_date.is_(None))
            .values(base_date=key.base_date.value, ken=func.coalesce(_M.c.ken, key.ken))
        )

    def drop_plan(self, meter: str) -> None:
        self._db.execute(update(_M).where(_M.c.number == meter).values(_NO_PLAN))

    def _last(self, page: Select[Any]) -> Any:
        """The greatest of the page's one column; None if it is empty."""
        return self._db.execute(select(func.max(page.subquery().c[0]))).scalar()


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


_NO_PLAN: dict[str, None] = {"next_sgc": None, "next_krn": None, "next_ti": None}


def add_change(db: Any, change: KeyChange) -> int:
    """Writes a change without its events; its number."""
    made = db.execute(insert(_C).values(_row(change)))
    return int(made.inserted_primary_key[0])


def add_event(db: Any, change: int, event: KeyChangeEvent) -> None:
    db.execute(
        insert(_E),
        {
            "change": change,
            "seq": event.seq,
            "state": event.state.value,
            "at": event.at,
            "actor": event.actor,
            "vend_id": event.vend_id,
            "note": event.note,
        },
    )


def settle_earlier(db: Connection, change: KeyChange, event: KeyChangeEvent) -> None:
    """The set of this change was made under the key that an earlier one brought: what proves it
    proves those that are still out."""
    books = SqlKeyChangesReading(SqlReading(db))
    for earlier in books.changes_of(change.meter, change.id, _LOOKED_AT):
        if earlier.state in OUT:
            seq = len(earlier.events) + 1
            add_event(db, earlier.id, replace(event, seq=seq, note=_LATER_TAKEN))


def _row(change: KeyChange) -> dict[str, Any]:
    """The columns of key_changes behind `id`, in their order."""
    move = change.move
    return {
        "meter": change.meter,
        "from_sgc": move.from_sgc,
        "from_krn": move.from_krn,
        "from_ti": move.from_ti,
        "to_sgc": move.to_sgc,
        "to_krn": move.to_krn,
        "to_ti": move.to_ti,
        "reason": change.reason,
        "planned_at": change.planned_at,
        "planned_by": change.planned_by,
        "from_base_date": move.from_base_date,
        "from_ken": move.from_ken,
        "to_base_date": move.to_base_date,
        "to_ken": move.to_ken,
    }


def _change(row: Any, events: tuple[KeyChangeEvent, ...]) -> KeyChange:
    id, meter, *names = row[:8]
    reason, planned_at, planned_by, *told = row[8:]
    return KeyChange(id, meter, KeyMove(*names, *told), reason, planned_at, planned_by, events)


def _in(scope: Scope, statement: Select[Any]) -> Select[Any]:
    for ref, sgc, krn in (
        (scope.source, _C.c.from_sgc, _C.c.from_krn),
        (scope.target, _C.c.to_sgc, _C.c.to_krn),
    ):
        if ref is not None:
            statement = statement.where(sgc == ref.sgc, krn == ref.krn)
    return statement


def _has(table: Any, ref: KeyRef) -> ColumnElement[bool]:
    return and_(table.c.sgc == ref.sgc, table.c.krn == ref.krn)


def _there(move: Move) -> ColumnElement[bool]:
    """A meter that has what the move leads to."""
    same_ti = literal(True) if move.ti is None else _M.c.ti == move.ti
    to = move.target
    told = (
        func.coalesce(_M.c.base_date, to.base_date.value) == to.base_date.value,
        func.coalesce(_M.c.ken, to.ken) == to.ken,
    )
    return and_(_has(_M, to.ref), same_ti, *told)


def _back(move: Move) -> ColumnElement[bool]:
    """A meter that counts from a later base date than the new key."""
    return and_(_M.c.base_date.is_not(None), _M.c.base_date > move.target.base_date.value)


def _fits(move: Move, fit: Collection[EncryptionAlgorithm]) -> ColumnElement[bool]:
    return and_(_M.c.ea.in_([ea.value for ea in fit]), ~_back(move))


def _entry_of(vend_id: str) -> Any:
    return select(t.sales.c.entry).where(t.sales.c.vend_id == vend_id).scalar_subquery()


def _taken(meter: Any, since: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        t.sales.c.meter == meter,
        t.sales.c.entry >= since,
        t.delivery_events.c.state == SaleState.DELIVERED.value,
    )
