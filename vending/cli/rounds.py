"""Commands that look at all meters again and again, and what they remember in between, in a file
that the caller names."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from drivers.follow import MemoryUnreadable
from meters.identity import meter_from_text

T = TypeVar("T")
_SECONDS: Final = 60

Settle = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NUMBER", help="A doubted meter was looked at: it counts on from now; repeat."
    ),
]
Every = Annotated[int, typer.Option(metavar="MINUTES", min=0, max=1440, help="Again, so often.")]
Rounds = Annotated[int, typer.Option(metavar="TIMES", min=0, help="End after so many; 0: never.")]


def again(settle: list[str] | None, every: int, rounds: int) -> Iterator[set[str]]:
    """Once, or every so many minutes, `rounds` times or for ever; each time the meters that were
    looked at, which is said of the first round alone. Raises the errors of meter numbers."""
    settled = {meter_from_text(one).number for one in settle or ()}
    done = 0
    while True:
        yield settled
        done += 1
        settled = set()
        if not every or done == rounds:
            return
        time.sleep(every * _SECONDS)


def recalled(file: Path, read: Callable[[Mapping[str, Any]], T], empty: Callable[[], T]) -> T:
    """What `read` makes of the file; `empty` if it is not there yet. Raises MemoryUnreadable."""
    if not file.exists():
        return empty()
    try:
        kept = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MemoryUnreadable(type(error).__name__) from None
    if not isinstance(kept, dict):
        raise MemoryUnreadable("no table")
    return read(kept)


def remember(file: Path, kept: Mapping[str, Any]) -> None:
    """Whole or not at all: a half-written memory would bill twice what flowed."""
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("w", encoding="utf-8") as out:
        json.dump(kept, out, ensure_ascii=False, indent=1)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
