"""What waits for a second person, and what is barred. Nobody sees a button for what the rules will
not let them do: an own request, or one about themselves."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from meters.errors import RaseedError

from ...accounts import CHANGE_TARIFF
from ...approvals import LIFT_BLOCK, Approval, ApprovalState
from ...blocking import KINDS
from ...messages import failure_words, phrase
from ...permissions import ALLOWED
from ...persons import same_person
from .showing import shown, to
from .telling import prose
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(include_in_schema=False)

A_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Request:
    """One request as a page shows it."""

    approval: Approval
    state: ApprovalState
    facts: tuple[tuple[str, str], ...]
    """What is asked for, name by name."""
    not_done: str
    """Why what was approved is not done, in words; empty for every other request."""
    may_decide: bool
    may_carry: bool
    """Whether this person may carry through, or call off, what was approved and is not done."""
    may_withdraw: bool


@router.get("/approvals")
def approvals(visit: Visiting, all: str = "", before: str = "") -> Response:
    """Those that wait, for a second person or to be done; with `all` the others, too."""
    return _approvals(visit, everything=bool(all), before=before)


@router.post("/approvals/{id}/approve")
def approve(visit: Visiting, id: str) -> Response:
    return _decided(visit, lambda: visit.services.approvals.approve(visit.who.actor, id))


@router.post("/approvals/{id}/refuse")
def refuse(visit: Visiting, form: Filled, id: str) -> Response:
    note = form["note"][:200]
    return _decided(visit, lambda: visit.services.approvals.refuse(visit.who.actor, id, note))


@router.post("/approvals/{id}/withdraw")
def withdraw(visit: Visiting, id: str) -> Response:
    return _decided(visit, lambda: visit.services.approvals.withdraw(visit.who.actor, id))


@router.get("/blocks")
def blocks(visit: Visiting) -> Response:
    """What is barred from selling and being sold to."""
    return _blocks(visit)


@router.post("/blocks")
def block(visit: Visiting, form: Filled) -> Response:
    """One person stops it at once."""
    kind, reason = form["kind"], form["reason"][:200]
    name = form.number("subject") if kind == "meter" else form.plain("subject")
    try:
        visit.services.blocks.block(visit.who.actor, kind, name, reason)
    except RaseedError as error:
        return _blocks(visit, error, form)
    return to("/blocks")


@router.post("/blocks/lift")
def lift(visit: Visiting, form: Filled) -> Response:
    """Asks for it to go on; a second person approves."""
    kind, name, reason = form["kind"], form["subject"], form["reason"][:200]
    try:
        visit.services.blocks.lift(visit.who.actor, form["id"], kind, name, reason)
    except RaseedError as error:
        return _blocks(visit, error)
    return to("/approvals")


def _decided(visit: Visitor, decide: Any) -> Response:
    try:
        decide()
    except RaseedError as error:
        return _approvals(visit, error)
    return to("/approvals")


def _approvals(
    visit: Visitor,
    error: RaseedError | None = None,
    *,
    everything: bool = False,
    before: str = "",
) -> Response:
    service, actor = visit.services.approvals, visit.who.actor
    listed = service.approvals if everything else service.waiting
    found = listed(actor, before=before or None, limit=A_PAGE)
    return shown(
        visit,
        "office/approvals.html",
        error,
        requests=[_request(visit, one) for one in found],
        everything=everything,
        more=found[-1].id if len(found) == A_PAGE else "",
    )


def _request(visit: Visitor, approval: Approval) -> Request:
    service, user = visit.services.approvals, visit.who.user
    state, act = service.state(approval), service.acts.get(approval.act)
    waits = state is ApprovalState.PENDING
    own = same_person(user.name, approval.requested_by)
    whom = "" if act is None else act.whom(act.read(approval.document))
    about_them = bool(whom) and same_person(user.name, whom)
    may = act is not None and user.role in act.may_approve and not own and not about_them
    under_way = bool(approval.under_way(visit.services.service.ports.clock()))
    return Request(
        approval,
        state,
        (*facts(approval.document), *(_stands(visit, approval) if waits else ())),
        _not_done(visit, approval),
        may_decide=waits and may,
        may_carry=approval.is_undone and may and not under_way,
        may_withdraw=waits and own,
    )


def _not_done(visit: Visitor, approval: Approval) -> str:
    if not approval.is_undone:
        return ""
    why, by = approval.failure, approval.under_way(visit.services.service.ports.clock())
    if why is not None:
        return prose(failure_words(why.code, why.facts, visit.language))
    if by:
        return prose(phrase("not_done_under_way", visit.language, by=by))
    return prose(phrase("not_done_cut_off", visit.language))


def _stands(visit: Visitor, approval: Approval) -> Iterator[tuple[str, str]]:
    """What a second person must know besides, as it is now: whose agreement it is, and at what."""
    if approval.act != CHANGE_TARIFF:
        return
    with suppress(RaseedError):
        number = str(approval.document["agreement"])
        file = visit.services.accounts.account(visit.who.actor, number).agreement
        yield "account", file.account
        yield "tariff_now", file.tariff


def facts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A document flat, as names and texts: of a thing within a thing the last name is enough."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from facts(value)
        else:
            yield name, "-" if value is None else str(value)


def _blocks(visit: Visitor, error: RaseedError | None = None, form: Form | None = None) -> Response:
    service, actor, role = visit.services.blocks, visit.who.actor, visit.who.user.role
    return shown(
        visit,
        "office/blocks.html",
        error,
        blocks=service.blocks(actor, limit=500),
        events=service.events(actor, limit=A_PAGE),
        kinds=KINDS,
        may_block=role in ALLOWED["block"],
        may_ask=role in LIFT_BLOCK.may_request,
        id=f"b-{secrets.token_hex(12)}",
        form=form or Form.empty(),
    )
