"""Errors of pricing."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Invalid, Refused


@dataclass(eq=False)
class AmountNotPositive(Invalid, code="vend.amount_not_positive"):
    """A payment is more than nothing."""

    amount: str


@dataclass(eq=False)
class AmountTooLow(Invalid, code="vend.amount_too_low"):
    """The payment and the carried balance do not buy the smallest step; `least` does."""

    amount: str
    least: str


@dataclass(eq=False)
class AmountTooHigh(Invalid, code="vend.amount_too_high"):
    """More than one sale may take; `most` is the largest payment that is possible now."""

    amount: str
    most: str


@dataclass(eq=False)
class CurrencyWrong(Invalid, code="vend.currency"):
    """The tariff is in another currency."""

    currency: str
    expected: str


@dataclass(eq=False)
class TariffMissing(Refused, code="tariff.missing"):
    """No version of this tariff is active at this moment."""

    tariff: str


@dataclass(eq=False)
class TariffCommodity(Refused, code="tariff.commodity"):
    """The agreement's tariff prices another commodity than its meter measures."""

    tariff: str
    meter: str


@dataclass(eq=False)
class TariffMalformed(Invalid, code="tariff.malformed"):
    """A tariff file does not say what it must; `where` is the place in it."""

    source: str
    where: str
