"""The whole journal recomputed, by several processes if it is long: each walks a stretch, and
the ends are held against each other. Meanwhile the first looks for loose ends.

The journal only grows, so stretches up to one last entry are the same in every process's view.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Protocol

from sqlalchemy import Connection, Engine, func, select

from ..ledger import Chart, LedgerProblem, LedgerReport, Seal, Walk, joined, report_of
from ..ledger import walk as walk_along
from ..ledger.journal import GENESIS
from ..ledger.verify import UNREADABLE
from ..plaintext import printable
from . import audit
from . import schema as t
from .attestation_proof import sealed_chain_problems
from .drawer_proof import drawer_problems
from .legible import legibly
from .period_proof import closed_months_problems
from .walk import stored_entries

ALONE = 50_000
"""Entries that one process proves faster than others could be started."""


class Books(Protocol):
    """What is read besides the journal itself."""

    _db: Connection

    def seals(self) -> list[Seal]: ...


def proved(
    engine: Engine,
    books: Books,
    chart: Chart,
    workers: int = 1,
    against: tuple[int, str] | None = None,
) -> LedgerReport:
    """See `vending.accounting.ports.BooksStore.proved`."""
    db = books._db
    seals, unreadable = legibly(db, lambda: _seals(books))
    marked = [seal.entry for seal in seals]
    last = db.execute(select(func.max(t.entries.c.number))).scalar() or 0
    # SQLite keeps text in a column of numbers; whoever walks alone comes to it and says so.
    if workers < 2 or not isinstance(last, int) or last <= ALONE:
        walked = legibly(db, lambda: walk_along(stored_entries(db), chart, marked))
        loose = _loose_ends(db, chart, seals) if walked.problem is None else []
        return _printable(report_of(walked, [*unreadable, *loose], seals, against))
    ends = [last * part // workers for part in range(1, workers + 1)]
    url = engine.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = [
            pool.submit(_stretch, url, chart, marked, begin, end)
            for begin, end in zip([0, *ends], ends, strict=False)
        ]
        loose = _loose_ends(db, chart, seals)
        walked = joined([one.result() for one in waiting], ends)
    return _printable(report_of(walked, [*unreadable, *loose], seals, against))


def _printable(report: LedgerReport) -> LedgerReport:
    problem = report.problem
    if problem is None:
        return report
    return replace(report, problem=replace(problem, detail=printable(problem.detail)))


def _stretch(url: str, chart: Chart, marked: list[int], begin: int, end: int) -> Walk:
    """In a process of its own: the walk along the entries behind `begin` up to `end`."""
    from .sqlstore import open_store

    store = open_store(url)
    try:
        with store.reading() as books:
            db = books._db

            def walked() -> Walk:
                hash_of_begin = select(t.entries.c.hash).where(t.entries.c.number == begin)
                after = (begin, db.execute(hash_of_begin).scalar() or GENESIS)
                return walk_along(stored_entries(db, begin, end), chart, marked, after)

            return legibly(db, walked)
    finally:
        store.close()


def _loose_ends(db: Connection, chart: Chart, seals: Sequence[Seal]) -> list[LedgerProblem]:
    return legibly(db, lambda: list(_ends_of(db, chart, seals)))


def _ends_of(db: Connection, chart: Chart, seals: Sequence[Seal]) -> Iterator[LedgerProblem]:
    """What is behind something that cannot be read is not told: it has to be mended first."""
    try:
        yield from audit.loose_ends(db, chart.cached())
        yield from audit.overdrawn(db, chart)
        yield from drawer_problems(db, chart)
        yield from closed_months_problems(db, seals)
        yield from sealed_chain_problems(db, seals)
    except UNREADABLE as error:
        yield LedgerProblem(0, "unreadable", type(error).__name__)


def _seals(books: Books) -> tuple[list[Seal], list[LedgerProblem]]:
    """None of them, if one cannot be read, and that."""
    try:
        seals = books.seals()
        for seal in seals:
            if not isinstance(seal.entry, int):
                raise TypeError(seal.number)
        return seals, []
    except UNREADABLE as error:
        return [], [LedgerProblem(0, "seal_chain", type(error).__name__)]
