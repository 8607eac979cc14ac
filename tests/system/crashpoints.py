"""Dying at a chosen instant: between any two statements that the product sends to its database.

`CrashPoints` counts the instants right before and right after every statement and every commit,
and kills its own process with SIGKILL at the one it was told. It hooks into SQLAlchemy from
outside; the product knows nothing of it.

In a child process:

    points = CrashPoints(at=7)          # at=None counts and kills nobody
    points.watch(VendingService, "vend")
    ...                                 # start the program: a service, or a whole API server
    points.count                        # instants passed so far

Only instants inside a watched call count, so starting up and registering parties do not shift
the numbers. Nor do those of a transaction that only reads: it changes nothing, and one may come
by the clock (tariffs are looked at anew) in one run and not in the next.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from psycopg.pq.abc import PGresult
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from vending.store import engine
from vending.store.pipeline import Calls, Pipeline
from vending.store.prepared import Prepared, PreparedInsert, Row


class CrashPoints:
    """Hooks every engine of this process, from the moment it is made. One per process."""

    def __init__(self, at: int | None, last_word: Path | None = None) -> None:
        """Before it dies it writes the name of the instant to `last_word`."""
        self.at = at
        self._last_word = last_word
        self.count = 0
        self.log: list[str] = []
        self._inside = threading.local()
        self._readings: set[int] = set()
        """Connections whose transaction only reads, by the identity of the driver's object."""
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)
        reach = self._reach
        for kind in (Prepared, PreparedInsert):
            _watch(kind, reach)
        _watch_trips(reach)
        begin = engine.begin

        def begun(raw: Any, statement: str) -> None:
            (self._readings.add if statement == "BEGIN" else self._readings.discard)(id(raw))
            reach(f"before {statement}", raw)
            begin(raw, statement)
            reach(f"after {statement}", raw)

        engine.begin = begun
        commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit

        def do_commit(dialect: DefaultDialect, connection: Any) -> None:
            raw = getattr(connection, "dbapi_connection", connection)
            reach("before COMMIT", raw)
            commit(dialect, connection)
            reach("after COMMIT", raw)

        DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]

    def watch(self, owner: type, method: str) -> None:
        """Counts instants only inside calls of `owner.method`."""
        original = getattr(owner, method)

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._inside.depth = getattr(self._inside, "depth", 0) + 1
            try:
                return original(*args, **kwargs)
            finally:
                self._inside.depth -= 1

        setattr(owner, method, watched)

    def _before(self, _conn: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        self._reach(f"before {_verb(statement)}", cursor.connection)

    def _after(self, _conn: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        self._reach(f"after {_verb(statement)}", cursor.connection)

    def _reach(self, what: str, raw: Any) -> None:
        if getattr(self._inside, "depth", 0) == 0 or id(raw) in self._readings:
            return
        self.count += 1
        self.log.append(what)
        if self.count == self.at:
            if self._last_word is not None:
                self._last_word.write_text(what, encoding="utf-8")
            os.kill(os.getpid(), signal.SIGKILL)


def _watch(kind: type[Prepared], reach: Callable[[str, Any], None]) -> None:
    """Every run of such a statement is two instants."""
    plain = kind.run

    def run(self: Prepared, cursor: Any, rows: Sequence[Row]) -> None:
        reach(f"before {_verb(self.sql)}", cursor.connection)
        plain(self, cursor, rows)
        reach(f"after {_verb(self.sql)}", cursor.connection)

    kind.run = run  # type: ignore[method-assign]


def _watch_trips(reach: Callable[[str, Any], None]) -> None:
    """Each trip of statements to PostgreSQL is four instants: those in its middle, when the server
    has them and its answers are not taken in, or not all. One that is begun and not waited for is
    two, and its answers are taken in with the next."""
    ask, begin, take = Pipeline.ask, Pipeline.begin, Pipeline._take

    def asked(self: Pipeline, calls: Calls) -> list[list[Any]]:
        what = f"a trip of {len(calls)}, {_verb(calls[0][0])}"
        reach(f"before {what}", self._raw)
        found = ask(self, calls)
        reach(f"after {what}", self._raw)
        return found

    def begun(self: Pipeline, calls: Calls) -> None:
        what = f"a trip that is begun, {_verb(calls[0][0])}"
        reach(f"before {what}", self._raw)
        begin(self, calls)
        reach(f"after {what}", self._raw)

    def taken(self: Pipeline, answers: list[PGresult]) -> None:
        reach("before the answers of a trip", self._raw)
        take(self, answers)
        reach("after the answers of a trip", self._raw)

    Pipeline.ask = asked  # type: ignore[method-assign]
    Pipeline.begin = begun  # type: ignore[method-assign]
    Pipeline._take = taken  # type: ignore[method-assign]


def _verb(statement: str) -> str:
    """`INSERT INTO sales`: enough to recognise a statement, without its columns."""
    return " ".join(statement.split()[:3])


def in_child(work: Callable[[], Any], output: Path | None = None) -> int:
    """Runs `work` in a forked child and waits for its end (bounded by pytest's own time-out).

    Returns the exit code, or minus the signal that ended it. What `work` returns goes to `output`
    as text.
    """
    pid = start_child(work, output)
    return wait_for(pid)


def start_child(work: Callable[[], Any], output: Path | None = None) -> int:
    """Begins it and returns the child's pid; `wait_for` it."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        result = work()
        if output is not None:
            output.write_text(str(result), encoding="utf-8")
        code = 0
    except BaseException as error:
        if output is not None:
            output.write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
    finally:
        # No exit handlers, no flushing of the parent's buffers: the child is only a fork.
        os._exit(code)


def wait_for(pid: int) -> int:
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def books_of(tables: Sequence[str], path: Path) -> dict[str, int]:
    """Row counts, read by nothing of the product's."""
    import sqlite3

    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        # The names are the schema's own.
        return {t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}
    finally:
        db.close()
