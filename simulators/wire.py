"""Modbus TCP on the meter's side, without I/O: bytes in, requests out, answers back to bytes.

Modbus Messaging on TCP/IP 1.0b and Modbus Application Protocol 1.1b3. Written by hand so that
stand-in meters behave like real gateways where a library's server does not: each pipelined
request is answered under its own transaction id, and a unit nobody has stays silent.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from drivers.maps.model import Table

from .modbus_errors import Exceptional, ModbusError

READ_HOLDING: Final = 3
READ_INPUT: Final = 4
WRITE_SINGLE: Final = 6
WRITE_MULTIPLE: Final = 16

_HEADER: Final = struct.Struct(">HHHB")  # transaction, protocol, length, unit
_LEAST_LENGTH: Final = 2
_MOST_LENGTH: Final = 254
_MOST_READ: Final = 125
_MOST_WRITTEN: Final = 123


class Registers(Protocol):
    """A meter's registers, seen from the wire."""

    def read(self, table: Table, addr: int, count: int) -> Sequence[int]:
        """All of them as of one moment. Raises Exceptional."""
        ...

    def write(self, addr: int, words: Sequence[int]) -> None:
        """Holding registers, in one piece. Raises Exceptional."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a client. The data has no repr: it may carry a token."""

    transaction: int
    unit: int
    function: int
    data: bytes = field(repr=False)

    def reply(self, pdu: bytes) -> bytes:
        """The frame that answers this request."""
        return _HEADER.pack(self.transaction, 0, len(pdu) + 1, self.unit) + pdu


class Framer:
    """Cuts a stream of bytes into requests, however the segments are cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.broken = False
        """The stream is not Modbus TCP (protocol id, length). The next frame's start is not
        known, so that only dropping the connection is safe."""

    def feed(self, data: bytes) -> list[Request]:
        """The requests that `data` completes, in order; none after a broken header."""
        self._buffer += data
        requests: list[Request] = []
        while len(self._buffer) >= _HEADER.size and not self.broken:
            transaction, protocol, length, unit = _HEADER.unpack_from(self._buffer)
            if protocol != 0 or not _LEAST_LENGTH <= length <= _MOST_LENGTH:
                self.broken = True
                break
            end = _HEADER.size - 1 + length
            if len(self._buffer) < end:
                break
            pdu = bytes(self._buffer[_HEADER.size : end])
            del self._buffer[:end]
            requests.append(Request(transaction, unit, pdu[0], pdu[1:]))
        return requests


def answer(request: Request, registers: Registers) -> bytes:
    """The reply PDU: what the function returns, or an exception as the standard orders them
    (function known, then quantities, then addresses, then execution)."""
    try:
        handler = _FUNCTIONS.get(request.function)
        if handler is None:
            raise Exceptional(ModbusError.ILLEGAL_FUNCTION)
        return bytes([request.function]) + handler(request.data, registers)
    except Exceptional as error:
        return bytes([request.function | 0x80, error.code])


def _must(holds: bool, code: ModbusError) -> None:
    if not holds:
        raise Exceptional(code)


def _read(table: Table) -> Callable[[bytes, Registers], bytes]:
    def handler(data: bytes, registers: Registers) -> bytes:
        _must(len(data) == 4, ModbusError.ILLEGAL_VALUE)
        addr, count = struct.unpack(">HH", data)
        _must(1 <= count <= _MOST_READ, ModbusError.ILLEGAL_VALUE)
        _must(addr + count <= 0x10000, ModbusError.ILLEGAL_ADDRESS)
        words = registers.read(table, addr, count)
        return bytes([2 * count]) + struct.pack(f">{count}H", *words)

    return handler


def _write_single(data: bytes, registers: Registers) -> bytes:
    _must(len(data) == 4, ModbusError.ILLEGAL_VALUE)
    addr, word = struct.unpack(">HH", data)
    registers.write(addr, [word])
    return data


def _write_multiple(data: bytes, registers: Registers) -> bytes:
    _must(len(data) >= 5, ModbusError.ILLEGAL_VALUE)
    addr, count, size = struct.unpack_from(">HHB", data)
    fits = 1 <= count <= _MOST_WRITTEN and size == 2 * count == len(data) - 5
    _must(fits, ModbusError.ILLEGAL_VALUE)
    _must(addr + count <= 0x10000, ModbusError.ILLEGAL_ADDRESS)
    registers.write(addr, struct.unpack_from(f">{count}H", data, 5))
    return data[:4]


_FUNCTIONS: Final[Mapping[int, Callable[[bytes, Registers], bytes]]] = {
    READ_HOLDING: _read(Table.HOLDING),
    READ_INPUT: _read(Table.INPUT),
    WRITE_SINGLE: _write_single,
    WRITE_MULTIPLE: _write_multiple,
}
