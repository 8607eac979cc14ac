"""Files named by the key of what they hold: the same name again leaves one file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from ..ondisk import keep
from ..outbox_ports import NotSent

DONE: Final = "done"
"""Folder beside the files, into which whoever has worked one off moves it: then its key is known
for good, and it does not come back."""


def write_once(folder: Path, name: str, data: bytes) -> None:
    """A file that holds this, whole and on disk, or none. Nothing happens if one of this name is
    there or in `done`. Only this user can read it: it may hold a token.

    Raises NotSent.
    """
    # A colon is no part of a name on every disk; an equals sign is in no key.
    name = name.replace(":", "=")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / name).exists() or (folder / DONE / name).exists():
            return
        # Hidden until it is whole, and nobody else's.
        part = folder / f".{name}.{os.getpid()}"
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(folder / name)
        finally:
            part.unlink(missing_ok=True)
        # The new name, too, is on disk.
        keep(folder)
    except OSError as error:
        raise NotSent("file", error.strerror or type(error).__name__) from None
