"""One request for an act of two people, and what became of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

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
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)


class ApprovalState(Enum):
    """Where a request stands."""

    PENDING = "pending"
    """Waits for a second person; nothing is done."""
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """By who asked."""
    EXPIRED = "expired"
    """Nobody decided in time; nothing was done."""


@dataclass(frozen=True, slots=True)
class ApprovalDecision:
    """How a request ended."""

    state: ApprovalState
    at: datetime
    actor: str
    note: str
    """Why it was refused; empty for a withdrawal, and for an approval."""
    outcome: Mapping[str, Any] | None = None
    """What an act changed that was done together with its approval."""


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

    @property
    def expires_at(self) -> datetime:
        """From this moment on it can no longer be decided."""
        return self.requested_at + LIFE

    def state(self, now: datetime) -> ApprovalState:
        if self.decision is not None:
            return self.decision.state
        return ApprovalState.EXPIRED if now >= self.expires_at else ApprovalState.PENDING

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


def check_undecided(approval: Approval, now: datetime) -> None:
    """Raises ApprovalDecided, ApprovalExpired."""
    done = approval.decision
    if done is not None:
        raise ApprovalDecided(approval.id, done.state.value, done.actor)
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
    """Raises ApprovalIdMalformed."""
    if not _ID.fullmatch(text):
        raise ApprovalIdMalformed(len(text))
    return text
