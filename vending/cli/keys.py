"""`raseed keys`: the sealed file of vending keys."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from tokens.sts import (
    BaseDate,
    Dkga,
    KeyAttributes,
    KeyFieldInvalid,
    KeyRecord,
    KeyRef,
    KeyType,
    VendingKey,
    kind_named,
)

from ..keys import add_key, change_key, change_passphrase, key_attributes, new_passphrase_from
from ..shapes import VendingKeyOut
from ..surroundings import DatabaseMissing
from ..wiring import open_raseed
from .context import Json, cli_of
from .secrets_in import hex_secret

app = typer.Typer(no_args_is_help=True, help="Vending keys in the sealed file.")

Choice = TypeVar("Choice", bound=Enum)
UnitLimit = Annotated[int | None, typer.Option(help="Most per token, tenths of kWh or m3.")]
CurrencyLimit = Annotated[
    int | None, typer.Option(help="Most per currency token, 10^-5 of the base currency.")
]
Moment = Annotated[str | None, typer.Option(metavar="DATETIME", help="ISO 8601; UTC if no zone.")]


class Bound(Enum):
    """What a key may have, and may lose again."""

    ACTIVE_FROM = "active-from"
    ISSUED_UNTIL = "issued-until"
    UNIT_LIMIT = "unit-limit"
    CURRENCY_LIMIT = "currency-limit"


@app.command("list")
def keys_list(ctx: typer.Context, as_json: Json = False) -> None:
    """What is public of each key."""
    cli = cli_of(ctx)
    passphrase = cli.passphrase()
    with cli.progress("opening"):
        rows = [VendingKeyOut.of(one) for one in key_attributes(cli.settings.key_file, passphrase)]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("sgc", "krn", "dkga", "key_type", "base_date", "ken", "active_from", "issued_until"),
            (
                (
                    row.sgc,
                    row.krn,
                    row.dkga,
                    row.key_type,
                    row.base_date,
                    row.ken,
                    row.active_from or "-",
                    row.issued_until or "-",
                )
                for row in rows
            ),
        ),
    )


@app.command("add")
def keys_add(
    ctx: typer.Context,
    sgc: Annotated[str, typer.Option(help="Supply group code, 6 digits.")],
    krn: Annotated[int, typer.Option(help="Key revision number, 1 to 9.")],
    dkga: Annotated[str, typer.Option(help="02 or 04.")] = "04",
    key_type: Annotated[int, typer.Option(help="0 DITK, 1 DDTK, 2 DUTK, 3 DCTK.")] = 2,
    base_date: Annotated[int, typer.Option(help="1993, 2014 or 2035.")] = 2014,
    ken: Annotated[int, typer.Option(help="Key expiry number, 0 to 255.")] = 255,
    active_from: Moment = None,
    issued_until: Moment = None,
    unit_limit: UnitLimit = None,
    currency_limit: CurrencyLimit = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Token kind it may make; repeat. Default: all.")
    ] = None,
    cluster: Annotated[int, typer.Option(help="Key changes stay within a cluster.")] = 0,
    key_file: Annotated[
        Path | None, typer.Option(help="File with the vending key in hex; else RASEED_VENDING_KEY.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add a vending key. Its hex digits come from a private file, RASEED_VENDING_KEY, standard
    input or a hidden prompt; never from an argument."""
    cli = cli_of(ctx)
    attributes = KeyAttributes(
        ref=KeyRef(sgc, krn),
        dkga=_one_of("dkga", Dkga, dkga),
        key_type=_one_of("key_type", KeyType, key_type),
        base_date=_one_of("base_date", BaseDate, base_date),
        ken=ken,
        active_from=_moment("active_from", active_from),
        issued_until=_moment("issued_until", issued_until),
        unit_limit=unit_limit,
        currency_limit=currency_limit,
        kinds=None if not kind else frozenset(kind_named(name).name for name in kind),
        cluster=cluster,
    )
    passphrase = cli.passphrase()
    secret = hex_secret("RASEED_VENDING_KEY", key_file, cli.asker("ask_vending_key"))
    with cli.progress("opening"):
        add_key(cli.settings.key_file, passphrase, KeyRecord(attributes, VendingKey(secret)))
    shown = VendingKeyOut.of(attributes)
    cli.show(
        shown, as_json, lambda cli: cli.facts((("key_added", f"SGC {shown.sgc} KRN {shown.krn}"),))
    )


@app.command("change")
def keys_change(
    ctx: typer.Context,
    sgc: Annotated[str, typer.Option(help="Supply group code, 6 digits.")],
    krn: Annotated[int, typer.Option(help="Key revision number, 1 to 9.")],
    base_date: Annotated[
        int | None, typer.Option(help="A later one: 2014 or 2035.", show_default=False)
    ] = None,
    ken: Annotated[
        int | None, typer.Option(help="Key expiry number, 0 to 255.", show_default=False)
    ] = None,
    active_from: Moment = None,
    issued_until: Moment = None,
    unit_limit: UnitLimit = None,
    currency_limit: CurrencyLimit = None,
    without: Annotated[
        list[Bound] | None,
        typer.Option(help="Take this off the key; repeat.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Give a key another expiry number, base date, period or limit. Meters that were told another
    number or base date get key tokens with their next sale. Start the service anew afterwards."""
    cli = cli_of(ctx)
    told = {
        "base_date": None if base_date is None else _one_of("base_date", BaseDate, base_date),
        "ken": ken,
        "active_from": _moment("active_from", active_from),
        "issued_until": _moment("issued_until", issued_until),
        "unit_limit": unit_limit,
        "currency_limit": currency_limit,
    }
    changes: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    for bound in without or ():
        name = bound.name.lower()
        if changes.setdefault(name, None) is not None:
            raise typer.BadParameter(f"given and taken off: {bound.value}", param_hint="--without")
    if not changes:
        raise typer.BadParameter("nothing to change", param_hint="--ken, ...")
    passphrase = cli.passphrase()
    with cli.progress("opening"):
        # What meters were told until now is taken down first, where the books do not know it yet.
        with suppress(DatabaseMissing):
            open_raseed(cli.settings, passphrase).close()
        made = change_key(cli.settings.key_file, passphrase, KeyRef(sgc, krn), **changes)
    shown = VendingKeyOut.of(made)
    cli.show(
        shown,
        as_json,
        lambda cli: cli.facts((("key_changed", f"SGC {shown.sgc} KRN {shown.krn}"),)),
    )


@app.command("passphrase")
def keys_passphrase(ctx: typer.Context, as_json: Json = False) -> None:
    """Seal the file under a new passphrase (RASEED_NEW_PASSPHRASE, its file, or a prompt)."""
    cli = cli_of(ctx)
    path = cli.settings.key_file
    old = cli.passphrase()
    new = new_passphrase_from(os.environ, cli.asker("ask_new_passphrase"))
    with cli.progress("opening"):
        change_passphrase(path, old, new)
    told = {"key_file": str(path), "changed": True}
    cli.show(told, as_json, lambda cli: cli.facts((("passphrase_changed", path),)))


def _one_of(field: str, kind: type[Choice], value: object) -> Choice:
    try:
        return kind(value)
    except ValueError:
        raise KeyFieldInvalid(field, str(value)[:20]) from None


def _moment(field: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise KeyFieldInvalid(field, text[:40]) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
