"""Fixtures of several files here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import KINDS, new_place
from tests.vending.books.mixed_day import MixedDay
from tests.vending.books.raw_books import RawBooks
from tests.vending.books.whole_deeds import WholeTown


@pytest.fixture
def day(place: Path | str) -> Iterator[MixedDay]:
    """A day of every kind of sale, on both databases."""
    made = MixedDay(place)
    yield made
    made.close()


@pytest.fixture(scope="session", params=KINDS)
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeTown]:
    """Two months of a small town, which no test changes."""
    folder = tmp_path_factory.mktemp("town")
    if request.param == "sqlite":
        made = WholeTown(new_place("sqlite", folder, None))
        yield made
        made.close()
        return
    with request.getfixturevalue("postgres").lending() as server:
        made = WholeTown(new_place("postgresql", folder, server))
        yield made
        made.close()


@pytest.fixture(scope="session")
def raw(town: WholeTown) -> RawBooks:
    """Its rows."""
    return RawBooks(town.store.engine)
