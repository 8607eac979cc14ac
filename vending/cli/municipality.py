"""`raseed municipality`: whose house it is, as its papers say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ..logos import checked_logo
from ..municipality import told
from ..parties import Role
from ..running import Raseed
from .context import Cli, Json, Why, cli_of

municipality = typer.Typer(no_args_is_help=True, help="What stands at the head of every paper.")


@municipality.command("show")
def municipality_show(ctx: typer.Context, as_json: Json = False) -> None:
    """The record as it stands."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        _town(cli, raseed, as_json)


@municipality.command("set")
def municipality_set(
    ctx: typer.Context,
    name_ar: Annotated[str | None, typer.Option()] = None,
    name_en: Annotated[str | None, typer.Option()] = None,
    address_ar: Annotated[str | None, typer.Option()] = None,
    address_en: Annotated[str | None, typer.Option()] = None,
    phone: Annotated[str | None, typer.Option()] = None,
    tax_number: Annotated[str | None, typer.Option()] = None,
    vat: Annotated[str | None, typer.Option(help="Percent, as customers are told.")] = None,
    message_ar: Annotated[str | None, typer.Option(help="At the foot of a receipt.")] = None,
    message_en: Annotated[str | None, typer.Option(help="At the foot of a receipt.")] = None,
    logo: Annotated[Path | None, typer.Option(help="PNG or SVG.", exists=True)] = None,
    tariff: Annotated[
        list[str] | None,
        typer.Option(help="For new agreements; repeat it. `all`: any tariff there is."),
    ] = None,
    reason: Why = "",
    as_json: Json = False,
) -> None:
    """Change what is given; the rest stays."""
    cli = cli_of(ctx)
    given: dict[str, Any] = {
        "name_ar": name_ar,
        "name_en": name_en,
        "address_ar": address_ar,
        "address_en": address_en,
        "phone": phone,
        "tax_number": tax_number,
        "vat": vat,
        "tariffs": None if not tariff else tuple(one for one in tariff if one != "all"),
        "message_ar": message_ar,
        "message_en": message_en,
        "logo": None if logo is None else checked_logo(logo.read_bytes()),
    }
    with cli.raseed() as raseed:
        hall = raseed.town_hall
        changes = {name: value for name, value in given.items() if value is not None}
        hall.change(cli.actor(Role.ADMINISTRATOR), replace(hall.municipality(), **changes), reason)
        _town(cli, raseed, as_json)


def _town(cli: Cli, raseed: Raseed, as_json: bool) -> None:
    shown = told(raseed.town_hall.municipality())
    cli.show(shown, as_json, lambda cli: cli.facts(shown.items()))
