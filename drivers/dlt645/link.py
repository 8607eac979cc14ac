"""One DL/T 645 meter on a shared line.

Where a register map puts things, besides data identifications (`00010000`):

* `1C` is the order to the relay, one byte; it is void after `extra["expires"]`, the meter's own
  time in ISO form;
* `070102FF` is a purchase: two numbers of 32 bits, highest byte first, hundredths and number;
* registers of one `group` that is itself an identification with FF in it (`0201FF00`) come in one
  frame, each behind the other in the order of their identifications.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Final

from ..bus.bus import Bus
from ..bus.timing import Manners
from ..conversation import Channel, Conversation, Witness
from ..lines import Declined, LineBusy, LineDown, NoReply, Resting
from ..link import Fetched, Priority
from ..maps.model import MeterMap, Register
from ..maps.types import parse_type
from ..turns import MISSING, Turns, missed
from .core import Order, ask_address, read, relay, write
from .frames import ANY, address_bytes, address_text
from .station import PATIENCE, Access, Function, Station, ask_again
from .topup import TOP_UP, Purchase, Seal, buy, unsealed

RELAY: Final = "1C"
NO_CUSTOMER: Final = "0" * 12
_MARGIN_S: Final = 0.1
_NEVER_SENT: Final = (LineDown, LineBusy, Resting)


@dataclass(frozen=True, slots=True)
class Authority:
    """What is needed to change a meter; the links of those who may only read have none."""

    access: Access
    seal: Seal = unsealed
    customer: str = NO_CUSTOMER


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request, and where in its answer each register stands."""

    di: str
    parts: tuple[tuple[Register, slice], ...]
    size: int = 0
    """Of a block: how long its answer must be."""


class Dlt645Link:
    """A drivers.link.Link."""

    def __init__(
        self,
        bus: Bus[Channel],
        address: str,
        meter_map: MeterMap,
        authority: Authority | None = None,
    ) -> None:
        """`address`: 12 digits, `A` for whoever is there."""
        manners = Manners.of(meter_map.limits)
        first_s = max(PATIENCE.first_s, manners.worst_s + _MARGIN_S)
        self._turns = Turns(bus, address, manners)
        self._station = Station(
            bus.address,
            address,
            replace(PATIENCE, first_s=first_s),
            settle_s=2 * first_s,
        )
        self._map = meter_map
        self._authority = authority
        self._no_blocks: set[str] = set()

    @property
    def address(self) -> str:
        return self._turns.address

    def fetch(
        self, registers: Sequence[Register], priority: Priority, witness: Witness | None = None
    ) -> Mapping[str, Fetched]:
        """As the contract says. After silence the rest is not asked for."""
        readable = [r for r in registers if r.access.readable]
        found = missed(registers, "write_only")
        found |= missed(readable, "no_reply")
        left = list(self._plan(readable))
        is_first = True
        while left:
            one = left.pop(0)
            try:
                took = self._turns.take(
                    lambda _, di=one.di: read(self._station, di),  # type: ignore[misc]
                    priority,
                    witness,
                )
            except _NEVER_SENT:
                if is_first:
                    raise
                break
            except NoReply as error:
                if error.reason == "timeout":
                    break
                found |= missed((r for r, _ in one.parts), error.reason)
            except Declined as error:
                left = self._singly(one) + left
                problem = MISSING if error.is_misfit else error.reason
                found |= missed((r for r, _ in one.parts), problem)
            else:
                if one.size not in (0, len(took.value)):
                    left = self._singly(one) + left
                for register, part in one.parts:
                    found[register.name] = Fetched(took.value[part], "", took.seconds)
            is_first = False
        return found

    def put(
        self,
        register: Register,
        raw: bytes,
        priority: Priority,
        witness: Witness | None = None,
        extra: Mapping[str, bytes] | None = None,
    ) -> None:
        """As the contract says. Without authority, or of an order to the relay without its expiry,
        nothing is sent: Declined."""
        addr = str(register.addr)
        around = extra or {}
        if self._authority is None:
            raise Declined(self._station.address, addr, "no_password", True, False)
        if addr == RELAY and "expires" not in around:
            raise Declined(self._station.address, addr, "no_expiry", True, False)
        conversation = self._change(addr, raw, self._authority, around)
        self._turns.take(lambda _: conversation, priority, witness)

    def who(self, method: str, name: str) -> str:  # noqa: ARG002 - there is only one name
        """`address`: the 12 digits. Raises ValueError for another method."""
        if method != "address":
            raise ValueError(method)
        station = self._station
        if station.address == ANY:
            return self._turns.take(lambda _: ask_address(station), Priority.COMMISSIONING).value
        return self._turns.take(lambda _: _own_address(station), Priority.COMMISSIONING).value

    def close(self) -> None:
        """The line stays with its owner."""

    def _change(
        self, addr: str, raw: bytes, authority: Authority, extra: Mapping[str, bytes]
    ) -> Conversation[None]:
        if addr == RELAY:
            expires = datetime.fromisoformat(extra["expires"].decode("ascii"))
            return relay(self._station, Order(raw[0]), authority.access, expires)
        if addr == TOP_UP:
            amount, number = (int.from_bytes(raw[i : i + 4], "big") for i in (0, 4))
            operator = authority.access.operator
            purchase = Purchase(number, amount, authority.customer, operator)
            return buy(self._station, purchase, authority.seal)
        return write(self._station, addr, raw, authority.access)

    def _plan(self, registers: Sequence[Register]) -> Iterator[_Ask]:
        """One request for each block and each identification that is in none, in their order."""
        wanted = {register.name for register in registers}
        keyed = sorted(registers, key=lambda r: (self._block_of(r), str(r.addr)))
        for block, members in groupby(keyed, key=self._block_of):
            if block:
                yield self._whole_block(block, wanted)
                continue
            for di, same in groupby(members, key=lambda r: str(r.addr)):
                yield _Ask(di, tuple((register, slice(None)) for register in same))

    def _block_of(self, register: Register) -> str:
        return "" if register.group in self._no_blocks else register.group

    def _whole_block(self, block: str, wanted: set[str]) -> _Ask:
        """The layout of a block is made of all registers of its group, wanted or not."""
        members = (r for r in self._map.registers.values() if r.group == block)
        parts = []
        at = 0
        for _, same in groupby(sorted(members, key=lambda r: str(r.addr)), lambda r: str(r.addr)):
            alike = list(same)
            size = max(parse_type(register.type).size for register in alike)
            parts += [(r, slice(at, at + size)) for r in alike if r.name in wanted]
            at += size
        return _Ask(block, tuple(parts), at)

    def _singly(self, one: _Ask) -> list[_Ask]:
        """What to ask instead of a block that the meter does not keep, or keeps otherwise."""
        if not one.size:
            return []
        self._no_blocks.add(one.di)
        return list(self._plan([register for register, _ in one.parts]))


def _own_address(station: Station) -> Conversation[str]:
    """Asked under its own address, so that nobody else on the line answers."""
    wire = address_bytes(station.address) if "A" not in station.address else None
    frame = yield from ask_again(
        station, Function.READ_ADDRESS, b"", lambda f: wire is None or f.data == wire, 2
    )
    return address_text(frame.data)
