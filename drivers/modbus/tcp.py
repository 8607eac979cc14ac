"""The only module that knows pymodbus (3.16.1, pinned): one TCP connection to a Modbus gateway.

Of the library we use the connection, the header and the transaction ids. Two things matter more
here than speed. A request is sent once: the library's retries are off, and whether a write may
have reached the meter is told apart from certainty that it did not. And no frame is ever logged,
because a frame may carry a token.
"""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable
from random import Random
from threading import Lock
from typing import Final

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import DecodePDU, ModbusPDU

from ..bus.timing import Pace
from ..conversation import Send, Witness
from ..lines import Declined, LineDown, NoReply
from ..transports.retrying import Reconnect
from .line import ModbusLine
from .pdu import WRITES, Misshapen, Request
from .rtu import Heard

# pymodbus logs frames, at ERROR level too. Disabled is stronger than a level: an application
# that raises the level of every logger does not bring the frames back.
logging.getLogger("pymodbus.logging").disabled = True

_HEADER: Final = 7
_MOST_BYTES: Final = 4096
DROPPED: Final = "dropped"


class _Pdu(ModbusPDU):
    """A PDU as its bytes: what they mean is `pdu.py`'s matter."""

    def __init__(self, raw: bytes, unit: int) -> None:
        # The library's own fields are for PDUs that it understands; these it must have.
        self.dev_id = unit
        self.transaction_id = 0
        self.function_code = raw[0]
        self.raw = raw

    def encode(self) -> bytes:
        return self.raw[1:]


class _AsBytes(DecodePDU):
    """Gives replies as they came."""

    def decode(self, frame: bytes) -> ModbusPDU:
        return _Pdu(bytes(frame), 0)


class _Client(ModbusTcpClient):
    """The library's client, whose way of waiting takes four calls of the system where two do."""

    def recv(self, size: int | None) -> bytes:  # noqa: ARG002 - a reply's length is in its header
        """What has come; nothing after a time-out. Raises ConnectionException."""
        if self.socket is None:
            raise ConnectionException("closed")
        if self.socket.gettimeout() != self.comm_params.timeout_connect:
            self.socket.settimeout(self.comm_params.timeout_connect)
        try:
            data = self.socket.recv(_MOST_BYTES)
        except TimeoutError:
            return b""
        if not data:
            self.close()  # type: ignore[no-untyped-call]
            raise ConnectionException("hung up")
        return data


class ModbusTcpLine(ModbusLine):
    """One TCP connection to a gateway, opened when first needed, one request at a time.

    After any doubt about a reply the connection is closed, so that a late reply can never be
    taken for the answer to a later request. Threads may share a line.
    """

    def __init__(
        self,
        host: str,
        port: int,
        timeout_s: float,
        clock: Callable[[], float] = time.monotonic,
        random: Random | None = None,
    ) -> None:
        """`timeout_s` bounds the connecting and, where no pace is given, each wait for a reply."""
        super().__init__(f"{host}:{port}", Pace(0.0, timeout_s, timeout_s))
        self._connect_s = self._timeout = timeout_s
        self._client = _Client(
            host, port=port, timeout=timeout_s, retries=0, trace_packet=self._saw
        )
        self._client.framer.decoder = _AsBytes(is_server=False)
        self._clock = clock
        self._reconnect = Reconnect(clock, random or Random(self.address))  # noqa: S311 - jitter
        self._witness: Witness | None = None
        self._request: Request | None = None
        self._lock = Lock()

    def ask(
        self, request: Request, pace: Pace | None = None, witness: Witness | None = None
    ) -> Heard:
        """As promised; the gateway is waited for as long as the meter's worst reply takes.

        A kept connection that the other end has closed meanwhile is opened anew before anything is
        sent; if it closes on a read, once more: reading twice changes nothing.
        """
        wait = (pace or self.pace).worst_s
        with self._lock:
            self._witness, self._request = witness, request
            reused = self._client.connected and not self._stale()
            self._connect()
            try:
                return self._once(request, wait)
            except NoReply as error:
                if not reused or error.reason != DROPPED or request.function in WRITES:
                    raise
            self._connect()
            return self._once(request, wait)

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        with self._lock:
            self._drop()

    def _connect(self) -> None:
        if self._client.connected:
            return
        wait = self._reconnect.wait_s()
        if wait > 0:
            raise LineDown(self.address, f"next try in {wait:.0f} s")
        self._set_timeout(self._connect_s)
        try:
            connected = self._client.connect()  # type: ignore[no-untyped-call]
        except (OSError, UnicodeError) as error:
            self._reconnect.failed()
            raise LineDown(self.address, type(error).__name__) from None
        if not connected:
            self._reconnect.failed()
            raise LineDown(self.address, "no connection")
        self._reconnect.succeeded()

    def _stale(self) -> bool:
        """Whether the other end has hung up, or said something that nobody asked for; such a
        connection is dropped."""
        socket = self._client.socket
        if socket is None or not select.select([socket], [], [], 0)[0]:
            return False
        self._drop()
        return True

    def _once(self, request: Request, wait: float) -> Heard:
        self._set_timeout(wait)
        begun = self._clock()
        try:
            reply = self._client.execute(request.unit == 0, _Pdu(request.pdu, request.unit))
        except Exception as error:
            # Whatever went wrong once bytes may have left, the outcome is not known. The
            # library's text is dropped: it may quote the frame.
            self._drop()
            raise NoReply(self.address, str(request.unit), _reason(error)) from None
        if request.unit == 0:
            return Heard(request.pdu[:5], 0.0)
        assert isinstance(reply, _Pdu)
        try:
            request.check(reply.raw)
        except Misshapen as error:
            # What comes next on this connection is anybody's guess.
            self._drop()
            raise NoReply(self.address, str(request.unit), str(error)) from None
        except Declined:
            pass
        return Heard(reply.raw, self._clock() - begun)

    def _saw(self, sending: bool, data: bytes) -> bytes:
        """The library shows each packet; of a reply in pieces, what has come so far."""
        if self._witness is not None:
            if sending and self._request is not None:
                begin, end = self._request.secret_bytes
                secret = ((begin + _HEADER, end + _HEADER),) if end else ()
                self._witness.sent(Send(data, secret))
            elif not sending:
                self._witness.received(data)
        return data

    def _set_timeout(self, seconds: float) -> None:
        if seconds != self._timeout:
            self._timeout = seconds
            self._client.comm_params.timeout_connect = seconds
            self._client.transaction.comm_params.timeout_connect = seconds

    def _drop(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) or type(error).__name__ == "ConnectionException":
        return DROPPED
    return "timeout" if isinstance(error, ModbusException) else "malformed"
