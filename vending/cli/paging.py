"""Options of commands that list: how much at once, and where to go on."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from ..shapes.base import MOST_NUMBER

MOST_AT_ONCE: Final = 10_000

Limit = Annotated[int, typer.Option(min=1, max=MOST_AT_ONCE, help="How many at most.")]
BeforeNumber = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST_NUMBER, help="Go on behind this number (id or entry), the last one shown."
    ),
]
"""Of lists by number, the largest first."""
BeforeId = Annotated[
    str | None,
    typer.Option(metavar="ID", help="Go on behind this one, the last one shown."),
]
"""Of lists by time, the latest first."""
After = Annotated[
    str, typer.Option(help="Go on behind this one, the last one shown.", show_default=False)
]
"""Of lists by code, in its order."""
AfterNumber = Annotated[
    int, typer.Option(min=0, max=MOST_NUMBER, help="Go on behind this number, the last one shown.")
]
"""Of lists by number, the smallest first; behind 0, all."""
