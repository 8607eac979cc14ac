"""The queue of what is to be sent: written with the sale, worked off apart from it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, not_, or_, select, update

from ..outbox import FARTHEST, Message, MessageState, Step, Topic, may_follow
from ..outbox_ports import Apart, Queued, Sold
from ..people.recording import is_pending
from ..record import receipt_of
from . import schema as t
from .engine import WRITES
from .errors import translated
from .parties import NUL
from .queueing import OPEN, call_off, insert_messages, message_rows
from .sqlstore import BUSY_TIMEOUT_S, SqlStore

_c = t.outbox.c
_AT_REST = frozenset({MessageState.SENT, MessageState.GIVEN_UP})
_BY_ID = select(t.outbox).where(_c.id == bindparam("message_id"))
_SHOWN = select(t.showings.c.vend_id).where(t.showings.c.vend_id == bindparam("vend_id"))


__all__ = ["SqlOutbox", "call_off", "insert_messages", "message_rows"]


class SqlOutbox:
    """See `vending.outbox_ports.OutboxStore`: in the same database as the books."""

    def __init__(self, store: SqlStore, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._store = store
        self._timeout = busy_timeout_s

    def take(
        self, now: datetime, until: datetime, topics: Collection[Topic], apart: Collection[Apart]
    ) -> Queued | None:
        due = (
            select(t.outbox)
            .where(
                or_(
                    and_(_c.state.in_(OPEN), _c.next_at <= now),
                    *(
                        and_(_c.state == state.value, _c.next_at > now + farthest)
                        for state, farthest in FARTHEST.items()
                    ),
                ),
                _c.topic.in_([topic.value for topic in topics]),
                *(not_(_of(receiver)) for receiver in apart),
            )
            .order_by(_c.next_at, _c.id)
            .limit(1)
        )
        # Looked for apart from the writer's place: most of the time nothing is due.
        while (found := self._first(due)) is not None:
            taken = _changed(
                found,
                MessageState.SENDING,
                attempts=found.attempts + 1,
                next_at=until,
                due_at=found.next_at,
            )
            if self._replace(found, taken):
                return taken
        return None

    def finish(self, taken: Queued, step: Step) -> bool:
        done = step.next_at if step.state in _AT_REST else None
        return self._replace(
            taken,
            _changed(taken, step.state, next_at=step.next_at, done_at=done, last_error=step.error),
        )

    def change(self, known: Queued, state: MessageState, now: datetime, error: str) -> bool:
        attempts = 0 if state is MessageState.WAITING else known.attempts
        done = now if state in _AT_REST else None
        changed = _changed(
            known, state, attempts=attempts, next_at=now, done_at=done, last_error=error
        )
        return self._replace(known, changed)

    def message(self, id: int) -> Queued | None:
        return self._first(_BY_ID, {"message_id": id})

    def messages(
        self,
        *,
        state: MessageState | None = None,
        topic: Topic | None = None,
        subject: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Queued]:
        if NUL in (subject or ""):
            return []
        statement = select(t.outbox).order_by(_c.id.desc()).limit(limit)
        if state is not None:
            statement = statement.where(_c.state == state.value)
        if topic is not None:
            statement = statement.where(_c.topic == topic.value)
        if subject is not None:
            statement = statement.where(_c.subject == subject)
        if before is not None:
            statement = statement.where(_c.id < before)
        with self._store.reading() as books:
            return [_queued(row) for row in books._db.execute(statement)]

    def sold(self, vend_id: str) -> Sold | None:
        with self._store.reading() as books:
            record = books.sale(vend_id)
            if record is None:
                return None
            named = {"vend_id": vend_id}
            return Sold(
                receipt=receipt_of(record),
                void=books.void_of(vend_id),
                shown=books._db.execute(_SHOWN, named).first() is not None,
            )

    def _first(self, statement: Any, values: dict[str, Any] | None = None) -> Queued | None:
        with self._store.reading() as books:
            row = books._db.execute(statement, values or {}).first()
            return None if row is None else _queued(row)

    def _replace(self, old: Queued, new: Queued) -> bool:
        """True if the row was still as `old` and is now as `new`: of several who try, one."""
        assert may_follow(old.state, new.state) or old.state is new.state is MessageState.WAITING
        statement = (
            update(t.outbox)
            .where(
                _c.id == old.id,
                _c.state == old.state.value,
                _c.attempts == old.attempts,
                # The lease tells apart two attempts that are numbered alike.
                _c.next_at == old.next_at,
            )
            .values(
                state=new.state.value,
                attempts=new.attempts,
                next_at=new.next_at,
                done_at=new.done_at,
                last_error=new.last_error,
            )
        )
        with self._writing() as db:
            return db.execute(statement).rowcount == 1

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self._store.engine.dialect.name == "sqlite" or is_pending():
            # On SQLite there is one writer anyway; waiting in line with the others is fair. And
            # what somebody does by hand has its line in the trail, which has one writer everywhere.
            with self._store.writing() as books:
                yield books._db
            return
        # Elsewhere the lock of the one row is enough: sales need not wait for it.
        with translated(self._timeout), self._store.engine.connect() as connection:
            connection.execution_options(**{WRITES: True})
            with connection.begin():
                yield connection


def _of(receiver: Apart) -> ColumnElement[bool]:
    topic, target = receiver
    of_topic = _c.topic == topic.value
    return of_topic if target is None else and_(of_topic, _c.target == target)


def _queued(row: Row[Any]) -> Queued:
    return Queued(
        id=row.id,
        message=Message(row.key, Topic(row.topic), row.subject, row.target, row.document),
        created_at=row.created_at,
        state=MessageState(row.state),
        attempts=row.attempts,
        next_at=row.next_at,
        done_at=row.done_at,
        last_error=row.last_error,
    )


def _changed(old: Queued, state: MessageState, **more: Any) -> Queued:
    values = {name: getattr(old, name) for name in Queued.__slots__}
    return Queued(**{**values, "state": state, **more})
