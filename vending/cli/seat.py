"""Where somebody at the command line sells: the vending point, and whose drawer it is."""

from __future__ import annotations

from typing import Annotated

import typer

from ..parties import Actor
from ..running import Raseed
from .context import Cli

TerminalOption = Annotated[
    str | None,
    typer.Option(help="Terminal (or RASEED_TERMINAL); default: that of your open shift there."),
]


def seated(cli: Cli, raseed: Raseed, point: str | None, terminal: str | None) -> Actor:
    """Who is here, at this point and terminal. Where no terminal is told it is that of the own
    shift which is open at the point: what is taken and given back belongs into its drawer, and a
    shift that was opened with `--terminal` would be short of it, or over, at its close."""
    actor = cli.actor(point=point, terminal=terminal)
    if actor.terminal or not actor.point:
        return actor
    own = raseed.drawers.own_open(actor)
    if own is None or own.point != actor.point:
        return actor
    return cli.actor(point=point, terminal=own.terminal)
