"""The commands of README.md do what it says, as they stand there."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.vending.cli.support import CHEAP, Shell, Told
from vending.keys import Passphrase, create_sealed

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", TEXT, re.M | re.S)
ELSEWHERE = ("make", "source", "raseed serve", "raseed --help")
"""Commands that other tests run, or that do not end."""
NONE_OF_OURS = ("LANG", "POINT", "TERMINAL", "CONFIG", "DEBUG", "DATA", "PASSPHRASE_FILE")


class Reader:
    """Somebody who types what README says, in a fresh checkout."""

    def __init__(self, folder: Path) -> None:
        for name in ("config", "tests"):
            (folder / name).symlink_to(ROOT / name)
        environment: dict[str, str | None] = {f"RASEED_{name}": None for name in NONE_OF_OURS}
        self.shell = Shell(folder, {**environment, "RASEED_LANG": "en", "LOGNAME": "layla"})
        self.told: dict[str, Told] = {}

    def type(self, line: str) -> None:
        words = shlex.split(line, comments=True)
        if not words or " ".join(words).startswith(ELSEWHERE):
            return
        set_here: dict[str, str] = {}
        while words and "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            set_here[name] = value
        command, *arguments = words
        if command == "export":
            for word in arguments:
                name, _, value = word.partition("=")
                self.shell.environment[name] = value
            return
        assert command == "raseed", line
        told = self.shell.run(*arguments, **set_here)
        assert told.code == 0, (line, told.err)
        self.told[" ".join(arguments[:2])] = told


def test_every_command_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reader = Reader(tmp_path)
    for block in BLOCKS:
        for line in block.splitlines():
            reader.type(line)
            if line.startswith("raseed init"):
                _open_quickly(tmp_path / "var" / "raseed" / "keys.sealed", reader)
    told = reader.told
    assert "5.00" in told["basket --credit"].out
    assert "put off" in told["accounts show"].out or "180.00" in told["accounts show"].out
    assert len(re.findall(r"\b(?:\d{4} ){4}\d{4}\b", told["vend 0712000090019"].out)) >= 3
    assert "-5.00" in told["shift close"].out
    assert "360.00" in told["banking make"].out
    assert "The books are right" in told["ledger verify"].out
    assert (tmp_path / "var" / "raseed" / "books.journal").stat().st_size > 1000
    # The next command would be `serve`: what it needs is there.
    assert (tmp_path / "var" / "raseed" / "keys.sealed").exists()


def _open_quickly(file: Path, reader: Reader) -> None:
    """The same empty key file at a cost that does not slow a dozen commands down."""
    passphrase = reader.shell.environment["RASEED_PASSPHRASE"]
    assert file.exists()
    assert passphrase is not None
    file.unlink()
    create_sealed(file, Passphrase(passphrase), [], cost=CHEAP)


def test_what_it_names_is_there() -> None:
    for link in re.findall(r"\]\((docs/[^)#]+)\)", TEXT):
        assert (ROOT / link).exists(), link
    for folder in re.findall(r"^\| `(\w+)/` \|", TEXT, re.M):
        assert (ROOT / folder).is_dir(), folder
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["requires-python"] == ">=3.11"
