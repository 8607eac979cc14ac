"""Requests for acts of two people, and what is barred, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from ..approvals import Approval, ApprovalState, ApprovalStep, BlockEvent, Failure, Outcome
from ..blocking import Block
from ..messages import Language, failure_words
from ..sale import SaleReceipt
from .base import Name, Out
from .sales import SaleOut


class FailureOut(Out):
    """Why what was approved is not done."""

    code: str = Field(description="Of the error that it failed with")
    detail: Name
    facts: dict[str, Any]

    @classmethod
    def of(cls, failure: Failure) -> FailureOut:
        ar, en = (failure_words(failure.code, failure.facts, one) for one in Language)
        return cls(code=failure.code, detail=Name(ar=ar, en=en), facts=dict(failure.facts))


class StepOut(Out):
    """What happened behind the approval of an act that is done after it."""

    state: str = Field(description="`begun` by somebody else, `done`, `failed` or `called_off`")
    at: datetime
    by: str
    note: str
    failure: FailureOut | None

    @classmethod
    def of(cls, step: ApprovalStep) -> StepOut:
        why = None if step.failure is None else FailureOut.of(step.failure)
        return cls(state=step.state.value, at=step.at, by=step.actor, note=step.note, failure=why)


class ApprovalOut(Out):
    """A request, and what became of it."""

    id: str
    act: str = Field(description="`lift_block`, `change_operator`, `change_point`, ...")
    state: str = Field(
        description="`pending`, `approved` and done, `not_done` (approved), `called_off` "
        "(approved, and taken back before it was done), `refused`, `withdrawn`, or `expired`"
    )
    document: dict[str, Any] = Field(description="What is asked for; money as decimal text")
    reason: str
    requested_at: datetime
    requested_by: str
    point: str
    terminal: str
    expires_at: datetime = Field(description="From then on it can no longer be decided")
    decided_at: datetime | None
    decided_by: str | None
    note: str
    failure: FailureOut | None = Field(description="Of the last attempt, while it is `not_done`")
    steps: list[StepOut] = Field(description="Behind the approval, in their order")

    @classmethod
    def of(cls, one: Approval, state: ApprovalState) -> ApprovalOut:
        decision = one.decision
        return cls(
            id=one.id,
            act=one.act,
            state=state.value,
            document=dict(one.document),
            reason=one.reason,
            requested_at=one.requested_at,
            requested_by=one.requested_by,
            point=one.point,
            terminal=one.terminal,
            expires_at=one.expires_at,
            decided_at=None if decision is None else decision.at,
            decided_by=None if decision is None else decision.actor,
            note="" if decision is None else decision.note,
            failure=None if one.failure is None else FailureOut.of(one.failure),
            steps=[StepOut.of(step) for step in one.steps],
        )


class OutcomeOut(Out):
    """An approved request and what was done by it."""

    approval: ApprovalOut
    outcome: dict[str, Any] | None = Field(
        description="What changed, as it was and is; a sale without its tokens' digits"
    )
    replayed: bool = Field(description="true if the caller had approved it before")

    @classmethod
    def of(cls, done: Outcome) -> OutcomeOut:
        return cls(
            approval=ApprovalOut.of(done.approval, ApprovalState.APPROVED),
            outcome=_told(done.outcome),
            replayed=done.replayed,
        )


def _told(outcome: object) -> dict[str, Any] | None:
    """Digits are for the counter that hands them out, not for whoever approves."""
    if isinstance(outcome, SaleReceipt):
        return SaleOut.of(outcome).model_dump(mode="json")
    return dict(outcome) if isinstance(outcome, dict) else None


class BlockOut(Out):
    """What is barred."""

    kind: str = Field(description="`meter`, `agreement`, `operator`, `point` or `terminal`")
    subject: str = Field(description="A number, a code, a person, or `point/terminal`")
    reason: str
    since: datetime

    @classmethod
    def of(cls, block: Block) -> BlockOut:
        return cls(kind=block.kind, subject=block.subject, reason=block.reason, since=block.since)


class BlockEventOut(Out):
    """One blocking or lifting."""

    id: int
    kind: str
    subject: str
    act: str = Field(description="`blocked` or `lifted`")
    at: datetime
    actor: str
    reason: str

    @classmethod
    def of(cls, event: BlockEvent) -> BlockEventOut:
        return cls(**{name: getattr(event, name) for name in cls.model_fields})
