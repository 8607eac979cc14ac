"""What commands share that ask for something with a reason and an id of its own."""

from __future__ import annotations

import sys
import uuid
from typing import Annotated

import typer

Reason = Annotated[str, typer.Option(help="Why; somebody else must understand it a year later.")]
IdOption = Annotated[str | None, typer.Option("--id", help="Id of the request; made if not given.")]


def given_or_new(id: str | None, name: str = "id") -> str:
    """The id that was given, were it empty: then it is a mistake and not an id left out; else a new
    one."""
    return new_id(name) if id is None else id


def new_id(name: str = "id") -> str:
    """An id for a request, told on standard error under this name before it is used: if this
    process dies, the id still finds what became of it."""
    id = str(uuid.uuid4())
    print(f"{name} {id}", file=sys.stderr, flush=True)
    return id
