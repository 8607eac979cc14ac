"""Statements of the sale on their way to PostgreSQL: all of a trip sent together, and answered
together, each prepared once per connection. What nobody waits for yet the server does while this
program reckons on.

They go over the driver's connection by its own libpq (`psycopg.pq`), past its cursors, which spend
three times as long on a statement as the server does. And the driver forgets what it has prepared
at every rollback, so that behind each refused sale the next ones would be planned anew; what is
prepared here stays.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection

from .ahead import PIPELINE

_SPOILT: Final = ("26000", "0A000")
"""SQLSTATE of a statement that the server no longer knows, or whose tables have changed."""

Calls = Sequence[tuple[str, Sequence[Sequence[Any]]]]
"""Statements, each with its rows of values."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """What an answer is due for."""

    call: int | None = None
    """A statement of the trip, by its place."""
    prepares: str | None = None
    """The text of a statement that gets a name."""
    name: bytes = b""


class Pipeline:
    """One connection of the driver, used by one thread at a time."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw
        self._line: PGconn = raw.pgconn
        self._values = Transformer(raw)
        self._names: dict[str, bytes] = {}
        self._named = 0
        self._under_way: list[list[_Sent]] = []
        """Trips whose answers nobody has taken yet."""
        self._failure: Exception | None = None
        """What one of them has met, and nobody was told."""
        self._poll = select.poll()

    def ask(self, calls: Calls) -> list[list[Any]]:
        """Runs statements (marked $1, $2, ...) in their order, each for its rows of values (text,
        integers, lists of text), in the transaction that is open, or else begins one; answers the
        rows that each has found. They run behind what was begun.

        Raises the driver's errors: of a server that has refused one of them, or something that was
        begun, or that is gone; the connection is closed if it is of no more use.
        """
        self._start(calls)
        return self._finish(len(calls))

    def begin(self, calls: Calls) -> None:
        """Has the server run statements as `ask` does, and waits for none of them. What one of them
        meets is raised by the next call.

        Raises the driver's errors, of what was begun before and of a server that is gone.
        """
        self._start(calls)

    def _start(self, calls: Calls) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        given = [
            (place, sql, self._dumped(values))
            for place, (sql, rows) in enumerate(calls)
            for values in rows
        ]
        due: list[_Sent] = []
        try:
            if not self._under_way:
                self._line.enter_pipeline_mode()
            self._under_way.append(due)
            self._send(given, due)
        except BaseException:
            self._abandon()
            raise

    @property
    def is_pending(self) -> bool:
        """Something was begun, and nobody knows yet what became of it, or was told."""
        return bool(self._under_way) or self._failure is not None

    def finish(self) -> None:
        """Waits for what was begun. Raises as `ask` does."""
        self.settle()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def settle(self) -> None:
        """Waits for what was begun, before the connection is used by any other way than this one.
        What it has met is raised by the next call here."""
        if self._under_way:
            try:
                self._finish(0)
            except Exception as error:
                self._failure = error

    def forget(self) -> None:
        """The same, before all of it is taken back: what it has met is of no more interest."""
        self.settle()
        self._failure = None

    def _finish(self, calls: int) -> list[list[Any]]:
        """Takes all answers; what the statements of the last trip have found."""
        trips, answers = self._under_way, list[PGresult]()
        try:
            for _ in trips:
                self._take(answers)
            self._line.exit_pipeline_mode()
        except psycopg.Error:
            self._abandon()
            # What the server has said before the end tells more than that it came.
            self._check(answers)
            raise
        except BaseException:
            self._abandon()
            raise
        self._under_way = []
        due = [sent for trip in trips for sent in trip]
        for sent, answer in zip(due, answers, strict=True):
            if sent.prepares is not None and answer.status == ExecStatus.COMMAND_OK:
                self._names[sent.prepares] = sent.name
        self._check(answers)
        found: list[list[Any]] = [[] for _ in range(calls)]
        if calls:
            last = trips[-1]
            for sent, answer in zip(last, answers[-len(last) :], strict=True):
                if sent.call is not None and answer.ntuples:
                    self._values.set_pgresult(answer)
                    found[sent.call] += self._values.load_rows(0, answer.ntuples, tuple)
        return found

    def _abandon(self) -> None:
        """Nobody knows what is still under way."""
        self._under_way = []
        self._raw.close()

    def _dumped(self, values: Sequence[Any]) -> Sequence[Buffer | None]:
        return self._values.dump_sequence(values, [PyFormat.TEXT] * len(values))

    def _send(
        self, given: list[tuple[int, str, Sequence[Buffer | None]]], due: list[_Sent]
    ) -> None:
        line = self._line
        if line.transaction_status == TransactionStatus.IDLE:
            level = self._raw.isolation_level
            at = "" if level is None else f" ISOLATION LEVEL {level.name.replace('_', ' ')}"
            line.send_query_params(f"BEGIN{at}".encode(), None)
            due.append(_Sent())
        new: dict[str, bytes] = {}
        for place, sql, values in given:
            name = self._names.get(sql) or new.get(sql)
            if name is None:
                self._named += 1
                name = new[sql] = b"raseed_%d" % self._named
                line.send_prepare(name, sql.encode())
                due.append(_Sent(prepares=sql, name=name))
            line.send_query_prepared(name, values)
            due.append(_Sent(call=place))
        line.pipeline_sync()
        while line.flush():
            self._wait(select.POLLIN | select.POLLOUT)
            # A server that cannot get rid of its answers takes nothing more in.
            line.consume_input()

    def _take(self, answers: list[PGresult]) -> None:
        """All that is answered, up to the end of the trip."""
        line = self._line
        while True:
            while line.is_busy():
                self._wait(select.POLLIN)
                line.consume_input()
            answer = line.get_result()
            if answer is not None:
                if answer.status == ExecStatus.PIPELINE_SYNC:
                    return
                answers.append(answer)
            elif line.status == ConnStatus.BAD:
                raise psycopg.OperationalError("the connection is lost")

    def _wait(self, events: int) -> None:
        self._poll.register(self._line.socket, events)
        self._poll.poll()

    def _check(self, answers: Sequence[PGresult]) -> None:
        for answer in answers:
            if answer.status == ExecStatus.FATAL_ERROR:
                error = error_from_result(answer)
                if error.sqlstate in _SPOILT:
                    self._raw.close()
                raise error


def pipeline_of(db: Connection) -> Pipeline:
    """The one of this connection. Its driver prepares nothing from here on: at a rollback it would
    have the server forget ours too."""
    found: Pipeline | None = db.info.get(PIPELINE)
    if found is None:
        raw: Any = db.connection.dbapi_connection
        # The driver, too, takes this as word that all of its own are gone.
        db.exec_driver_sql("DEALLOCATE ALL")
        raw.prepare_threshold = None
        found = db.info[PIPELINE] = Pipeline(raw)
    return found
