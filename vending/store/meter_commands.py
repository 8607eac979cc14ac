"""Records of commands to meters, in the database of the books."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select

from meters.device import Frame

from ..ledger import canonical_json
from ..meterwork import MeterWork, WorkState
from . import schema as t
from .parties import NUL
from .sqlstore import SqlStore

_c = t.meter_commands.c
_LAST = select(_c.id, func.max(_c.seq).label("seq")).group_by(_c.id).subquery()
_WORKS = (
    select(t.meter_commands)
    .join(_LAST, (_LAST.c.id == _c.id) & (_LAST.c.seq == _c.seq))
    .order_by(_c.at.desc(), _c.id.desc())
)


class SqlWorkReading:
    """See `vending.meterwork.WorkReading`."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def works(self, meter: str, limit: int, before: str | None) -> list[MeterWork]:
        statement = _WORKS.limit(limit)
        if meter:
            statement = statement.where(_c.meter == meter)
        if before is not None:
            last = before.replace(NUL, "")
            now = select(_c.at).where(_c.id == last).order_by(_c.seq.desc()).limit(1)
            at = self._db.execute(now).scalar()
            if at is None:
                return []
            statement = statement.where(or_(_c.at < at, and_(_c.at == at, _c.id < last)))
        return [_work(row) for row in self._db.execute(statement)]

    def named(self, commands: Collection[str], meter: str = "") -> list[MeterWork]:
        statement = _WORKS.where(_c.command.in_(commands))
        if meter:
            statement = statement.where(_c.meter == meter)
        return [_work(row) for row in self._db.execute(statement)]

    def latest(self, meter: str) -> datetime | None:
        newest = select(_c.at).where(_c.meter == meter).order_by(_c.at.desc()).limit(1)
        return self._db.execute(newest).scalar()


class SqlWorkWriting(SqlWorkReading):
    """See `vending.meterwork.WorkWriting`. The store's writer's place is already held."""

    def add_work(self, work: MeterWork) -> None:
        document = {
            "params": dict(work.params),
            "frames": [{"sent": one.sent, "hex": one.hex} for one in work.frames],
        }
        self._db.execute(
            insert(t.meter_commands),
            {
                "id": work.id,
                "seq": 0 if work.state is WorkState.BEGUN else 1,
                "at": work.at,
                "meter": work.meter,
                "place": work.place,
                "model": work.model,
                "serial": work.serial,
                "command": work.command,
                "state": work.state.value,
                "detail": work.detail,
                "actor": work.actor,
                "role": work.role,
                "reason": work.reason,
                "document": canonical_json(document).decode("ascii"),
            },
        )


class SqlMeterWorks:
    """See `vending.meterwork.WorkStore`: the same database as `store`, with the same place for one
    writer."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[SqlWorkReading]:
        with self._store.reading() as books:
            yield SqlWorkReading(books._db)

    @contextmanager
    def writing(self) -> Iterator[SqlWorkWriting]:
        with self._store.writing() as books:
            yield SqlWorkWriting(books._db)


def _work(row: Any) -> MeterWork:
    document = json.loads(row.document)
    return MeterWork(
        id=row.id,
        at=row.at,
        meter=row.meter,
        place=row.place,
        model=row.model,
        serial=row.serial,
        command=row.command,
        params=document["params"],
        actor=row.actor,
        role=row.role,
        reason=row.reason,
        state=WorkState(row.state),
        detail=row.detail,
        frames=tuple(Frame(one["sent"], one["hex"]) for one in document["frames"]),
    )
