"""Class 2: management of one meter, key changes apart (spec 10.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from meters.quantities import Power

from .amounts import decode_amount16, encode_amount16
from .kinds import Stamp, TokenWithTid, check_field, check_stamp, kind, whole_field

ALL_REGISTERS: Final = 0xFFFF
"""Clear credit: every register. 0-3 electricity, water, gas, time; 4-7 the currency ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PowerLimit(TokenWithTid):
    """A limit in watts, rounded up to what the field carries."""

    limit: Power
    tid: int
    rnd: int

    def __post_init__(self) -> None:
        check_stamp(self.tid, self.rnd)

    def body(self) -> int:
        """Raises TokenAmountNegative, TokenAmountTooLarge."""
        field = encode_amount16(self.limit.value)
        return self.subclass << 44 | self.rnd << 40 | self.tid << 16 | field

    @classmethod
    def from_body(cls, body: int) -> Self:
        limit = Power(decode_amount16(body & 0xFFFF))
        return cls(limit=limit, tid=body >> 16 & 0xFFFFFF, rnd=body >> 40 & 15)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], stamp: Stamp) -> Self:
        """`limit_w`: whole watts."""
        return cls(limit=Power(whole_field(fields, "limit_w")), tid=stamp.tid, rnd=stamp.rnd)

    def to_fields(self) -> dict[str, int | str]:
        return {"limit_w": self.limit.value}


@kind("set_maximum_power_limit", 2, 0)
class SetMaximumPowerLimit(_PowerLimit):
    """Above this load the meter interrupts the supply."""

    __slots__ = ()


@kind("set_max_phase_power_unbalance_limit", 2, 6)
class SetMaxPhasePowerUnbalanceLimit(_PowerLimit):
    """Largest difference between phases."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Register16(TokenWithTid):
    """16 plain bits; `field_name` is what vector files and people call them."""

    value: int
    tid: int
    rnd: int

    field_name: ClassVar[str]

    def __post_init__(self) -> None:
        check_stamp(self.tid, self.rnd)
        check_field(self.field_name, self.value, 0xFFFF)

    def body(self) -> int:
        return self.subclass << 44 | self.rnd << 40 | self.tid << 16 | self.value

    @classmethod
    def from_body(cls, body: int) -> Self:
        return cls(value=body & 0xFFFF, tid=body >> 16 & 0xFFFFFF, rnd=body >> 40 & 15)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], stamp: Stamp) -> Self:
        default = 0 if cls.field_name == "pad" else None
        value = whole_field(fields, cls.field_name, default)
        return cls(value=value, tid=stamp.tid, rnd=stamp.rnd)

    def to_fields(self) -> dict[str, int | str]:
        return {self.field_name: self.value}


@kind("clear_credit", 2, 1)
class ClearCredit(_Register16):
    """Set a credit register, or all (`ALL_REGISTERS`), to zero."""

    __slots__ = ()
    field_name = "register"


@kind("set_tariff_rate", 2, 2)
class SetTariffRate(_Register16):
    """Reserved by the standard."""

    __slots__ = ()
    field_name = "rate"


@kind("clear_tamper_condition", 2, 5)
class ClearTamperCondition(_Register16):
    """Let the meter supply again after a tamper; the 16 bits are zero padding."""

    __slots__ = ()
    field_name = "pad"


@kind("set_water_meter_factor", 2, 7)
class SetWaterMeterFactor(_Register16):
    """Reserved by the standard."""

    __slots__ = ()
    field_name = "wmf"


@kind("extended_set", 2, 10)
@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedSet(TokenWithTid):
    """Set item `index` (0-63) to `value` (0-1023); index 63 sets a flag by the lowest bit."""

    index: int
    value: int
    tid: int
    rnd: int

    def __post_init__(self) -> None:
        check_stamp(self.tid, self.rnd)
        check_field("index", self.index, 63)
        check_field("value", self.value, 1023)

    def body(self) -> int:
        field = self.index << 10 | self.value
        return self.subclass << 44 | self.rnd << 40 | self.tid << 16 | field

    @classmethod
    def from_body(cls, body: int) -> Self:
        return cls(
            index=body >> 10 & 63,
            value=body & 1023,
            tid=body >> 16 & 0xFFFFFF,
            rnd=body >> 40 & 15,
        )

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], stamp: Stamp) -> Self:
        index, value = whole_field(fields, "index"), whole_field(fields, "value")
        return cls(index=index, value=value, tid=stamp.tid, rnd=stamp.rnd)

    def to_fields(self) -> dict[str, int | str]:
        return {"index": self.index, "value": self.value}
