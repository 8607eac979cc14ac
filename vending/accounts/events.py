"""What can happen to an account besides sales: each one a fact with its reason, and what it makes
of the account. Pure.

A new kind is one frozen class with `applied` and `@account_event(name)`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Any, ClassVar, TypeVar

from meters.quantities import Money

from ..ledger import canonical_json, canonical_time
from ..tariff import AccountState, Debt, FeeDue, Postponed
from .errors import AccountEventBroken, DebtUnknown
from .state import debt_from, debt_values

EventT = TypeVar("EventT", bound="Event")


class Outcome(Enum):
    """How a dispute ends."""

    UPHELD = "upheld"
    """The customer is right: nothing of it is owed."""
    REDUCED = "reduced"
    REJECTED = "rejected"
    """The debt stands as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, and why. `kind` is its name in the books."""

    reason: str

    kind: ClassVar[str] = ""

    def applied(self, state: AccountState, at: datetime) -> AccountState:
        """The account after it. Raises DebtUnknown."""
        raise NotImplementedError


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

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        return replace(state, fees=(*state.fees, FeeDue(self.code)))


@account_event("fee_waived")
@dataclass(frozen=True, slots=True, kw_only=True)
class FeeWaived(Event):
    """What of a fee is not paid yet is not asked for any more."""

    code: str

    def applied(self, state: AccountState, at: datetime) -> AccountState:  # noqa: ARG002
        return replace(state, fees=tuple(fee for fee in state.fees if fee.code != self.code))


@dataclass(frozen=True, slots=True)
class Happened:
    """An event in its place: `seq` counts the agreement's events, 1, 2, ...; `after_entry` is the
    journal entry before it, which says where it stands among the sales."""

    agreement: str
    seq: int
    after_entry: int
    at: datetime
    actor: str
    id: str
    """Made by who asked, and unique in the account; empty for a debt, which its code names, and for
    what followed from the journal entry before it."""
    event: Event


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


_FORMS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "debt": (
        lambda debt: [debt.owed.currency, debt_values(debt, debt.owed.currency)],
        lambda kept: debt_from(kept[1], kept[0]),
    ),
    "off": (lambda money: [money.minor, money.currency], lambda kept: Money(*kept)),
    "to": (
        lambda money: None if money is None else [money.minor, money.currency],
        lambda kept: None if kept is None else Money(*kept),
    ),
    "until": (canonical_time, datetime.fromisoformat),
    "outcome": (
        lambda outcome: None if outcome is None else outcome.value,
        lambda kept: None if kept is None else Outcome(kept),
    ),
}
"""Fields that are not text, by name: how they are written, and read."""
_PLAIN = (str, str)


def event_document(happened: Happened) -> str:
    """Canonical JSON of the event and its id; the reason has a column of its own."""
    event = happened.event
    document: dict[str, Any] = {
        field.name: _FORMS.get(field.name, _PLAIN)[0](getattr(event, field.name))
        for field in fields(event)
        if field.name != "reason"
    }
    if happened.id:
        document["id"] = happened.id
    return canonical_json(document).decode("ascii")


def happened_from(
    agreement: str,
    seq: int,
    after_entry: int,
    kind: str,
    at: datetime,
    actor: str,
    reason: str,
    document: str,
) -> Happened:
    """The event that these columns keep. Raises AccountEventBroken."""
    try:
        read = json.loads(document)
        id = read.pop("id", "")
        values = {name: _FORMS.get(name, _PLAIN)[1](value) for name, value in read.items()}
        event = KINDS[kind](reason=reason, **values)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise AccountEventBroken(f"{agreement}:{seq}") from error
    return Happened(agreement, seq, after_entry, at, actor, id, event)


def event_hash(happened: Happened) -> str:
    """What the journal entry of a debt stands for: see `row_hash`."""
    return row_hash(
        happened.agreement,
        happened.seq,
        happened.after_entry,
        happened.event.kind,
        happened.at,
        happened.actor,
        happened.event.reason,
        event_document(happened),
    )


def row_hash(
    agreement: str,
    seq: int,
    after_entry: int,
    kind: str,
    at: datetime,
    actor: str,
    reason: str,
    document: str,
) -> str:
    """SHA-256 over the event's whole row. Takes plain fields, so that one that could not be read
    can be checked."""
    row = [agreement, seq, after_entry, kind, canonical_time(at), actor, reason, document]
    return sha256(canonical_json(row)).hexdigest()
