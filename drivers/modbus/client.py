"""The only module that knows pymodbus: one TCP connection to a Modbus gateway.

Two things matter more here than speed. A request is sent once: the library's retries are off,
and whether a write may have reached the meter is told apart from certainty that it did not.
And no frame is ever logged, because a frame may carry a token.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from meters.errors import Refused, Unavailable, Unknown

from ..registermap import Table

# pymodbus logs frames, at ERROR level too. Disabled is stronger than a level: an application
# that raises the level of every logger does not bring the frames back.
logging.getLogger("pymodbus.logging").disabled = True

# Modbus Application Protocol 1.1b3, section 7. True: the meter certainly did not act.
EXCEPTIONS: dict[int, tuple[str, bool]] = {
    1: ("illegal_function", True),
    2: ("illegal_data_address", True),
    3: ("illegal_data_value", True),
    4: ("server_device_failure", False),
    5: ("acknowledge", False),
    6: ("server_device_busy", True),
    8: ("memory_parity_error", False),
    10: ("gateway_path_unavailable", True),
    11: ("gateway_target_did_not_respond", False),
}
_READS = {Table.HOLDING: 3, Table.INPUT: 4}
WRITE_REGISTERS = 16


@dataclass(eq=False)
class LineDown(Unavailable, code="modbus.line_down"):
    """No connection: the request was certainly not sent."""

    address: str
    reason: str


@dataclass(eq=False)
class NoReply(Unknown, code="modbus.no_reply"):
    """The request was sent and no usable reply came: the meter may have acted on it."""

    address: str
    unit: int
    reason: str


@dataclass(eq=False)
class ExceptionReply(Refused, code="modbus.exception"):
    """The meter or its gateway answered with a Modbus exception."""

    unit: int
    function: int
    exception: int
    name: str

    @property
    def nothing_happened(self) -> bool:
        """True if this exception rules out that the meter acted on the request."""
        return EXCEPTIONS.get(self.exception, ("", False))[1]

    @property
    def is_misfit(self) -> bool:
        """True if the meter does not know what was asked: another model than expected."""
        return self.exception in (1, 2, 3)


class ModbusTcpLine:
    """One TCP connection to a gateway, opened when first needed, one request at a time.

    After any doubt about a reply the connection is closed, so that a late reply can never be
    taken for the answer to a later request. Threads may share a line.
    """

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        """`timeout_s` bounds the connecting and each wait for a reply."""
        self.address = f"{host}:{port}"
        self._client = ModbusTcpClient(host, port=port, timeout=timeout_s, retries=0)
        self._lock = Lock()

    def read(self, unit: int, table: Table, addr: int, count: int) -> tuple[int, ...]:
        """`count` registers in one request.

        A kept connection that the other end has closed meanwhile is opened anew, once: reading
        twice changes nothing. Raises LineDown, NoReply, ExceptionReply.
        """
        with self._lock:
            reused = self._client.connected
            self._connect()
            try:
                return self._read_once(unit, table, addr, count)
            except NoReply as error:
                if not reused or error.reason != _DROPPED:
                    raise
            self._connect()
            return self._read_once(unit, table, addr, count)

    def write(self, unit: int, addr: int, words: Sequence[int]) -> None:
        """Write holding registers with function 16 in exactly one frame, never repeated.

        Raises LineDown (not sent), NoReply (may have happened), ExceptionReply.
        """
        with self._lock:
            self._connect()
            try:
                reply = self._client.write_registers(addr, list(words), device_id=unit)
            except Exception as error:
                # Whatever went wrong once bytes may have left, the outcome is not known. The
                # library's text is dropped: it may quote the frame.
                raise self._no_reply(unit, _reason(error)) from None
            self._check(reply, unit, WRITE_REGISTERS)
            if (reply.address, reply.count) != (addr, len(words)):
                raise self._no_reply(unit, "reply to another write")

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        with self._lock:
            self._client.close()  # type: ignore[no-untyped-call]

    def _connect(self) -> None:
        try:
            connected = self._client.connect()  # type: ignore[no-untyped-call]
        except (OSError, UnicodeError) as error:
            raise LineDown(self.address, type(error).__name__) from None
        if not connected:
            raise LineDown(self.address, "no connection")

    def _read_once(self, unit: int, table: Table, addr: int, count: int) -> tuple[int, ...]:
        client = self._client
        ask = client.read_input_registers if table is Table.INPUT else client.read_holding_registers
        try:
            reply = ask(addr, count=count, device_id=unit)
        except Exception as error:
            raise self._no_reply(unit, _reason(error)) from None
        self._check(reply, unit, _READS[table])
        if len(reply.registers) != count:
            raise self._no_reply(unit, "reply of another length")
        return tuple(reply.registers)

    def _check(self, reply: ModbusPDU, unit: int, function: int) -> None:
        if reply.isError():
            exception = getattr(reply, "exception_code", 0)
            name = EXCEPTIONS.get(exception, ("unknown", False))[0]
            raise ExceptionReply(unit, function, exception, name)
        if reply.function_code != function:
            raise self._no_reply(unit, "reply to another function")

    def _no_reply(self, unit: int, reason: str) -> NoReply:
        self._client.close()  # type: ignore[no-untyped-call]
        return NoReply(self.address, unit, reason)


_DROPPED = "connection dropped"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) or type(error).__name__ == "ConnectionException":
        return _DROPPED
    if isinstance(error, ModbusException):
        return "no usable reply in time"
    return f"unreadable reply ({type(error).__name__})"
