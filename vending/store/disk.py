"""A disk that could not keep what was committed.

After a failed fsync nobody knows which pages are on the disk: the system may have marked them as
written, so that trying again says yes and means nothing. SQLite finds out what is there when it
opens the file anew and goes through its log; until that has happened, nothing is built on it by a
process that has seen the failure. Reading may go on. (PostgreSQL does the same by itself: its
server stops, and recovers.)
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from .errors import IO_ERROR, StoreDiskFailed, reason_of

_DISK = "raseed_disk"
"""Execution option of an engine and its connections: what is known of the disk."""


class _Disk:
    failed = False


def watch_commits(engine: Engine) -> None:
    """From here on the engine remembers a commit that failed on the disk."""
    disk = _Disk()
    engine.update_execution_options(**{_DISK: disk})

    @event.listens_for(engine, "handle_error")
    def note(context: ExceptionContext) -> None:
        # Beside a commit only a rollback has no statement; that fails where a commit has failed.
        told = context.sqlalchemy_exception
        if context.statement is None and told is not None and reason_of(told) == IO_ERROR:
            disk.failed = True


def check_disk(over: Engine | Connection) -> None:
    """Raises StoreDiskFailed if a commit through this engine has failed on the disk."""
    disk = over.get_execution_options().get(_DISK)
    if disk is not None and disk.failed:
        raise StoreDiskFailed
