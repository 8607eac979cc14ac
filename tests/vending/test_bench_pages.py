"""The benchmark of the pages runs, on a town that is too small to say anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from vending.bench import pages
from vending.bench.runner import Size

pytestmark = pytest.mark.system


def test_every_page_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pages, "SALES", {Size.QUICK: 60})
    monkeypatch.setattr(pages, "CUSTOMERS", {Size.QUICK: 20})
    monkeypatch.setattr(pages, "_EACH", {Size.QUICK: 3})
    figures = pages.measure(lambda _: None, Size.QUICK)
    names = {one.name for one in figures}
    assert {"pages.preview.p99", "pages.became.p50", "pages.find_by_name.p99"} <= names
    assert all(one.value > 0 for one in figures)
    assert list(tmp_path.iterdir()) == []
