"""A database server that hangs, or something on the way to it: packets are still answered, so the
system's own time-outs see nothing, and whoever waits would wait for ever, everybody else behind.

After so long the line is cut from this end. What was under way is then told as if the other end had
done it: not done, or, for a commit, not known.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any, Final

from sqlalchemy import Connection, Engine

PATIENCE_S: Final = 30
_PATIENCE = "raseed_patience"
"""Execution option of an engine and its connections."""


class Patience:
    """Watches what one thread at a time waits for."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._until: float = 0
        self._line: Any = None
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    def begins(self, line: Any) -> None:
        """From here on `line`, a connection of the driver with a `fileno`, is waited for."""
        with self._lock:
            self._line, self._until = line, time.monotonic() + self._seconds
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="patience", daemon=True)
                self._thread.start()

    def ends(self) -> None:
        """It has answered, or failed."""
        with self._lock:
            self._line = None

    def close(self) -> None:
        """Watches no more."""
        self._over.set()

    def _watch(self) -> None:
        # Looks often enough to be late by a tenth.
        while not self._over.wait(self._seconds / 10):
            with self._lock:
                if self._line is not None and time.monotonic() > self._until:
                    _cut(self._line)
                    self._line = None


def _cut(line: Any) -> None:
    """Wakes whoever waits for it. The descriptor stays the driver's, which closes it."""
    try:
        with socket.socket(fileno=os.dup(line.fileno())) as ours:
            ours.shutdown(socket.SHUT_RDWR)
    except OSError:
        # Gone already: then nobody waits for it any more.
        pass


def keep_patience(engine: Engine, seconds: float) -> Patience:
    """From here on what the sale waits for on this engine's connections is watched."""
    patience = Patience(seconds)
    engine.update_execution_options(**{_PATIENCE: patience})
    return patience


def patience_of(db: Connection) -> Patience | None:
    """None where no server is waited for."""
    found: Patience | None = db.get_execution_options().get(_PATIENCE)
    return found
