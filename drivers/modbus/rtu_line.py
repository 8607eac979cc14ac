"""Modbus RTU over a line that we own: a serial port, or a socket to a transparent gateway.

Over TCP too it is our own conversation and not the library's: a transparent gateway passes
characters on and knows nothing of requests, so that late replies come through it as they do on the
wire, and pymodbus takes a late reply for the answer to the next request (measured with 3.16.1:
the old block's values, with a right check sum and without an error).

Nor is every meter as quick as its document says. After a request whose reply never came, the next
answer of that meter may be that reply, whether the meter has taken in the new request meanwhile or
not. So it is not believed: the request is made once more, and its answer counts if nothing comes
behind it for as long as such a meter may take. That holds for reads; a write goes out once.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import Final

from ..bus.timing import Pace
from ..conversation import Channel, Witness, converse
from ..lines import NoReply
from ..maps.model import Table
from .line import ModbusLine
from .pdu import BIT_READS, WORD_READS, WRITE_COIL, WRITE_REGISTER, Request, read_request
from .rtu import Heard, exchange

_READS: Final = BIT_READS | WORD_READS
_CAME: Final = frozenset({"crc", "truncated", "conflict", "dropped"})
"""Reasons of NoReply for which the reply has come, spoilt, or never will. For all others it may
still be on its way."""
_DOUBT: Final = 10
"""Times the worst reply time of its model that a reply may still come."""
_SLOWER: Final = 3
"""Times the worst reply time of its model that a slow meter takes for one request."""


class RtuLine(ModbusLine):
    """A ModbusLine on a Channel, which it closes."""

    def __init__(
        self,
        channel: Channel,
        address: str,
        echo: bool | None = None,
        pace: Pace = Pace(),  # noqa: B008 - frozen
    ) -> None:
        """`echo`: whether the adapter gives back what we send; None: find out."""
        super().__init__(address, pace)
        self._channel = channel
        self._echo = echo
        self._learns = echo is None
        self._doubts: dict[int, float] = {}
        """Units of which a reply is owed, and until when it may come."""
        self._lock = Lock()

    @property
    def channel(self) -> Channel:
        return self._channel

    def ask(
        self, request: Request, pace: Pace | None = None, witness: Witness | None = None
    ) -> Heard:
        pace = pace or self.pace
        with self._lock:
            if self._echo is None and request.function in (WRITE_COIL, WRITE_REGISTER):
                self._learn(request.unit, pace, witness)
            return self._believed(request, pace, witness)

    def close(self) -> None:
        with self._lock:
            self._channel.close()

    def _believed(self, request: Request, pace: Pace, witness: Witness | None) -> Heard:
        unit, clock = request.unit, self._channel.monotonic
        try:
            if clock() < self._doubts.get(unit, 0.0) and request.function in _READS:
                self._once(request, pace, witness)
                pace = replace(pace, listen_s=max(pace.listen_s, _SLOWER * pace.worst_s))
            heard = self._once(request, pace, witness)
        except NoReply as error:
            if error.reason not in _CAME:
                self._doubts[unit] = clock() + _DOUBT * pace.worst_s
            raise
        if request.function in _READS:
            self._doubts.pop(unit, None)
        return heard

    def _once(self, request: Request, pace: Pace, witness: Witness | None) -> Heard:
        channel = self._channel
        talk = exchange(
            request, channel.settings, pace, channel.monotonic, self.address, bool(self._echo)
        )
        heard = converse(talk, channel, witness)
        if self._learns and request.function not in (WRITE_COIL, WRITE_REGISTER):
            self._echo = heard.echo
        return heard

    def _learn(self, unit: int, pace: Pace, witness: Witness | None) -> None:
        """The reply to functions 5 and 6 looks like their echo, so an adapter's habit is found
        out with a read first. An echo comes whoever answers; without any reply it stays open, and
        then a frame that could be either counts as an echo."""
        try:
            self._once(read_request(unit or 1, Table.HOLDING, 0, 1), pace, witness)
        except NoReply:
            self._echo = True
