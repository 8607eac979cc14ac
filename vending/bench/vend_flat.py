"""Whether selling stays as fast when the books grow: a young town and an old one take turns.

The old books are not sold but copied: rows like those of one real sale, under other numbers, spread
over all meters. They carry no chain of hashes, which nobody asks for while selling.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from . import postgres
from .runner import Case, Figure, Size, Tell, figure, interleaved
from .vend_bare import BOOKED, Row, sample
from .vend_inside import Inside
from .vend_town import METERS

YOUNG: Final = 10_000
"""Rows of the ledger, of all its tables together."""
OLD: Final[Mapping[Size, int]] = {
    Size.QUICK: 100_000,
    Size.USUAL: 1_000_000,
    Size.FULL: 10_000_000,
}
_ROUNDS: Final = 5
_SALES: Final = 512
_FLAT: Final = 0.8
"""Of the young books' speed; what differs less is noise."""

_OWN: Final = {
    ("entries", "number"): "i",
    ("entries", "cause"): "'g-' || i",
    ("entries", "previous_hash"): "'p-' || i",
    ("postings", "entry"): "i",
    ("sales", "vend_id"): "'g-' || i",
    ("sales", "entry"): "i",
    ("idempotency", "vend_id"): "'g-' || i",
    ("receipts", "vend_id"): "'g-' || i",
    ("receipts", "number"): "i",
    ("tokens", "vend_id"): "'g-' || i",
    ("tokens", "tid"): "i",
}
"""What differs from sale to sale, by table and column."""


def measure_flat(folder: Path, size: Size, tell: Tell) -> list[Figure]:
    """Sales in batches inside one process, on both databases (SQLite alone where no PostgreSQL
    can be started)."""
    with ExitStack() as held:
        places: dict[str, tuple[Path | str, Path | str]] = {
            "sqlite": (folder / "young.db", folder / "old.db")
        }
        try:
            server = held.enter_context(postgres.beside(folder))
        except postgres.ServerNotStarted as error:
            tell(f"without PostgreSQL: {error.reason}")
        else:
            for name in ("young", "old"):
                server.run("createdb", name)
            places["postgresql"] = (server.url("young"), server.url("old"))
        towns: dict[str, Inside] = {}
        for kind, (young, old) in places.items():
            for age, where, rows in (("young", young, YOUNG), ("old", old, OLD[size])):
                tell(f"{kind}: books of {rows:,} rows")
                town = towns[f"{kind}.{age}"] = held.enter_context(Inside(where))
                town.sell_together(town.requests(len(METERS)))
                grow(town, rows)
        # Else the disk would still be writing the copies out while the first sales are measured.
        os.sync()
        rates = interleaved(
            {name: _case(town) for name, town in towns.items()}, rounds=_ROUNDS, tell=tell
        )
    return [
        figure(
            f"vend.flat.{kind}.{OLD[size]}",
            rates[f"{kind}.old"],
            "sales/s",
            anchor=f"with {YOUNG:,} rows in the ledger",
            anchor_value=rates[f"{kind}.young"],
            goal=_FLAT * rates[f"{kind}.young"],
        )
        for kind in places
    ]


def _case(town: Inside) -> Case[Any]:
    return Case(prepare=lambda _: town.requests(_SALES), run=town.sell_together)


def grow(town: Inside, rows: int) -> int:
    """Adds sales until the ledger holds about so many rows; returns how many."""
    connection = town.store.engine.raw_connection()
    try:
        db: Any = connection.cursor()
        like = sample(db)
        (sale,) = like["sales"]
        db.execute("SELECT number FROM chain")
        (last,) = db.fetchone()
        one = sum(len(like[table]) for table in BOOKED)
        number = max(0, rows // one - int(last))
        db.execute("BEGIN")
        for statement in _growing(like, sale, int(last) + 1, int(last) + number):
            db.execute(statement)
        db.execute(f"UPDATE chain SET number = {int(last) + number}")  # noqa: S608
        db.execute(f"UPDATE counters SET receipts = {int(last) + number}")  # noqa: S608
        db.execute("COMMIT")
        db.execute("ANALYZE")
        connection.commit()
        if town.store.is_embedded:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
    finally:
        connection.close()
    return number


def _growing(like: Mapping[str, list[Row]], sale: Row, first: int, last: int) -> Iterator[str]:
    for place, meter in enumerate(METERS):
        moved = {
            sale["meter"]: meter.number,
            sale["pan"]: meter.pan.number,
            sale["agreement"]: f"A{place}",
        }
        begin, step = first + place, len(METERS)
        numbers = (
            f"WITH RECURSIVE n(i) AS (SELECT {begin} UNION ALL "  # noqa: S608
            f"SELECT i + {step} FROM n WHERE i + {step} <= {last})"
        )
        for table in BOOKED:
            for row in like[table]:
                values = ", ".join(
                    _OWN.get((table, name)) or _literal(moved.get(value, value))
                    for name, value in row.items()
                )
                yield (
                    f"{numbers} INSERT INTO {table} ({', '.join(row)}) "  # noqa: S608
                    f"SELECT {values} FROM n WHERE i <= {last}"
                )


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"
