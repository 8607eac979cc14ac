"""Every command that the documents and messages tell people to type is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from vending.cli.app import app

ROOT = Path(__file__).parents[2]
TOLD = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("vending/words/*.toml")])
COMMAND = re.compile(r"(?<!-u )\braseed((?: [a-z][a-z-]*)+)")
"""Words in a row; what is behind the name of a command is no more than its arguments."""


@pytest.mark.parametrize("file", TOLD, ids=lambda file: file.name)
def test_every_command_that_is_told_is_there(file: Path) -> None:
    root: Any = typer.main.get_command(app)
    strange = []
    for words in COMMAND.findall(file.read_text("utf-8")):
        at = root
        for word in words.split():
            if not hasattr(at, "commands"):
                break
            at = at.commands.get(word)
        if at is None:
            strange.append(words)
    assert strange == []
