"""The account after a sale: what the next price depends on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from meters.quantities import Money, Quantity

from .claims import is_fee
from .counted import counted
from .months import Month
from .pricing import use_of
from .quotes import LineKind, Quote, QuoteLine
from .recovery import Debt
from .state import AccountState, ChargeState, FeeDue, MonthUse
from .tariffs import Tariff


def settled(state: AccountState, tariff: Tariff, sold: Quote, now: datetime) -> AccountState:
    """`state` after `sold`, which `tariff` priced for this state at `now`."""
    month = Month.of(now, tariff.zone)
    # One code may stand for a fee and a monthly charge, and for one that grows with the units.
    owing = [line for line in sold.of_kind(LineKind.CHARGE) if line.left is not None]
    of_fees = {line.code: line for line in owing if is_fee(line, tariff)}
    charged = {line.code: line for line in owing if not is_fee(line, tariff)}
    recovered = {line.code: line for line in sold.of_kind(LineKind.DEBT)}
    charges = [
        ChargeState(
            one.code,
            one.through,
            _left(charged.get(one.code), Money(one.owed, tariff.currency)),
        )
        for one in counted(tariff, state, month)
    ]
    fees = [_fee(fee, of_fees.get(fee.code)) for fee in state.fees]
    return AccountState(
        balance=sold.balance_after,
        use=_use(use_of(tariff, state, now), sold),
        since=state.since,
        charges=tuple(charges),
        fees=tuple([fee for fee in fees if fee.owed is None or not fee.owed.is_zero]),
        debts=tuple([_debt(debt, recovered.get(debt.code), month) for debt in state.debts]),
    )


def _left(line: QuoteLine | None, otherwise: Money) -> Money:
    """What a line leaves owed; without a line nothing was asked for."""
    return otherwise if line is None or line.left is None else line.left


def _fee(fee: FeeDue, line: QuoteLine | None) -> FeeDue:
    # Payments for another thing, units that nobody pays for: no line, and it is due as before.
    return fee if line is None else FeeDue(fee.code, line.left)


def _use(use: MonthUse, sold: Quote) -> MonthUse:
    supported: dict[str, Quantity] = dict(use.supported)
    for line in sold.of_kind(LineKind.SUPPORT):
        if isinstance(line.base, Quantity):
            before = supported.get(line.code)
            supported[line.code] = line.base if before is None else before + line.base
    return MonthUse(use.month, use.units + sold.quantity, tuple(supported.items()))


def _debt(debt: Debt, line: QuoteLine | None, month: Month) -> Debt:
    if line is None or line.amount.is_zero:
        return debt
    owed, earlier = debt.owed - line.amount, debt.taken_by(month)
    if earlier is None:
        return replace(debt, owed=owed, taken_in=month, taken=line.amount)
    return replace(debt, owed=owed, taken=earlier + line.amount)
