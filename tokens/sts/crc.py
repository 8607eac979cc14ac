"""The token's CRC-16 (spec section 8): polynomial 0xA001 reflected, start 0xFFFF.

A CRC is linear, so each byte position of the 7-byte message has a table of its own and the
whole is eight XORs. Table values already have their two bytes swapped, as the block wants.
"""

from __future__ import annotations

from typing import Final

_POLYNOMIAL: Final = 0xA001
_START: Final = 0xFFFF


def _step_table() -> list[int]:
    table = []
    for byte in range(256):
        register = byte
        for _ in range(8):
            register = register >> 1 ^ (_POLYNOMIAL if register & 1 else 0)
        table.append(register)
    return table


_STEP: Final = _step_table()


def crc16(data: bytes) -> int:
    """The CRC field over any bytes: the register with its two bytes swapped."""
    register = _START
    for byte in data:
        register = register >> 8 ^ _STEP[(register ^ byte) & 0xFF]
    return (register & 0xFF) << 8 | register >> 8


def _position_tables(length: int) -> tuple[int, list[list[int]]]:
    """(field of the all-zero message, [position][byte] -> what that byte changes in it)."""
    zero = crc16(bytes(length))
    tables = []
    for position in range(length):
        tail = bytes(length - position - 1)
        tables.append([crc16(bytes(position) + bytes([b]) + tail) ^ zero for b in range(256)])
    return zero, tables


_PLAIN_ZERO, _PLAIN = _position_tables(7)


def token_crc(token_class: int, body: int) -> int:
    """CRC field over the class (2 bits) and the 48-bit body: `class << 48 | body` as 7 bytes."""
    t0, t1, t2, t3, t4, t5, t6 = _PLAIN
    b0, b1, b2, b3, b4, b5, b6 = (token_class << 48 | body).to_bytes(7, "big")
    return _PLAIN_ZERO ^ t0[b0] ^ t1[b1] ^ t2[b2] ^ t3[b3] ^ t4[b4] ^ t5[b5] ^ t6[b6]


def token_crc_currency(token_class: int, body: int) -> int:
    """The variant of currency tokens: one more byte 0x01 after the same 7 bytes."""
    field = token_crc(token_class, body)
    register = (field & 0xFF) << 8 | field >> 8
    register = register >> 8 ^ _STEP[(register ^ 0x01) & 0xFF]
    return (register & 0xFF) << 8 | register >> 8
