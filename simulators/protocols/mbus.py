"""The slave's end of M-Bus: primary and secondary addresses, several telegrams by the frame count
bit, and what a line makes of several that answer at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from drivers.maps.model import Access, Register
from drivers.mbus.frames import (
    ACK,
    ANYBODY,
    BAUD_CI,
    EVERYBODY,
    FCB,
    FIXED,
    LAST_PRIMARY,
    LONGEST,
    REQ_UD2,
    RSP_UD,
    SELECT,
    SELECTED,
    SEND_DATA,
    SND_NKE,
    SND_UD,
    VARIABLE,
    Long,
    Short,
    find_long,
    find_short,
)
from drivers.mbus.records import MORE_FOLLOWS, record_meaning
from drivers.mbus.station import fits
from drivers.mbus.telegram import maker_word, secondary_address

from .encoding import put_raw, raw_of
from .values import NotAccepted, Values

_ADDRESS_RECORD: Final = bytes.fromhex("017A")
_QUANTITY: Final = re.compile(r"([a-z][a-z_.]*)(?:\[([01])\])?")
# How this end sends what a map names by quantity: 64 bits with a sign, in litres, tenths of a
# degree and the like (DIF 07, VIF as follows).
_SENT_AS: Final = {"volume": 0x13, "flow": 0x3B, "temperature.flow": 0x5A, "energy": 0x03}
_LONG_INTEGER: Final = 0x07
_STORAGE: Final = 0x40
_LITRES: Final = 0x29
_HISTORIC: Final = 0x3E
_COUNTED: Final = ("volume.forward", "volume.forward.previous")
_TEN: Final = Decimal(10)


@dataclass(frozen=True, slots=True)
class Nameplate:
    """What a slave says of itself at the head of each telegram."""

    identification: str = "12345678"
    """8 digits."""
    maker: str = "RSD"
    version: int = 1
    medium: int = 0x07
    """Water."""

    @property
    def secondary(self) -> str:
        return secondary_address(self.identification, self.maker, self.version, self.medium)


class MbusEnd:
    """One slave on the line. Bytes in, bytes out; what is not for it, it does not answer."""

    def __init__(
        self,
        address: int,
        registers: Iterable[Register],
        values: Values,
        *,
        nameplate: Nameplate = Nameplate(),
        per_telegram: int = 16,
        fixed_structure: bool = False,
    ) -> None:
        """`per_telegram`: records in each, the rest in the next ones. `fixed_structure`: it is so
        old that it tells two counters and no records: its volume now and at the fixed date."""
        self.address = address
        self.baud = 2400
        self.nameplate = nameplate
        self.status = 0
        self._registers = {_head(str(r.addr)): r for r in registers}
        self._values = values
        self._per_telegram = per_telegram
        self._is_fixed = fixed_structure
        self._buffer = b""
        self._is_selected = False
        self._bit: int | None = None
        self._part = -1
        self._access = 0
        self._last = b""

    def feed(self, data: bytes) -> bytes:
        """Answers to the frames that these bytes complete."""
        self._buffer = (self._buffer + data)[-2 * LONGEST :]
        out = b""
        while True:
            found = [f for f in (find_short(self._buffer), find_long(self._buffer)) if f]
            if not found:
                return out
            # Data may look like a short frame: the one that begins first holds the other.
            frame, end = min(found, key=lambda one: one[1] - len(one[0].encode()))
            self._buffer = self._buffer[end:]
            out += self._answer(frame)

    def _answer(self, frame: Short | Long) -> bytes:
        if isinstance(frame, Long) and frame.ci == SELECT and frame.address == SELECTED:
            return self._select(frame.data)
        mine = frame.address in (self.address, ANYBODY, EVERYBODY)
        if not mine and not (frame.address == SELECTED and self._is_selected):
            return b""
        reply = self._act(frame)
        return b"" if frame.address == EVERYBODY else reply

    def _act(self, frame: Short | Long) -> bytes:
        if isinstance(frame, Short):
            if frame.control == SND_NKE:
                self._bit = None
                if frame.address == SELECTED:
                    self._is_selected = False
                return ACK
            if frame.control & ~FCB == REQ_UD2:
                return self._telegram(frame.control & FCB)
        elif frame.control & ~FCB == SND_UD:
            return self._receive(frame)
        return b""

    def _select(self, data: bytes) -> bytes:
        wanted = data[3::-1].hex() + data[4:8].hex()
        self._is_selected = len(data) >= 8 and fits(wanted.upper(), self.nameplate.secondary)
        self._bit = None
        return ACK if self._is_selected else b""

    def _telegram(self, bit: int) -> bytes:
        """The next one if the bit has toggled, else the last one again."""
        if bit == self._bit:
            return self._last
        if self._is_fixed:
            self._bit = bit
            self._last = Long(RSP_UD, self.address, FIXED, self._counters()).encode()
            self._access = self._access + 1 & 0xFF
            return self._last
        parts = self._parts()
        # After a reset it begins anew, and behind the last one too.
        begins = self._bit is None or self._part + 1 >= len(parts)
        self._part = 0 if begins else self._part + 1
        self._bit = bit
        more = self._part + 1 < len(parts)
        data = self._header() + parts[self._part] + (bytes([MORE_FOLLOWS]) if more else b"")
        self._access = self._access + 1 & 0xFF
        self._last = Long(RSP_UD, self.address, VARIABLE, data).encode()
        return self._last

    def _header(self) -> bytes:
        plate = self.nameplate
        return (
            bytes.fromhex(plate.identification)[::-1]
            + maker_word(plate.maker).to_bytes(2, "little")
            + bytes([plate.version, plate.medium, self._access, self.status, 0, 0])
        )

    def _counters(self) -> bytes:
        """Identification, access, status, medium and units, and both counters in litres, BCD."""
        medium = self.nameplate.medium
        codes = bytes([(medium & 3) << 6 | _LITRES, medium >> 2 << 6 | _HISTORIC])
        volumes = [self._values.get(name) for name in _COUNTED]
        litres = [int(v * 1000) if isinstance(v, Decimal) else 0 for v in volumes]
        return (
            bytes.fromhex(self.nameplate.identification)[::-1]
            + bytes([self._access, self.status])
            + codes
            + b"".join(bytes.fromhex(f"{number % 10**8:08d}")[::-1] for number in litres)
        )

    def _parts(self) -> list[bytes]:
        records = []
        for key, register in self._registers.items():
            if register.access is Access.WRITE:
                continue
            raw = raw_of(register, self._values, _factor(key))
            if raw is not None:
                records.append(bytes.fromhex(key) + raw)
        size = self._per_telegram
        parts = [b"".join(records[i : i + size]) for i in range(0, len(records), size)]
        return parts or [b""]

    def _receive(self, frame: Long) -> bytes:
        if frame.ci in BAUD_CI.values():
            self.baud = next(baud for baud, ci in BAUD_CI.items() if ci == frame.ci)
            return ACK
        if frame.ci != SEND_DATA:
            return b""
        if frame.data[:2] == _ADDRESS_RECORD and len(frame.data) == 3:
            self.address = frame.data[2] if frame.data[2] <= LAST_PRIMARY else self.address
            return ACK
        for key, register in self._registers.items():
            head = bytes.fromhex(key)
            if frame.data.startswith(head):
                try:
                    put_raw(register, self._values, frame.data[len(head) :], _factor(key))
                except NotAccepted:
                    return b""
        # E5 says that a frame has come, not that anybody knows what to do with it.
        return ACK


def collide(replies: Iterable[bytes]) -> bytes:
    """What a line carries if several slaves speak at once: a mark gives way to a space, bit by bit,
    and no two of them are in step. E5 looks like one, however many say it."""
    mixed = bytearray()
    for late, reply in enumerate(filter(None, replies)):
        begin = late if len(reply) > 1 else 0
        mixed += b"\xff" * (begin + len(reply) - len(mixed))
        for at, byte in enumerate(reply, begin):
            mixed[at] &= byte
    return bytes(mixed)


def _factor(key: str) -> Decimal:
    """What the VIF multiplies the raw number with."""
    return _TEN ** record_meaning(bytes.fromhex(key)).exponent


def _head(addr: str) -> str:
    """DIF and VIF in hex of what a map calls so."""
    named = _QUANTITY.fullmatch(addr)
    if named is None:
        return addr.upper()
    dif = _LONG_INTEGER | (_STORAGE if named[2] == "1" else 0)
    return f"{dif:02X} {_SENT_AS[named[1]]:02X}"
