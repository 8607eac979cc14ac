"""The check sum of Modbus RTU (Modbus over Serial Line 1.02, 6.2.2 and appendix B): CRC-16,
polynomial 8005h reflected (A001h), start FFFFh, low byte first on the wire."""

from __future__ import annotations

from typing import Final

_POLYNOMIAL: Final = 0xA001


def _row(index: int) -> int:
    for _ in range(8):
        index = index >> 1 ^ (_POLYNOMIAL if index & 1 else 0)
    return index


_TABLE: Final = tuple(_row(index) for index in range(256))


def crc(data: bytes | bytearray | memoryview) -> int:
    """The CRC of `data`; 0 for a whole frame with its own CRC behind it."""
    value = 0xFFFF
    table = _TABLE
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value


def with_crc(data: bytes) -> bytes:
    """`data` and its CRC, as it goes on the wire."""
    return data + crc(data).to_bytes(2, "little")
