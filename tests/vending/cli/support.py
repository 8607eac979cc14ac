"""Running the command line inside the test process, in a folder of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from typer import testing
from typer.testing import CliRunner

from tests.vending.support import ADMIN, empty_books, security, town
from tests.vending.support import TEST_KEY as VENDING_KEY
from tokens.sts import KeyRecord, VendingKey
from vending.cli import app
from vending.keys import Cost, Passphrase, create_sealed
from vending.settings import Settings
from vending.wiring import open_raseed

# Building the commands anew for each run takes longer than most of them.
testing._get_command = cache(testing._get_command)  # type: ignore[attr-defined]

PASSPHRASE = "correct horse battery"
CHEAP = Cost(n=2, r=1, p=1)


@dataclass
class Told:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """Runs commands with a data folder, a passphrase and a language."""

    folder: Path
    environment: dict[str, str | None]

    def run(self, *arguments: str, stdin: str = "", **environment: str | None) -> Told:
        runner = CliRunner(env={**self.environment, **environment})
        result = runner.invoke(app, list(arguments), input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Told(result.exit_code, result.stdout, result.stderr)


def shell(folder: Path) -> Shell:
    """A shell over an empty folder."""
    environment: dict[str, str | None] = {
        "RASEED_DATA": str(folder),
        "RASEED_PASSPHRASE": PASSPHRASE,
        "RASEED_LANG": "en",
        "RASEED_POINT": None,
        "RASEED_DEBUG": None,
        "RASEED_CONFIG": None,
        "LC_ALL": None,
        "LC_MESSAGES": None,
        "LANG": "C.UTF-8",
    }
    return Shell(folder, environment)


def town_shell(folder: Path) -> Shell:
    """A shell over the books and keys of `town()`, with a key file that opens quickly."""
    (attributes,) = security().keys()
    record = KeyRecord(attributes, VendingKey(VENDING_KEY))
    settings = Settings(data=folder)
    create_sealed(settings.key_file, Passphrase(PASSPHRASE), [record], cost=CHEAP)
    (folder / "raseed.db").write_bytes(empty_books())
    with open_raseed(settings) as raseed:
        raseed.service.register(ADMIN, town())
    return shell(folder)
