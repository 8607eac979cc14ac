"""The store on a database: one consistent view to read, one writer at a time to write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, RootTransaction
from sqlalchemy.exc import SQLAlchemyError

from ..ledger import Chart
from ..ports import StoreLocked
from .damage import Damage
from .disk import check_disk
from .engine import WRITES, begin_writing, make_engine, snapshots
from .errors import commit_failed, translated
from .migrate import check
from .patience import PATIENCE_S, Patience, keep_patience
from .reading import SqlReading
from .streams import end_streams, leaves_open
from .writing import SqlWriting

BUSY_TIMEOUT_S = 5.0


class SqlStore:
    """Store over an engine made by `make_engine`. Safe to share between threads.

    Locks are taken in one order, so that nobody waits for one who waits for them: the writer's
    place in this process (threads queue here instead of meeting the database's lock), then the
    database's single writer's place: SQLite's own, or on PostgreSQL the row of the chain. Whoever
    has that row is alone with counters, balances and TIDs, and sees all that was committed.
    """

    def __init__(
        self,
        engine: Engine,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.engine = engine
        self._patience: Patience | None = None
        if engine.dialect.name != "sqlite":
            self._patience = keep_patience(engine, patience_s)
        self._snapshots = snapshots(engine)
        self._damage = Damage(self._snapshots)
        self._timeout = busy_timeout_s
        self._writer = threading.Lock()
        self._kept: Connection | None = None
        """The writer's, kept from one time to the next. Whoever has the lock has it."""
        self.before_commit: Callable[[Connection], None] | None = None
        """What is written with whatever is written (`house.tell_acts`)."""

    def close(self) -> None:
        """Lets go of all connections."""
        if self._writer.acquire(timeout=self._timeout):
            self._let_go()
            self._writer.release()
        self.engine.dispose()
        if self._patience is not None:
            self._patience.close()

    @property
    def is_embedded(self) -> bool:
        return self._patience is None

    def check_writing(self) -> None:
        """Raises StoreDiskFailed if nothing is written any more until the program starts anew."""
        check_disk(self.engine)

    def explained(self, error: Exception, chart: Chart) -> Exception:
        """RowUnreadable, where `error` is a sign of damage and a row is found that cannot be read;
        else `error` itself. Takes seconds in long books: for the edges, of what nobody foresaw."""
        return self._damage.explained(error, chart)

    @contextmanager
    def reading(self) -> Iterator[SqlReading]:
        with translated(self._timeout), self._snapshots.connect() as connection, connection.begin():
            try:
                yield SqlReading(connection)
            except BaseException as error:
                end_streams(connection)
                if leaves_open(error):
                    connection.invalidate()
                raise
            end_streams(connection)

    @contextmanager
    def writing(self, *, wait: bool = True, ground_first: bool = False) -> Iterator[SqlWriting]:
        waits_s = self._timeout if wait else 0
        if not self._writer.acquire(timeout=waits_s):
            raise StoreLocked(waits_s)
        try:
            with translated(waits_s):
                yield from self._transaction(waits_s, ground_first)
        except BaseException as error:
            self._let_go(leaves_open(error))
            raise
        finally:
            self._writer.release()

    def _transaction(self, waits_s: float, ground_first: bool) -> Iterator[SqlWriting]:
        if self._kept is None:
            self._kept = self.engine.connect().execution_options(**{WRITES: True})
        transaction = begin_writing(self._kept, waits_s)
        books = SqlWriting(self._kept) if ground_first else SqlWriting.alone(self._kept)
        yield books
        if not ground_first:
            end_streams(self._kept)
        if books.kept and self.before_commit is not None:
            self.before_commit(self._kept)
        if self._patience is not None:
            self._patience.begins(self._kept.connection.dbapi_connection)
        try:
            if not books.kept:
                # A commit, if only of the lock on the chain, would wait for the disk.
                transaction.rollback()
            else:
                self._commit(self._kept, transaction)
        finally:
            if self._patience is not None:
                self._patience.ends()

    @staticmethod
    def _commit(writer: Connection, transaction: RootTransaction) -> None:
        """Raises StoreFull, StoreLocked, CommitUnknown."""
        try:
            transaction.commit()
        except SQLAlchemyError as error:
            # SQLAlchemy takes the transaction for ended and would not roll it back; the database
            # may not have ended it, and the next one would get a connection that cannot begin.
            writer.invalidate()
            raise commit_failed(error) from None

    def _let_go(self, for_good: bool = False) -> None:
        """Rolls back what has been begun. After an error the next writer begins with a connection
        that the pool vouches for; `for_good`, nobody has this one again."""
        kept, self._kept = self._kept, None
        if kept is not None:
            try:
                end_streams(kept)
                if for_good:
                    kept.rollback()
                    kept.invalidate()
                kept.close()
            except SQLAlchemyError:
                # Why it could not is the less interesting error; nobody shall have it again.
                kept.invalidate()


def open_store(
    where: Path | str | URL,
    *,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
    patience_s: float = PATIENCE_S,
    must_be_current: bool = True,
) -> SqlStore:
    """A store on an SQLite file (Path) or an SQLAlchemy URL.

    Waits at most `busy_timeout_s` for the writer's place, and `patience_s` for a server that says
    nothing.

    Raises StoreOutdated if its schema is not this program's (`upgrade(store.engine)` makes it so),
    unless `must_be_current` is False.
    """
    url = f"sqlite:///{where}" if isinstance(where, Path) else where
    engine = make_engine(url, busy_timeout_s)
    store = SqlStore(engine, busy_timeout_s, patience_s)
    if must_be_current:
        try:
            with translated(busy_timeout_s):
                check(engine)
        except BaseException:
            # Nobody else can: the caller gets no store.
            store.close()
            raise
    return store
