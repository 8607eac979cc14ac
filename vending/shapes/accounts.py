"""Accounts of agreements as JSON: what is owed, why nothing is taken, and what happened."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from pydantic import Field

from meters.quantities import Money

from ..accounts import (
    AccountProblem,
    AccountsReport,
    AccountView,
    Happened,
    RebuiltAccounts,
    Standing,
)
from ..accounts.events import DebtAdded
from ..accounts.views import DebtOwed, WaitingWriteDown
from ..messages import Language
from ..tariff import Instalment, Label
from .account_words import sentences
from .base import Measure, Name, Out


class SupportedOut(Out):
    """Units taken this month that somebody else bears."""

    code: str
    units: Measure


class ChargeOwedOut(Out):
    """A monthly charge."""

    code: str
    name: Name | None = Field(description="null: no version of the tariff has it")
    owed: Measure = Field(description="Months not counted yet included, tax included")
    through: str = Field(description="Last month that is in it, as 2026-11")


class FeeOwedOut(Out):
    """A one-off fee that is not paid, or not all of it."""

    code: str
    name: Name | None
    owed: Measure


class DebtOwedOut(Out):
    """A debt, and whether it is asked for now."""

    code: str
    name: Name
    owed: Measure
    priority: int = Field(description="Smaller is taken first")
    percent: str | None = Field(description="Of each payment")
    instalment: Measure | None = Field(description="For each month")
    standing: str = Field(description="`open`, `settled`, `disputed` or `postponed`")
    until: datetime | None = Field(description="Nothing is taken before, if it is put off")
    reason: str = Field(description="Why it is disputed or put off")
    taken: Measure = Field(description="In the month of this answer")

    @classmethod
    def of(cls, one: DebtOwed, month: str) -> DebtOwedOut:
        debt = one.debt
        put_off = debt.postponed if one.standing is Standing.POSTPONED else None
        recovery = debt.recovery
        taken = Money(0, debt.owed.currency)
        if debt.taken is not None and str(debt.taken_in) == month:
            taken = debt.taken
        return cls(
            code=debt.code,
            name=_name(debt.label),
            owed=Measure.of(debt.owed),
            priority=debt.priority,
            percent=None if isinstance(recovery, Instalment) else recovery.percent,
            instalment=Measure.of(recovery.amount) if isinstance(recovery, Instalment) else None,
            standing=one.standing.value,
            until=None if put_off is None else put_off.until,
            reason=debt.disputed or ("" if put_off is None else put_off.reason),
            taken=Measure.of(taken),
        )


class WaitingOut(Out):
    """A part of a debt that somebody asked to strike off."""

    id: str = Field(description="Of the adjustment that a second person approves")
    debt: str
    off: Measure
    outcome: str | None = Field(description="Of the dispute that it settles")
    asked_by: str
    reason: str

    @classmethod
    def of(cls, one: WaitingWriteDown) -> WaitingOut:
        return cls(
            id=one.id,
            debt=one.code,
            off=Measure.of(one.off),
            outcome=None if one.outcome is None else one.outcome.value,
            asked_by=one.asked_by,
            reason=one.reason,
        )


class AccountOut(Out):
    """Everything about an agreement's account that its next price depends on."""

    agreement: str
    customer: str
    name: Name
    meter: str
    commodity: str
    tariff: str
    at: datetime
    balance: Measure = Field(description="Carried over; the customer's")
    month: str
    bought: Measure = Field(description="In `month`")
    supported: list[SupportedOut]
    charges: list[ChargeOwedOut]
    fees: list[FeeOwedOut]
    debts: list[DebtOwedOut]
    owed: Measure = Field(description="Charges, fees and debts together")
    waiting: list[WaitingOut]
    words: list[Name] = Field(description="The same, one sentence each")

    @classmethod
    def of(cls, view: AccountView) -> AccountOut:
        file = view.agreement
        return cls(
            agreement=file.number,
            customer=file.account,
            name=Name(ar=file.name_ar, en=file.name_en),
            meter=file.meter,
            commodity=file.commodity.value,
            tariff=file.tariff,
            at=view.at,
            balance=Measure.of(view.balance),
            month=str(view.month),
            bought=Measure.of(view.bought),
            supported=[
                SupportedOut(code=code, units=Measure.of(units)) for code, units in view.supported
            ],
            charges=[
                ChargeOwedOut(
                    code=one.code,
                    name=None if one.label is None else _name(one.label),
                    owed=Measure.of(one.owed),
                    through=str(one.through),
                )
                for one in view.charges
            ],
            fees=[
                FeeOwedOut(
                    code=one.code,
                    name=None if one.label is None else _name(one.label),
                    owed=Measure.of(one.owed),
                )
                for one in view.fees
            ],
            debts=[DebtOwedOut.of(one, str(view.month)) for one in view.debts],
            owed=Measure.of(view.owed),
            waiting=[WaitingOut.of(one) for one in view.waiting],
            words=[
                Name(ar=ar, en=en)
                for ar, en in zip(
                    sentences(view, Language.ARABIC),
                    sentences(view, Language.ENGLISH),
                    strict=True,
                )
            ],
        )


