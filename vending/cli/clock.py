"""`raseed clock`: the machine's clock beside the books, and that it is right."""

from __future__ import annotations

from datetime import timedelta

import typer

from ..clockdesk import ClockStanding
from ..messages import on_the_wall, words_for
from ..shapes import ClockOut
from .asking import Reason
from .context import Cli, Json, cli_of

clock = typer.Typer(no_args_is_help=True, help="This machine's clock beside the books.")


@clock.command("show")
def show(ctx: typer.Context, as_json: Json = False) -> None:
    """The clock, the last entry, and whether a sale would be refused."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        _show(cli, raseed.clock_desk.standing(cli.actor()), as_json)


@clock.command("confirm")
def confirm(ctx: typer.Context, reason: Reason, as_json: Json = False) -> None:
    """Say that this machine's clock is right, where it stands so far ahead of the books that
    nothing is sold. What is booked by a wrong clock cannot be taken back."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        _show(cli, raseed.clock_desk.confirm(cli.actor(), reason), as_json)


def _show(cli: Cli, found: ClockStanding, as_json: bool) -> None:
    def people(cli: Cli) -> None:
        last, until, confirmed = found.last, found.until, found.confirmed
        facts = [("machine_clock", on_the_wall(found.now, seconds=True))]
        if last is not None:
            facts.append(("last_entry", on_the_wall(last, seconds=True)))
            facts.append(("clock_ahead", _span(found.now - last)))
        if until is not None:
            facts.append(("believed_until", on_the_wall(until, seconds=True)))
        if confirmed is not None:
            told = f"{on_the_wall(confirmed.at, seconds=True)}  {confirmed.actor}"
            facts.append(("clock_confirmed", f"{told}  {confirmed.reason}"))
        cli.facts(facts)
        refused = found.refused
        cli.line(cli.label("clock_fine") if refused is None else words_for(refused, cli.language))

    cli.show(ClockOut.of(found), as_json, people)


def _span(apart: timedelta) -> str:
    """`60 d 01:30:00`, with a dash in front where the clock is behind."""
    sign, whole = ("-", -apart) if apart < timedelta(0) else ("", apart)
    hours, seconds = divmod(whole.seconds, 3600)
    days = f"{whole.days} d " if whole.days else ""
    return f"{sign}{days}{hours:02}:{seconds // 60:02}:{seconds % 60:02}"
