"""Finds the reply to one RTU request in whatever comes over a line, or tells what came instead.

RTU marks frames by silence alone, which adapters, gateways and operating systems do not keep. So
the reply is searched for: the right unit, function and byte count with a right check sum, anywhere
in what has come. Noise before and after does no harm; the echo of our own request is stripped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..crc import crc, with_crc
from .pdu import BIT_READS, FAILED, IDENTIFY, WORD_READS, WRITES, Misshapen, Request

_KEPT: Final = 600
"""Bytes looked at: the longest echo and two of the longest replies."""
_SHORTEST: Final = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A reply: its PDU, and where its frame lies."""

    pdu: bytes
    begin: int
    end: int


class ReplyFinder:
    """Feed it what comes; `find` tells the reply as soon as it is certain."""

    def __init__(self, request: Request, echo: bool) -> None:
        """`echo`: the line is known to give back what we send."""
        self.request = request
        self.buffer = bytearray()
        """What has come, without the echo."""
        self.echoed = False
        """The whole request has come back."""
        self._frame = with_crc(bytes([request.unit]) + request.pdu)
        # What answers functions 5 and 6 is the request itself: only who knows that there is an
        # echo can tell them apart.
        self._strip = echo or request.function not in (5, 6)

    @property
    def expected(self) -> int:
        """Bytes of the frame that should come."""
        return 3 + self.request.reply_bytes

    @property
    def missing(self) -> int:
        """Bytes that must still come until there can be a reply; 1 where that cannot be told."""
        here = len(self.buffer)
        if here < _SHORTEST:
            return _SHORTEST - here
        begin = self.buffer.find(self.request.unit)
        try:
            length = self.request.length(self.buffer[begin + 1 :]) if begin >= 0 else None
        except Misshapen:
            length = None
        return 1 if length is None else max(1, begin + 3 + length - here)

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        self.buffer += data
        if self._strip and not self.echoed:
            at = self.buffer.find(self._frame)
            if at >= 0:
                del self.buffer[at : at + len(self._frame)]
                self.echoed = True
        del self.buffer[:-_KEPT]

    def find(self, final: bool, begin: int = 0) -> Found | None:
        """The first whole reply at or behind `begin`. A place where one may have begun is waited
        for, so that nothing inside a reply is taken for one; `final`: nothing more will come, and
        such a place was none."""
        buffer, unit = self.buffer, self.request.unit
        at = buffer.find(unit, begin)
        while at >= 0:
            found = self._at(at)
            if isinstance(found, Found):
                return found
            if found and not final:
                return None
            at = buffer.find(unit, at + 1)
        return None

    def _at(self, at: int) -> Found | bool:
        """The reply that stands here, or whether one may be on its way."""
        buffer = self.buffer
        if self._strip and not self.echoed and self._frame.startswith(bytes(buffer[at:])):
            return True
        head = buffer[at + 1 :]
        try:
            length = self.request.length(head)
        except Misshapen:
            return False
        if length is None or len(head) < length + 2:
            return True
        end = at + 3 + length
        if crc(buffer[at:end]):
            return False
        return Found(bytes(head[:length]), at, end)

    def diagnose(self) -> str:
        """Why there is no reply in what has come, as a reason of NoReply."""
        buffer = self.buffer
        if not buffer:
            return "timeout"
        if foreign := self._foreign():
            return foreign
        head = bytes([self.request.unit, self.request.function])
        first = buffer.find(head)
        again = buffer.find(head, first + 1) if first >= 0 else -1
        if len(buffer) == 2 * self.expected or again >= 0:
            # Two meters at one id: their replies lie over each other, or one behind the other.
            return "conflict"
        if first < 0:
            return "crc" if len(buffer) >= self.expected else "noise"
        return "crc" if len(buffer) - first >= self.expected else "truncated"

    def _foreign(self) -> str:
        """Why a frame with a right check sum is not our reply; "" if there is none."""
        buffer, request = self.buffer, self.request
        for at in range(len(buffer) - _SHORTEST + 1):
            size = _frame_bytes(buffer, at)
            whole = bool(size) and at + size <= len(buffer) and not crc(buffer[at : at + size])
            if buffer[at] == request.unit and buffer[at + 1] == request.function:
                # A byte count that is not the standard's: the frame ends where the silence is.
                if whole or not crc(buffer[at:]):
                    return "other_write" if request.function in WRITES else "byte_count"
            elif whole:
                ours = buffer[at] == request.unit
                return "wrong_function" if ours else "wrong_unit"
        return ""


def _frame_bytes(buffer: bytearray, at: int) -> int:
    """How long a reply frame is that begins here; 0 if none can."""
    unit, function, count = buffer[at : at + 3]
    if unit > 247:
        return 0
    if function & FAILED:
        return 5
    if function in WORD_READS or function in BIT_READS:
        return 5 + int(count)
    return 8 if function in WRITES and function != IDENTIFY else 0
