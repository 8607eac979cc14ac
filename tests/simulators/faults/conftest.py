"""What every test of a fault is given."""

from __future__ import annotations

import pytest


@pytest.fixture
def struck() -> list[str]:
    """What the fault says that it did."""
    return []
