"""The office of these tests, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.acts.support import Office, office_at


@pytest.fixture
def office(place: Path | str) -> Iterator[Office]:
    with office_at(place) as made:
        yield made
