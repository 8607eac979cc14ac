"""`raseed sale unsettled`: pushes whose outcome is open."""

from __future__ import annotations

from typing import Annotated

import typer

from ..messages import on_the_wall
from ..shapes import SaleStatusOut
from .context import Json, cli_of
from .paging import After
from .sold import sale


@sale.command("unsettled")
def sale_unsettled(
    ctx: typer.Context,
    after: After = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 100,
    as_json: Json = False,
) -> None:
    """Sales whose token was pushed to the meter and no verdict is known, oldest first: `raseed
    reconcile` settles each."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        actor = cli.actor()
        found = raseed.service.unsettled(actor, after=after, limit=limit)
        rows = [SaleStatusOut.of(raseed.service.what_became(actor, one)) for one in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("vend_id", "receipt", "sold_at", "meter", "delivery"),
            (
                (
                    row.sale.vend_id,
                    row.sale.receipt,
                    on_the_wall(row.sale.sold_at, seconds=True),
                    row.sale.meter,
                    cli.label(f"state_{row.delivery.state}"),
                )
                for row in rows
            ),
        ),
    )
