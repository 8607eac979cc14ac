"""The meter's end of IEC 62056-21, mode C: called, it names itself; acknowledged, it changes its
rate, reads out or asks for the password.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from drivers.iec21.frames import (
    ACK,
    BAUD,
    BREAK_COMMAND,
    NAK,
    PROGRAMMING,
    READOUT,
    SOH,
    Block,
    answer,
    blocks,
    command,
)
from drivers.iec21.parity import EVEN
from drivers.maps.model import Access, Register
from drivers.transports.parity import with_parity, without_parity

from .encoding import put_raw, raw_of
from .values import NotAccepted, Values

Profile = Callable[[str, str, str], Sequence[str]]
"""(id, begin, end) -> lines of the load profile, without line ends."""

_CALL: Final = re.compile(rb"/\?([^!/]{0,32})!\r\n")
_OPTION: Final = re.compile(rb"\x060([0-6])([01])\r\n")
_DATA_SET: Final = re.compile(r"([^()]*)\((.*)\)", re.DOTALL)
_UNKNOWN: Final = "(ERR1)"
_REFUSED: Final = "(ERR2)"
_LONGEST: Final = 4096
_NOISE: Final = bytes(set(range(256)) - {SOH, ACK[0], NAK[0]})
"""What no message begins with."""
_LINES_AT_ONCE: Final = 4


def no_profile(id: str, begin: str, end: str) -> Sequence[str]:  # noqa: ARG001 - a Profile
    """Of a meter that keeps none."""
    return ()


class Iec21End:
    """One meter at the head or on the loop. Bytes in, bytes out."""

    def __init__(
        self,
        registers: Iterable[Register],
        values: Values,
        *,
        address: str = "",
        identification: str = "ISk5ME162-0033",
        password: str = "00000000",  # noqa: S107 - a meter as delivered
        operand: str = "00000000",
        profile: Profile = no_profile,
        answers_by_name: bool = True,
        software_parity: bool = False,
    ) -> None:
        """`identification`: maker, speed and text. `answers_by_name`: an answer repeats the id that
        it answers, as some meters do. `software_parity`: the line is 8N1 and characters are 7E1."""
        self.baud = BAUD["0"]
        """The rate that it speaks now, for whoever paces the line."""
        self.is_open = False
        """The password was right, and nobody has broken off since."""
        self._registers = {str(r.addr): r for r in registers}
        self._values = values
        self._address = address
        self._identification = identification
        self._password = password
        self._operand = operand
        self._profile = profile
        self._by_name = answers_by_name
        self._parity = software_parity
        self._buffer = b""
        self._last = b""
        self._pending: list[str] = []
        self._awaits_option = False
        self._is_called = False

    def feed(self, data: bytes) -> bytes:
        """Answers to what these bytes complete."""
        self._buffer = (self._buffer + (without_parity(data, EVEN) if self._parity else data))[
            -_LONGEST:
        ]
        out = b""
        while (step := self._step()) is not None:
            out += step
        return with_parity(out, EVEN) if self._parity else out

    def _step(self) -> bytes | None:
        """The answer to the first thing in the buffer, which is taken out; None if nothing is
        whole."""
        if (called := _CALL.search(self._buffer)) is not None:
            self._buffer = self._buffer[called.end() :]
            return self._call(called[1].decode("ascii", "replace").lstrip("0"))
        if self._awaits_option:
            chosen = _OPTION.search(self._buffer)
            if chosen is None:
                return None
            self._buffer = self._buffer[chosen.end() :]
            return self._choose(chosen[1].decode(), chosen[2].decode())
        if not self._is_called:
            return None
        self._buffer = self._buffer.lstrip(_NOISE)
        if self._buffer[:1] in (ACK, NAK):
            sign, self._buffer = self._buffer[:1], self._buffer[1:]
            return self._last if sign == NAK else self._next_block()
        block = next(blocks(self._buffer), None)
        if block is None:
            return None
        self._buffer = b""
        return self._command(block)

    def _call(self, address: str) -> bytes:
        self._hang_up()
        if address and address != self._address.lstrip("0"):
            return b""
        self._awaits_option = self._is_called = True
        return self._said(f"/{self._identification}\r\n".encode("ascii"))

    def _choose(self, speed: str, mode: str) -> bytes:
        self._awaits_option = False
        offered = self._identification[3]
        if speed not in ("0", offered):
            self._hang_up()
            return b""
        self.baud = BAUD[speed]
        if mode == PROGRAMMING:
            return self._said(command("P0", f"({self._operand})"))
        assert mode == READOUT
        lines = [self._line(r) for r in self._registers.values() if r.access.readable]
        text = "".join(f"{line}\r\n" for line in lines if line) + "!\r\n"
        return self._said(answer(text))

    def _command(self, block: Block) -> bytes:
        if not block.is_sound:
            return NAK
        if block.command == BREAK_COMMAND:
            self._hang_up()
            return b""
        parsed = _DATA_SET.fullmatch(block.text)
        id, value = parsed.groups() if parsed else ("", "")
        if block.command == "P1":
            self.is_open = value == self._password
            return ACK if self.is_open else NAK
        match block.command[:1], self.is_open:
            case "R", _:
                return self._said(self._read(block.command, id, value))
            case "W", True:
                return self._write(id, value)
        return NAK

    def _read(self, name: str, id: str, value: str) -> bytes:
        if name == "R5":
            begin, _, end = value.partition(";")
            self._pending = list(self._profile(id, begin, end))
            return self._next_block() if self._pending else answer(_UNKNOWN)
        register = self._registers.get(id)
        line = self._line(register) if register is not None else ""
        if not line:
            return answer(_UNKNOWN)
        return answer(line if self._by_name else line[len(id) :])

    def _write(self, id: str, value: str) -> bytes:
        register = self._registers.get(id)
        if register is None:
            return answer(_UNKNOWN)
        try:
            put_raw(register, self._values, value.encode("ascii", "replace"))
        except NotAccepted:
            return answer(_REFUSED)
        return ACK

    def _line(self, register: Register) -> str:
        if register.access is Access.WRITE:
            return ""
        raw = raw_of(register, self._values)
        if raw is None:
            return ""
        unit = f"*{register.unit}" if register.unit and register.type == "number" else ""
        return f"{register.addr}({raw.decode('ascii')}{unit})"

    def _next_block(self) -> bytes:
        if not self._pending:
            return b""
        now, self._pending = self._pending[:_LINES_AT_ONCE], self._pending[_LINES_AT_ONCE:]
        text = "".join(f"{line}\r\n" for line in now)
        return self._said(answer(text, is_last=not self._pending))

    def _said(self, message: bytes) -> bytes:
        self._last = message
        return message

    def _hang_up(self) -> None:
        self.baud = BAUD["0"]
        self.is_open = self._is_called = self._awaits_option = False
        self._pending = []
