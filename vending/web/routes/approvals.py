"""Acts of two people; what is barred; who sells."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from ...approvals import ApprovalState
from ...shapes import (
    ApprovalIn,
    ApprovalOut,
    BlockEventOut,
    BlockOut,
    ExchangeIn,
    ExchangeOut,
    FloatOut,
    OperatorIn,
    OperatorOut,
    OperatorTermsIn,
    OutcomeOut,
    PointTermsIn,
    document_of,
)
from ...shapes.base import MOST_NUMBER
from ..addresses import AGREEMENT, OPERATOR, POINT
from ..callers import (
    Approver,
    Approving,
    Blocking,
    Exchanging,
    People,
    Reader,
    Registrar,
    Technician,
)
from ..routers import api_router

router = api_router("people")

IdPath = Annotated[str, Path(max_length=200, description="The id that the caller made")]
Code = Annotated[str, Path(max_length=200)]
After = Annotated[str, Query(max_length=80, description="Go on behind this one")]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most")]
Kind = Annotated[
    str | None,
    Query(max_length=20, description="`meter`, `agreement`, `operator`, `point`, `terminal`"),
]
IdText = Annotated[StrictStr, Field(max_length=200, description="Made by the caller")]
ReasonText = Annotated[StrictStr, Field(max_length=1000)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoteIn(_In):
    """Why it is refused."""

    note: ReasonText


class BlockIn(_In):
    """What to bar."""

    kind: StrictStr = Field(max_length=20)
    subject: StrictStr = Field(
        max_length=200, description="A number, a code, a person, or `point/terminal`"
    )
    reason: ReasonText


class LiftIn(BlockIn):
    """Ask for a block to be lifted."""

    id: IdText


class OperatorChangeIn(_In):
    """Ask for an operator's terms to be changed."""

    id: IdText
    set: OperatorTermsIn
    reason: ReasonText


class PointChangeIn(_In):
    """Ask for a point's limits to be changed."""

    id: IdText
    set: PointTermsIn
    reason: ReasonText


@router.get("/approvals")
def list_approvals(
    actor: Reader,
    approvals: Approving,
    state: ApprovalState | None = None,
    act: Annotated[str | None, Query(max_length=60)] = None,
    before: Annotated[
        str | None, Query(max_length=200, description="Behind this request, in the list's order")
    ] = None,
    limit: Limit = 100,
    waiting: Annotated[
        bool, Query(description="Those alone that wait: undecided, or approved and not done")
    ] = False,
) -> list[ApprovalOut]:
    """Requests for acts of two people, latest first. New terms of operators are shown to those who
    may see the terms."""
    if waiting and state is None:
        found = approvals.waiting(actor, act=act, before=before, limit=limit)
    else:
        found = approvals.approvals(actor, state, act=act, before=before, limit=limit)
    return [ApprovalOut.of(one, approvals.state(one)) for one in found]


@router.post("/approvals", status_code=201)
def ask(actor: Approver, approvals: Approving, body: ApprovalIn) -> ApprovalOut:
    """Ask for an act that a second person must approve within 24 hours. Repeating a request
    answers it as it stands. A sale gets the request's id as its vend id; its digits are shown by
    `/vends/{vend_id}/showing`."""
    made = approvals.request(actor, body.id, body.act, document_of(body), body.reason)
    return ApprovalOut.of(made, approvals.state(made))


@router.get("/approvals/{id}")
def one_approval(actor: Reader, approvals: Approving, id: IdPath) -> ApprovalOut:
    """One request, as it stands."""
    found = approvals.approval(actor, id)
    return ApprovalOut.of(found, approvals.state(found))


@router.post("/approvals/{id}/approval", status_code=201)
def approve(actor: Approver, approvals: Approving, id: IdPath) -> OutcomeOut:
    """Approve what somebody else asked for: it is done at once. After a lost answer approve again:
    it is completed, or answered, and never done twice. What was approved and is `not_done` is
    carried through by anybody who may approve it and has not asked for it."""
    return OutcomeOut.of(approvals.approve(actor, id))


@router.post("/approvals/{id}/refusal", status_code=201)
def refuse(actor: Approver, approvals: Approving, id: IdPath, body: NoteIn) -> ApprovalOut:
    """End what somebody else asked for without doing it; also what was approved and is `not_done`,
    as long as the books hold nothing of it."""
    ended = approvals.refuse(actor, id, body.note)
    return ApprovalOut.of(ended, approvals.state(ended))


