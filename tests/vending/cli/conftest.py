"""A town at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from .support import Shell, town_shell


@pytest.fixture
def town(tmp_path: Path) -> Shell:
    return town_shell(tmp_path)
