"""`raseed x-report`: take an X report of an open shift, look at those that were taken, print one
again."""

from __future__ import annotations

from typing import Annotated

import typer

from ..messages import on_the_wall
from ..shapes import ShiftReportOut
from .asking import given_or_new
from .context import Json, cli_of
from .shift_papers import show_report
from .shifts import AnyShift, IdOption, Point, ShiftArg, Terminal

app = typer.Typer(no_args_is_help=True, help="X reports: an open shift as it stood, kept.")

ReportArg = Annotated[str, typer.Argument(metavar="ID", help="Id of the X report.")]


@app.command("take")
def take(
    ctx: typer.Context,
    shift: AnyShift = None,
    id: IdOption = None,
    point: Point = None,
    terminal: Terminal = None,
    as_json: Json = False,
) -> None:
    """Take the next X report of an open shift; it is kept as it stands."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        actor = cli.actor(point=point, terminal=terminal)
        made = raseed.x_reports.take(actor, given_or_new(id), shift)
    show_report(cli, made, as_json)


@app.command("list")
def list_x_reports(ctx: typer.Context, shift: ShiftArg, as_json: Json = False) -> None:
    """The X reports that were taken of a shift, by number."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.x_reports.of_shift(cli.actor(), shift)
    rows = [ShiftReportOut.of(one) for one in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("report", "time", "taken_by", "sales", "copies", "id"),
            (
                (
                    row.report_code,
                    on_the_wall(row.at),
                    row.actor,
                    row.sales,
                    row.copies,
                    row.id,
                )
                for row in rows
            ),
        ),
    )


@app.command("show")
def show(ctx: typer.Context, report: ReportArg, as_json: Json = False) -> None:
    """An X report that was taken, with its figures of then."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.x_reports.report(cli.actor(), report)
    show_report(cli, made, as_json)


@app.command("reprint")
def reprint(ctx: typer.Context, report: ReportArg, as_json: Json = False) -> None:
    """A copy of an X report, numbered and recorded."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.x_reports.reprint(cli.actor(), report)
    show_report(cli, made, as_json)
