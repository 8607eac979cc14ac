"""A counter with its accounts, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.accounts.support import Counter


@pytest.fixture
def counter(place: Path | str) -> Iterator[Counter]:
    made = Counter(place)
    yield made
    made.close()
