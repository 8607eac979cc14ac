"""One process of a billing office, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .office import Office


@pytest.fixture
def office(place: Path | str) -> Iterator[Office]:
    made = Office(place)
    yield made
    made.close()
