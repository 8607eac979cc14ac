"""`raseed shift`: open a drawer, put cash in, take it out, look, count and close, print again."""

from __future__ import annotations

from typing import Annotated

import typer

from meters.quantities import Money

from ..drawer import ShiftFile, ShiftState, checked_count
from ..drawer.errors import PiecesWrong, SlipsWrong
from ..messages import on_the_wall, term
from ..parties import Actor
from ..shapes import CashMoveOut, ShiftOut
from .asking import Reason, given_or_new
from .context import Cli, Json, cli_of
from .paging import BeforeId, Limit
from .shift_papers import show_move, show_report, show_shift, text_of

app = typer.Typer(no_args_is_help=True, help="Shifts at a drawer.")

IdOption = Annotated[
    str | None, typer.Option("--id", help="Made if not given. Repeat it after a lost answer.")
]
Point = Annotated[str | None, typer.Option(help="Vending point (or RASEED_POINT).")]
Terminal = Annotated[str | None, typer.Option(help="Terminal (or RASEED_TERMINAL).")]
ShiftOption = Annotated[
    str | None, typer.Option("--shift", help="Its id; default: the one open at the terminal.")
]
ShiftArg = Annotated[str, typer.Argument(metavar="ID", help="Id of the shift.")]
AnyShift = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="Its id; default: the one open at the terminal."),
]
Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="As 50.00.")]
Counted = Annotated[
    list[str],
    typer.Option(
        "--count", metavar="VALUE=PIECES", help="As 200=3 or `200=3 50=1 0.50=4`; repeat it."
    ),
]


@app.command("open")
def open_shift(
    ctx: typer.Context,
    opening_float: Annotated[
        str, typer.Option("--float", help="Cash counted into the drawer, from the safe.")
    ] = "0",
    id: IdOption = None,
    point: Point = None,
    terminal: Terminal = None,
    as_json: Json = False,
) -> None:
    """Open a shift at this terminal, with a float from the safe."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        amount = Money.from_text(opening_float, raseed.drawers.currency)
        made = raseed.drawers.open(_actor(cli, point, terminal), given_or_new(id), amount)
    shown = ShiftOut.of(ShiftFile(made))
    cli.show(shown, as_json, lambda cli: show_shift(cli, shown))


@app.command("in")
def cash_in(
    ctx: typer.Context,
    amount: Amount,
    reason: Reason,
    shift: ShiftOption = None,
    id: IdOption = None,
    point: Point = None,
    terminal: Terminal = None,
    as_json: Json = False,
) -> None:
    """Put cash from the safe into the drawer."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        drawers = raseed.drawers
        money = Money.from_text(amount, drawers.currency)
        actor = _actor(cli, point, terminal)
        made = drawers.cash_in(actor, given_or_new(id), money, reason, shift)
        shown = CashMoveOut.of(made, drawers.currency)
    cli.show(shown, as_json, lambda cli: show_move(cli, shown))


@app.command("out")
def cash_out(
    ctx: typer.Context,
    amount: Amount,
    reason: Reason,
    shift: ShiftOption = None,
    id: IdOption = None,
    point: Point = None,
    terminal: Terminal = None,
    as_json: Json = False,
) -> None:
    """Take cash out of the drawer into the safe."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        drawers = raseed.drawers
        money = Money.from_text(amount, drawers.currency)
        actor = _actor(cli, point, terminal)
        made = drawers.cash_out(actor, given_or_new(id), money, reason, shift)
        shown = CashMoveOut.of(made, drawers.currency)
    cli.show(shown, as_json, lambda cli: show_move(cli, shown))


@app.command("x")
def x_report(
    ctx: typer.Context,
    shift: AnyShift = None,
    point: Point = None,
    terminal: Terminal = None,
    as_json: Json = False,
) -> None:
    """The shift as it stands; no effect. `raseed x-report take` keeps it."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.drawers.x(_actor(cli, point, terminal), shift)
    show_report(cli, made, as_json)


@app.command("close")
def close_shift(
    ctx: typer.Context,
    counted: Counted,
    slips: Annotated[
        list[str] | None,
        typer.Option("--slips", metavar="TENDER=AMOUNT", help="As cheque=300.00; repeat it."),
    ] = None,
    shift: AnyShift = None,
    point: Point = None,
    terminal: Terminal = None,
    as_json: Json = False,
) -> None:
    """Close the shift on what was counted, book the difference, and show the Z report."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        drawers = raseed.drawers
        count = checked_count(pieces_from(counted), slips_from(slips or []), drawers.currency)
        made = drawers.close(_actor(cli, point, terminal), count, shift)
    show_report(cli, made, as_json)


@app.command("z")
def z_report(ctx: typer.Context, shift: ShiftArg, as_json: Json = False) -> None:
    """The Z report of a closed shift."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.drawers.z(cli.actor(), shift)
    show_report(cli, made, as_json)


@app.command("reprint")
def reprint(ctx: typer.Context, shift: ShiftArg, as_json: Json = False) -> None:
    """A copy of the Z report, numbered and recorded."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.drawers.reprint(cli.actor(), shift)
    show_report(cli, made, as_json)


@app.command("list")
def list_shifts(
    ctx: typer.Context,
    point: Annotated[str | None, typer.Option(help="Of this vending point only.")] = None,
    state: Annotated[
        ShiftState | None, typer.Option(help="open, closed, or waiting for the bank.")
    ] = None,
    before: BeforeId = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Shifts, opened last first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.drawers.shifts(
            cli.actor(), point=point, state=state, before=before, limit=limit
        )
    rows = [ShiftOut.of(file) for file in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("shift", "terminal", "operator", "state", "opened_at", "difference", "id"),
            (
                (
                    row.code,
                    row.terminal,
                    row.operator,
                    term(row.state, cli.language),
                    on_the_wall(row.opened_at),
                    text_of(row.difference),
                    row.id,
                )
                for row in rows
            ),
        ),
    )


def pieces_from(words: list[str]) -> list[tuple[str, str]]:
    """From `200=3 50=1`. Raises PiecesWrong."""
    return [_pair(word, PiecesWrong) for words_ in words for word in words_.split()]


def slips_from(words: list[str]) -> list[tuple[str, str]]:
    """From `cheque=300.00`. Raises SlipsWrong."""
    return [_pair(word, SlipsWrong) for words_ in words for word in words_.split()]


def _pair(word: str, wrong: type[PiecesWrong] | type[SlipsWrong]) -> tuple[str, str]:
    name, sign, value = word.partition("=")
    if not sign:
        raise wrong(word[:20])
    return name, value


def _actor(cli: Cli, point: str | None, terminal: str | None) -> Actor:
    return cli.actor(point=point, terminal=terminal)
