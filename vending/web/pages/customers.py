"""A customer: agreements and meters, what is owed and what is done about it, and what was sold."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError

from ...accounts import CHANGE_TARIFF
from ...accounts.errors import DebtUnknown
from ...accounts.views import AccountView
from ...approvals import Approval, ApprovalState, BlockEvent
from ...keychanges import OUT, KeyChange, KeyChangeState
from ...parties import CustomerUnknown, MeterFile
from ...sale import SaleReceipt
from ...tariff import Tariff, TariffMissing
from ..addresses import ACCOUNT
from .offers import on_offer
from .showing import may_of, shown, to
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(prefix="/customers", include_in_schema=False)

FOUND_MOST: Final = 30
MOST_ASKED: Final = 500
"""Changes of tariffs that wait: a day's at most."""
SALES: Final = 8
"""Of each meter; the statement has all of them."""
LOOKED_AT: Final = 10
"""Key changes of a meter: more were not called off in a row."""


@dataclass(frozen=True, slots=True)
class Moves:
    """To other tariffs, for those who may ask for them: why somebody gets the social tariff is
    nobody else's business."""

    offered: list[Tariff]
    asked: list[Approval]
    """Waiting for a second person."""


@dataclass(frozen=True, slots=True)
class Service:
    """One agreement as its page shows it."""

    file: MeterFile
    account: AccountView
    tariff: Tariff | None
    """As it is priced now; None where its tariff has ended."""
    block: BlockEvent | None
    """Why nothing is sold to its meter, if so."""
    key_out: KeyChange | None
    """The change whose tokens are out, and nothing proves that the meter has them."""
    others: list[Tariff]
    """Tariffs that it may be put at instead."""
    waiting: list[Approval]
    """What is asked for of its tariff, and waits for a second person."""
    sales: list[SaleReceipt]


@router.get("")
def find(visit: Visiting, find: str = "") -> Response:
    """Customers by what was typed; the only one that is meant is shown at once."""
    if not find.strip():
        return shown(visit, "customers/find.html", found=[], find="")
    try:
        found = visit.services.service.find(visit.who.actor, find, limit=FOUND_MOST)
    except RaseedError as error:
        return shown(visit, "customers/find.html", error, found=[], find=find)
    if len(found) == 1:
        return to(f"/customers/{quote(found[0][0].account)}")
    return shown(visit, "customers/find.html", found=found, find=find)


@router.get(f"/{ACCOUNT}")
def customer(visit: Visiting, account: str) -> Response:
    return customer_page(visit, account)


@router.post(f"/{ACCOUNT}/debts")
def arrange(visit: Visiting, form: Filled, account: str) -> Response:
    """Puts a debt off, asks for it again, or disputes it. The form carries the act's id: sent
    twice, it is done once."""
    done = _ARRANGED.get(form["act"])
    try:
        _, files = visit.services.service.customer(visit.who.actor, account)
        if done is None or form["agreement"] not in {file.agreement.number for file in files}:
            raise DebtUnknown(form["debt"][:30])
        done(visit, form)
    except RaseedError as error:
        return customer_page(visit, account, error, form)
    return to(f"/customers/{quote(account)}")


@router.post(f"/{ACCOUNT}/language")
def choose_language(visit: Visiting, form: Filled, account: str) -> Response:
    """What their papers and SMS speak."""
    try:
        visit.services.languages.choose(visit.who.actor, account, form["language"])
    except RaseedError as error:
        return customer_page(visit, account, error)
    return to(f"/customers/{quote(account)}")


def _postpone(visit: Visitor, form: Form) -> None:
    accounts, actor = visit.services.accounts, visit.who.actor
    until, reason = form.plain("until"), form["reason"][:200]
    accounts.postpone_debt(actor, form["agreement"], form["debt"], until, reason, form["id"])


def _resume(visit: Visitor, form: Form) -> None:
    accounts, actor = visit.services.accounts, visit.who.actor
    reason = form["reason"][:200]
    accounts.end_postponement(actor, form["agreement"], form["debt"], reason, form["id"])


def _dispute(visit: Visitor, form: Form) -> None:
    accounts, actor = visit.services.accounts, visit.who.actor
    accounts.dispute(actor, form["agreement"], form["debt"], form["reason"][:200], form["id"])


_ARRANGED: Final[dict[str, Callable[[Visitor, Form], None]]] = {
    "postpone": _postpone,
    "resume": _resume,
    "dispute": _dispute,
}


def customer_page(
    visit: Visitor, account: str, error: RaseedError | None = None, form: Form | None = None
) -> Response:
    """One customer; what was typed into `form` stands there again beside its error."""
    try:
        found, files = visit.services.service.customer(visit.who.actor, account)
    except CustomerUnknown as wrong:
        return shown(visit, "customers/find.html", wrong, found=[], find=account)
    moves = _moves(visit)
    return shown(
        visit,
        "customers/customer.html",
        error,
        customer=found,
        services=[_service(visit, file, moves) for file in files],
        new_id=lambda: f"w-{secrets.token_hex(12)}",
        typed=form or {},
        reads=visit.services.languages.of(found.account),
        most_read=visit.services.papers.language.value,
    )


def _moves(visit: Visitor) -> Moves:
    if not may_of(visit)("ask_terms"):
        return Moves([], [])
    asked = visit.services.approvals.approvals(
        visit.who.actor, ApprovalState.PENDING, act=CHANGE_TARIFF, limit=MOST_ASKED
    )
    return Moves(on_offer(visit), asked)


def _service(visit: Visitor, file: MeterFile, moves: Moves) -> Service:
    services, actor = visit.services, visit.who.actor
    meter, number = file.meter.number.number, file.agreement.number
    last = services.blocks.events(actor, "meter", meter, limit=1)
    return Service(
        file=file,
        account=services.accounts.account(actor, file.agreement.number),
        tariff=_priced(visit, file),
        others=[one for one in moves.offered if _instead(one, file)],
        waiting=[one for one in moves.asked if one.document.get("agreement") == number],
        key_out=_key_out(visit, meter),
        block=last[0] if last and last[0].act == "blocked" else None,
        sales=services.service.sales(actor, meter=meter, limit=SALES),
    )


def _key_out(visit: Visitor, meter: str) -> KeyChange | None:
    found = visit.services.key_changes.of_meter(visit.who.actor, meter, limit=LOOKED_AT)
    standing = (one for one in found if one.state is not KeyChangeState.CANCELLED)
    latest = next(standing, None)
    return latest if latest is not None and latest.state in OUT else None


def _priced(visit: Visitor, file: MeterFile) -> Tariff | None:
    ports = visit.services.service.ports
    try:
        return ports.tariffs.active(file.agreement.tariff, ports.clock())
    except TariffMissing:
        return None


def _instead(tariff: Tariff, file: MeterFile) -> bool:
    same = tariff.commodity is file.meter.commodity
    return same and tariff.code != file.agreement.tariff
