"""What carries Modbus requests: RTU over a serial line or a socket, or Modbus TCP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from ..bus.timing import Pace
from ..conversation import Witness
from ..lines import Declined
from ..maps.model import Table
from .pdu import (
    WRITE_COILS,
    WRITE_REGISTERS,
    Request,
    bits_of,
    coils_request,
    identification_request,
    objects_of,
    read_request,
    words_of,
    write_request,
)
from .rtu import Heard, reply_data

_MOST_PARTS: Final = 8
"""Of an identification; a meter that always says "more follows" is not followed."""


class ModbusLine(ABC):
    """One line, one request at a time; threads may share it. Requests go out once.

    Every request raises LineDown and LineBusy (nothing was sent), NoReply (the meter may have
    acted) and Declined (an exception reply), besides what its method says.
    """

    def __init__(self, address: str, pace: Pace) -> None:
        """`pace` serves requests that come without one."""
        self.address = address
        self.pace = pace

    @abstractmethod
    def ask(
        self, request: Request, pace: Pace | None = None, witness: Witness | None = None
    ) -> Heard:
        """The reply to exactly this request, which may be an exception. Raises LineDown,
        LineBusy, NoReply."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the line; the next request takes it again."""

    def data(
        self, request: Request, pace: Pace | None = None, witness: Witness | None = None
    ) -> bytes:
        """The data of the reply, behind its function."""
        return reply_data(request, self.ask(request, pace, witness), self.address)

    def read(
        self,
        unit: int,
        table: Table,
        addr: int,
        count: int,
        pace: Pace | None = None,
        witness: Witness | None = None,
    ) -> tuple[int, ...]:
        """`count` registers, or coils as 0 and 1, from one request."""
        data = self.data(read_request(unit, table, addr, count), pace, witness)
        return bits_of(data, count) if table in (Table.COIL, Table.DISCRETE) else words_of(data)

    def write(
        self,
        unit: int,
        addr: int,
        words: Sequence[int],
        function: int = WRITE_REGISTERS,
        pace: Pace | None = None,
        witness: Witness | None = None,
        secret: bool = False,
    ) -> None:
        """Holding registers with function 16 or 6, in exactly one frame, never repeated.
        `secret`: what is written goes into no record."""
        self.data(write_request(unit, addr, words, function, secret), pace, witness)

    def write_coils(
        self,
        unit: int,
        addr: int,
        bits: Sequence[bool],
        function: int = WRITE_COILS,
        pace: Pace | None = None,
        witness: Witness | None = None,
    ) -> None:
        """Coils with function 15 or 5, in exactly one frame, never repeated."""
        self.data(coils_request(unit, addr, bits, function), pace, witness)

    def device_id(
        self,
        unit: int,
        level: int = 1,
        pace: Pace | None = None,
        witness: Witness | None = None,
    ) -> dict[int, str]:
        """What the meter says about itself (function 43/14), by object id: 0 maker, 1 product,
        2 revision, and with a higher `level` more."""
        objects: dict[int, str] = {}
        ask: int | None = 0
        for part in range(_MOST_PARTS):
            if ask is None:
                break
            request = identification_request(unit, level, ask)
            try:
                data = self.data(request, pace, witness)
            except Declined:
                if part == 0:
                    raise
                break
            found, ask = objects_of(data)
            objects |= found
        return objects