class AccountEventOut(Out):
    """What happened to an account besides sales."""

    seq: int
    kind: str = Field(examples=["debt_added", "debt_postponed"])
    at: datetime
    actor: str
    reason: str
    id: str
    after_entry: int = Field(description="The journal entry that it stands behind")
    code: str = Field(description="Of the debt, the fee or the new tariff")
    amount: Measure | None = Field(description="Added, struck off or owed again")
    until: datetime | None
    outcome: str | None
    source: str

    @classmethod
    def of(cls, one: Happened) -> AccountEventOut:
        event = one.event
        facts: dict[str, Any] = {field.name: getattr(event, field.name) for field in fields(event)}
        debt = event.debt if isinstance(event, DebtAdded) else None
        amount = facts.get("off") if debt is None else debt.owed
        outcome = facts.get("outcome")
        return cls(
            seq=one.seq,
            kind=event.kind,
            at=one.at,
            actor=one.actor,
            reason=event.reason,
            id=one.id,
            after_entry=one.after_entry,
            code=facts.get("code") or facts.get("tariff", "") if debt is None else debt.code,
            amount=None if amount is None else Measure.of(amount),
            until=facts.get("until"),
            outcome=None if outcome is None else outcome.value,
            source=facts.get("source", ""),
        )


class AccountProblemOut(Out):
    """Where a kept account and the books differ."""

    agreement: str
    what: str = Field(
        description="`missing`, `unexpected`, `differs`, `debts` (the ledger says otherwise), "
        "`unreadable`, `tariff_undecided` (sold by another tariff than two people moved it to), "
        "`use_before` (a sale priced as if something else had been bought that month) or "
        "`event_missing`"
    )
    detail: str

    @classmethod
    def of(cls, one: AccountProblem) -> AccountProblemOut:
        return cls(agreement=one.agreement, what=one.what, detail=one.detail)


class AccountsReportOut(Out):
    """What a check of all accounts found."""

    ok: bool
    accounts: int
    found: int
    problems: list[AccountProblemOut] = Field(description="The first hundred")

    @classmethod
    def of(cls, report: AccountsReport) -> AccountsReportOut:
        return cls(
            ok=report.ok,
            accounts=report.accounts,
            found=report.found,
            problems=[AccountProblemOut.of(one) for one in report.problems],
        )


class RebuiltAccountsOut(Out):
    """What a rebuilding changed."""

    accounts: int
    changed: int
    moved: int = Field(description="Moved by a sale meanwhile and left alone: rebuild again")
    unreadable: list[AccountProblemOut]

    @classmethod
    def of(cls, one: RebuiltAccounts) -> RebuiltAccountsOut:
        return cls(
            accounts=one.accounts,
            changed=one.changed,
            moved=one.moved,
            unreadable=[AccountProblemOut.of(problem) for problem in one.unreadable],
        )


def _name(label: Label) -> Name:
    return Name(ar=label.ar, en=label.en)
