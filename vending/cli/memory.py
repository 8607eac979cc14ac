"""What a command remembers from one run to the next, in a file that the caller names."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from drivers.follow import MemoryUnreadable

T = TypeVar("T")


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
