"""The check sum of Modbus RTU."""

from __future__ import annotations

from array import array
from typing import Final


def _table() -> array[int]:
    table = array("H")
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
        table.append(value)
    return table


_TABLE: Final = _table()


def crc(data: bytes) -> bytes:
    """CRC-16/Modbus as it goes on the wire, low byte first."""
    value = 0xFFFF
    for byte in data:
        value = (value >> 8) ^ _TABLE[(value ^ byte) & 0xFF]
    return value.to_bytes(2, "little")
