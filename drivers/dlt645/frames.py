"""Frames of DL/T 645-2007, clause 5: bytes to fields and back, nothing else.

    FE FE FE FE | 68 | address, 6 BCD, low byte first | 68 | control | length | data | sum | 16

Every data byte goes over the line 33h higher; the sum is of all bytes from the first 68 to the
last of the data, mod 256.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

START: Final = 0x68
END: Final = 0x16
WAKE: Final = b"\xfe" * 4
OFFSET: Final = 0x33
ADDRESS_DIGITS: Final = 12
ANY: Final = "A" * ADDRESS_DIGITS
"""Whoever hears it: only with one meter on the line."""
ALL: Final = "9" * ADDRESS_DIGITS
"""Everybody, and nobody answers."""
HEAD: Final = 10
"""Bytes before the data."""
LONGEST: Final = HEAD + 255 + 2

REPLY: Final = 0x80
FAILED: Final = 0x40
MORE: Final = 0x20
FUNCTION: Final = 0x1F


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. The data has no repr: it may carry a password or a purchase."""

    address: str
    """12 digits as printed on the meter, high digits first; `A` wildcards."""
    control: int
    data: bytes = field(default=b"", repr=False)
    """Without the 33h, low byte first as on the wire."""

    @property
    def function(self) -> int:
        return self.control & FUNCTION

    @property
    def is_reply(self) -> bool:
        return bool(self.control & REPLY)

    @property
    def failed(self) -> bool:
        return bool(self.control & FAILED)

    @property
    def more(self) -> bool:
        """Follow-up frames hold the rest of the data."""
        return bool(self.control & MORE)


def encode(frame: Frame, wake: int = len(WAKE)) -> bytes:
    """The bytes of a frame, after `wake` bytes FE."""
    assert len(frame.address) == ADDRESS_DIGITS
    assert len(frame.data) <= 255
    body = bytearray([START])
    body += address_bytes(frame.address)
    body += bytes([START, frame.control, len(frame.data)])
    body += bytes((byte + OFFSET) & 0xFF for byte in frame.data)
    return WAKE[:1] * wake + bytes(body) + bytes([sum(body) & 0xFF, END])


def find(raw: bytes) -> tuple[Frame, int] | None:
    """The first whole frame among the bytes, and where it ends; None if there is none yet.

    A false start or a wrong sum costs that frame only: the search goes on behind its first byte.
    """
    start = raw.find(START)
    while start >= 0:
        head = raw[start : start + HEAD]
        if len(head) == HEAD and head[7] == START:
            end = start + HEAD + head[9] + 2
            whole = raw[start:end]
            if len(whole) == end - start and _is_sound(whole):
                data = bytes((byte - OFFSET) & 0xFF for byte in whole[HEAD:-2])
                return Frame(address_text(whole[1:7]), whole[8], data), end
        start = raw.find(START, start + 1)
    return None


def begun(raw: bytes) -> bool:
    """Whether a frame may have begun that is not whole yet."""
    start = raw.find(START)
    while start >= 0:
        head = raw[start : start + HEAD]
        if len(head) < 8 or head[7] == START:
            wanted = HEAD + head[9] + 2 if len(head) == HEAD else LONGEST
            if len(raw) - start < wanted:
                return True
        start = raw.find(START, start + 1)
    return False


def _is_sound(whole: bytes) -> bool:
    return whole[-1] == END and sum(whole[:-2]) & 0xFF == whole[-2]


def address_bytes(address: str) -> bytes:
    """As on the wire, low byte first."""
    return bytes.fromhex(address)[::-1]


def address_text(wire: bytes) -> str:
    """12 digits, high first, as printed on the meter."""
    return wire[::-1].hex().upper()


def matches(pattern: str, address: str) -> bool:
    """Whether a meter of this address is meant: `A` stands for any digit."""
    return all(want in ("A", digit) for want, digit in zip(pattern, address, strict=True))
