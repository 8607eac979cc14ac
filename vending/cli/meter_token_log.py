"""`raseed meter token-log`: what a meter has taken, held against what was sold."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from meters.errors import Broken
from meters.verdicts import TokenResult

from ..messages import term, verdict_words
from ..shapes import LogLineOut, MeterLogOut
from .context import Cli, Json, MeterArg, cli_of
from .parties import meter


@dataclass(eq=False)
class LogDiffers(Broken, code="meter.log_differs"):
    """The meter took tokens that the books do not have, or whose sales were voided; `sequence` is
    the newest line of them."""

    meter: str
    count: int
    sequence: int


@meter.command("token-log")
def token_log(ctx: typer.Context, number: MeterArg, as_json: Json = False) -> None:
    """Read the meter's token log now, and tell of each line which sale its token is of. Exit code
    70 if the meter took a token that the books do not have, or one whose sale was voided."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed, cli.progress("meter"):
        shown = MeterLogOut.of(raseed.service.token_log(cli.actor(), number))
    cli.show(
        shown,
        as_json,
        lambda cli: cli.table(
            ("log_line", "verdict", "kind", "vend_id", "note"),
            (_row(cli, line) for line in shown.lines),
        ),
    )
    for line in shown.lines:
        if line.is_odd:
            raise LogDiffers(shown.meter, shown.odd, line.sequence)


def _row(cli: Cli, line: LogLineOut) -> tuple[object, ...]:
    note = ""
    if line.is_foreign:
        note = cli.label("token_foreign")
    elif line.is_taken_all_the_same:
        note = cli.label("token_taken_all_the_same")
    kind = "-" if line.kind is None else term(line.kind, cli.language)
    return (
        line.sequence,
        verdict_words(TokenResult[line.result], cli.language),
        kind,
        line.vend_id or "-",
        note,
    )
