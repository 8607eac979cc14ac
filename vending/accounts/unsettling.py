"""A sale that is taken back, taken out of its agreement's account. Pure."""

from __future__ import annotations

from datetime import datetime

from meters.quantities import MINOR_DIGITS, Money, Quantity
from meters.values import replace

from ..tariff import (
    AccountState,
    ChargeState,
    Debt,
    FeeDue,
    Instalment,
    Label,
    LineKind,
    Month,
    MonthUse,
    Percentage,
    Quote,
    QuoteLine,
    Tariff,
)
from ..tariff.claims import is_fee
from .state import USUAL_PRIORITY


def unsettled(state: AccountState, sold: Quote, sold_at: datetime, tariff: Tariff) -> AccountState:
    """`state` without a sale that is taken back: what it used up of the month, if that month is
    still the one that is counted; what it paid of charges, fees and debts is owed again; and what
    it put on the balance or took from it. Other sales may have come between. `tariff` priced it.

    Directly after `settled` this gives back the account of before, except what a quote does not
    tell: months that a monthly charge counted stay counted and are owed; what was bought or taken
    in a month before the sale's is forgotten, as nothing asks for it any more; a sale that counted
    in a month which had begun already, the clock having been set back over its beginning, goes on
    to count in it; and a month whose use was not known is known from then on, with what else was
    sold in it. The balance falls
    below zero where a later sale has spent what this one carried over.
    """
    month = Month.of(sold_at, tariff.zone)
    charges = {one.code: one for one in state.charges}
    fees = {one.code: one for one in state.fees}
    debts = {one.code: one for one in state.debts}
    for line in sold.lines:
        if line.left is None:
            continue
        if line.kind is LineKind.DEBT:
            if not line.amount.is_zero:
                debts[line.code] = _owed_again(debts.get(line.code), line, month)
        elif is_fee(line, tariff):
            if not line.amount.is_zero:
                fees[line.code] = _fee_again(fees.get(line.code), line, tariff)
        else:
            stand = charges.get(line.code) or ChargeState(
                line.code, _counted_through(state, month), Money(0, line.amount.currency)
            )
            charges[line.code] = replace(stand, owed=stand.owed + line.amount)
    return replace(
        state,
        balance=state.balance + sold.balance_before - sold.balance_after,
        use=_use_without(state.use, sold, month),
        charges=tuple(charges.values()),
        fees=tuple(fees.values()),
        debts=tuple(debts.values()),
    )


def _counted_through(state: AccountState, month: Month) -> Month:
    """Of a charge that stands nowhere any more: the agreement has left the tariff since, and come
    back when a later version had dropped it. All months until then were counted when it left, or
    were another tariff's; only what this sale of `month` paid is owed again."""
    return month if state.since is None else max(month, state.since.plus(-1))


def _owed_again(debt: Debt | None, line: QuoteLine, month: Month) -> Debt:
    if debt is None:
        # It has been struck off since; the line says all but its place among the others.
        return Debt(
            code=line.code,
            label=line.label or Label(line.code, line.code),
            owed=line.amount,
            priority=USUAL_PRIORITY,
            recovery=_recovery(line),
            book=line.book,
        )
    back = replace(debt, owed=debt.owed + line.amount)
    if debt.taken_in != month or debt.taken is None:
        return back
    left = debt.taken - line.amount
    if left.minor > 0:
        return replace(back, taken=left)
    return replace(back, taken_in=None, taken=None)


def _recovery(line: QuoteLine) -> Percentage | Instalment:
    instalment = line.rule == Instalment.rule
    if not instalment and line.rule != Percentage.rule:
        # A payment's line does not say how the debt is recovered; its rate is written as a sum of
        # money is, or as a percentage.
        decimals = line.rate.partition(".")[2]
        instalment = len(decimals) == MINOR_DIGITS[line.amount.currency]
    if instalment:
        return Instalment(Money.from_text(line.rate, line.amount.currency))
    return Percentage(line.rate)


def _fee_again(fee: FeeDue | None, line: QuoteLine, tariff: Tariff) -> FeeDue:
    if fee is None:
        return FeeDue(line.code, line.amount)
    known, owed = tariff.due_fee(line.code), fee.owed
    if owed is None:
        # It was put on once more since, and nothing of that has been paid.
        owed = Money(0, line.amount.currency) if known is None else known.sum.gross
    return FeeDue(line.code, owed + line.amount)


def _use_without(use: MonthUse | None, sold: Quote, month: Month) -> MonthUse | None:
    if use is None or use.month != month:
        return use
    supported = dict(use.supported)
    for line in sold.of_kind(LineKind.SUPPORT):
        if isinstance(line.base, Quantity) and line.code in supported:
            supported[line.code] = _less(supported[line.code], line.base)
    left = tuple((code, units) for code, units in supported.items() if not units.is_zero)
    return MonthUse(month, _less(use.units, sold.quantity), left)


def _less(had: Quantity, taken: Quantity) -> Quantity:
    # A kept account that never saw the sale is wrong, and found by its check; the price that it
    # gives until then is at least one that somebody could have been asked for.
    return type(had)(max(0, (had - taken).value))
