"""Accounts of agreements: what is owed, debts, disputes, postponements, fees, and their proof."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from meters.quantities import Money

from ...accounts.inputs import read_outcome, read_recovery
from ...accounts.state import USUAL_PRIORITY
from ...shapes import AccountEventOut, AccountOut, AccountsReportOut, RebuiltAccountsOut
from ...shapes.base import MOST_NUMBER
from ...tariff import Label
from ..addresses import AGREEMENT
from ..callers import AccountsDesk, Bookkeeper, Reader, Teller, services_of
from ..routers import api_router

router = api_router("accounts")

Which = Annotated[
    str, Path(max_length=200, description="Number of the agreement, or of its meter in any form")
]
Code = Annotated[str, Path(max_length=60, description="Of the debt or fee")]
IdText = Annotated[
    StrictStr,
    Field(
        max_length=200,
        description="Made by the caller: 1 to 64 letters, digits and `. _ : -`, a UUID in small "
        "letters. The same act again under its id changes nothing",
    ),
]
ReasonText = Annotated[StrictStr, Field(max_length=1000)]
MoneyText = Annotated[StrictStr, Field(max_length=60, description="Decimal as text: 150.00")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DebtIn(_In):
    """Write a debt down. Its code names it in the agreement for ever: repeating is safe."""

    code: StrictStr = Field(max_length=200, examples=["arrears-2025"])
    name_ar: StrictStr = Field(max_length=200)
    name_en: StrictStr = Field(max_length=200)
    amount: MoneyText
    percent: StrictStr | None = Field(None, max_length=20, description="Of each payment")
    instalment: StrictStr | None = Field(None, max_length=60, description="For each month")
    priority: int = Field(USUAL_PRIORITY, strict=True, description="Smaller is taken first")
    reason: ReasonText
    source: StrictStr = Field(max_length=1000, description="The bill or book that says so")


class ActIn(_In):
    """Do it, for a reason."""

    id: IdText
    reason: ReasonText


class PostponeIn(ActIn):
    """Put a debt off."""

    until: StrictStr = Field(max_length=20, description="Up to the end of this day: 2026-12-31")


class SettlementIn(ActIn):
    """End a dispute."""

    outcome: StrictStr = Field(max_length=20, description="`upheld`, `reduced` or `rejected`")
    to: StrictStr | None = Field(None, max_length=60, description="What is left, if reduced")


class WriteDownIn(ActIn):
    """Ask for a part of a debt to be given up."""

    amount: MoneyText


class FeeIn(ActIn):
    """Put a fee of the tariff on the account."""

    code: StrictStr = Field(max_length=200)


@router.get(f"/accounts/{AGREEMENT}/events")
def events(
    actor: Reader,
    desk: AccountsDesk,
    agreement: Which,
    before: Annotated[
        int | None, Query(ge=1, le=MOST_NUMBER, description="Those below this number")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[AccountEventOut]:
    """What happened to the account besides sales, latest first."""
    found = desk.history(actor, agreement, before=before, limit=limit)
    return [AccountEventOut.of(one) for one in found]


@router.get(f"/accounts/{AGREEMENT}")
def account(actor: Reader, desk: AccountsDesk, agreement: Which) -> AccountOut:
    """Everything that the next price depends on: balance, units of the month, charges, fees and
    debts."""
    return AccountOut.of(desk.account(actor, agreement))


@router.post(f"/accounts/{AGREEMENT}/debts", status_code=201)
def add_debt(
    request: Request, actor: Bookkeeper, desk: AccountsDesk, agreement: Which, body: DebtIn
) -> AccountOut:
    """Take over a debt from older books, by percentage of each payment or by monthly
    instalment."""
    currency = services_of(request).currency
    return AccountOut.of(
        desk.add_debt(
            actor,
            agreement,
            body.code,
            Label(body.name_ar, body.name_en),
            Money.from_text(body.amount, currency),
            read_recovery(body.percent, body.instalment, currency),
            body.reason,
            body.source,
            priority=body.priority,
        )
    )


@router.post(f"/accounts/{AGREEMENT}/debts/{{code}}/postponement", status_code=201)
def postpone(
    actor: Teller, desk: AccountsDesk, agreement: Which, code: Code, body: PostponeIn
) -> AccountOut:
    """Take nothing of a debt up to the end of a day. An operator puts off to the end of next
    month at most, others longer."""
    return AccountOut.of(
        desk.postpone_debt(actor, agreement, code, body.until, body.reason, body.id)
    )


@router.post(f"/accounts/{AGREEMENT}/debts/{{code}}/postponement/end", status_code=201)
def resume(
    actor: Teller, desk: AccountsDesk, agreement: Which, code: Code, body: ActIn
) -> AccountOut:
    """Ask for a debt again, earlier than was said."""
    return AccountOut.of(desk.end_postponement(actor, agreement, code, body.reason, body.id))


@router.post(f"/accounts/{AGREEMENT}/debts/{{code}}/dispute", status_code=201)
def dispute(
    actor: Teller, desk: AccountsDesk, agreement: Which, code: Code, body: ActIn
) -> AccountOut:
    """Note that the customer objects: nothing is taken until that is settled."""
    return AccountOut.of(desk.dispute(actor, agreement, code, body.reason, body.id))


@router.post(f"/accounts/{AGREEMENT}/debts/{{code}}/dispute/settlement", status_code=201)
def settle(
    request: Request,
    actor: Bookkeeper,
    desk: AccountsDesk,
    agreement: Which,
    code: Code,
    body: SettlementIn,
) -> AccountOut:
    """End a dispute. What strikes something off waits for a second person, who approves it at
    `/ledger/adjustments/{id}/approval`."""
    currency = services_of(request).currency
    to = None if body.to is None else Money.from_text(body.to, currency)
    outcome = read_outcome(body.outcome)
    return AccountOut.of(
        desk.settle_dispute(actor, agreement, code, outcome, body.reason, body.id, to=to)
    )


@router.post(f"/accounts/{AGREEMENT}/debts/{{code}}/write-down", status_code=201)
def write_down(
    request: Request,
    actor: Bookkeeper,
    desk: AccountsDesk,
    agreement: Which,
    code: Code,
    body: WriteDownIn,
) -> AccountOut:
    """Ask for a part of a debt to be given up as a loss; a second person approves it at
    `/ledger/adjustments/{id}/approval`."""
    off = Money.from_text(body.amount, services_of(request).currency)
    return AccountOut.of(desk.write_down(actor, agreement, code, off, body.reason, body.id))


@router.post(f"/accounts/{AGREEMENT}/fees", status_code=201)
def add_fee(actor: Bookkeeper, desk: AccountsDesk, agreement: Which, body: FeeIn) -> AccountOut:
    """Put a one-off fee of the tariff on the account."""
    return AccountOut.of(desk.add_fee(actor, agreement, body.code, body.reason, body.id))


@router.post(f"/accounts/{AGREEMENT}/fees/{{code}}/waiver", status_code=201)
def waive_fee(
    actor: Bookkeeper, desk: AccountsDesk, agreement: Which, code: Code, body: ActIn
) -> AccountOut:
    """Ask no more for what of a fee is not paid."""
    return AccountOut.of(desk.waive_fee(actor, agreement, code, body.reason, body.id))


@router.get("/ledger/verification/accounts")
def verify(actor: Reader, desk: AccountsDesk) -> AccountsReportOut:
    """Rebuild every account from the books and compare. Reads them whole: not for every minute."""
    return AccountsReportOut.of(desk.verify_accounts(actor))


@router.post("/ledger/verification/accounts/rebuilding", status_code=201)
def rebuild(actor: Bookkeeper, desk: AccountsDesk) -> RebuiltAccountsOut:
    """Put right every kept account that does not follow from the books (administrators)."""
    return RebuiltAccountsOut.of(desk.rebuild_accounts(actor))
