"""Fixtures of several files here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.support import ADMIN, Town

from .support import accounts_of


@pytest.fixture
def here(place: Path | str) -> Iterator[Town]:
    made = Town(place)
    yield made
    # Whatever was sold, the accounts are what sales, voids and events say.
    assert accounts_of(made).verify_accounts(ADMIN).ok
    made.store.close()
