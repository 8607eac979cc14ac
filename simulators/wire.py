"""Modbus requests on the payment meter's side, without I/O: what its registers answer.

Modbus Application Protocol 1.1b3.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from drivers.maps.model import Table

from .modbus_errors import Exceptional, ModbusError

READ_HOLDING: Final = 3
READ_INPUT: Final = 4
WRITE_SINGLE: Final = 6
WRITE_MULTIPLE: Final = 16

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


def answer(function: int, data: bytes, registers: Registers) -> bytes:
    """The reply PDU to a request, its function and the data behind it: what the function returns,
    or an exception as the standard orders them (function known, then quantities, then addresses,
    then execution)."""
    try:
        handler = _FUNCTIONS.get(function)
        if handler is None:
            raise Exceptional(ModbusError.ILLEGAL_FUNCTION)
        return bytes([function]) + handler(data, registers)
    except Exceptional as error:
        return bytes([function | 0x80, error.code])


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
