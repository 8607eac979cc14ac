"""Books with rows of every kind that is attested."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.accounts.support import Counter
from tests.vending.attested.support import (
    prepared,
)


@pytest.fixture
def here(place: Path | str) -> Iterator[Counter]:
    made = prepared(place)
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Counter]:
    """The same in a file, where nothing is kept from being nonsense."""
    made = prepared(tmp_path / "books.db")
    yield made
    made.close()
