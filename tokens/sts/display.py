"""Class 1: test and display tokens (spec 10.2). In clear, without TID, for any meter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, ClassVar, Self

from .kinds import Stamp, Token, check_field, kind, whole_field


class MeterTest(IntFlag):
    """Bits of the control field: what the meter is to test or show. All ones: everything."""

    LOAD_SWITCH = 0x1
    INFORMATION_DISPLAY = 0x2
    CUMULATIVE_ENERGY = 0x4
    KEY_REVISION_NUMBER = 0x8
    TARIFF_INDEX = 0x10
    TOKEN_READER = 0x20
    MAXIMUM_POWER_LIMIT = 0x40
    TAMPER_STATUS = 0x80
    POWER_CONSUMPTION = 0x100
    SOFTWARE_VERSION = 0x200
    PHASE_UNBALANCE_LIMIT = 0x400
    WATER_METER_FACTOR = 0x800
    TARIFF_RATE = 0x1000
    ENCRYPTION_ALGORITHM = 0x2000
    KEY_CHANGE_TOKENS = 0x4000
    SUPPLY_GROUP_CODE = 0x8000
    KEY_EXPIRY_NUMBER = 0x10000
    DECODER_REFERENCE_NUMBER = 0x20000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Display(Token):
    """A control field, and the maker whose meters it is for (0: all)."""

    control: int
    manufacturer_code: int = 0

    control_bits: ClassVar[int] = 36

    def __post_init__(self) -> None:
        check_field("control", self.control, (1 << self.control_bits) - 1)
        check_field("manufacturer_code", self.manufacturer_code, self._largest_code())

    @classmethod
    def _largest_code(cls) -> int:
        return 99 if cls.control_bits == 36 else 9999

    def body(self) -> int:
        field = self.control << 44 - self.control_bits | self.manufacturer_code
        return self.subclass << 44 | field

    @classmethod
    def from_body(cls, body: int) -> Self:
        width = 44 - cls.control_bits
        control = body >> width & (1 << cls.control_bits) - 1
        # A code above the decimal range cannot be any maker's; keep it readable, not raised.
        code = min(body & (1 << width) - 1, cls._largest_code())
        return cls(control=control, manufacturer_code=code)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], stamp: Stamp) -> Self:  # noqa: ARG003
        """`control` (integer) and `manufacturer_code` (decimal text, "00" by default)."""
        return cls(
            control=whole_field(fields, "control"),
            manufacturer_code=whole_field(fields, "manufacturer_code", 0),
        )

    def to_fields(self) -> dict[str, int | str]:
        digits = 2 if self.control_bits == 36 else 4
        code = f"{self.manufacturer_code:0{digits}d}"
        return {"control": self.control, "manufacturer_code": code}


@kind("initiate_meter_test_1", 1, 0)
class InitiateMeterTest1(_Display):
    """For makers with a 2-digit code: 36 control bits."""

    __slots__ = ()


@kind("initiate_meter_test_2", 1, 1)
class InitiateMeterTest2(_Display):
    """For makers with a 4-digit code: 28 control bits."""

    __slots__ = ()
    control_bits = 28


@kind("extended_read", 1, 2)
class ExtendedRead(_Display):
    """Extended read: the index stands in the top 6 of the 36 control bits."""

    __slots__ = ()

    @property
    def index(self) -> int:
        return self.control >> 30
