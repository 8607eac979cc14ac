"""What commands share that ask for something a second person decides."""

from __future__ import annotations

import sys
import uuid
from typing import Annotated

import typer

Reason = Annotated[str, typer.Option(help="Why; somebody else must understand it a year later.")]
IdOption = Annotated[str | None, typer.Option("--id", help="Id of the request; made if not given.")]


def new_id() -> str:
    """An id for a request, told on standard error before it is used: if this process dies, the id
    still finds what was asked for."""
    id = str(uuid.uuid4())
    print(f"id {id}", file=sys.stderr, flush=True)
    return id
