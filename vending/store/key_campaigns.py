"""Key changes of many meters at once: which meters of a key a campaign moves, and what becomes of
the others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, func, insert, literal, select, update
from sqlalchemy.sql.elements import ColumnElement

from tokens.sts import EncryptionAlgorithm, KeyAttributes, KeyRef

from ..keychanges.changes import KeyChangeEvent, KeyChangeState, Scope
from ..keychanges.ports import Move, Standing
from ..parties import Meter
from . import schema as t
from .attesting import add_rows, attest_rows
from .key_change_rows import IS_LAST, event_row, has_key, within
from .parties import meter_of

_C, _E, _M = t.key_changes, t.key_change_events, t.meters
NO_PLAN: dict[str, None] = {"next_sgc": None, "next_krn": None, "next_ti": None}
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
    _E.c.state == KeyChangeState.ISSUED.value,
    IS_LAST,
    ~_LATER_ENTERED,
)
"""Of a meter: the tokens of an earlier change are out and nobody says they were entered."""


class SqlCampaignReading:
    """The part of `vending.keychanges.ports.KeyChangeReading` that is about many meters."""

    _db: Connection

    def sample(self, move: Move) -> Meter | None:
        row = self._db.execute(
            select(_M)
            .where(has_key(_M, move.source.ref), ~_there(move))
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
        found = select(kind).where(has_key(_M, move.source.ref)).subquery()
        counted = select(found.c.kind, func.count()).group_by(found.c.kind)
        counts = {row[0]: row[1] for row in self._db.execute(counted)}
        return Standing(*(counts.get(name, 0) for name in Standing.__slots__))

    def untold(self) -> Collection[KeyRef]:
        rows = self._db.execute(
            select(_M.c.sgc, _M.c.krn).where(_M.c.base_date.is_(None)).distinct()
        )
        return {KeyRef(sgc, krn) for sgc, krn in rows}


class SqlCampaignWriting:
    """The same of `KeyChangeWriting`."""

    _db: Connection

    def plan_some(
        self, move: Move, fit: Collection[EncryptionAlgorithm], after: str, many: int
    ) -> tuple[int, str | None]:
        page = select(_M.c.number).where(has_key(_M, move.source.ref), _M.c.number > after)
        last = self._last(page.order_by(_M.c.number).limit(many))
        if last is None:
            return 0, None
        able = and_(
            _M.c.number > after,
            _M.c.number <= last,
            has_key(_M, move.source.ref),
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
        # The writer's place is held: what is behind the last that was there is of this statement.
        there = self._last(select(_C.c.id)) or 0
        self._db.execute(insert(_C).from_select(columns, rows.order_by(_M.c.number)))
        made = self._db.execute(select(_C).where(_C.c.id > there).order_by(_C.c.id))
        attest_rows(self._db, "key_change", (row._asdict() for row in made))
        planned = self._db.execute(
            update(_M)
            .where(able)
            .values(next_sgc=target.ref.sgc, next_krn=target.ref.krn, next_ti=ti)
        )
        return planned.rowcount, last

    def cancel_some(
        self, scope: Scope, event: KeyChangeEvent, after: int, many: int
    ) -> tuple[int, int | None]:
        page = within(scope, select(_C.c.id)).where(_NOT_BEGUN, _C.c.id > after)
        last = self._last(page.order_by(_C.c.id).limit(many))
        if last is None:
            return 0, None
        chosen = within(scope, select(_C.c.id, _C.c.meter)).where(
            _NOT_BEGUN, _C.c.id > after, _C.c.id <= last
        )
        meters = select(chosen.subquery().c.meter)
        cancelled = self._db.execute(
            update(_M).where(_M.c.number.in_(meters)).values(NO_PLAN)
        ).rowcount
        begun = self._db.execute(chosen.order_by(_C.c.id)).all()
        add_rows(self._db, "key_change_event", [event_row(row.id, event) for row in begun])
        return cancelled, last

    def tell_untold(self, key: KeyAttributes) -> None:
        self._db.execute(
            update(_M)
            .where(has_key(_M, key.ref), _M.c.base_date.is_(None))
            .values(base_date=key.base_date.value, ken=func.coalesce(_M.c.ken, key.ken))
        )

    def _last(self, page: Select[Any]) -> Any:
        """The greatest of the page's one column; None if it is empty."""
        return self._db.execute(select(func.max(page.subquery().c[0]))).scalar()


def _there(move: Move) -> ColumnElement[bool]:
    """A meter that has what the move leads to."""
    same_ti = literal(True) if move.ti is None else _M.c.ti == move.ti
    to = move.target
    told = (
        func.coalesce(_M.c.base_date, to.base_date.value) == to.base_date.value,
        func.coalesce(_M.c.ken, to.ken) == to.ken,
    )
    return and_(has_key(_M, to.ref), same_ti, *told)


def _back(move: Move) -> ColumnElement[bool]:
    """A meter that counts from a later base date than the new key."""
    return and_(_M.c.base_date.is_not(None), _M.c.base_date > move.target.base_date.value)


def _fits(move: Move, fit: Collection[EncryptionAlgorithm]) -> ColumnElement[bool]:
    return and_(_M.c.ea.in_([ea.value for ea in fit]), ~_back(move))
