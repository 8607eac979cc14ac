"""The keypad on a port: a dialog of lines for each connection, loopback only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

from meters.identity import Drn

from ..hosted import HostedMeter
from ..keypad import GREETING, Keypad
from .place import HOST, PortTaken

_LONGEST_LINE: Final = 1024


class KeypadPort:
    """`start`, then `port` says where; `stop` ends it with every dialog."""

    def __init__(self, meters: Mapping[Drn, HostedMeter], now: Callable[[], datetime]) -> None:
        self._meters = meters
        self._now = now
        self._server: asyncio.Server | None = None
        self._dialogs: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self, port: int) -> None:
        """Listen; port 0 takes a free one. Raises PortTaken."""
        try:
            self._server = await asyncio.start_server(
                self._connected, HOST, port, limit=_LONGEST_LINE
            )
        except OSError as error:
            raise PortTaken(port, error.strerror or "cannot listen") from None
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._dialogs:
            task.cancel()
        await asyncio.gather(*self._dialogs, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._dialogs.add(task)
        try:
            await self._dialog(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            # The other end went away, or we are stopping: either way this dialog is over.
            pass
        finally:
            self._dialogs.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _dialog(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        keypad = Keypad(self._meters, self._now)
        shown: str | None = GREETING
        while shown is not None:
            writer.write(shown.encode() + b"\n")
            await writer.drain()
            try:
                line = await reader.readline()
            except ValueError:
                return  # A line that never ends is not typed by a person.
            if not line:
                return
            shown = keypad.line(line.decode("utf-8", "replace"))
