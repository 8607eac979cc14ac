"""`raseed demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ..settings import PREFIX
from .context import Json, cli_of

app = typer.Typer()

_KEPT = ("RASEED_LANG", "RASEED_DEBUG")


@app.command("demo")
def demo(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="End after the sales.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Empty folder to work in; default: a temporary one.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the API; 0: any free one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """A small municipality, sold to before your eyes; then the API runs until Ctrl-C."""
    from rich.console import Console

    from ..demo import run_demo

    # The demo makes settings of its own; those of this installation must not reach it, or it
    # would write into real books.
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        if name not in _KEPT:
            del os.environ[name]
    # With --json the story goes to standard error and the result alone to standard output.
    console = Console(stderr=True) if as_json else None
    code = run_demo(once=once, folder=folder, port=port, console=console)
    if as_json:
        cli = cli_of(ctx)
        cli.show({"ok": code == 0}, as_json, lambda _: None)
    raise typer.Exit(code)
