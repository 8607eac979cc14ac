"""Books that are long enough to be looked at, written by the database itself: what was sold
rightly once is copied, later and under other numbers. Sales that are chained one by one take
several times as long; but nobody can prove these: their hashes are not computed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

_SECONDS: Final = 7
"""Between one sale and the next, as `ledger.build` has them."""
_LATER: Final = (
    f"strftime('%Y-%m-%dT%H:%M:%f000Z', {{0}}, '+' || (:k * :n * {_SECONDS}) || ' seconds')"
)
_FURTHER: Final = "{0} + :k * :n"
_TURNED: Final = (
    "substr({0}, 1 + :k % length({0})) || substr({0}, 1, :k % length({0})) || '-' || :k"
)
"""As random at its beginning as the text itself, so that no index is kinder than in real life."""

_COPIED: Final[Mapping[str, Mapping[str, str]]] = {
    "entries": {
        "number": _FURTHER,
        "at": _LATER,
        "cause": _TURNED,
        "previous_hash": _TURNED,
        "hash": _TURNED,
    },
    "postings": {"entry": _FURTHER},
    "sales": {"vend_id": _TURNED, "entry": _FURTHER, "sold_at": _LATER},
    "idempotency": {"vend_id": _TURNED},
    "receipts": {"vend_id": _TURNED, "number": _FURTHER},
    "tokens": {"vend_id": _TURNED, "tid": "{0} + 2 * :k * :n"},
}
"""By table, what is different in a copy."""


def multiplied(path: Path, times: int) -> None:
    """The books of `ledger.build` with `times` as many sales in all."""
    with closing(sqlite3.connect(path)) as db, db:
        for pragma in ("cache_size=-600000", "synchronous=OFF", "temp_store=MEMORY"):
            db.execute(f"PRAGMA {pragma}")
        (n,) = db.execute("SELECT max(number) FROM entries").fetchone()
        made = db.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index'")
        indexes = [(name, sql) for table, name, sql in made if sql and table in _COPIED]
        # To sort them once is quicker than to keep them sorted.
        for name, _ in indexes:
            db.execute(f"DROP INDEX {name}")
        for table, changes in _COPIED.items():
            _copy(db, table, changes, n, times)
        for _, sql in indexes:
            db.execute(sql)
        last = n * times
        db.execute(
            "UPDATE chain SET number = e.number, hash = e.hash, at = e.at FROM entries e"
            " WHERE e.number = ?",
            (last,),
        )
        db.execute("UPDATE counters SET receipts = receipts * ?", (times,))
        db.execute("UPDATE balances SET amount = amount * ?", (times,))


def _copy(
    db: sqlite3.Connection, table: str, changes: Mapping[str, str], n: int, times: int
) -> None:
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changes.get(name, "{0}").format(name) for name in columns)
    db.execute(f"CREATE TEMP TABLE like_{table} AS SELECT * FROM {table}")  # noqa: S608
    for k in range(1, times):
        db.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM like_{table}",  # noqa: S608
            {"k": k, "n": n},
        )
    db.execute(f"DROP TABLE like_{table}")
