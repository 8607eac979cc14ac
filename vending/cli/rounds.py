"""Commands that look at all meters again and again, and what they remember in between, in a file
that the caller names."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from drivers.follow import MemoryUnreadable
from meters.errors import Unavailable
from meters.identity import meter_from_text

T = TypeVar("T")
_SECONDS: Final = 60


@dataclass(eq=False)
class MemoryInUse(Unavailable, code="meter.memory_in_use"):
    """Another program goes its rounds with the same file: what one of them remembers, the other
    would forget."""

    path: str


@dataclass(eq=False)
class MemoryUnwritable(Unavailable, code="meter.memory_unwritable"):
    """Nothing can be remembered there."""

    path: str
    problem: str


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


@contextmanager
def owned(file: Path) -> Iterator[None]:
    """Keeps the file from other programs. Raises MemoryInUse, MemoryUnwritable."""
    beside = file.with_name(f"{file.name}.lock")
    try:
        lock = beside.open("a")
    except OSError as error:
        raise MemoryUnwritable(str(file), error.strerror or "OSError") from None
    # It is let go of with the program, however that ends.
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise MemoryInUse(str(file)) from None
        yield


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