@router.post("/approvals/{id}/withdrawal", status_code=201)
def withdraw(actor: Approver, approvals: Approving, id: IdPath) -> ApprovalOut:
    """Take an own request back."""
    ended = approvals.withdraw(actor, id)
    return ApprovalOut.of(ended, approvals.state(ended))


@router.post(f"/agreements/{AGREEMENT}/exchanges", status_code=201)
def exchange(
    actor: Technician,
    exchanges: Exchanging,
    approvals: Approving,
    agreement: Code,
    body: ExchangeIn,
) -> ExchangeOut:
    """Put a new meter in the place of the agreement's. From here on nothing is sold to the old one;
    what was left there waits as a request of the act `transfer` for a second person."""
    source, units = body.told()
    made = exchanges.exchange(
        actor,
        body.id,
        agreement,
        body.meter.meter(),
        source,
        body.reason,
        units,
        body.down_since,
    )
    return ExchangeOut.of(made, approvals.state(made.request))


@router.get("/blocks")
def list_blocks(
    actor: Reader, blocks: Blocking, kind: Kind = None, after: After = "", limit: Limit = 100
) -> list[BlockOut]:
    """What is barred now, by kind and subject; `after` is the last one as `kind:subject`."""
    return [BlockOut.of(one) for one in blocks.blocks(actor, kind, after=after, limit=limit)]


@router.post("/blocks", status_code=201)
def block(actor: Approver, blocks: Blocking, body: BlockIn) -> BlockOut:
    """Bar a meter, agreement, operator, point or terminal at once."""
    return BlockOut.of(blocks.block(actor, body.kind, body.subject, body.reason))


@router.get("/blocks/events")
def list_block_events(
    actor: Reader,
    blocks: Blocking,
    kind: Kind = None,
    subject: Annotated[str | None, Query(max_length=200, description="With its kind")] = None,
    before: Annotated[
        int | None, Query(ge=1, le=MOST_NUMBER, description="Those below this id")
    ] = None,
    limit: Limit = 100,
) -> list[BlockEventOut]:
    """Who barred and lifted what, latest first."""
    found = blocks.events(actor, kind, subject, before=before, limit=limit)
    return [BlockEventOut.of(one) for one in found]


@router.post("/blocks/lifts", status_code=201)
def lift(actor: Approver, blocks: Blocking, approvals: Approving, body: LiftIn) -> ApprovalOut:
    """Ask for a block to be lifted; a second person approves it."""
    made = blocks.lift(actor, body.id, body.kind, body.subject, body.reason)
    return ApprovalOut.of(made, approvals.state(made))


@router.get("/operators")
def list_operators(
    actor: Reader, operators: People, after: After = "", limit: Limit = 100
) -> list[OperatorOut]:
    """Who sells, by code."""
    found = operators.operators(actor, after=after, limit=limit)
    return [OperatorOut.of(one, operators.currency) for one in found]


@router.post("/operators", status_code=201)
def add_operator(actor: Registrar, operators: People, body: OperatorIn) -> OperatorOut:
    """Register who sells (administrators)."""
    made = operators.register(actor, body.operator(operators.currency))
    return OperatorOut.of(made, operators.currency)


@router.get(f"/operators/{OPERATOR}/float")
def operator_float(actor: Reader, operators: People, code: Code) -> FloatOut:
    """What an operator may still sell for; operators see their own."""
    return FloatOut.of(operators.float_of(actor, code))


@router.get(f"/operators/{OPERATOR}")
def one_operator(actor: Reader, operators: People, code: Code) -> OperatorOut:
    """One operator's terms; operators see their own."""
    return OperatorOut.of(operators.operator(actor, code), operators.currency)


@router.post(f"/operators/{OPERATOR}/changes", status_code=201)
def change_operator(
    actor: Approver, operators: People, approvals: Approving, code: Code, body: OperatorChangeIn
) -> ApprovalOut:
    """Ask for an operator's terms to be changed; a second person approves it."""
    changes = body.set.model_dump(exclude_unset=True)
    made = operators.change(actor, body.id, code, changes, body.reason)
    return ApprovalOut.of(made, approvals.state(made))


@router.post(f"/points/{POINT}/changes", status_code=201)
def change_point(
    actor: Approver, operators: People, approvals: Approving, code: Code, body: PointChangeIn
) -> ApprovalOut:
    """Ask for a vending point's limits to be changed; a second person approves it."""
    changes = body.set.model_dump(exclude_unset=True)
    made = operators.change_point(actor, body.id, code, changes, body.reason)
    return ApprovalOut.of(made, approvals.state(made))
