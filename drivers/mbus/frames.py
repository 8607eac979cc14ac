"""Frames of M-Bus, EN 13757-2: bytes to fields and back, nothing else.

    single   E5
    short    10 C A sum 16
    long     68 L L 68 C A CI data sum 16      (L counts C, A, CI and the data)

The sum is of C up to the last data byte, mod 256.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ACK: Final = b"\xe5"
SHORT: Final = 0x10
LONG: Final = 0x68
END: Final = 0x16
LONGEST: Final = 4 + 255 + 2

# Control fields.
SND_NKE: Final = 0x40
SND_UD: Final = 0x53
REQ_UD2: Final = 0x5B
FCB: Final = 0x20
RSP_UD: Final = 0x08
"""Besides bits 4 (data flow) and 5 (access demand)."""

# Addresses.
UNSET: Final = 0
LAST_PRIMARY: Final = 250
SELECTED: Final = 253
ANYBODY: Final = 254
EVERYBODY: Final = 255

# Control information.
SEND_DATA: Final = 0x51
SELECT: Final = 0x52
VARIABLE: Final = 0x72
FIXED: Final = 0x73
BAUD_CI: Final = {300: 0xB8, 600: 0xB9, 1200: 0xBA, 2400: 0xBB, 4800: 0xBC, 9600: 0xBD}

_HEAD: Final = 4


@dataclass(frozen=True, slots=True)
class Short:
    control: int
    address: int

    def encode(self) -> bytes:
        return bytes([SHORT, self.control, self.address, self.control + self.address & 0xFF, END])


@dataclass(frozen=True, slots=True)
class Long:
    control: int
    address: int
    ci: int
    data: bytes = b""

    def encode(self) -> bytes:
        body = bytes([self.control, self.address, self.ci]) + self.data
        assert len(body) <= 255
        head = bytes([LONG, len(body), len(body), LONG])
        return head + body + bytes([sum(body) & 0xFF, END])


def find_long(raw: bytes) -> tuple[Long, int] | None:
    """The first whole long frame among the bytes, and where it ends."""
    start = raw.find(LONG)
    while start >= 0:
        if (length := _length(raw[start : start + _HEAD])) is not None:
            end = start + _HEAD + length + 2
            body = raw[start + _HEAD : end - 2]
            if len(raw) >= end and raw[end - 1] == END and sum(body) & 0xFF == raw[end - 2]:
                return Long(body[0], body[1], body[2], body[3:]), end
        start = raw.find(LONG, start + 1)
    return None


def find_short(raw: bytes) -> tuple[Short, int] | None:
    """The first whole short frame among the bytes, and where it ends."""
    start = raw.find(SHORT)
    while start >= 0:
        whole = raw[start : start + 5]
        if len(whole) == 5 and Short(whole[1], whole[2]).encode() == whole:
            return Short(whole[1], whole[2]), start + 5
        start = raw.find(SHORT, start + 1)
    return None


def begun(raw: bytes) -> bool:
    """Whether a long frame may have begun that is not whole yet."""
    start = raw.find(LONG)
    while start >= 0:
        head = raw[start : start + _HEAD]
        length = _length(head)
        if len(head) < _HEAD or (length is not None and len(raw) - start < _HEAD + length + 2):
            return True
        start = raw.find(LONG, start + 1)
    return False


def _length(head: bytes) -> int | None:
    is_head = len(head) == _HEAD and head[0] == head[3] == LONG and head[1] == head[2] >= 3
    return head[1] if is_head else None
