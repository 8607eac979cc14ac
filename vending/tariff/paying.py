"""Quotes of other kinds than units for money: paying what is owed, the month's free units, and
units that nobody pays for. Pure."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Final

from meters.quantities import Money, Quantity

from .claims import Claims
from .errors import (
    AmountNotPositive,
    AmountTooHigh,
    CurrencyWrong,
    MoreThanOwed,
    NotOwed,
)
from .pricing import quote_of, use_of
from .quotes import Quote, QuoteLine
from .rounding import Rounding
from .state import AccountState
from .steps import MOST_STEPS, carried_floor, check_carried
from .support import FreeUnits
from .tariffs import Tariff

GIVEN: Final = ("free_issue", "refund", "transfer")
"""Rules of units that are given for no money."""


def owed(tariff: Tariff, state: AccountState, now: datetime) -> dict[str, Money]:
    """What the account owes by code (fees, monthly charges, debts, disputed ones too), in the order
    in which a payment takes it."""
    found: dict[str, int] = {}
    for claim in Claims(tariff, state, now).ordered:
        # A payment that names a code is for all that is owed under it.
        found[claim.code] = found.get(claim.code, 0) + claim.owed
    return {code: Money(minor, tariff.currency) for code, minor in found.items()}


def pay_owed(
    tariff: Tariff, amount: Money, state: AccountState, now: datetime, code: str = ""
) -> Quote:
    """A payment towards what is owed, without units: the one of this code, or all in their order
    but the disputed. All of it is used; the balance stays.

    Raises CurrencyWrong, AmountNotPositive, ChargeUnknown (something is owed that the tariff does
    not have), NotOwed (nothing of this code is), MoreThanOwed.
    """
    if amount.currency != tariff.currency:
        raise CurrencyWrong(amount.currency, tariff.currency)
    if amount.minor <= 0:
        raise AmountNotPositive(amount.to_text())
    claims = Claims(tariff, state, now)
    if code and all(claim.code != code for claim in claims.ordered):
        raise NotOwed(code[:60])
    lines, left = claims.paid(amount.minor, code)
    if left:
        raise MoreThanOwed(amount.to_text(), Money(amount.minor - left, amount.currency).to_text())
    nothing, use = tariff.commodity.quantity(0), use_of(tariff, state, now)
    return quote_of(tariff, tuple(lines), amount, state.balance, nothing, use)


def free_left(
    tariff: Tariff, state: AccountState, now: datetime, most: Quantity | None = None
) -> Quantity:
    """What is left of the month's free units, as a token carries it, or as much of that as one
    token may carry (`most`); may be zero."""
    use = use_of(tariff, state, now)
    taken = dict(use.supported)
    kind, step = tariff.commodity.quantity, tariff.commodity.token_step
    left = 0
    for support in tariff.supports:
        if isinstance(support, FreeUnits):
            already = taken.get(support.code)
            left += max(0, support.units.value - (0 if already is None else already.value))
    if most is not None:
        left = min(left, most.value)
    return carried_floor(kind, min(left // step, MOST_STEPS), step)


def unpaid(tariff: Tariff, rule: str, units: Quantity, state: AccountState, now: datetime) -> Quote:
    """Units by one of the rules GIVEN, that no money is taken for (for a management token, no units
    and no rule). Charges and debts are not asked for.

    Raises AmountNotPositive, AmountTooHigh, AmountTooLow, UnitsNotCarried.
    """
    assert rule in GIVEN or not (rule or units.value), rule
    kind, step = tariff.commodity.quantity, tariff.commodity.token_step
    if units.value < 0:
        raise AmountNotPositive(str(units))
    if units > (most := carried_floor(kind, MOST_STEPS, step)):
        raise AmountTooHigh(str(units), str(most))
    check_carried(units, step)
    nothing = Money(0, tariff.currency)
    line = QuoteLine(
        rule=rule,
        base=units,
        rate="0",
        exact=Fraction(0),
        rounding=Rounding.HALF_UP,
        amount=nothing,
    )
    lines = (line,) if units.value else ()
    return quote_of(tariff, lines, nothing, state.balance, units, use_of(tariff, state, now))
