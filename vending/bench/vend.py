"""`raseed bench vend`: durable sales per second, through the real API and inside one process.

The anchor is the bare transaction: the rows of a sale written once more, one sale per commit, into
a database with the same tables, indexes, triggers and durability. What lies between the two is
the price of checking, pricing, making the token and hashing; what the product wins back is that
many sales share one commit.

The databases lie in the current folder, because a temporary folder may be in memory, where
durability costs nothing.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from .runner import Case, Figure, Size, Tell, figure, interleaved
from .vend_bare import BareSqlite
from .vend_flat import measure_flat
from .vend_http import measure_http
from .vend_inside import TOGETHER, Inside, new_store
from .vend_town import CLERK

_ROUNDS: Final = 3
_SALES: Final = 300
"""Per round, one by one."""
_BATCHES: Final = 8


def measure(tell: Tell, size: Size = Size.USUAL) -> list[Figure]:
    """Sales, and what else a till asks for, per second."""
    with TemporaryDirectory(prefix=".raseed-bench-", dir=Path.cwd()) as folder:
        # Others go through it to a database of theirs in it; its parts are closed by themselves.
        Path(folder).chmod(0o711)
        here = Path(folder)
        return [
            *measure_http(here, size, tell),
            *measure_inside(here, tell),
            *measure_flat(here, size, tell),
        ]


def measure_inside(folder: Path, tell: Tell) -> list[Figure]:
    """In one process on SQLite, without HTTP."""
    town = Inside(folder / "sold.db")
    new_store(folder / "bare.db").close()
    bare = BareSqlite(folder / "bare.db", folder / "sold.db")
    try:
        return _measured(town, bare, tell)
    finally:
        bare.close()
        town.store.close()


def _measured(town: Inside, bare: BareSqlite, tell: Tell) -> list[Figure]:
    rates = interleaved(
        {
            "sales": Case(prepare=lambda _: town.requests(_SALES), run=town.sell),
            "bare": Case(prepare=lambda _: bare.read_new(), run=bare.write),
            "together": Case(
                prepare=lambda _: town.requests(TOGETHER * _BATCHES), run=town.sell_together
            ),
            "replays": Case(prepare=lambda _: town.sold[-_SALES:], run=town.sell),
            "quotes": Case(prepare=lambda _: town.requests(_SALES), run=town.quote),
        },
        rounds=_ROUNDS,
        tell=tell,
    )
    tell("verifying the books")
    report = town.service.verify(CLERK)
    assert report.ok, report.problem
    assert report.entries == len(town.sold)
    rows = bare.rows / bare.transactions
    limit = f"bare transaction, the same {rows:.1f} rows inserted"
    sold = rates["sales"]
    return [
        figure("vend.sqlite.sales", sold, "sales/s", anchor=limit, anchor_value=rates["bare"]),
        figure(
            f"vend.sqlite.sales.together.{TOGETHER}",
            rates["together"],
            "sales/s",
            anchor=limit,
            anchor_value=rates["bare"],
        ),
        figure(
            "vend.sqlite.replays",
            rates["replays"],
            "answers/s",
            anchor="new sales",
            anchor_value=sold,
            goal=sold,
        ),
        figure("vend.sqlite.quotes", rates["quotes"], "quotes/s"),
    ]
