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
        list[str] | None, typer.Argument(metavar="NAME", help="tokens, vend, ledger, or all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure, and compare with what limits it."""
    from ..bench import run_bench

    raise typer.Exit(run_bench(names or [], as_json, sys.stdout))
