"""The books that the benchmark builds are whole books."""

from __future__ import annotations

from pathlib import Path

from tests.vending.support import chart
from vending.bench import ledger
from vending.store import open_store
from vending.store.books import SqlBooks


def test_built_books_verify(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    ledger.build(path, 120)
    store = open_store(path)
    report = SqlBooks(store).proved(chart())
    with store.reading() as books:
        assert len(books.sales(limit=500)) == 120
    store.close()
    assert report.ok, report.problem
    assert report.entries == 120


def test_the_plain_work_reads_every_row(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    ledger.build(path, 20)
    assert float(ledger._plain(path)) > 0
    seconds, before, peak = map(float, ledger._verify(path).split())
    assert seconds > 0
    # The kernel counts pages in batches: the peak may lag a little behind.
    assert peak > 0.9 * before > 0
