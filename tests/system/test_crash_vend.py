"""The power goes at any instant of a sale: there is no sale or a whole one, and asking again with
the same vend id gives exactly one."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from tests.system.crashpoints import CrashPoints, books_of, in_child
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    WATER,
    SetClock,
    Town,
    request,
    service,
)
from tokens.sts import BaseDate
from vending.sale import SaleReceipt
from vending.service import VendingService
from vending.store import open_store
from vending.store.schema import BOOKS, metadata

pytestmark = pytest.mark.system

WHOLE = {
    "entries": 1,
    "postings": 6,
    "sales": 1,
    "idempotency": 1,
    "receipts": 1,
    "tokens": 1,
    "reprints": 0,
    "delivery_events": 0,
    "readings": 0,
}
"""Rows of one sale that leaves something on the balance."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town with one sale behind it; the sale under test uses up its balance."""
    folder = tmp_path_factory.mktemp("before")
    here = Town(folder / "books.db")
    here.service.vend(OPERATOR, request("earlier", WATER, "100"))
    here.store.close()
    return folder / "books.db"


def opened(path: Path) -> VendingService:
    return service(open_store(path), SetClock())


def child(path: Path, at: int | None, method: str = "vend") -> list[str]:
    """One sale, or one use of it, in a process that dies at instant `at`."""
    points = CrashPoints(at)
    points.watch(VendingService, method)
    made = opened(path)
    if method == "vend":
        made.vend(OPERATOR, request("v-1", WATER, "30"))
    else:
        getattr(made, method)(OPERATOR, "earlier")
    return points.log


def instants(before: Path, folder: Path, method: str = "vend") -> list[str]:
    """All instants of an undisturbed run, in order."""
    path = copied(before, folder / "undisturbed")
    output = folder / "instants.txt"
    assert in_child(lambda: "\n".join(child(path, None, method)), output) == 0
    return output.read_text(encoding="utf-8").split("\n")


def copied(before: Path, folder: Path) -> Path:
    folder.mkdir()
    return Path(shutil.copy(before, folder / "books.db"))


def test_killed_at_every_instant(before: Path, tmp_path: Path) -> None:
    names = instants(before, tmp_path)
    assert names[0] == "before BEGIN IMMEDIATE"
    assert names[-1] == "after COMMIT"
    assert {name for name in names if "INSERT INTO" in name} >= {
        f"{when} INSERT INTO {table}"
        for when in ("before", "after")
        for table in ("entries", "postings", "sales", "idempotency", "receipts", "tokens")
    }
    empty = books_of(BOOKS, before)
    whole = {table: empty[table] + WHOLE.get(table, 0) for table in BOOKS}

    outcomes = []
    for at, name in enumerate(names, start=1):
        path = copied(before, tmp_path / str(at))
        assert in_child(lambda path=path, at=at: child(path, at)) == -signal.SIGKILL, name  # type: ignore[misc]

        found = books_of(BOOKS, path)
        assert found in (empty, whole), name
        happened = found == whole
        outcomes.append(happened)

        made = opened(path)
        report = made.verify(ADMIN)
        assert report.ok, (name, report.problem)
        assert report.entries == 1 + happened
        kept = made.sales(OPERATOR, limit=1)[0] if happened else None

        receipt = made.vend(OPERATOR, request("v-1", WATER, "30"))
        assert receipt.replayed == happened, name
        assert books_of(BOOKS, path) == whole, name
        _one_whole_sale(made, receipt, kept)

    # It is the commit, and nothing else, that makes the sale.
    assert outcomes == [name == "after COMMIT" for name in names]


def _one_whole_sale(made: VendingService, receipt: SaleReceipt, kept: SaleReceipt | None) -> None:
    """The sale is there once, with the next numbers, and its digits are the stored ones."""
    if kept is not None:
        assert receipt == kept
    assert made.vend(OPERATOR, request("v-1", WATER, "30")) == receipt
    assert (receipt.number, receipt.journal_entry) == (2, 2)
    earlier = made.what_became(OPERATOR, "earlier").receipt
    assert receipt.tokens[0].tid == earlier.tokens[0].tid + 1
    assert receipt.quote.balance_before == earlier.quote.balance_after
    assert made.balance(OPERATOR, WATER.number) == receipt.quote.balance_after
    report = made.verify(ADMIN)
    assert report.ok, report.problem
    assert report.entries == 2


def test_killed_while_reprinting(before: Path, tmp_path: Path) -> None:
    """A copy is counted or not made; its number is never given twice."""
    names = instants(before, tmp_path, "reprint")
    for at, name in enumerate(names, start=1):
        path = copied(before, tmp_path / str(at))
        ended = in_child(lambda path=path, at=at: child(path, at, "reprint"))  # type: ignore[misc]
        assert ended == -signal.SIGKILL, name
        made = opened(path)
        counted = made.what_became(OPERATOR, "earlier").copies
        assert counted == (name == "after COMMIT"), name
        assert made.reprint(OPERATOR, "earlier").copy == counted + 1


def test_killed_while_upgrading(tmp_path: Path) -> None:
    """A database is upgraded or as it was."""
    from vending.store import migrate, upgrade

    def run(path: Path, at: int | None) -> int:
        points = CrashPoints(at)

        class Upgrade:
            def run(self) -> None:
                upgrade(open_store(path, must_be_current=False).engine)

        points.watch(Upgrade, "run")
        Upgrade().run()
        return points.count

    output = tmp_path / "count.txt"
    assert in_child(lambda: run(tmp_path / "whole.db", None), output) == 0
    total = int(output.read_text(encoding="utf-8"))
    # Some dozen instants and the last two: there are many, and each costs two upgrades.
    for at in sorted({*range(1, total, max(1, total // 12)), total - 1, total}):
        path = tmp_path / f"{at}.db"
        assert in_child(lambda path=path, at=at: run(path, at)) == -signal.SIGKILL  # type: ignore[misc]
        store = open_store(path, must_be_current=False)
        assert migrate.current(store.engine) in (None, migrate.newest())
        upgrade(store.engine)
        assert set(books_of(sorted(metadata.tables), path)) == set(metadata.tables)
        store.close()


def test_the_meters_are_what_the_suite_thinks(before: Path) -> None:
    """The sale under test uses a balance and leaves one, so that it writes every kind of row."""
    store = open_store(before)
    with store.reading() as books:
        assert books.balance("2010", "A2", "ILS") == -3
        assert books.last_tid(WATER.pan.number, BaseDate.BASE_2014) is not None
        assert books.last_tid(POWER.pan.number, BaseDate.BASE_2014) is None
    store.close()
