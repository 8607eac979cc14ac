"""What lies in SQLite's log is brought into its file beside the sales, by a thread of a server.

SQLite does it by itself within a commit, once its log holds so many pages (`engine.py`): whoever
buys just then waits for all of them and twice for the disk. From here nobody waits for it, and a
page that was written a hundred times in between is brought over once. Where no thread does it, or
it does not keep up, SQLite still does, so the log does not grow for ever.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from .disk import check_disk
from .errors import StoreDiskFailed

EVERY_S: Final = 1.0
"""By sixteen callers and two thousand sales a second some fourteen thousand pages come together, a
few less than SQLite itself waits for."""

log = logging.getLogger("raseed.store")


def checkpoint(engine: Engine) -> bool:
    """Brings what is committed from SQLite's log into its file, and waits for nobody; whether all
    of it is there. What somebody reads still, or another process brings over, stays for later.

    Raises `sqlite3.Error` if the disk does not take it: then it is still in the log, and is written
    again from there the next time. Raises StoreDiskFailed once a commit has failed on the disk.
    """
    check_disk(engine)
    held = engine.raw_connection()
    try:
        cursor = held.cursor()
        _, in_log, over = cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return bool(in_log == over)
    finally:
        held.close()


@contextmanager
def checkpoints_beside(engine: Engine, every_s: float = EVERY_S) -> Iterator[None]:
    """Does it every so many seconds until the block ends; on another database nothing. A failure
    is logged when it begins, and when it is over."""
    if engine.dialect.name != "sqlite":
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_keep, args=(engine, every_s, over), name="checkpoints")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _keep(engine: Engine, every_s: float, over: threading.Event) -> None:
    failed = False
    while not over.wait(every_s):
        try:
            checkpoint(engine)
        except (sqlite3.Error, SQLAlchemyError, StoreDiskFailed) as error:
            if not failed:
                log.warning("the log of the database waits: %s", type(error).__name__)
            failed = True
        else:
            if failed:
                log.info("the log of the database is brought over again")
            failed = False
