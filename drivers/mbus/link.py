"""One M-Bus meter on a shared line: one reading of its telegrams serves every register.

A register map says where a value is in one of two ways:

* `04 13`, DIF and VIF in hex with their extensions, exactly so; of several alike the first, or
  `04 13#2` the second; `FIXED 1` or `FIXED 2`, a counter of the fixed structure;
* `volume` or `volume[1]`, the quantity of `units.py` and its storage number, however the meter
  encodes it. The raw number then comes as 64 bits with a sign, low byte first (type `s64`).

In both ways the power of ten is the meter's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from ..bus.bus import Bus
from ..bus.timing import Manners
from ..conversation import Channel, Conversation, LineSettings, Witness
from ..lines import NoReply
from ..link import Fetched, Priority
from ..maps.model import MeterMap, Register
from ..turns import MISSING, Turns, missed
from .core import data_frame, greet, reach, read
from .station import Station, acknowledged, patience_at
from .telegram import Record, Telegram

_SECONDARY_DIGITS: Final = 16
_QUANTITY: Final = re.compile(r"([a-z][a-z_.]*)(?:\[(\d+)\])?")
_WIDTH: Final = 8


class MbusLink:
    """A drivers.link.Link."""

    def __init__(self, bus: Bus[Channel], address: str, meter_map: MeterMap) -> None:
        """`address`: 0 to 250 in decimal, or 16 hex digits of a secondary address (fewer than 16
        are filled up with `F`, anything)."""
        self._turns = Turns(bus, address, Manners.of(meter_map.limits))
        is_primary = address.isdecimal() and len(address) <= 3
        self._station = Station(
            bus.address,
            int(address) if is_primary else 0,
            "" if is_primary else address.upper().ljust(_SECONDARY_DIGITS, "F"),
        )

    @property
    def address(self) -> str:
        return self._turns.address

    def fetch(
        self, registers: Sequence[Register], priority: Priority, witness: Witness | None = None
    ) -> Mapping[str, Fetched]:
        """As the contract says."""
        found = missed(registers, MISSING)
        try:
            took = self._turns.take(lambda line: read(self._at(line)), priority, witness)
        except NoReply as error:
            problem = "no_reply" if error.reason == "timeout" else error.reason
            return missed(registers, problem)
        records = [record for told in took.value for record in told.records]
        for register in registers:
            one = _record(str(register.addr), records)
            if one is not None:
                found[register.name] = _fetched(str(register.addr), one, took.seconds)
        return found

    def put(
        self,
        register: Register,
        raw: bytes,
        priority: Priority,
        witness: Witness | None = None,
        extra: Mapping[str, bytes] | None = None,  # noqa: ARG002 - means nothing here
    ) -> None:
        """As the contract says: one record, whose head is the register's address. A meter that does
        not answer before it is LineDown: nothing was sent."""
        frame = data_frame(self._station, bytes.fromhex(str(register.addr)) + raw)

        def write(line: LineSettings, reached: Callable[[], None]) -> Conversation[None]:
            station = self._at(line)
            yield from reach(station)
            reached()
            yield from acknowledged(station, frame)

        self._turns.once(write, priority, witness)

    def who(self, method: str, name: str) -> str:
        """`header`: `identification`, `maker`, `version` and `medium` (two hex digits each),
        `secondary`. Raises ValueError for anything else."""
        if method != "header":
            raise ValueError(method)
        took = self._turns.take(lambda line: greet(self._at(line)), Priority.COMMISSIONING)
        return _header(took.value, name)

    def close(self) -> None:
        """The line stays with its owner."""

    def _at(self, settings: LineSettings) -> Station:
        """How long to wait depends on the rate; the model's worst is waited for in any case."""
        patience = patience_at(settings)
        first_s = max(patience.first_s, self._turns.manners.worst_s)
        return replace(
            self._station, patience=replace(patience, first_s=first_s), settle_s=2 * first_s
        )


def _header(told: Telegram, name: str) -> str:
    match name:
        case "identification":
            return told.identification
        case "maker":
            return told.maker
        case "version":
            return f"{told.version:02X}"
        case "medium":
            return f"{told.medium:02X}"
        case "secondary":
            return told.secondary
    raise ValueError(name)


def _record(addr: str, records: Iterable[Record]) -> Record | None:
    """The record that a register means, if the meter told it."""
    if (quantity := _QUANTITY.fullmatch(addr)) is not None:
        wanted = (quantity[1], int(quantity[2] or 0))
        return next((r for r in records if _plain(r) and _kind(r) == wanted), None)
    key, _, number = addr.upper().partition("#")
    alike = [record for record in records if record.key == key]
    index = int(number or 1) - 1
    return alike[index] if index < len(alike) else None


def _kind(record: Record) -> tuple[str, int]:
    return record.meaning.quantity, record.storage


def _plain(record: Record) -> bool:
    """Of the whole meter, at the moment, and a number in the quantity's main unit."""
    return (
        record.function == "instant"
        and not (record.tariff or record.subunit or record.meaning.also)
        and (record.problem != "" or isinstance(record.value, Decimal))
    )


def _fetched(addr: str, record: Record, seconds: float) -> Fetched:
    if record.problem:
        return Fetched(b"", record.problem, seconds)
    exponent = record.meaning.exponent
    if _QUANTITY.fullmatch(addr) is None:
        return Fetched(record.data, "", seconds, exponent)
    assert isinstance(record.value, Decimal)
    # A real has digits of its own behind the point: the number is told by its last one.
    last = record.value.as_tuple().exponent
    assert isinstance(last, int)
    exponent = min(exponent, last)
    number = int(record.value.scaleb(-exponent))
    try:
        return Fetched(number.to_bytes(_WIDTH, "little", signed=True), "", seconds, exponent)
    except OverflowError:
        return Fetched(b"", "too_large", seconds)
