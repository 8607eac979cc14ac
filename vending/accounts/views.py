"""One account as people look at it: what is owed, what is taken of it, and why not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from meters.quantities import Money, Quantity

from ..tariff import AccountState, Debt, Label, Month, Tariff
from ..tariff.counted import counted
from .events import Outcome
from .ports import AgreementFile


class Standing(Enum):
    """Whether a debt is asked for."""

    OPEN = "open"
    SETTLED = "settled"
    """Nothing of it is owed any more."""
    DISPUTED = "disputed"
    POSTPONED = "postponed"


@dataclass(frozen=True, slots=True)
class ChargeOwed:
    """A monthly charge with what is owed of it now, months not counted yet included."""

    code: str
    label: Label | None
    """None: no version of the tariff has it."""
    owed: Money
    through: Month


@dataclass(frozen=True, slots=True)
class FeeOwed:
    """A one-off fee with what of it is not paid."""

    code: str
    label: Label | None
    owed: Money


@dataclass(frozen=True, slots=True)
class DebtOwed:
    """A debt, and whether it is asked for now."""

    debt: Debt
    standing: Standing


@dataclass(frozen=True, slots=True)
class WaitingWriteDown:
    """A part of a debt that somebody asked to strike off, waiting for a second person."""

    id: str
    code: str
    off: Money
    outcome: Outcome | None
    asked_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AccountView:
    """Everything about an account that its next price depends on, at one moment."""

    agreement: AgreementFile
    at: datetime
    balance: Money
    """Carried over; the customer's."""
    month: Month
    """That a sale now counts in."""
    bought: Quantity
    """In `month`."""
    supported: tuple[tuple[str, Quantity], ...]
    """Taken in `month` under each support rule."""
    charges: tuple[ChargeOwed, ...]
    fees: tuple[FeeOwed, ...]
    debts: tuple[DebtOwed, ...]
    waiting: tuple[WaitingWriteDown, ...] = ()

    @property
    def owed(self) -> Money:
        """Charges, fees and debts together."""
        parts = [
            *(charge.owed for charge in self.charges),
            *(fee.owed for fee in self.fees),
            *(one.debt.owed for one in self.debts),
        ]
        return Money(sum(owed.minor for owed in parts), self.balance.currency)


def standing_of(debt: Debt, at: datetime) -> Standing:
    """Whether anything is taken of it at this moment."""
    if debt.owed.minor <= 0:
        return Standing.SETTLED
    if debt.disputed:
        return Standing.DISPUTED
    if debt.postponed is not None and at < debt.postponed.until:
        return Standing.POSTPONED
    return Standing.OPEN


def view_of(
    agreement: AgreementFile,
    state: AccountState,
    tariff: Tariff,
    at: datetime,
    waiting: Sequence[WaitingWriteDown] = (),
) -> AccountView:
    """The account by the rules of `tariff`, which holds at this moment. `state` has begun."""
    month = Month.of(at, tariff.zone)
    none = agreement.commodity.quantity(0)
    use = state.use if state.use is not None and state.use.counts_in(month) else None
    if use is not None:
        month = use.month
    return AccountView(
        agreement=agreement,
        at=at,
        balance=state.balance,
        month=month,
        bought=none if use is None else use.units,
        supported=() if use is None else use.supported,
        charges=tuple(_charges(state, tariff, month)),
        fees=tuple(_fee(tariff, fee.code, fee.owed, state.balance.currency) for fee in state.fees),
        debts=tuple(
            DebtOwed(debt, standing_of(debt, at))
            for debt in sorted(state.debts, key=lambda one: (one.priority, one.code))
        ),
        waiting=tuple(waiting),
    )


def _charges(state: AccountState, tariff: Tariff, month: Month) -> list[ChargeOwed]:
    found = []
    for one in counted(tariff, state, month):
        label = None if one.charge is None else one.charge.sum.heading.label
        owed = Money(one.owed, state.balance.currency)
        found.append(ChargeOwed(one.code, label, owed, one.through))
    return found


def _fee(tariff: Tariff, code: str, owed: Money | None, currency: str) -> FeeOwed:
    fee = tariff.due_fee(code)
    if fee is None:
        return FeeOwed(code, None, Money(0, currency) if owed is None else owed)
    return FeeOwed(code, fee.sum.heading.label, fee.sum.gross if owed is None else owed)
