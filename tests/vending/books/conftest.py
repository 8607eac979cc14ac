"""Fixtures of several files here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.books.mixed_day import MixedDay


@pytest.fixture
def day(place: Path | str) -> Iterator[MixedDay]:
    """A day of every kind of sale, on both databases."""
    made = MixedDay(place)
    yield made
    made.close()
