"""What every command needs: settings, services, who acts, and a way to show an answer."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.status import Status
from rich.table import Table

from meters.errors import Broken, RaseedError

from ..keys import Passphrase, passphrase_from
from ..keys.passphrase import ENV_FILE, ENV_TEXT
from ..messages import Language, isolated, label, phrase
from ..parties import Actor, Role
from ..running import Raseed
from ..settings import Settings, load_settings
from ..surroundings import open_books, read_shipped_chart
from ..wiring import open_raseed
from .who import person_here

Json = Annotated[bool, typer.Option("--json", help="JSON for programs, on standard output.")]
MeterArg = Annotated[
    str, typer.Argument(metavar="METER", help="Meter number: 11, 13 or 18 digits, any script.")
]
VendIdArg = Annotated[str, typer.Argument(metavar="VEND_ID", help="The id of the sale.")]
Why = Annotated[str, typer.Option("--reason", help="Why; the trail keeps it.")]
Answer = BaseModel | Sequence[BaseModel] | dict[str, Any]


@dataclass
class Cli:
    """One run of the command line; commands get it as `ctx.obj`."""

    language: Language
    settings_file: Path | None = None

    @property
    def settings(self) -> Settings:
        """Raises SettingWrong, SettingsFileUnusable."""
        return load_settings(self.settings_file)

    def raseed(self, *, keys: bool = False) -> Raseed:
        """The services; with `keys`, the vending keys too (asks for the passphrase if the
        environment has none). Close them."""
        passphrase = self.passphrase() if keys else None
        with self.progress("opening"):
            return open_raseed(self.settings, passphrase)

    def raseed_with_keys_at_hand(self) -> Raseed:
        """The services, with the vending keys where the environment opens them: what is registered
        is held against them, and tokens are opened with them; but nobody is asked for the
        passphrase for that alone."""
        told = any(os.environ.get(name) for name in (ENV_TEXT, ENV_FILE))
        return self.raseed(keys=told and self.settings.key_file.exists())

    def explained(self, error: Exception) -> Exception:
        """`error`, or what it comes of where a row of the books cannot be read."""
        if isinstance(error, RaseedError) and not isinstance(error, Broken):
            return error
        try:
            with closing(open_books(self.settings)) as store:
                return store.explained(error, read_shipped_chart())
        except Exception:
            # There need be no books where a command fails.
            return error

    def passphrase(self) -> Passphrase:
        """Raises PassphraseMissing, PassphraseFileUnusable."""
        return passphrase_from(os.environ, self.asker("ask_passphrase"))

    def asker(self, question: str) -> Callable[[], str] | None:
        """A hidden prompt, if somebody is there to answer it."""
        if not sys.stdin.isatty():
            return None
        words = phrase(question, self.language)
        return lambda: getpass.getpass(f"{words}: ")

    def actor(
        self, role: Role = Role.SUPERVISOR, point: str | None = None, terminal: str | None = None
    ) -> Actor:
        """The person at this machine's command line (`who.person_here`)."""
        settings = self.settings
        own_books = settings.data if settings.database.url is None else None
        return Actor(
            f"cli:{person_here(own_books, os.environ)}",
            role,
            point or os.environ.get("RASEED_POINT"),
            terminal or os.environ.get("RASEED_TERMINAL", ""),
        )

    def progress(self, what: str) -> Status:
        """A moving line on standard error for what may take longer than a second."""
        words = phrase(f"progress_{what}", self.language)
        return Console(stderr=True).status(words)

    def label(self, name: str) -> str:
        return label(name, self.language)

    def show(self, answer: Answer, as_json: bool, people: Callable[[Cli], None]) -> None:
        """The answer as JSON, or as `people` prints it."""
        if as_json:
            self.line(json.dumps(_plain(answer), ensure_ascii=False, indent=2))
        else:
            people(self)

    def line(self, text: str = "") -> None:
        """One line on standard output, as it is."""
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")

    def facts(self, facts: Iterable[tuple[str, object]]) -> None:
        """`label: value` lines; numbers isolated inside Arabic text."""
        for name, value in facts:
            self.named(self.label(name), str(value))

    def named(self, name: str, text: str) -> None:
        """The same under a name that somebody gave."""
        if self.language is Language.ARABIC:
            text = isolated(text)
        self.line(f"{name}: {text}")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Rows under labelled columns; as wide as needed when nobody's screen limits it."""
        table = Table(*(self.label(name) for name in columns), box=None, pad_edge=False)
        for row in rows:
            table.add_row(*(str(cell) for cell in row))
        width = None if sys.stdout.isatty() else 400
        Console(width=width, highlight=False, markup=False, emoji=False).print(table)

    def name(self, ar: str, en: str) -> str:
        return ar if self.language is Language.ARABIC else en


def cli_of(ctx: typer.Context) -> Cli:
    """The run that a command belongs to."""
    cli = ctx.find_object(Cli)
    assert cli is not None
    return cli


def _plain(answer: Answer) -> Any:
    if isinstance(answer, BaseModel):
        return answer.model_dump(mode="json")
    if isinstance(answer, dict):
        return answer
    return [one.model_dump(mode="json") for one in answer]
