"""Where lines are served: one event loop, loopback only, TCP ports and pseudo-terminals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from meters.errors import Unavailable

from ..faults.sets import FaultSet
from .line import Line
from .rtu import RtuEnd
from .streams import End, PtyLine, StreamEnd
from .tcp import ModbusTcpEnd

HOST: Final = "127.0.0.1"


@dataclass(eq=False)
class PortTaken(Unavailable, code="simulator.port_taken"):
    """A port of the world file cannot be listened on."""

    port: int
    reason: str


@dataclass(slots=True)
class Stand:
    """One line, served: where, and how to put bytes on it unasked."""

    address: str
    """`127.0.0.1:5020`, or the path of a pseudo-terminal."""
    write: Callable[[bytes], None]
    close: Callable[[], None]
    hang_up: Callable[[], None] = lambda: None
    """Drop every connection."""
    server: asyncio.Server | None = field(default=None, repr=False)

    @property
    def port(self) -> int:
        """Of a TCP line; 0 for a pseudo-terminal."""
        return int(self.address.rpartition(":")[2]) if self.server else 0

    async def closed(self) -> None:
        """After `close`: until nothing listens any more."""
        if self.server is not None:
            await self.server.wait_closed()


async def serve_tcp(line: Line, port: int = 0) -> Stand:
    """Modbus TCP. Raises PortTaken."""
    opened: set[ModbusTcpEnd] = set()
    return await _listen(lambda: ModbusTcpEnd(line, opened), opened, port)


async def serve_stream(
    make: Callable[[], End], faults: Callable[[], FaultSet], port: int = 0
) -> Stand:
    """A serial line's bytes over TCP, as a transparent gateway carries them. Raises PortTaken."""
    opened: set[Any] = set()
    return await _listen(lambda: StreamEnd(make, opened, faults), opened, port)


async def serve_rtu_over_tcp(line: Line, port: int = 0) -> Stand:
    """Modbus RTU frames over TCP. Raises PortTaken."""
    return await serve_stream(lambda: RtuEnd(line), lambda: line.faults, port)


async def serve_rtu_on_pty(line: Line, *, strict_baud: bool = False, paced: bool = False) -> Stand:
    """A multi-drop RS-485 line on a pseudo-terminal. `strict_baud`: only meters set to the
    master's speed hear it."""

    def told(baud: int) -> None:
        line.baud = baud
        line.strict_baud = strict_baud

    return on_pty(RtuEnd(line), told, paced)


def on_pty(end: End, told: Callable[[int], object] = int, paced: bool = False) -> Stand:
    """Any serial end on a pseudo-terminal."""
    pty_line = PtyLine(end, told, paced)
    return Stand(pty_line.path, pty_line.write, pty_line.close)


async def _listen(make: Callable[[], asyncio.Protocol], opened: set[Any], port: int) -> Stand:
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(make, HOST, port)
    except OSError as error:
        raise PortTaken(port, error.strerror or "cannot listen") from None

    def write(data: bytes) -> None:
        for one in list(opened):
            one.write(data)

    def hang_up() -> None:
        for one in list(opened):
            one.hang_up()

    def close() -> None:
        server.close()
        hang_up()

    number = server.sockets[0].getsockname()[1]
    return Stand(f"{HOST}:{number}", write, close, hang_up, server)
