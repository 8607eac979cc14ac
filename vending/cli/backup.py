"""`raseed backup`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..messages import on_the_wall
from ..store import back_up
from ..surroundings import open_books
from .context import Cli, Json, cli_of

app = typer.Typer()


@app.command("backup")
def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    as_json: Json = False,
) -> None:
    """Copy the books to a new file while everybody goes on selling; the copy is looked through. The
    sealed key file is not in it: keep a copy of that somewhere else."""
    cli = cli_of(ctx)
    store = open_books(cli.settings)
    try:
        with cli.progress("copying"):
            copied = back_up(store.engine, file)
    finally:
        store.close()
    at = copied.at
    told = {
        "file": str(file),
        "entries": copied.entries,
        "head": copied.hash,
        "at": None if at is None else at.isoformat(),
        "size_bytes": copied.size_bytes,
    }

    def people(cli: Cli) -> None:
        cli.facts((("file", file), ("entries", copied.entries), ("head", copied.hash)))
        if at is not None:
            cli.facts((("last_entry", on_the_wall(at, seconds=True)),))

    cli.show(told, as_json, people)
