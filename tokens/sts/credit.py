"""Class 0: transfer of credit, in units of the commodity or in currency (spec 10.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

from meters.quantities import ConnectionTime, Energy, Quantity, Volume, scaled_to_text

from .amounts import (
    ceil_units,
    credit_step,
    decode_amount16,
    decode_currency20,
    encode_amount16,
    encode_currency20,
)
from .kinds import Stamp, TokenWithTid, check_stamp, kind, number_field, whole_field
from .tid import LAST_TID

Q = TypeVar("Q", bound=Quantity)

CURRENCY_UNITS = 100_000
"""Units of a currency token in one of the base currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _TransferCredit(TokenWithTid, Generic[Q]):
    """`amount` is rounded up to what the field carries when packed; a decoded token has the
    carried amount."""

    amount: Q
    tid: int
    rnd: int

    quantity: ClassVar[type[Quantity]]
    step: ClassVar[int]
    """Smallest units of `quantity` in one step of the field."""

    def __post_init__(self) -> None:
        # Called for every token: the look costs half of the call it saves.
        if not (0 <= self.tid <= LAST_TID and 0 <= self.rnd <= 15):
            check_stamp(self.tid, self.rnd)
        if type(self.amount) is not self.quantity:
            raise TypeError(f"{type(self).__name__} takes {self.quantity.__name__}")

    def body(self) -> int:
        """Raises TokenAmountNegative, TokenAmountTooLarge."""
        field = encode_amount16(-(-self.amount.value // self.step))
        return self.subclass << 44 | self.rnd << 40 | self.tid << 16 | field

    @classmethod
    def from_body(cls, body: int) -> Self:
        value = decode_amount16(body & 0xFFFF) * cls.step
        return cls(
            amount=cls.quantity(value),  # type: ignore[arg-type]
            tid=body >> 16 & 0xFFFFFF,
            rnd=body >> 40 & 15,
        )

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], stamp: Stamp) -> Self:
        """`amount` in kWh, m3 or minutes, rounded up to tenths; `amount_tenths_override` wins."""
        if "amount_tenths_override" in fields:
            tenths = whole_field(fields, "amount_tenths_override")
        else:
            tenths = ceil_units(number_field(fields, "amount"), 10)
        amount = cls.quantity(tenths * cls.step)
        return cls(amount=amount, tid=stamp.tid, rnd=stamp.rnd)  # type: ignore[arg-type]

    def to_fields(self) -> dict[str, int | str]:
        return {"amount": self.amount.to_text(), "unit": self.amount.display_unit}


@kind("transfer_credit_electricity", 0, 0)
class TransferCreditElectricity(_TransferCredit[Energy]):
    """Electricity in steps of 0.1 kWh."""

    __slots__ = ()
    quantity = Energy
    step = credit_step(Energy)


@kind("transfer_credit_water", 0, 1)
class TransferCreditWater(_TransferCredit[Volume]):
    """Water in steps of 0.1 m3."""

    __slots__ = ()
    quantity = Volume
    step = credit_step(Volume)


@kind("transfer_credit_gas", 0, 2)
class TransferCreditGas(_TransferCredit[Volume]):
    """Gas in steps of 0.1 m3."""

    __slots__ = ()
    quantity = Volume
    step = credit_step(Volume)


@kind("transfer_credit_time", 0, 3)
class TransferCreditTime(_TransferCredit[ConnectionTime]):
    """Connection time in steps of 0.1 minute."""

    __slots__ = ()
    quantity = ConnectionTime
    step = credit_step(ConnectionTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TransferCurrency(TokenWithTid):
    """`units` of 10^-5 base currency, negative for a charge. There is no random nibble: its
    place holds the top of the 20-bit field."""

    units: int
    tid: int

    currency_crc: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_stamp(self.tid, 0)

    def body(self) -> int:
        """Raises TokenAmountTooLarge."""
        field = encode_currency20(self.units)
        return self.subclass << 44 | field >> 16 << 40 | self.tid << 16 | field & 0xFFFF

    @classmethod
    def from_body(cls, body: int) -> Self:
        field = (body >> 40 & 15) << 16 | body & 0xFFFF
        return cls(units=decode_currency20(field), tid=body >> 16 & 0xFFFFFF)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], stamp: Stamp) -> Self:
        """`amount` in base currency, may be negative; rounded toward plus infinity."""
        return cls(units=ceil_units(number_field(fields, "amount"), CURRENCY_UNITS), tid=stamp.tid)

    def to_fields(self) -> dict[str, int | str]:
        return {"amount": scaled_to_text(self.units, 5), "unit": "base currency"}


@kind("transfer_currency_electricity", 0, 4)
class TransferCurrencyElectricity(_TransferCurrency):
    """Money for electricity."""

    __slots__ = ()


@kind("transfer_currency_water", 0, 5)
class TransferCurrencyWater(_TransferCurrency):
    """Money for water."""

    __slots__ = ()


@kind("transfer_currency_gas", 0, 6)
class TransferCurrencyGas(_TransferCurrency):
    """Money for gas."""

    __slots__ = ()


@kind("transfer_currency_time", 0, 7)
class TransferCurrencyTime(_TransferCurrency):
    """Money for connection time."""

    __slots__ = ()
