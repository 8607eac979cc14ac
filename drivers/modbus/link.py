"""One mapped Modbus meter on a shared line: its registers in few requests, a write once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ..bus.timing import Manners
from ..conversation import Witness
from ..lines import Declined, LineBusy, LineDown, NoReply, Resting
from ..link import Fetched, Priority
from ..maps.model import Access, MeterMap, Register, Table
from ..maps.plan import NOTHING_LEARNT, Block, plan, split
from .line import ModbusLine
from .pdu import (
    WRITE_COIL,
    WRITE_COILS,
    WRITE_REGISTER,
    WRITE_REGISTERS,
    coils_request,
    read_request,
    write_request,
)
from .rtu import reply_data
from .shared import ModbusBus, SharedLine

_BUSY_TRIES: Final = 3
_BUSY_S: Final = 0.2
_SPLITTING: Final = frozenset({"exception_2", "exception_3"})
_ALL_OF_IT: Final = frozenset({"exception_10", "exception_11"})
"""The gateway's word about the whole meter."""
_SILENT: Final = frozenset({"timeout", "dropped"})
_COILS: Final = (Table.COIL, Table.DISCRETE)
_SECRETS: Final = ("token", "password", "pin")
_OBJECTS: Final = {
    "VendorName": 0,
    "ProductCode": 1,
    "MajorMinorRevision": 2,
    "Revision": 2,
    "VendorUrl": 3,
    "ProductName": 4,
    "ModelName": 5,
    "UserApplicationName": 6,
}
"""Object ids of function 43/14 as the standard names them (6.21)."""


class ModbusLink:
    """A drivers.link.Link. Keeps what the meter has taught by refusing, so that no request is
    refused twice."""

    def __init__(
        self, bus: ModbusBus, unit: int, meter_map: MeterMap, sleep: Callable[[float], None]
    ) -> None:
        """`sleep` goes by the line's clock; it is used while a meter says that it is busy."""
        self._bus = bus
        self._unit = unit
        self._map = meter_map
        self._sleep = sleep
        self._manners = Manners.of(meter_map.limits)
        self._learnt = NOTHING_LEARNT

    @property
    def address(self) -> str:
        return f"{self._bus.address} unit {self._unit}"

    def fetch(
        self, registers: Sequence[Register], priority: Priority, witness: Witness | None = None
    ) -> Mapping[str, Fetched]:
        """As the contract says. A block that the meter refuses is split; one that came spoilt is
        asked for once more; after silence the rest is not asked for."""
        found = dict.fromkeys(
            (register.name for register in registers), Fetched(b"", "exception_2", 0.0)
        )
        left = deque(plan(self._map, found, self._learnt))
        line = SharedLine(self._bus, self._manners, priority)
        asked = False
        while left:
            block = left.popleft()
            try:
                data, latency = self._block(line, block, witness)
            except (LineDown, LineBusy, Resting) as error:
                if not asked:
                    raise
                problem = error.code.removeprefix("line.")
                self._miss(found, [block, *left], problem)
                break
            except Declined as error:
                asked = True
                if error.reason in _SPLITTING:
                    parts, self._learnt = split(block, self._map, self._learnt)
                    left.extendleft(reversed(parts))
                elif error.reason in _ALL_OF_IT:
                    self._miss(found, [block, *left], error.reason)
                    break
                self._miss(found, [block], error.reason)
            except NoReply as error:
                asked = True
                if error.reason in _SILENT:
                    self._miss(found, [block, *left], "no_reply")
                    break
                self._miss(found, [block], error.reason)
            else:
                asked = True
                for name, raw in block.slices(data).items():
                    found[name] = Fetched(raw, "", latency)
        return found

    def put(
        self,
        register: Register,
        raw: bytes,
        priority: Priority,
        witness: Witness | None = None,
        extra: Mapping[str, bytes] | None = None,  # noqa: ARG002 - means nothing to Modbus
    ) -> None:
        """As the contract says: one frame, with the first function that the model takes and that
        can carry it. `raw` may reach beyond the register, where a model wants several in one
        write; of a coil it is one byte."""
        assert isinstance(register.addr, int)
        allowed = self._map.limits.write_fc
        if register.table is Table.COIL:
            function = WRITE_COILS if WRITE_COILS in allowed else WRITE_COIL
            request = coils_request(self._unit, register.addr, [raw != b"\0"], function)
        else:
            words = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
            single = len(words) == 1 and WRITE_REGISTER in allowed
            function = WRITE_REGISTER if single else WRITE_REGISTERS
            request = write_request(self._unit, register.addr, words, function, _secret(register))
        SharedLine(self._bus, self._manners, priority).data(request, None, witness)

    def who(self, method: str, name: str) -> str:
        """`fc43` and an object, by number or as the standard names it: "" if the meter does not
        tell it. Raises ValueError for another method."""
        if method != "fc43":
            raise ValueError(method)
        number = _OBJECTS[name] if name in _OBJECTS else int(name, 0)
        level = 1 if number < 3 else 2 if number < 0x80 else 3
        line = SharedLine(self._bus, self._manners, Priority.COMMISSIONING)
        return line.device_id(self._unit, level).get(number, "")

    def close(self) -> None:
        """The line stays with its owner."""

    def _block(
        self, line: ModbusLine, block: Block, witness: Witness | None
    ) -> tuple[bytes, float]:
        """The bytes of a block and how long they took. A reading changes nothing, so what was
        spoilt is asked for once more, and a busy meter is waited for."""
        request = read_request(self._unit, block.table, block.addr, block.count)
        spoilt = busy = 0
        while True:
            try:
                heard = line.ask(request, None, witness)
                data = reply_data(request, heard, line.address)
            except NoReply as error:
                spoilt += 1
                if spoilt > 1 or error.reason in _SILENT or error.reason == "conflict":
                    raise
            except Declined as error:
                busy += 1
                if error.reason != "exception_6" or busy >= _BUSY_TRIES:
                    raise
                self._sleep(_BUSY_S * busy)
            else:
                if block.table in _COILS:
                    bits = (data[1 + n // 8] >> n % 8 & 1 for n in range(block.count))
                    return bytes(bits), heard.latency_s
                return data[1:], heard.latency_s

    @staticmethod
    def _miss(found: dict[str, Fetched], blocks: Sequence[Block], problem: str) -> None:
        for block in blocks:
            for register in block.registers:
                found[register.name] = Fetched(b"", problem, 0.0)


def _secret(register: Register) -> bool:
    """Whether what is written there may be in no record."""
    digits = register.type.startswith("ascii") and register.access is Access.WRITE
    return digits or any(word in register.name for word in _SECRETS)
