"""One request for an act of two people, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from ..ids import check_new
from ..persons import same_person
from .errors import (
    ApprovalDecided,
    ApprovalExpired,
    ApprovalIdMalformed,
    NotWhoAsked,
    OwnAct,
)

LIFE = timedelta(hours=24)
"""How long a request waits for a second person."""
PATIENCE = timedelta(seconds=60)
"""Until then an act is being done by whoever began it; after it, the attempt has died."""


class ApprovalState(Enum):
    """Where a request stands."""

    PENDING = "pending"
    """Waits for a second person; nothing is done."""
    APPROVED = "approved"
    """And done."""
    NOT_DONE = "not_done"
    """Approved, and nobody has seen the act done: it failed, is under way, or was cut off."""
    CALLED_OFF = "called_off"
    """Approved, and taken back by a second person before it was done."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """By who asked."""
    EXPIRED = "expired"
    """Nobody decided in time; nothing was done."""


@dataclass(frozen=True, slots=True)
class ApprovalDecision:
    """How a request was decided."""

    state: ApprovalState
    at: datetime
    actor: str
    note: str
    """Why it was refused; empty for a withdrawal, and for an approval."""
    outcome: Mapping[str, Any] | None = None
    """What an act changed that was done together with its approval."""


class StepState(Enum):
    """What may follow on the approval of an act that is done after it."""

    BEGUN = "begun"
    """Somebody carries it through; the approval itself is the first beginning."""
    DONE = "done"
    FAILED = "failed"
    CALLED_OFF = "called_off"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an act was not done: code and facts of the error, as JSON holds them."""

    code: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ApprovalStep:
    """One step behind an approval, never edited."""

    seq: int
    """1, 2, ..."""
    state: StepState
    at: datetime
    actor: str
    note: str = ""
    """Why it was called off."""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """One request. Reading it tells everything that a second person must know."""

    id: str
    act: str
    document: Mapping[str, Any]
    reason: str
    requested_at: datetime
    requested_by: str
    point: str
    terminal: str
    decision: ApprovalDecision | None = None
    steps: tuple[ApprovalStep, ...] = ()

    @property
    def expires_at(self) -> datetime:
        """From this moment on it can no longer be decided."""
        return self.requested_at + LIFE

    def state(self, now: datetime) -> ApprovalState:
        if self.is_undone:
            return ApprovalState.NOT_DONE
        if self.called_off is not None:
            return ApprovalState.CALLED_OFF
        if self.decision is not None:
            return self.decision.state
        return ApprovalState.EXPIRED if now >= self.expires_at else ApprovalState.PENDING

    @property
    def stands_approved(self) -> bool:
        """Whether it was approved and not called off."""
        return self.decision is not None and (
            self.decision.state is ApprovalState.APPROVED and self.called_off is None
        )

    @property
    def is_undone(self) -> bool:
        """Whether it was approved, and neither done so far as anybody knows, nor called off."""
        if self.decision is None or self.decision.outcome is not None:
            return False
        done = any(one.state is StepState.DONE for one in self.steps)
        return self.stands_approved and not done

    @property
    def called_off(self) -> ApprovalStep | None:
        """How it was taken back after its approval."""
        return next((one for one in self.steps if one.state is StepState.CALLED_OFF), None)

    @property
    def failure(self) -> Failure | None:
        """Why the last attempt failed; None if it has not ended, or there is nothing to do."""
        return self.steps[-1].failure if self.is_undone and self.steps else None

    def under_way(self, now: datetime) -> str:
        """Who does it at this moment; empty for nobody."""
        if self.decision is None or not self.is_undone or self.failure is not None:
            return ""
        at, who = self.decision.at, self.decision.actor
        if self.steps:
            at, who = self.steps[-1].at, self.steps[-1].actor
        return who if now - at < PATIENCE else ""

    def taken_up_by(self, actor: str) -> bool:
        """Whether this person has approved it, or carried it through since."""
        begun = (one.actor for one in self.steps if one.state is StepState.BEGUN)
        return self.decided_by(actor, ApprovalState.APPROVED) or any(
            same_person(one, actor) for one in begun
        )

    def same_request(self, other: Approval) -> bool:
        """Whether one person asks for the same twice, whenever and from whichever terminal."""
        return (self.act, self.document, self.reason) == (
            other.act,
            other.document,
            other.reason,
        ) and same_person(self.requested_by, other.requested_by)

    def decided_by(self, actor: str, state: ApprovalState) -> bool:
        """Whether this person has decided it this way already."""
        done = self.decision
        return done is not None and done.state is state and same_person(done.actor, actor)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An approved act and what it did."""

    approval: Approval
    outcome: object
    """What the act's executor answered; JSON-like for an act done together with its approval."""
    replayed: bool
    """True if this person had approved it, or carried it through, before."""


def check_undecided(approval: Approval, now: datetime) -> None:
    """Raises ApprovalDecided, ApprovalExpired."""
    done = approval.called_off or approval.decision
    if done is not None:
        raise ApprovalDecided(approval.id, approval.state(now).value, done.actor)
    if now >= approval.expires_at:
        raise ApprovalExpired(approval.id, approval.expires_at.isoformat())


def check_second(approval: Approval, actor: str, concerns: str) -> None:
    """Whether this person may decide it: neither who asked nor whom it is about (empty: nobody).

    Raises OwnAct.
    """
    if same_person(actor, approval.requested_by) or (concerns and same_person(actor, concerns)):
        raise OwnAct(approval.id, actor)


def check_who_asked(approval: Approval, actor: str) -> None:
    """Raises NotWhoAsked."""
    if not same_person(actor, approval.requested_by):
        raise NotWhoAsked(approval.id, approval.requested_by)


def checked_id(text: str) -> str:
    """Of what is asked for. Raises ApprovalIdMalformed, IdInCapitals."""
    check_new(text, ApprovalIdMalformed)
    return text
