"""A payment meter's registers: the shipped register map, filled with one meter's values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from drivers.registermap import RegisterContent, RegisterMap, Table, Value
from drivers.registermaps import shipped_map
from meters.account import Commodity

from .payment_meter import PaymentMeter
from .wire import Exceptional, ModbusError

_COMMODITY: Final = {Commodity.ELECTRICITY: 0, Commodity.WATER: 1}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class MeterRegisters:
    """`wire.Registers` over one meter. `now` is the meter's clock."""

    def __init__(
        self,
        meter: PaymentMeter,
        now: Callable[[], datetime],
        register_map: RegisterMap | None = None,
    ) -> None:
        self._meter = meter
        self._now = now
        self._map = register_map or shipped_map("raseed-payment")
        self._readable = {
            table: frozenset(
                addr
                for register in self._map.registers.values()
                if register.table is table and "r" in register.access
                for addr in register.addresses
            )
            for table in Table
        }
        self._mailbox = self._map.registers[self._map.commands["push_token"].write]

    def read(self, table: Table, addr: int, count: int) -> Sequence[int]:
        """Words as of one moment. ILLEGAL_ADDRESS if any of them is not there to be read,
        DEVICE_FAILURE if a value does not fit its register."""
        wanted = range(addr, addr + count)
        if not self._readable[table].issuperset(wanted):
            raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
        image: dict[int, int] = {}
        for name, value in self._values().items():
            register = self._map.registers[name]
            if register.table is not table:
                continue
            try:
                image.update(zip(register.addresses, register.encode(value), strict=True))
            except RegisterContent:
                # A clock run past the year 2106, say: the meter has no honest answer.
                raise Exceptional(ModbusError.DEVICE_FAILURE) from None
        return [image[place] for place in wanted]

    def write(self, addr: int, words: Sequence[int]) -> None:
        """All 20 digits into the mailbox in one request; the token is judged before the
        answer goes out. ILLEGAL_ADDRESS for any other place or length, ILLEGAL_VALUE for
        other characters than digits."""
        if range(addr, addr + len(words)) != self._mailbox.addresses:
            raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
        digits = b"".join(word.to_bytes(2, "big") for word in self._mailbox.order.arrange(words))
        if not digits.isdigit():
            raise Exceptional(ModbusError.ILLEGAL_VALUE)
        self._meter.enter_token(digits.decode("ascii"), self._now())

    def _values(self) -> dict[str, Value]:
        now = self._now()
        account = self._meter.account(now)
        memory = self._meter.memory
        state = memory.acceptance
        values: dict[str, Value] = {
            "meter.number": self._meter.drn.number,
            "meter.commodity": _COMMODITY[account.commodity],
            "sts.supply_group": state.sgc or "",
            "sts.key_revision": state.krn,
            "sts.tariff_index": state.ti,
            "sts.key_expiry": state.ken,
            "sts.algorithm": int(state.key.ea.value),
            "sts.key_type": int(state.key_type),
            "account.balance": account.balance.value,
            "account.total_supplied": account.total_supplied.value,
            "supply.output": int(account.supply.output),
            "supply.state": int(account.supply.state),
            "supply.reasons": account.supply.reasons,
            "account.tokens_accepted": account.tokens_accepted,
            "account.last_result": int(account.last_result),
            "clock": (now - _EPOCH) // timedelta(seconds=1),
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
            values[sequence] = line.sequence if line else 0
            values[result] = int(line.result) if line else 0
            values[fingerprint] = int(line.fingerprint, 16) if line else 0
        return values
