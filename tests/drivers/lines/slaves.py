"""Meters for a null modem: what a Modbus RTU slave answers, without a clock of its own."""

from __future__ import annotations

import struct
from collections.abc import Callable

from drivers.bus.timing import Pace
from drivers.conversation import LineSettings
from drivers.crc import crc, with_crc
from drivers.modbus.rtu_line import RtuLine
from drivers.transports.memory import FarEnd, MemoryLine, VirtualClock

LINE = LineSettings(baud=9600)
PACE = Pace(reply_s=0.3, worst_s=0.5)


def rtu(line: FarEnd, settings: LineSettings = LINE, echo: bool = False) -> RtuLine:
    return RtuLine(MemoryLine(line, VirtualClock(), settings, echo=echo), "memory")


def memory(line: RtuLine) -> MemoryLine:
    channel = line.channel
    assert isinstance(channel, MemoryLine)
    return channel


class Slave:
    """256 holding registers and coils under one unit id, its `turnaround_s` late. Register N
    holds `base + N` until it is written."""

    def __init__(self, unit: int = 1, base: int = 1000, turnaround_s: float = 0.02) -> None:
        self.unit = unit
        self.turnaround_s = turnaround_s
        self.words = [(base + n) & 0xFFFF for n in range(256)]
        self.coils = [n % 3 == 0 for n in range(256)]
        self.requests: list[bytes] = []

    def __call__(self, now: float, frame: bytes) -> list[tuple[float, bytes]]:
        reply = self.reply(frame)
        return [(self.turnaround_s, reply)] if reply else []

    def reply(self, frame: bytes) -> bytes:
        if crc(frame) or frame[0] not in (self.unit, 0):
            return b""
        self.requests.append(frame)
        pdu = self._answer(frame[1:-2])
        return with_crc(frame[:1] + pdu) if frame[0] else b""

    def _answer(self, pdu: bytes) -> bytes:
        function = pdu[0]
        if function == 43:
            return bytes.fromhex("2b0e01010000 02 00 03 414243 01 01 44".replace(" ", ""))
        first, second = struct.unpack(">HH", pdu[1:5])
        if function in (6, 5):
            if function == 6:
                self.words[first] = second
            else:
                self.coils[first] = second == 0xFF00
            return pdu[:5]
        if first + second > 256:
            return bytes([function | 0x80, 2])
        if function in (3, 4):
            words = self.words[first : first + second]
            return struct.pack(f">BB{second}H", function, 2 * second, *words)
        if function in (1, 2):
            packed = sum(bit << n for n, bit in enumerate(self.coils[first : first + second]))
            size = (second + 7) // 8
            return bytes([function, size]) + packed.to_bytes(size, "little")
        if function == 16:
            self.words[first : first + second] = struct.unpack(f">{second}H", pdu[6:])
            return pdu[:5]
        if function == 15:
            packed = int.from_bytes(pdu[6:], "little")
            self.coils[first : first + second] = [bool(packed >> n & 1) for n in range(second)]
            return pdu[:5]
        return bytes([function | 0x80, 1])


def bus(*slaves: Slave) -> FarEnd:
    """Several meters on one pair of wires."""

    def far(now: float, frame: bytes) -> list[tuple[float, bytes]]:
        return [piece for slave in slaves for piece in slave(now, frame)]

    return far


def spoilt(slave: Slave, change: Callable[[bytes], list[tuple[float, bytes]]]) -> FarEnd:
    """`change` makes of each good reply what comes over the line."""

    def far(now: float, frame: bytes) -> list[tuple[float, bytes]]:
        reply = slave.reply(frame)
        return change(reply) if reply else []

    return far
