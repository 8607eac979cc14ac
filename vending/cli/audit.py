"""`raseed audit`: the trail of what everybody did."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from ..messages import on_the_wall, term
from ..parties import Role
from ..people import TrailLine
from ..people.trail import TrailBroken
from .context import Cli, Json, cli_of
from .paging import BeforeNumber, Limit

audit = typer.Typer(no_args_is_help=True, help="What everybody did, line by line.")


@audit.command("list")
def audit_list(
    ctx: typer.Context,
    by: Annotated[str, typer.Option(help="Of this person alone.")] = "",
    subject: Annotated[str, typer.Option(help="About this alone.")] = "",
    before: BeforeNumber = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Latest first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        lines = raseed.office.trail(
            cli.actor(Role.ADMINISTRATOR), before=before or 0, limit=limit, subject=subject, by=by
        )
    cli.show(
        {"lines": [_line(one) for one in lines]},
        as_json,
        lambda cli: cli.table(
            ("entry", "at", "actor", "act", "about", "reason"),
            (
                (
                    one.number,
                    on_the_wall(one.at, seconds=True),
                    one.actor,
                    term(f"did_{one.act}", cli.language),
                    one.subject,
                    one.reason,
                )
                for one in lines
            ),
        ),
    )


@audit.command("verify")
def audit_verify(ctx: typer.Context, as_json: Json = False) -> None:
    """Whether each line follows from the one before."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        count, problem = raseed.office.verify_trail(cli.actor(Role.ADMINISTRATOR))
    if problem is not None:
        raise TrailBroken(problem.number, f"trail_{problem.problem}")
    cli.show({"ok": True, "lines": count}, as_json, lambda cli: _right(cli, count))


def _line(one: TrailLine) -> dict[str, Any]:
    return {
        "number": one.number,
        "at": one.at.isoformat(),
        "actor": one.actor,
        "role": one.role,
        "point": one.point,
        "terminal": one.terminal,
        "act": one.act,
        "subject": one.subject,
        "reason": one.reason,
        "before": json.loads(one.before) if one.before else None,
        "after": json.loads(one.after) if one.after else None,
        "hash": one.hash,
    }


def _right(cli: Cli, count: int) -> None:
    cli.facts((("lines", count),))
    cli.line(cli.label("trail_right"))
