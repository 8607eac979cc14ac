"""What can happen to an account besides sales: each one a fact with its reason, and what it makes
of the account. Pure.

A new kind is one frozen class with `applied` and `@account_event(name)`; a field that is no text
gets a form in `happened.py`, by its name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import ClassVar, TypeVar

from meters.quantities import Money
from meters.values import replace

from ..tariff import AccountState, ChargeState, Debt, FeeDue, Month, Postponed
from .errors import DebtUnknown

EventT = TypeVar("EventT", bound="Event")


class Outcome(Enum):
    """How a dispute ends."""

    UPHELD = "upheld"
    """The customer is right: nothing of it is owed."""
    REDUCED = "reduced"
    REJECTED = "rejected"
    """The debt stands as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(ABC):
    """One thing that happened, and why. `kind` is its name in the books."""

    reason: str

    kind: ClassVar[str] = ""

    @property
    def asked(self) -> Event:
        """As somebody asked for it, without what the moment added: what is asked for again under
        the same id is compared with it."""
        return self

    @abstractmethod
    def applied(self, state: AccountState, at: datetime) -> AccountState:
        """The account after it. Raises DebtUnknown."""


KINDS: dict[str, type[Event]] = {}
"""Every event by the name it is kept under."""


def account_event(name: str) -> Callable[[type[EventT]], type[EventT]]:
    """Enters an event's class under its name."""

    def enter(kind: type[EventT]) -> type[EventT]:
        if name in KINDS:
            raise TypeError(f"two events are called {name}")
        kind.kind = name
        KINDS[name] = kind
        return kind

    return enter


@account_event("debt_added")
@dataclass(frozen=True, slots=True, kw_only=True)
class DebtAdded(Event):
    """A debt from before was written down."""

    debt: Debt
    source: str
    """Where it comes from: the bill or the book that says so."""

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        return replace(state, debts=(*state.debts, self.debt))


@account_event("debt_disputed")
@dataclass(frozen=True, slots=True, kw_only=True)
class DebtDisputed(Event):
    """The customer objects; until it is settled nothing is taken."""

    code: str

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        return _changed(state, self.code, lambda debt: replace(debt, disputed=self.reason))


@account_event("dispute_settled")
@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeSettled(Event):
    """The dispute has ended, and `off` was struck off."""

    code: str
    outcome: Outcome
    off: Money

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        return _changed(
            state, self.code, lambda debt: replace(debt, disputed="", owed=debt.owed - self.off)
        )


@account_event("debt_postponed")
@dataclass(frozen=True, slots=True, kw_only=True)
class DebtPostponed(Event):
    """Nothing is taken of it before `until`."""

    code: str
    until: datetime

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        put_off = Postponed(self.until, self.reason)
        return _changed(state, self.code, lambda debt: replace(debt, postponed=put_off))


@account_event("postponement_ended")
@dataclass(frozen=True, slots=True, kw_only=True)
class PostponementEnded(Event):
    """It is asked for again, earlier than was said."""

    code: str

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        return _changed(state, self.code, lambda debt: replace(debt, postponed=None))


@account_event("write_down_asked")
@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDownAsked(Event):
    """Somebody asked for a part of a debt to be struck off; a second person decides. The event's
    id is that of the adjustment. It changes nothing."""

    code: str
    off: Money
    outcome: Outcome | None = None
    """How it settles a dispute, if it does."""
    to: Money | None = None
    """What is to be left, where that was said."""

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        return state

    def approved(self) -> DebtWrittenDown | DisputeSettled:
        """What happens once a second person has agreed."""
        if self.outcome is None:
            return DebtWrittenDown(reason=self.reason, code=self.code, off=self.off)
        return DisputeSettled(
            reason=self.reason, code=self.code, outcome=self.outcome, off=self.off
        )


@account_event("debt_written_down")
@dataclass(frozen=True, slots=True, kw_only=True)
class DebtWrittenDown(Event):
    """A part of it was given up, or struck off."""

    code: str
    off: Money

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        return _changed(state, self.code, lambda debt: replace(debt, owed=debt.owed - self.off))


@account_event("debt_restored")
@dataclass(frozen=True, slots=True, kw_only=True)
class DebtRestored(Event):
    """What had been struck off is owed again: the write-down was reversed."""

    code: str
    off: Money

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        return _changed(state, self.code, lambda debt: replace(debt, owed=debt.owed + self.off))


@account_event("fee_added")
@dataclass(frozen=True, slots=True, kw_only=True)
class FeeAdded(Event):
    """A one-off fee of the tariff is due. It becomes income when a sale takes it."""

    code: str
    owed: Money | None = None
    """What the tariff asked for it then, tax included: what the customer was told holds, whatever
    a later version asks. None: recorded when the sum was not noted yet."""

    @property
    def asked(self) -> FeeAdded:
        return replace(self, owed=None)

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        # A fee stands once on an account. Books may say that it was put on while it stood: where
        # it had once got lost from the account, and somebody put it back.
        others = (fee for fee in state.fees if fee.code != self.code)
        return replace(state, fees=(*others, FeeDue(self.code, self.owed)))


@account_event("fee_waived")
@dataclass(frozen=True, slots=True, kw_only=True)
class FeeWaived(Event):
    """What of a fee is not paid yet is not asked for any more."""

    code: str

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        return replace(state, fees=tuple(fee for fee in state.fees if fee.code != self.code))


@account_event("tariff_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class TariffChanged(Event):
    """The agreement is sold by another tariff from here on (codes of both)."""

    before: str
    tariff: str
    charges: tuple[ChargeState, ...]
    """Where every monthly charge stands behind it."""

    def applied(self, state: AccountState, at: datetime) -> AccountState:
        # What stands nowhere here begins behind this month: the new tariff may have asked for
        # other charges once, in months when this agreement was not at it. A month that has begun
        # for the account is the one that it leaves the old tariff in, the clock set back or not.
        month = Month.of(at)
        left_in = month if state.use is None else max(month, state.use.month)
        return replace(state, charges=self.charges, since=left_in.plus(1))


def debt_named(state: AccountState, code: str) -> Debt:
    """Raises DebtUnknown."""
    for debt in state.debts:
        if debt.code == code:
            return debt
    raise DebtUnknown(code[:40])


def _changed(state: AccountState, code: str, change: Callable[[Debt], Debt]) -> AccountState:
    debt_named(state, code)
    return replace(
        state, debts=tuple(change(debt) if debt.code == code else debt for debt in state.debts)
    )
