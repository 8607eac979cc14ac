"""`raseed keychange again`: the tokens of a set that is out, once more."""

from __future__ import annotations

import typer

from ..messages import LRI, PDI, Language
from ..shapes import KeySetOut
from .asking import Reason
from .context import Cli, Json, MeterArg, cli_of
from .keychange import app, change_facts


@app.command("again")
def again(ctx: typer.Context, number: MeterArg, reason: Reason, as_json: Json = False) -> None:
    """Show a meter's key tokens once more: its sale was taken back, or the paper is lost."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = KeySetOut.of(raseed.key_changes.tokens_again(cli.actor(), number, reason))
    cli.show(made, as_json, lambda cli: _set(cli, made))


def _set(cli: Cli, made: KeySetOut) -> None:
    change_facts(cli, made.change)
    # The groups stay in order inside Arabic text only if they are isolated.
    begin, end = (LRI, PDI) if cli.language is Language.ARABIC else ("", "")
    for token in made.key_tokens:
        cli.line(f"{cli.label('key_token')} {token.section}: {begin}{token.grouped}{end}")
