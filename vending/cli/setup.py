"""`raseed init` and `raseed serve`."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from meters.errors import Refused, Unavailable

from ..api_keys import ApiKeyExists, ApiScope
from ..keys import create_sealed, new_passphrase_from, open_sealed
from ..keys.passphrase import ENV_FILE, ENV_TEXT
from ..parties import Actor, PartyExists, Registration, Role, VendingPoint
from ..running import Raseed
from ..settings import Settings
from ..surroundings import books_are_lost
from ..wiring import open_raseed
from .context import Cli, Json, cli_of
from .first_run import tell_first_run

app = typer.Typer()

FIRST_POINT: Final = "P1"
INIT: Final = Actor("cli:init", Role.ADMINISTRATOR)
"""Whose acts set a municipality up."""


@dataclass(eq=False)
class AddressInUse(Unavailable, code="serve.address_in_use"):
    """The API cannot listen at this address."""

    host: str
    port: int
    reason: str


@dataclass(eq=False)
class BooksLost(Refused, code="settings.books_lost"):
    """Keys are there and the books they sold from are not. New books would give the same
    receipt numbers and token identifiers again."""

    database: str


@app.command("init")
def init(
    ctx: typer.Context,
    point: Annotated[
        str | None, typer.Option(help="Code of the first vending point; default: P1.")
    ] = None,
    point_name_ar: Annotated[str, typer.Option(help="Its name in Arabic.")] = "نقطة البيع 1",
    point_name_en: Annotated[str, typer.Option(help="Its name in English.")] = "Vending point 1",
    key_name: Annotated[str, typer.Option(help="Name of the first API key.")] = "first",
    new_books: Annotated[
        bool, typer.Option("--new-books", help="Begin new books although a key file is there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the database, the sealed key file, a vending point and the first API key; or bring what
    is there to this version. Safe to run again: what is there is kept."""
    cli = cli_of(ctx)
    settings = cli.settings
    if not new_books and settings.key_file.exists() and books_are_lost(settings):
        raise BooksLost(settings.database_url_shown)
    made_keys = _key_file(cli, settings)
    with cli.progress("opening"), open_raseed(settings, create=True) as raseed:
        # Where people work or programs sell, nobody waits for a first point, and a key that nobody
        # asked for is one that nobody looks after.
        if point is None and not _in_use(raseed):
            point = FIRST_POINT
        made_point, text = False, None
        if point is not None:
            made_point = _point(raseed, VendingPoint(point, point_name_ar, point_name_en))
            text = _first_key(raseed, key_name, point)
    told = {
        "database": settings.database_url_shown,
        "key_file": str(settings.key_file),
        "key_file_made": made_keys,
        "point": point,
        "point_made": made_point,
        "api_key_name": key_name,
        "api_key": text,
    }

    def people(cli: Cli) -> None:
        cli.facts((("database", told["database"]), ("key_file", told["key_file"])))
        if point is not None:
            cli.facts((("point", point),))
        cli.facts((("api_key", text or cli.label("kept")),))
        if text is not None:
            cli.line(cli.label("api_key_once"))

    cli.show(told, as_json, people)


@app.command("serve")
def serve(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address; default from the settings.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 0: any free one.")
    ] = None,
    while_stdin_is_open: Annotated[
        bool, typer.Option("--while-stdin-is-open", help="End when standard input ends, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the JSON API, and the jobs by the clock, until it is told to stop."""
    from .server import run

    cli = cli_of(ctx)
    settings = cli.settings
    listener = _listener(host or settings.web.host, settings.web.port if port is None else port)
    with listener:
        passphrase = cli.passphrase()
        with cli.progress("opening"):
            raseed = open_raseed(settings, passphrase, upgrade_schema=True)
        with raseed:
            bound, taken = listener.getsockname()[:2]
            url = f"http://{bound}:{taken}"
            told = {"url": url, "docs": f"{url}/api/v1/docs"}
            cli.show(told, as_json, lambda cli: cli.facts((("api", told["docs"]),)))
            tell_first_run(cli, raseed.first_run, f"{url}/setup")
            run(raseed, listener, while_stdin_is_open=while_stdin_is_open)


def _key_file(cli: Cli, settings: Settings) -> bool:
    """True if it was made; one that is there must open."""
    if settings.key_file.exists():
        open_sealed(settings.key_file, cli.passphrase())
        return False
    passphrase = new_passphrase_from(
        os.environ, cli.asker("ask_new_passphrase"), text_name=ENV_TEXT, file_name=ENV_FILE
    )
    with cli.progress("opening"):
        create_sealed(settings.key_file, passphrase)
    return True


def _in_use(raseed: Raseed) -> bool:
    return raseed.first_run.is_over or bool(raseed.key_office.keys(INIT))


def _point(raseed: Raseed, point: VendingPoint) -> bool:
    try:
        raseed.service.register(INIT, Registration(points=(point,)))
    except PartyExists:
        return False
    return True


def _first_key(raseed: Raseed, name: str, point: str) -> str | None:
    """The new key's text; None if a key of this name is there."""
    try:
        # It sells, so it stands for a terminal: its own.
        _, text = raseed.key_office.create(
            INIT, name, Role.SUPERVISOR, frozenset(ApiScope), point=point, terminal=name
        )
    except ApiKeyExists:
        return None
    return text


def _listener(host: str, port: int) -> socket.socket:
    """A bound socket, so that a taken port is an error of ours, told before anything starts."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AddressInUse(host, port, error.strerror or "OSError") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise AddressInUse(host, port, error.strerror or "OSError") from None
    return listener
