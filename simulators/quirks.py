"""What a model's firmware does in its own way: the `[quirks]` of its register map.

silent_on_misfit = true           no exception replies: what it does not know it ignores
both_tables = true                functions 3 and 4 answer alike
read_fc = [3]                     the others are exception 01; default: 1 to 4
two_byte_count = true             replies carry a byte count of two bytes
lock = {password = "NAME", state = "NAME", window_s = 60, guards = ["NAME", ...]}
                                  writing the password opens a window for the guarded settings;
                                  reading `state` renews it
mailbox = {2008 = 1, 5000 = 7}    commands by number and how many parameters they take: written
                                  in one piece at `mailbox.command` (number, reserved word,
                                  parameters), told by `mailbox.answer` and `mailbox.result`
device_identification = {...}     objects of function 43 by name
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from drivers.maps.model import MeterMap
from meters.readings import Value

from .modbus_errors import Exceptional, ModbusError

if TYPE_CHECKING:
    from .mapped import MappedMeter

_ALL_READS: Final = frozenset({1, 2, 3, 4})


@dataclass(frozen=True, slots=True)
class Quirks:
    """Of one model."""

    silent_on_misfit: bool = False
    both_tables: bool = False
    read_functions: frozenset[int] = _ALL_READS
    two_byte_count: bool = False
    lock: Mapping[str, Any] = field(default_factory=dict)
    mailbox: Mapping[str, int] = field(default_factory=dict)
    identification: Mapping[str, str] = field(default_factory=dict)

    def odd_error(self, addr: int) -> ModbusError:
        """What an odd request is answered with."""
        return ModbusError.ILLEGAL_ADDRESS if addr % 2 else ModbusError.ILLEGAL_VALUE

    def byte_count(self, size: int) -> bytes:
        return size.to_bytes(2 if self.two_byte_count else 1, "big")

    def permit(self, meter: MappedMeter, names: Sequence[str]) -> None:
        """Raises Exceptional for a setting that is locked."""
        guards = self.lock.get("guards", ())
        if any(name in guards for name in names) and meter.seconds() > meter.unlocked_until:
            raise Exceptional(ModbusError.ILLEGAL_VALUE)

    def written(self, meter: MappedMeter, name: str, value: Value) -> None:
        """A password opens the window, a word in the lock's own register closes or renews it."""
        if not self.lock:
            return
        now = meter.seconds()
        if name == self.lock.get("password"):
            right = Decimal(str(self.lock.get("value", "1000")))
            window = float(self.lock.get("window_s", 60)) if value == right else -1.0
            meter.unlocked_until = now + window
        elif name == self.lock.get("state"):
            meter.unlocked_until = now - 1.0

    def lock_shown(self, meter: MappedMeter, name: str) -> Value | None:
        """What the lock's state register shows; reading it renews an open window."""
        if not self.lock or name != self.lock.get("state"):
            return None
        now = meter.seconds()
        is_open = now <= meter.unlocked_until
        if is_open:
            meter.unlocked_until = now + float(self.lock.get("window_s", 60))
        return meter.map.registers[name].enum.get(int(is_open), Decimal(int(is_open)))

    def mailed(self, meter: MappedMeter, addr: int, body: bytes) -> bool:
        """Whether a write went into the mailbox; if so its command is executed."""
        box = meter.layout.items.get("mailbox.command")
        if not self.mailbox or box is None or addr != box.addresses.start:
            return False
        words = [int.from_bytes(body[at : at + 2], "big") for at in range(0, len(body), 2)]
        command, given = words[0], words[2:]
        if str(command) not in self.mailbox:
            result = _BAD_COMMAND
        elif len(given) != self.mailbox[str(command)]:
            result = _BAD_COUNT
        else:
            result = _MAIL.get(command, _kept)(meter, given)
        meter.keep("mailbox.answer", Decimal(command))
        register = meter.map.registers["mailbox.result"]
        meter.keep("mailbox.result", register.enum.get(result, Decimal(result)))
        return True


_DONE: Final = 0
_BAD_COMMAND: Final = 3000
_BAD_PARAMETER: Final = 3001
_BAD_COUNT: Final = 3002


def _kept(_meter: MappedMeter, _given: Sequence[int]) -> int:
    return _DONE


def _set_tariff(meter: MappedMeter, given: Sequence[int]) -> int:
    if not 1 <= given[0] <= 4:
        return _BAD_PARAMETER
    meter.keep("tariff.active", Decimal(given[0]))
    return _DONE


def _set_line(meter: MappedMeter, given: Sequence[int]) -> int:
    unit = given[3]
    if unit not in meter.map.line.units:
        return _BAD_PARAMETER
    meter.keep("meter.unit_id", Decimal(unit))
    return _DONE


_MAIL: Final[Mapping[int, Callable[[MappedMeter, Sequence[int]], int]]] = {
    2008: _set_tariff,
    5000: _set_line,
}


def quirks_of(meter_map: MeterMap) -> Quirks:
    """The quirks of a map. Raises nothing: what it does not know is for others."""
    raw = meter_map.quirks
    reads = raw.get("read_fc")
    return Quirks(
        silent_on_misfit=raw.get("silent_on_misfit") is True,
        both_tables=raw.get("both_tables") is True,
        read_functions=frozenset(reads) if isinstance(reads, list | tuple) else _ALL_READS,
        two_byte_count=raw.get("two_byte_count") is True,
        lock=_table(raw.get("lock")),
        mailbox=_table(raw.get("mailbox")),
        identification=_table(raw.get("device_identification")),
    )


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
