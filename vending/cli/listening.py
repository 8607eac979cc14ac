"""How long the server listens to a caller who says nothing more.

On a weak link a caller can be gone without a word: the line looks open for ever. Each such line
holds a file of this process, and when all are held nobody can buy. So whoever owes the rest of a
request and stays silent is hung up on; sooner, when the lines become many. Who waits for an answer
is never hung up on: a sale may be on its way to them.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_FILES: Final = 8192
"""What the process asks for, where the system would let it have more than it gives unasked."""
KEPT_S: Final = 30
"""How long a line may rest between two requests. The pages call more often than that, so a clerk's
next click need not wait for a new line, which is a way there and back of a weak link."""
_LOOK_S: Final = 0.5
_HURRIED_S: Final = 2.0
"""Patience when half of all files are lines."""


def open_more_files() -> None:
    """Raises this process's limit of open files to MOST_FILES, as far as the system allows."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def listening(silence_s: float) -> type[Listening]:
    """A protocol for uvicorn that hangs up after so long a silence."""

    class Patient(Listening):
        patience_s = silence_s

    return Patient


class Listening(HttpToolsProtocol):
    """uvicorn's own, and a look at each line now and then. Nothing is added to what a request
    costs but the time that its bytes came at."""

    patience_s = 20.0
    """A body may come as slowly as it likes while it comes; a head, which is small, comes within
    this or not at all."""
    _heard_at = 0.0
    """The last byte, by the loop's clock."""
    _owed: object = None
    """The request before the head that is waited for, if one is."""
    _owed_since = 0.0
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._heard_at = self._owed_since = self.loop.time()
        self._look = self.loop.call_later(_LOOK_S, self._looked)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self.loop.time()
        super().data_received(data)

    def _looked(self) -> None:
        if self.transport.is_closing():
            return
        now = self.loop.time()
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        crowded = files != resource.RLIM_INFINITY and len(self.connections) > files // 2
        patience = min(self.patience_s, _HURRIED_S) if crowded else self.patience_s
        since = self._silent_since(now, crowded)
        if since is not None and now - since >= patience:
            self.transport.abort()
        else:
            self._look = self.loop.call_later(_LOOK_S, self._looked)

    def _silent_since(self, now: float, crowded: bool) -> float | None:
        """None: it is not the caller's turn."""
        cycle: Any = self.cycle  # None before the first head, whatever its type says.
        if cycle is not None and not cycle.response_complete:
            self._owed = None
            waits = cycle.more_body and not self.flow.read_paused
            return self._heard_at if waits else None
        if self.timeout_keep_alive_task is not None:
            # It rests between two requests, and uvicorn itself ends that in time.
            self._owed = None
            return self._heard_at if crowded else None
        if cycle is not None and self._owed is not cycle:
            self._owed, self._owed_since = cycle, now
        return self._owed_since
