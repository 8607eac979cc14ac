"""Running the command line inside the test process, in a folder of its own."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from tests.vending.support import ADMIN, met_books, security, town
from tests.vending.support import TEST_KEY as VENDING_KEY
from tokens.sts import KeyRecord, VendingKey
from vending.cli import app
from vending.keys import Cost, Passphrase, create_sealed
from vending.parties import Registration
from vending.settings import Settings
from vending.wiring import open_raseed

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
        with runner.isolation(input=stdin) as (out, err, _):
            code: int | str | None = 0
            try:
                command().main(list(arguments), runner.get_default_prog_name(command()))
            except SystemExit as end:
                code = end.code
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
            assert code is None or isinstance(code, int), code
            return Told(code or 0, out.getvalue().decode(), err.getvalue().decode())


@cache
def command() -> Any:
    """The command line. Making it of its functions takes longer than most commands."""
    return get_command(app)


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


def town_shell(folder: Path, registration: Registration | None = None) -> Shell:
    """A shell over the books and keys of `town()` (or of other parties), with a key file that opens
    quickly."""
    for name, content in _files_of(registration or town()).items():
        (folder / name).write_bytes(content)
    Settings(data=folder).key_file.chmod(0o600)
    return shell(folder)


@cache
def _files_of(registration: Registration) -> dict[str, bytes]:
    """Made once: every test begins with a copy."""
    (attributes,) = security().keys()
    record = KeyRecord(attributes, VendingKey(VENDING_KEY))
    with TemporaryDirectory() as made:
        folder = Path(made)
        settings = Settings(data=folder)
        create_sealed(settings.key_file, Passphrase(PASSPHRASE), [record], cost=CHEAP)
        (folder / "raseed.db").write_bytes(met_books())
        with open_raseed(settings) as raseed:
            raseed.service.register(ADMIN, registration)
        return {file.name: file.read_bytes() for file in folder.iterdir()}
