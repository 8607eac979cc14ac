"""docs/architecture.md is a map of the house as it stands."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAP = (ROOT / "docs" / "architecture.md").read_text("utf-8")
UNNAMED = {"__init__.py", "__pycache__", "py.typed"}


def rooms() -> list[str]:
    names = (path.name for path in (ROOT / "vending").iterdir())
    return sorted(name for name in names if name not in UNNAMED)


def core() -> list[str]:
    config = ConfigParser()
    config.read(ROOT / ".importlinter")
    return config["importlinter:contract:core"]["source_modules"].split()


@pytest.mark.parametrize("room", rooms())
def test_every_room_is_on_the_map(room: str) -> None:
    assert f"`{room}`" in MAP or f"`{room}/`" in MAP


def test_the_core_on_the_map_is_the_core_that_is_checked() -> None:
    table = MAP.split("The rooms of the core of `vending/`")[1].split("\n## ")[0]
    told = {name for name in rooms() if f"`{name}`" in table or f"`{name}/`" in table}
    assert {f"vending.{name.removesuffix('.py')}" for name in told} == set(core())
    assert len(core()) == len(set(core()))
