"""`raseed device`: on which devices people may sell."""

from __future__ import annotations

from typing import Annotated

import typer

from ..parties import Role
from .context import Json, Why, cli_of

device = typer.Typer(no_args_is_help=True, help="Devices of vending points.")


@device.command("add")
def device_add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the device.")],
    point: Annotated[str, typer.Option(help="Where it stands.")],
    terminal: Annotated[str, typer.Option(help="As printed on receipts.")],
    as_json: Json = False,
) -> None:
    """Make a device's key: shown once, to be typed at /device on that device."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made, text = raseed.devices.make(cli.actor(Role.ADMINISTRATOR), name, point, terminal)
    told = {"name": made.name, "point": made.point, "terminal": made.terminal, "key": text}
    cli.show(told, as_json, lambda cli: cli.facts(told.items()))


@device.command("list")
def device_list(ctx: typer.Context, as_json: Json = False) -> None:
    """Devices by name, revoked ones included."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.devices.devices(cli.actor(Role.ADMINISTRATOR))
    rows = [
        {
            "name": one.name,
            "point": one.point,
            "terminal": one.terminal,
            "seen_at": None if one.seen_at is None else one.seen_at.isoformat(),
            "revoked_at": None if one.revoked_at is None else one.revoked_at.isoformat(),
        }
        for one in found
    ]
    cli.show(
        {"devices": rows},
        as_json,
        lambda cli: cli.table(
            ("name", "point", "terminal", "seen_at", "revoked_at"),
            ([value or "-" for value in row.values()] for row in rows),
        ),
    )


@device.command("revoke")
def device_revoke(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    reason: Why,
    as_json: Json = False,
) -> None:
    """Its key opens nothing any more."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        done = raseed.devices.revoke(cli.actor(Role.ADMINISTRATOR), name, reason)
    told = {"name": done.name, "revoked_at": str(done.revoked_at)}
    cli.show(told, as_json, lambda cli: cli.facts(told.items()))
