"""What a version would cost a household, beside another version: quotes without any effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from meters.errors import RaseedError
from meters.quantities import Money, NotANumber, Quantity

from .changes import Change, changes
from .months import Month
from .pricing import quote
from .quotes import Quote
from .state import AccountState, ChargeState, MonthUse, QuoteRequest
from .tariffs import Tariff

USUAL_AMOUNTS = ("50", "100")


@dataclass(frozen=True, slots=True)
class Household:
    """Who buys. Numbers are texts as people write them; the tariff gives their units."""

    used: str = "0"
    """Units bought earlier this month."""
    months_due: int = 1
    """Months of monthly charges that the payment meets: 1 is this month's."""


@dataclass(frozen=True, slots=True)
class Case:
    """One payment by both versions: a quote, or why there is none."""

    amount: Money
    one: Quote | RaseedError
    other: Quote | RaseedError

    @property
    def difference(self) -> Quantity | None:
        """Units more (or fewer) by the other version."""
        if isinstance(self.one, Quote) and isinstance(self.other, Quote):
            return self.other.quantity - self.one.quantity
        return None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of a tariff side by side."""

    one: Tariff
    other: Tariff
    at: datetime
    """The moment that both are priced at."""
    used: Quantity
    changes: list[Change]
    cases: list[Case]


def compared(
    one: Tariff, other: Tariff, amounts: tuple[str, ...], household: Household, at: datetime
) -> Comparison:
    """What is other, and what it means for the same payments by the same household at one moment.

    Raises NotANumber, TooFine.
    """
    cases = []
    for text in amounts:
        amount = Money.from_text(text, one.currency)
        found: list[Quote | RaseedError] = []
        for tariff in (one, other):
            try:
                found.append(tried(tariff, amount, household, at))
            except RaseedError as error:
                found.append(error)
        cases.append(Case(amount, *found))
    return Comparison(one, other, at, _used(one, household), changes(one, other), cases)


def tried(tariff: Tariff, amount: Money, household: Household, at: datetime) -> Quote:
    """What a payment by this household would buy at a moment. Raises NotANumber, TooFine, and
    the errors of `quote`."""
    # It is asked what the version would cost if it held; whether it has ended is not the question.
    tariff = replace(tariff, retired_from=None)
    month = Month.of(at, tariff.zone)
    used = _used(tariff, household)
    due = household.months_due
    state = AccountState(
        balance=Money(0, tariff.currency),
        use=MonthUse(month, used, tuple(_supported(tariff, used))),
        since=month.plus(1 - due),
        charges=()
        if due
        else tuple(
            ChargeState(charge.sum.heading.code, month, Money(0, tariff.currency))
            for charge in tariff.monthly_charges
        ),
    )
    return quote(tariff, QuoteRequest(amount), state, at)


def _used(tariff: Tariff, household: Household) -> Quantity:
    used = tariff.commodity.quantity.from_text(household.used)
    if used.value < 0:
        raise NotANumber(household.used[:60])
    return used


def _supported(tariff: Tariff, used: Quantity) -> Iterator[tuple[str, Quantity]]:
    """What of the month's units was borne by others: supports go first, in their order."""
    left = used.value
    for support in tariff.borne:
        taken = min(left, support.units.value)
        left -= taken
        yield support.code, type(used)(taken)
