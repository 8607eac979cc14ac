"""What closed shifts left goes to the bank: what waits, the deposit, and its slip on paper."""

from __future__ import annotations

import secrets
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError
from meters.quantities import Money

from ...drawer import Banking, BankRequest, checked_slips
from ...drawer.errors import NothingToBank
from ...paperorders import PaperKind
from ...parties import Role
from .printing import is_unmarked, on_its_way
from .showing import shown, to
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(prefix="/shift/banked", include_in_schema=False)

LATEST: Final = 30
_AMOUNT: Final = "amount:"


@router.get("")
def banked(visit: Visiting, point: str = "") -> Response:
    """What waits at a point, and what was banked there; everywhere for the office."""
    return _all(visit, point)


@router.post("")
def bank(visit: Visiting, form: Filled) -> Response:
    """Books the deposit of the shifts that are ticked. The form carries its id: sent twice, it is
    banked once."""
    bankings, actor, point = visit.services.bankings, visit.who.actor, form["point"]
    ids = tuple(name.removeprefix("shift:") for name in form if name.startswith("shift:"))
    try:
        if not ids:
            raise NothingToBank(point[:20])
        request = BankRequest(form["id"], point, ids, reference=form["reference"])
        made = bankings.bank(actor, request)
    except RaseedError as error:
        return _all(visit, point, error, form)
    return to(f"/shift/banked/{made.id}")


@router.post("/amounts")
def bank_amounts(visit: Visiting, form: Filled) -> Response:
    """Books what came by itself, of cards and the like, as the bank's statement has it."""
    bankings, actor, point = visit.services.bankings, visit.who.actor, form["point"]
    typed = [(name, form.amount(name)) for name in form if name.startswith(_AMOUNT)]
    try:
        amounts = checked_slips(
            [(name.removeprefix(_AMOUNT), text) for name, text in typed if text],
            bankings.currency,
            cash=True,
        )
        request = BankRequest(form["id"], point, None, amounts, form["reference"])
        made = bankings.bank(actor, request)
    except RaseedError as error:
        return _all(visit, point, error, beside=form)
    return to(f"/shift/banked/{made.id}")


@router.get("/{id}")
def one(visit: Visiting, id: str) -> Response:
    """One deposit, as its slip has it."""
    found = visit.services.bankings.slip(visit.who.actor, id)
    return shown(
        visit,
        "shift/slip.html",
        banking=found,
        shifts=visit.services.bankings.shift_codes(found),
        lines=[(tender, Money(amount, found.currency)) for tender, amount in found.lines],
        amount=_amount(found),
        unmarked=is_unmarked(visit, PaperKind.DEPOSIT, id, found.at, found.copies),
        queued=on_its_way(visit, id),
        here=f"/shift/banked/{quote(id)}/printing",
    )


def _all(
    visit: Visitor,
    point: str,
    error: RaseedError | None = None,
    form: Form | None = None,
    *,
    beside: Form | None = None,
) -> Response:
    """With what was typed into the one form or the other, if it was not taken."""
    services, actor = visit.services, visit.who.actor
    mine = actor.point if actor.role is Role.OPERATOR else None
    points = [one for one in services.service.points(actor) if mine in (None, one.code)]
    point = mine or point or actor.point or (points[0].code if points else "")
    unit = services.bankings.currency
    return shown(
        visit,
        "shift/banked.html",
        error,
        points=points,
        point=point,
        waiting=[
            (file, [(tender, Money(amount, unit)) for tender, amount in left])
            for file, left in services.bankings.waiting(actor, point)
        ],
        bankings=[
            (one, _amount(one)) for one in services.bankings.bankings(actor, point=point or None)
        ][:LATEST],
        beside=[(one, Money(there, unit)) for one, there in services.bankings.beside(actor, point)],
        form=form or Form.of({"id": _new_id()}),
        typed=beside or Form.of({"id": _new_id()}),
    )


def _new_id() -> str:
    return f"b-{secrets.token_hex(12)}"


def _amount(banking: Banking) -> Money:
    return Money(banking.amount, banking.currency)
