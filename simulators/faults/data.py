"""Faults of the data: the frame is right, and what it says is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Final

from drivers.maps.model import Kind, Order, Register
from drivers.maps.orders import arrange
from meters.readings import Value

from .base import Fault, Layer
from .registry import fault

_FIRMWARE: Final = "meter.firmware"
_MARKS: Final = {"nan": "7fc00000", "7fff": "7fff", "ffff": "ffff", "8000": "8000"}


def matches(pattern: str, register: Register) -> bool:
    """Whether a fault is about this register: its name, `prefix.*`, or `*` for every one."""
    if pattern.endswith("*"):
        return register.name.startswith(pattern[:-1])
    return register.name == pattern


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:20]} is no number") from None


@fault("word_order", Layer.DATA)
@dataclass(slots=True)
class WordOrder(Fault):
    """Values come in another order of bytes than the map says."""

    order: str = "CDAB"
    register: str = "*"

    def __post_init__(self) -> None:
        Order(self.order)

    def raw(self, register: Register, raw: bytes, now: int) -> bytes:
        if not matches(self.register, register) or len(raw) < 4 or len(raw) % 2:
            return raw
        self.hit(register.name)
        return arrange(raw, Order(self.order))


@fault("scaled", Layer.DATA)
@dataclass(slots=True)
class Scaled(Fault):
    """A wrong unit prefix or scale: values are `factor` times what they should be."""

    factor: str = "0.001"
    register: str = "*"

    def __post_init__(self) -> None:
        _decimal(self.factor)

    def value(self, register: Register, value: Value | None, now: int) -> Value | None:
        if not isinstance(value, Decimal) or not matches(self.register, register):
            return value
        if register.kind in (Kind.SETTING, Kind.IDENTITY, Kind.STATUS):
            return value
        self.hit(register.name)
        return value * Decimal(self.factor)


@fault("not_available", Layer.DATA)
@dataclass(slots=True)
class NotAvailable(Fault):
    """The meter has no value and says so in its way: its own mark, `zero`, `nan`, `7fff`, `ffff`,
    `8000`."""

    register: str = "*"
    mark: str = "sentinel"

    def __post_init__(self) -> None:
        if self.mark not in ("sentinel", "zero", *_MARKS):
            raise ValueError(f"mark must be one of sentinel, zero, {', '.join(_MARKS)}")

    def raw(self, register: Register, raw: bytes, now: int) -> bytes:
        if not matches(self.register, register) or not raw:
            return raw
        self.hit(register.name)
        if self.mark == "sentinel" and register.sentinels:
            mark = register.sentinels[0]
            return bytes.fromhex(_MARKS.get(mark, mark)).ljust(len(raw), b"\0")
        if self.mark in _MARKS:
            pattern = bytes.fromhex(_MARKS[self.mark])
            filler = pattern[-1:] if self.mark in ("7fff", "ffff") else b"\0"
            return pattern.ljust(len(raw), filler)[: len(raw)]
        return bytes(len(raw))


@fault("rollover", Layer.DATA)
@dataclass(slots=True)
class Rollover(Fault):
    """A counter is about to reach `size` and goes on with zero. It starts `margin` below."""

    register: str = "energy.active.import"
    size: str = "100000"
    margin: str = "0.5"
    began: dict[str, Decimal] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if _decimal(self.size) <= _decimal(self.margin):
            raise ValueError("size must be more than margin")

    def value(self, register: Register, value: Value | None, now: int) -> Value | None:
        if not isinstance(value, Decimal) or not matches(self.register, register):
            return value
        first = self.began.setdefault(register.name, value)
        self.hit(register.name)
        return (Decimal(self.size) - Decimal(self.margin) + value - first) % Decimal(self.size)


@fault("plateau", Layer.DATA)
@dataclass(slots=True)
class Plateau(Fault):
    """A counter of single precision that has grown coarse: it stands still, then steps."""

    register: str = "energy.*"
    step: str = "0.125"

    def __post_init__(self) -> None:
        if _decimal(self.step) <= 0:
            raise ValueError("step must be above zero")

    def value(self, register: Register, value: Value | None, now: int) -> Value | None:
        if not isinstance(value, Decimal) or not matches(self.register, register):
            return value
        self.hit(register.name)
        step = Decimal(self.step)
        return (value / step).to_integral_value(rounding=ROUND_FLOOR) * step


@fault("jump_back", Layer.DATA)
@dataclass(slots=True)
class JumpBack(Fault):
    """A counter is lower than before by `by`: reset, restored backup, new battery."""

    register: str = "energy.*"
    by: str = "100"

    def __post_init__(self) -> None:
        _decimal(self.by)

    def value(self, register: Register, value: Value | None, now: int) -> Value | None:
        counts = register.kind is Kind.COUNTER and matches(self.register, register)
        if not isinstance(value, Decimal) or not counts:
            return value
        self.hit(register.name)
        return max(Decimal(0), value - Decimal(self.by))


@fault("torn", Layer.DATA)
@dataclass(slots=True)
class Torn(Fault):
    """The two halves of a value are of different moments: the upper one of when it was first read,
    the lower one of now."""

    register: str = "energy.*"
    first: dict[str, bytes] = field(default_factory=dict, init=False, repr=False)

    def raw(self, register: Register, raw: bytes, now: int) -> bytes:
        if len(raw) < 4 or not matches(self.register, register):
            return raw
        before = self.first.setdefault(register.name, raw)
        half = len(raw) // 2
        torn = arrange(
            arrange(before, register.order)[:half] + arrange(raw, register.order)[half:],
            register.order,
        )
        if torn != raw:
            self.hit(register.name)
        return torn


@fault("frozen", Layer.DATA)
@dataclass(slots=True)
class Frozen(Fault):
    """Values stand still while the link lives: a gateway answers from its cache."""

    register: str = "*"
    first: dict[str, bytes] = field(default_factory=dict, init=False, repr=False)

    def raw(self, register: Register, raw: bytes, now: int) -> bytes:
        if not matches(self.register, register):
            return raw
        self.hit(register.name)
        return self.first.setdefault(register.name, raw)


@fault("meter_swapped", Layer.DATA)
@dataclass(slots=True)
class MeterSwapped(Fault):
    """Another meter behind the same id: its own serial, its own low counters."""

    serial: str = "77000001"

    def value(self, register: Register, value: Value | None, now: int) -> Value | None:
        if register.name in ("meter.serial", "meter.number"):
            self.hit(register.name)
            if isinstance(value, Decimal):
                return Decimal(self.serial)
            return self.serial[-len(value) :] if isinstance(value, str) else value
        if register.kind is Kind.COUNTER and isinstance(value, Decimal):
            return value / 16
        return value


@fault("firmware_changed", Layer.DATA)
@dataclass(slots=True)
class FirmwareChanged(Fault):
    """The maker has given the meter another firmware: it tells `firmware` where it tells one in
    words, and a number higher by one where it tells a number."""

    firmware: str = "9.9.9"

    def value(self, register: Register, value: Value | None, now: int) -> Value | None:
        if register.name != _FIRMWARE or value is None:
            return value
        self.hit(register.name)
        if isinstance(value, Decimal):
            return value + register.scale
        return self.firmware[: len(value)] if isinstance(value, str) else value

    def said(self, name: str, text: str) -> str:
        if name != "Revision":
            return text
        self.hit(name)
        return self.firmware


@fault("ct_ratio", Layer.DATA)
@dataclass(slots=True)
class CtRatio(Fault):
    """Somebody changed the transformer ratio: power, current and what is counted from now on are
    `factor` times as large."""

    factor: str = "4"
    began: dict[str, Decimal] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        _decimal(self.factor)

    def value(self, register: Register, value: Value | None, now: int) -> Value | None:
        if not isinstance(value, Decimal):
            return value
        factor = Decimal(self.factor)
        if register.name.startswith(("power.", "current.", "demand.")):
            self.hit(register.name)
            return value * factor
        if register.name.startswith("energy."):
            first = self.began.setdefault(register.name, value)
            return first + (value - first) * factor
        return value
