"""Key changes: plan, follow, prove. The tokens themselves come with the sale that issues them, and
once more where somebody says why."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from tokens.sts import BaseDate

from ...keychanges import KeyChangeState, Scope, read_key
from ...shapes import CampaignOut, ConfirmationOut, KeyChangeOut, KeyChangesLeftOut, KeySetOut
from ...shapes.base import MOST_NUMBER
from ..callers import KeyMoves, Reader, Registrar, Seller, Technician
from ..routers import api_router
from .bookkeeping import ReasonIn
from .parties import MeterPath

router = api_router("key changes")

Key = Annotated[StrictStr, Field(max_length=40, description="Group and revision: `123457/2`")]
Reason = Annotated[StrictStr, Field(max_length=1000)]
Source = Annotated[str | None, Query(alias="from", max_length=40, description="As `123457/1`")]
Target = Annotated[str | None, Query(alias="to", max_length=40, description="As `123457/2`")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PlanIn(_In):
    """Where to move a meter; what is not named stays as it is."""

    sgc: StrictStr | None = Field(None, max_length=6)
    krn: StrictInt | None = Field(None, ge=1, le=9)
    ti: StrictInt | None = Field(None, ge=0, le=99)
    reason: Reason


class CampaignIn(_In):
    """Move all meters of one key to another."""

    source: Key = Field(alias="from")
    target: Key = Field(alias="to")
    ti: StrictInt | None = Field(None, ge=0, le=99, description="Default: each keeps its own")
    reason: Reason


class BaseDateIn(_In):
    """Move all meters whose key counts from this base date."""

    base_date: BaseDate
    reason: Reason


class CancelIn(_In):
    """Take plans back that are not issued yet: all of them, or those of some keys."""

    source: Key | None = Field(None, alias="from")
    target: Key | None = Field(None, alias="to")
    reason: Reason


class NoteIn(_In):
    """Who said so, or how it was seen."""

    note: StrictStr = Field("", max_length=200)


def scope_of(source: str | None, target: str | None) -> Scope:
    """Raises KeyText."""
    return Scope(
        None if source is None else read_key(source), None if target is None else read_key(target)
    )


@router.get("/key-changes")
def list_changes(
    actor: Reader,
    moves: KeyMoves,
    state: Annotated[list[KeyChangeState] | None, Query(description="Any, if not given")] = None,
    source: Source = None,
    target: Target = None,
    after: Annotated[int, Query(ge=0, le=MOST_NUMBER, description="Go on behind this number")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[KeyChangeOut]:
    """Changes, the oldest first."""
    scope = scope_of(source, target)
    found = moves.changes(actor, state or (), scope, after=after, limit=limit)
    return [KeyChangeOut.of(change) for change in found]


@router.get("/key-changes/left")
def left(
    actor: Reader, moves: KeyMoves, source: Source = None, target: Target = None
) -> KeyChangesLeftOut:
    """How far a campaign has come: how many changes stand where."""
    return KeyChangesLeftOut.of(moves.left(actor, scope_of(source, target)))


@router.post("/key-changes/campaigns", status_code=201)
def plan_campaign(actor: Registrar, moves: KeyMoves, body: CampaignIn) -> CampaignOut:
    """Plan the move of all meters of a key. Repeating it goes on with those left out."""
    source, target = read_key(body.source), read_key(body.target)
    return CampaignOut.of(moves.plan_campaign(actor, source, target, body.reason, ti=body.ti))


@router.post("/key-changes/base-dates", status_code=201)
def plan_base_date(actor: Registrar, moves: KeyMoves, body: BaseDateIn) -> list[CampaignOut]:
    """Plan the move of all meters whose key counts from a base date, key by key."""
    made = moves.plan_base_date(actor, body.base_date, body.reason)
    return [CampaignOut.of(campaign) for campaign in made]


@router.post("/key-changes/cancellations", status_code=201)
def cancel_campaign(actor: Registrar, moves: KeyMoves, body: CancelIn) -> dict[str, int]:
    """Take plans back that are not issued yet."""
    scope = scope_of(body.source, body.target)
    return {"cancelled": moves.cancel_campaign(actor, scope, body.reason)}


@router.post("/key-changes/confirmations", status_code=201)
def confirm_delivered(actor: Technician, moves: KeyMoves) -> dict[str, int]:
    """Confirm what the books prove: changes whose meter has taken a later token."""
    return {"confirmed": moves.confirm_delivered(actor)}


@router.get("/meters/{number}/key-changes")
def of_meter(
    actor: Reader,
    moves: KeyMoves,
    number: MeterPath,
    before: Annotated[
        int | None, Query(ge=1, le=MOST_NUMBER, description="Those below this number")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[KeyChangeOut]:
    """All changes of a meter, the latest first."""
    found = moves.of_meter(actor, number, before=before, limit=limit)
    return [KeyChangeOut.of(change) for change in found]


@router.post("/meters/{number}/key-changes", status_code=201)
def plan(actor: Registrar, moves: KeyMoves, number: MeterPath, body: PlanIn) -> KeyChangeOut:
    """Plan a meter's move to another key; its tokens come with the meter's next sale."""
    return KeyChangeOut.of(
        moves.plan(actor, number, body.reason, sgc=body.sgc, krn=body.krn, ti=body.ti)
    )


@router.post("/meters/{number}/key-changes/cancellation", status_code=201)
def cancel(actor: Registrar, moves: KeyMoves, number: MeterPath, body: ReasonIn) -> KeyChangeOut:
    """Take a plan back before its tokens are issued."""
    return KeyChangeOut.of(moves.cancel(actor, number, body.reason))


@router.post("/meters/{number}/key-changes/entered", status_code=201)
def entered(actor: Technician, moves: KeyMoves, number: MeterPath, body: NoteIn) -> KeyChangeOut:
    """Say that the tokens are in the meter."""
    return KeyChangeOut.of(moves.mark_entered(actor, number, body.note))


@router.post("/meters/{number}/key-changes/tokens", status_code=201)
def tokens_again(
    actor: Seller, moves: KeyMoves, response: Response, number: MeterPath, body: ReasonIn
) -> KeySetOut:
    """The tokens that are out, once more: their sale was taken back while later ones stand, the
    paper is lost, or the meter does not know the key. Recorded with its reason; the digits of a
    sale that nobody has seen are refused."""
    response.headers["Cache-Control"] = "no-store"
    return KeySetOut.of(moves.tokens_again(actor, number, body.reason))


@router.post("/meters/{number}/key-changes/push", status_code=201)
def push(actor: Technician, moves: KeyMoves, number: MeterPath) -> ConfirmationOut:
    """Hand the issued set to the meter, and read what became of it."""
    return ConfirmationOut.of(moves.push(actor, number))


@router.post("/meters/{number}/key-changes/confirmation", status_code=201)
def confirm(actor: Technician, moves: KeyMoves, number: MeterPath) -> ConfirmationOut:
    """Look for a proof that the meter holds its new key; reads the meter if the books have none."""
    return ConfirmationOut.of(moves.confirm_by_reading(actor, number))
