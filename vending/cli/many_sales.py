"""`raseed vend-many`: a list of sales from a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from meters.errors import Invalid, RaseedError

from ..listed import NotTried, each_id_once, sell_listed
from ..messages import phrase
from ..problems import KINDS
from ..selling import Answer
from ..shapes import ListedOut, ListOut
from .context import Cli, Json, cli_of
from .faults import incident_of
from .sale_options import PointOption
from .sales_file import Row, read_sales
from .seat import TerminalOption, seated

app = typer.Typer()


@app.command("vend-many")
def vend_many(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV with a first row of vend_id, meter and any of kind (credit, allowance, "
            "payment), amount, units, debt, tender, reference.",
        ),
    ],
    point: PointOption = None,
    terminal: TerminalOption = None,
    as_json: Json = False,
) -> None:
    """Sell a list, each row exactly once by its vend id: what a bank has taken, a month's free
    units, payments of arrears. Nothing is sold while a row is written wrongly; what is refused
    spoils no other row. Repeat it after a break: what was sold is not sold again."""
    cli = cli_of(ctx)
    with cli.raseed(keys=True) as raseed:
        rows = read_sales(file, raseed.currency)
        listed = each_id_once([row.asked for row in rows])
        wrong = [one for one in listed if isinstance(one, RaseedError)]
        answers: Sequence[Answer]
        if wrong:
            answers = [one if isinstance(one, RaseedError) else NotTried() for one in listed]
        else:
            actor = seated(cli, raseed, point, terminal)
            with cli.progress("selling"):
                answers = list(sell_listed(raseed.service.vend_many, actor, listed))
    told = ListOut.of(
        ListedOut.of(row.vend_id, answer, cli.language, incident_of)
        for row, answer in zip(rows, answers, strict=True)
    )
    cli.show(told, as_json, lambda cli: _show(cli, rows, told))
    if wrong:
        print(phrase("list_unsold", cli.language), file=sys.stderr)
    met = {one.outcome for one in told.sales}
    codes = {kind.exit_code for kind in KINDS.values() if kind.name in met}
    if codes:
        # Of what was not tried it is enough to tell why.
        raise typer.Exit(KINDS[Invalid].exit_code if wrong else max(codes))


def _show(cli: Cli, rows: Sequence[Row], told: ListOut) -> None:
    """How many were sold, and each that was not, by its row. Digits are on the receipts."""
    left = [
        (row.line, one.vend_id, one.problem.code, one.problem.detail)
        for row, one in zip(rows, told.sales, strict=True)
        if one.problem is not None and one.problem.code != NotTried.code
    ]
    if left:
        cli.table(("row", "vend_id", "code", "reason"), left)
    cli.facts((("sold", told.sold), ("sold_before", told.replayed), ("not_sold", told.not_sold)))
