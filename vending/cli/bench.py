"""`raseed bench`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .context import Json

app = typer.Typer()


@app.command("bench")
def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="tokens, vend, ledger, meters, pages, or all."),
    ] = None,
    as_json: Json = False,
    quick: Annotated[bool, typer.Option("--quick", help="Roughly, in a minute or two.")] = False,
    full: Annotated[bool, typer.Option("--full", help="As large as real life, for hours.")] = False,
) -> None:
    """Measure, and compare with what limits it."""
    from ..bench import Size, run_bench

    size = Size.FULL if full else Size.QUICK if quick else Size.USUAL
    raise typer.Exit(run_bench(names or [], as_json, sys.stdout, size))
