"""One TCP connection into a line, whatever its bytes mean."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from ..faults.sets import FaultSet


class Connection(asyncio.Protocol):
    """Lets itself in as the line's faults allow, and out again. What comes is for subclasses."""

    def __init__(self, opened: set[Any], faults: Callable[[], FaultSet]) -> None:
        """`opened` holds all that are open."""
        self._opened = opened
        self._faults = faults
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport has the methods and not the class.
        self._transport = cast(asyncio.Transport, transport)
        if not all(one.admits(len(self._opened)) for one in self._faults().of("admits")):
            self._transport.abort()
            return
        self._opened.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._opened.discard(self)
        self._transport = None

    def write(self, data: bytes) -> None:
        """Put bytes on the connection."""
        if self._transport is not None:
            self._transport.write(data)

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()
