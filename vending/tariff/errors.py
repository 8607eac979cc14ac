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
    """What the payment and the carried balance leave after deductions does not buy the smallest
    step; `least` does."""

    amount: str
    least: str


@dataclass(eq=False)
class AmountTooHigh(Invalid, code="vend.amount_too_high"):
    """More than one sale may take; `most` is the largest payment that is possible now."""

    amount: str
    most: str


@dataclass(eq=False)
class UnitsNotCarried(Invalid, code="vend.units_not_carried"):
    """No token carries exactly these units; `below` and `above` are the nearest that one does."""

    units: str
    below: str
    above: str


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
class TariffNeedsHistory(Refused, code="tariff.needs_history"):
    """The tariff prices by the month, and what was bought this month is not known here."""

    tariff: str
    rule: str


@dataclass(eq=False)
class TariffMalformed(Invalid, code="tariff.malformed"):
    """A tariff file does not say what it must: the file, the place in it, and what is wrong."""

    source: str
    where: str
    problem: str


@dataclass(eq=False)
class TariffNotDraft(Refused, code="tariff.not_draft"):
    """Only a draft can be approved; this version was approved already."""

    tariff: str
    version: int


@dataclass(eq=False)
class TariffOwnApproval(Refused, code="tariff.own_approval"):
    """Who drafted a version does not approve it."""

    tariff: str
    version: int
    person: str


@dataclass(eq=False)
class TariffActivationPast(Refused, code="tariff.activation_past"):
    """A version takes effect after its approval, never before."""

    tariff: str
    version: int
    active_from: str


@dataclass(eq=False)
class QuoteExpired(Refused, code="quote.expired"):
    """The quote was held until `until`; ask for a new one."""

    quote: str
    until: str


@dataclass(eq=False)
class QuoteChanged(Refused, code="quote.changed"):
    """What the quote was made from is no longer so: `changed` names it."""

    quote: str
    changed: list[str]


@dataclass(eq=False)
class QuoteMissing(Invalid, code="quote.unknown"):
    """No quote of this id is kept; they are given up some time after they expire."""

    quote: str


@dataclass(eq=False)
class QuoteIdMalformed(Invalid, code="quote.id_malformed"):
    """A quote id is 1 to 64 letters, digits and `. _ : -`."""

    length: int


@dataclass(eq=False)
class ChargeUnknown(Refused, code="tariff.charge_unknown"):
    """The account owes a charge that its tariff never had: move it to a debt first."""

    tariff: str
    charge: str
