"""`raseed vend-many`: a list of sales from a file."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from meters.errors import RaseedError

from ..listed import NotTried, each_id_once, sell_listed
from ..selling import Answer
from ..shapes import ListedOut, ListOut
from .context import Cli, Json, cli_of
from .faults import incident_of
from .lists import ListFile, end_list, tell_rows
from .sale_options import PointOption
from .sales_file import read_sales
from .seat import TerminalOption, seated

app = typer.Typer()


@app.command("vend-many")
def vend_many(
    ctx: typer.Context,
    file: ListFile,
    point: PointOption = None,
    terminal: TerminalOption = None,
    as_json: Json = False,
) -> None:
    """Sell a list, each row exactly once by its vend id: what a bank has taken, a month's free
    units, payments of arrears. Columns: vend_id, meter, and any of kind (credit, allowance,
    payment), amount, units, debt, tender, reference. Nothing is sold while a row is written
    wrongly; what is refused spoils no other row. Repeat it after a break: what was sold is not sold
    again."""
    cli = cli_of(ctx)
    with cli.raseed(keys=True) as raseed:
        rows = read_sales(file, raseed.currency)
        listed = each_id_once([row.asked for row in rows])
        is_wrong = any(isinstance(one, RaseedError) for one in listed)
        answers: Sequence[Answer]
        if is_wrong:
            answers = [one if isinstance(one, RaseedError) else NotTried() for one in listed]
        else:
            actor = seated(cli, raseed, point, terminal)
            with cli.progress("list"):
                answers = list(sell_listed(raseed.service.vend_many, actor, listed))
    told = ListOut.of(
        ListedOut.of(row.cells.texts["vend_id"], answer, cli.language, incident_of)
        for row, answer in zip(rows, answers, strict=True)
    )
    problems = [one.problem for one in told.sales]

    def people(cli: Cli) -> None:
        # Digits are on the receipts.
        cells = [row.cells for row in rows]
        tell_rows(cli, ["vend_id"], list(zip(cells, problems, strict=True)))
        cli.facts(
            (("sold", told.sold), ("sold_before", told.replayed), ("not_sold", told.not_sold))
        )

    cli.show(told, as_json, people)
    end_list(cli, problems, is_wrong=is_wrong)
