"""What was begun and what was finished, by key, on disk: a printer knows no keys, so this is what
keeps a paper from coming out twice after a restart."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..ondisk import keep


class Printed(Enum):
    """How far a paper came."""

    NOT = "not"
    BEGUN = "begun"
    """Bytes were sent, and nobody saw the end."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Journal:
    """Empty files, one for each paper; their names say it all."""

    folder: Path

    def state(self, key: str) -> Printed:
        # In this order: another program may finish it between the two looks.
        begun = self._file(key, Printed.BEGUN).exists()
        if self._file(key, Printed.DONE).exists():
            return Printed.DONE
        return Printed.BEGUN if begun else Printed.NOT

    def begin(self, key: str) -> bool:
        """On disk before the first byte is sent; False if somebody else has begun it, or finished
        it. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.close(os.open(self._file(key, Printed.BEGUN), os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        if self._file(key, Printed.DONE).exists():
            # Another program did both since its state was asked for.
            self._file(key, Printed.BEGUN).unlink()
            return False
        keep(self.folder)
        return True

    def finish(self, key: str) -> None:
        """Raises OSError."""
        self._file(key, Printed.BEGUN).rename(self._file(key, Printed.DONE))
        keep(self.folder)

    def _file(self, key: str, state: Printed) -> Path:
        # A colon is no part of a name on every disk; an equals sign is in no key.
        return self.folder / f"{key.replace(':', '=')}.{state.value}"
