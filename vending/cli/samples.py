"""`raseed demo-data`: invented parties, put in and taken away again."""

from __future__ import annotations

import typer

from ..parties import Role
from .context import Json, cli_of

samples = typer.Typer(no_args_is_help=True, help="Invented parties to try out with.")


@samples.command("add")
def samples_add(ctx: typer.Context, as_json: Json = False) -> None:
    """Put them in."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        count = len(raseed.samples.add(cli.actor(Role.ADMINISTRATOR)))
    cli.show({"added": count}, as_json, lambda cli: cli.facts((("parties", count),)))


@samples.command("remove")
def samples_remove(ctx: typer.Context, as_json: Json = False) -> None:
    """Take them away, unless something was booked or written about them."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        count = raseed.samples.remove(cli.actor(Role.ADMINISTRATOR))
    cli.show({"removed": count}, as_json, lambda cli: cli.facts((("parties", count),)))
