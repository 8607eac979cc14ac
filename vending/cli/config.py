"""`raseed config`."""

from __future__ import annotations

import json

import typer

from ..settings import settings_problems, shown
from .context import Json, cli_of
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
