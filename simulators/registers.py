"""A payment meter's registers: the shipped register map, filled with one meter's values."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Final

from drivers.maps.codec import encode
from drivers.maps.errors import RegisterContent
from drivers.maps.model import MeterMap, Register, Table
from drivers.maps.reading import shipped_map
from meters.readings import Value

from .faults.sets import NO_FAULTS, FaultSet
from .modbus_errors import Exceptional, ModbusError
from .payment_meter import PaymentMeter


@dataclass(slots=True)
class _Stretch:
    """Where a register lies, and what its last value was on the wire: of any meter, because most
    lines of most logs are the same."""

    register: Register
    begin: int
    end: int
    _value: Value | None = None
    _raw: bytes = b""

    def bytes_of(self, value: Value | None) -> bytes:
        """Raises RegisterContent for a value that does not fit."""
        if value is None:
            return bytes(2 * (self.end - self.begin))
        if value != self._value:
            self._value, self._raw = value, encode(self.register, value)
        return self._raw


_Stretches = dict[tuple[Table, int], _Stretch]
_MADE: Final[dict[int, tuple[MeterMap, _Stretches]]] = {}


def _stretches(meter_map: MeterMap) -> _Stretches:
    """What can be read of a map, by each of its addresses; worked out once for each map, which is
    kept with it, so that no other one is ever known by its number."""
    if id(meter_map) not in _MADE:
        found = {
            (one.table, addr): _Stretch(one, one.span.start, one.span.stop)
            for one in meter_map.registers.values()
            if one.access.readable
            for addr in one.span
        }
        _MADE[id(meter_map)] = (meter_map, found)
    return _MADE[id(meter_map)][1]


class MeterRegisters:
    """`wire.Registers` over one meter. `now` is the meter's clock."""

    def __init__(
        self,
        meter: PaymentMeter,
        now: Callable[[], datetime],
        meter_map: MeterMap | None = None,
        enter: Callable[[str, datetime], object] | None = None,
        faults: Callable[[], FaultSet] = lambda: NO_FAULTS,
    ) -> None:
        """`enter` takes a token in the meter's place, if it is another that judges; `faults` are
        those of the moment, of which some show other values or another clock."""
        self._enter = enter or meter.enter_token
        self._meter = meter
        self._now = now
        self._faults = faults
        self._map = meter_map or shipped_map("raseed-payment")
        self._stretches = _stretches(self._map)
        self._mailbox = self._map.registers["token.mailbox"]

    def read(self, table: Table, addr: int, count: int) -> Sequence[int]:
        """Words as of one moment. ILLEGAL_ADDRESS if any of them is not there to be read,
        DEVICE_FAILURE if a value does not fit its register."""
        wanted: list[_Stretch] = []
        at, end = addr, addr + count
        while at < end:
            found = self._stretches.get((table, at))
            if found is None:
                raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
            wanted.append(found)
            at = found.end
        values, faults = self._values(), self._faults()
        second = int(self._now().timestamp())
        image = b"".join(self._raw(one, values, faults, second) for one in wanted)
        # The first and the last may be asked for in part.
        begin = addr - wanted[0].begin
        return _words(image)[begin : begin + count]

    @staticmethod
    def _raw(stretch: _Stretch, values: dict[str, Value], faults: FaultSet, second: int) -> bytes:
        register = stretch.register
        value: Value | None = values[register.name]
        for fault in faults.of("value"):
            value = fault.value(register, value, second)
            if isinstance(value, Decimal):
                # It counts in whole units, whatever is wrong with them.
                value = value.to_integral_value(ROUND_DOWN)
        try:
            raw = stretch.bytes_of(value)
        except RegisterContent:
            # A clock run past the year 2106, say: the meter has no honest answer.
            raise Exceptional(ModbusError.DEVICE_FAILURE) from None
        for fault in faults.of("raw"):
            raw = fault.raw(register, raw, second)
        return raw

    def write(self, addr: int, words: Sequence[int]) -> None:
        """All 20 digits into the mailbox in one request; the token is judged before the
        answer goes out. ILLEGAL_ADDRESS for any other place or length, ILLEGAL_VALUE for
        other characters than digits."""
        if range(addr, addr + len(words)) != self._mailbox.span:
            raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
        digits = struct.pack(f">{len(words)}H", *words)
        if not digits.isdigit():
            raise Exceptional(ModbusError.ILLEGAL_VALUE)
        self._enter(digits.decode("ascii"), self._now())

    def _values(self) -> dict[str, Value]:
        now = self._now()
        account = self._meter.account(now)
        memory = self._meter.memory
        state = memory.acceptance
        values: dict[str, Value] = {
            "meter.number": self._meter.drn.number,
            "meter.commodity": account.commodity.value,
            "sts.supply_group": state.sgc or "",
            "sts.key_revision": Decimal(state.krn),
            "sts.tariff_index": Decimal(state.ti),
            "sts.key_expiry": Decimal(state.ken),
            "sts.algorithm": Decimal(int(state.key.ea.value)),
            "sts.key_type": Decimal(int(state.key_type)),
            "account.balance": Decimal(account.balance.value),
            "account.total_supplied": Decimal(account.total_supplied.value),
            "supply.output": Decimal(account.supply.output),
            "supply.state": Decimal(account.supply.state),
            "supply.reasons": account.supply.reasons,
            "account.tokens_accepted": Decimal(account.tokens_accepted),
            "account.last_result": Decimal(account.last_result),
            "clock": self._faults().clock(now.astimezone(UTC).replace(tzinfo=None)),
        }
        lines = zip(
            self._map.names("token_log.sequence"),
            self._map.names("token_log.result"),
            self._map.names("token_log.fingerprint"),
            strict=True,
        )
        for place, names in enumerate(lines):
            line = memory.log[place] if place < len(memory.log) else None
            sequence, result, fingerprint = names
            values[sequence] = Decimal(line.sequence if line else 0)
            values[result] = Decimal(line.result if line else 0)
            values[fingerprint] = Decimal(int(line.fingerprint, 16) if line else 0)
        return values


def _words(raw: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(raw) // 2}H", raw)
