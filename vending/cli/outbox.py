"""`raseed outbox`: what waits to be sent because of a sale."""

from __future__ import annotations

from typing import Annotated

import typer

from ..messages import on_the_wall, term
from ..outbox import MessageState, Topic
from ..shapes import MessageOut, RunOut
from ..shapes.base import MOST_NUMBER
from .context import Cli, Json, cli_of
from .paging import BeforeNumber, Limit

app = typer.Typer(no_args_is_help=True, help="SMS, slips, pushes and webhooks of sales.")

IdArg = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=MOST_NUMBER, help="Number of the message.")
]


@app.command("list")
def list_messages(
    ctx: typer.Context,
    state: Annotated[MessageState | None, typer.Option(help="In this state only.")] = None,
    topic: Annotated[Topic | None, typer.Option(help="Of this topic only.")] = None,
    sale: Annotated[str | None, typer.Option(metavar="VEND_ID", help="Of this sale only.")] = None,
    before: BeforeNumber = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Messages, latest first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.outbox.messages(
            cli.actor(), state=state, topic=topic, subject=sale, before=before, limit=limit
        )
    rows = [MessageOut.of(one) for one in found]
    cli.show(rows, as_json, lambda cli: _table(cli, rows))


@app.command("run")
def run(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """Send what is due, now. The server may run meanwhile."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed, cli.progress("outbox"):
        done = RunOut.of(raseed.outbox.deliver_due(cli.actor(), limit))
    cli.show(
        done,
        as_json,
        lambda cli: cli.facts(
            (("sent", done.sent), ("waiting", done.waiting), ("given_up", done.given_up))
        ),
    )


@app.command("retry")
def retry(ctx: typer.Context, id: IdArg, as_json: Json = False) -> None:
    """Make a message due now, with its old key."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = MessageOut.of(raseed.outbox.retry(cli.actor(), id))
    cli.show(shown, as_json, lambda cli: _table(cli, [shown]))


@app.command("give-up")
def give_up(
    ctx: typer.Context,
    id: IdArg,
    reason: Annotated[str, typer.Option(help="Why nothing more is tried.")],
    as_json: Json = False,
) -> None:
    """Try a message no more."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = MessageOut.of(raseed.outbox.give_up(cli.actor(), id, reason))
    cli.show(shown, as_json, lambda cli: _table(cli, [shown]))


def _table(cli: Cli, rows: list[MessageOut]) -> None:
    cli.table(
        ("id", "key", "target", "state", "attempts", "next_at", "last_error"),
        (
            (
                row.id,
                row.key,
                row.target,
                term(row.state, cli.language),
                row.attempts,
                on_the_wall(row.next_at, seconds=True),
                row.last_error,
            )
            for row in rows
        ),
    )
