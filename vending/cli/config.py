"""`raseed config`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ..settings import settings_problems, shown
from ..store import give_rights, rights
from ..surroundings import open_books
from .context import Cli, Json, cli_of
from .faults import tell

app = typer.Typer(no_args_is_help=True, help="Settings.")


@app.command("check")
def check(ctx: typer.Context, as_json: Json = False) -> None:
    """Name every mistake in the settings; exit code 2 if there is one."""
    cli = cli_of(ctx)
    problems = settings_problems(cli.settings_file)
    codes = [tell(problem, cli.language, as_json=as_json) for problem in problems]
    if codes:
        raise typer.Exit(codes[0])
    cli.show({"ok": True}, as_json, lambda cli: cli.line(cli.label("settings_right")))


@app.command("show")
def show(ctx: typer.Context, as_json: Json = False) -> None:
    """The settings in force; secrets are hidden."""
    cli = cli_of(ctx)
    told = shown(cli.settings)

    def people(_: object) -> None:
        for name, value in told.items():
            if isinstance(value, dict):
                cli.line(f"[{name}]")
                for inner, one in value.items():
                    cli.line(f"{inner} = {json.dumps(one, ensure_ascii=False)}")
            else:
                cli.line(f"{name} = {json.dumps(value, ensure_ascii=False)}")

    cli.show(told, as_json, people)


@app.command("rights")
def rights_of(
    ctx: typer.Context,
    role: Annotated[str, typer.Argument(metavar="LOGIN", help="The service's login.")],
    apply: Annotated[
        bool, typer.Option("--apply", help="Run them, as the owner in the database's URL.")
    ] = False,
    as_json: Json = False,
) -> None:
    """PostgreSQL: what the service's login may do, as SQL: write the books, and change nothing in
    them."""
    cli = cli_of(ctx)
    store = open_books(cli.settings)
    try:
        made = (give_rights if apply else rights)(store.engine, role)
    finally:
        store.close()

    def people(cli: Cli) -> None:
        for statement in made:
            cli.line(f"{statement};")

    cli.show({"statements": made}, as_json, people)
