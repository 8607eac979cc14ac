"""Adjustments, write-offs and reversals: asked for by one person, approved by another, booked as
entries of their own. Nothing is ever edited. Pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum
from hashlib import sha256

from ..ids import check_new
from ..ledger import (
    Account,
    Chart,
    JournalEntry,
    PostedEntry,
    Posting,
    canonical_json,
    canonical_time,
)
from ..masking import check_no_secret
from ..operators import OperatorUnknown
from ..persons import person, same_person
from ..plaintext import in_one_line, visible
from .days import last_moment_of, read_day
from .errors import (
    AdjustmentDecided,
    AdjustmentIdMalformed,
    HolderWrong,
    NotReversible,
    OwnDeposit,
    OwnRequest,
    ReasonMissing,
)

LEAST_REASON = 5
"""Characters; `ok` explains nothing."""
_MOST_REASON = 500


class AdjustmentKind(Enum):
    """What is asked for; the kind of the entry that it becomes."""

    ADJUSTMENT = "adjustment"
    WRITE_OFF = "write_off"
    REVERSAL = "reversal"


REVERSIBLE = frozenset({AdjustmentKind.ADJUSTMENT.value, AdjustmentKind.WRITE_OFF.value})
"""Kinds of entries that a reversal may point to."""


class AdjustmentState(Enum):
    """Where a request stands."""

    PENDING = "pending"
    """Waits for a second person; nothing is booked."""
    POSTED = "posted"
    VOIDED = "voided"
    """Refused or withdrawn; nothing was booked, and the request stays on record."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How a request ended."""

    state: AdjustmentState
    at: datetime
    actor: str
    note: str
    entry: int | None
    """The journal entry that it became, if it was posted."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One request with its lines, and what became of it."""

    id: str
    kind: AdjustmentKind
    requested_at: datetime
    requested_by: str
    reason: str
    lines: tuple[Posting, ...]
    reverses: int | None = None
    """Number of the entry that it takes back."""
    booked_on: str | None = None
    """Local date that it belongs to, if not the day of its approval: `2026-10-31`."""
    decision: Decision | None = None

    @property
    def state(self) -> AdjustmentState:
        return AdjustmentState.PENDING if self.decision is None else self.decision.state

    def same_request(self, other: Adjustment) -> bool:
        """Whether one person asks for the same twice, whenever and by whichever door."""
        return _asked(self) == _asked(other)

    def posted_already(self, actor: str) -> bool:
        """Whether this person has approved it."""
        done = self.decision
        return (
            done is not None
            and done.state is AdjustmentState.POSTED
            and same_person(done.actor, actor)
        )


def _asked(a: Adjustment) -> tuple[object, ...]:
    return (a.kind, person(a.requested_by), a.reason, a.lines, a.reverses, a.booked_on)


def checked_reason(text: str) -> str:
    """The reason in one line, without signs that cannot be kept. Raises ReasonMissing,
    ReasonHoldsToken."""
    reason = in_one_line(text)
    if visible(reason) < LEAST_REASON or len(reason) > _MOST_REASON:
        raise ReasonMissing(LEAST_REASON)
    check_no_secret(reason)
    return reason


def checked_id(text: str) -> str:
    """Of what is asked for or done. Raises AdjustmentIdMalformed, IdInCapitals."""
    check_new(text, AdjustmentIdMalformed)
    return text


def unknown_holder(account: Account, holder: str) -> HolderWrong | OperatorUnknown:
    """What is told of somebody, or something, that is not there to hold a share of an account."""
    if account.per == "operator":
        return OperatorUnknown(holder[:30])
    return HolderWrong(account.code, holder[:30], account.per)


def reversal_lines(posted: PostedEntry) -> tuple[Posting, ...]:
    """What takes an entry back: its lines with their signs turned. Raises NotReversible."""
    entry = posted.entry
    if entry.kind not in REVERSIBLE:
        raise NotReversible(posted.number, entry.kind)
    return tuple(line._replace(amount=-line.amount) for line in entry.postings)


def posted_by(
    adjustment: Adjustment, actor: str, at: datetime, entry: int, chart: Chart
) -> Decision:
    """The approval by a second person, whose own money it does not move.

    Raises AdjustmentDecided, OwnRequest, OwnDeposit.
    """
    check_undecided(adjustment)
    if same_person(actor, adjustment.requested_by):
        raise OwnRequest(adjustment.id, actor)
    for line in adjustment.lines:
        account = chart.find(line.account)
        if account is not None and account.per == "operator" and same_person(line.holder, actor):
            raise OwnDeposit(adjustment.id, actor)
    return Decision(AdjustmentState.POSTED, at, actor, "", entry)


def check_undecided(adjustment: Adjustment) -> None:
    """Raises AdjustmentDecided."""
    if adjustment.decision is not None:
        raise AdjustmentDecided(adjustment.id, adjustment.state.value)


def adjustment_entry(adjustment: Adjustment, decision: Decision, zone: tzinfo) -> JournalEntry:
    """The entry that an approved request becomes: booked at its approval, or at the last moment
    of the day it belongs to."""
    at = decision.at
    if adjustment.booked_on is not None:
        at = min(at, last_moment_of(read_day(adjustment.booked_on), zone))
    return JournalEntry(
        at=at,
        kind=adjustment.kind.value,
        cause=adjustment.id,
        actor=decision.actor,
        point="",
        content_hash=adjustment_hash(adjustment, decision),
        postings=adjustment.lines,
    )


def adjustment_hash(adjustment: Adjustment, decision: Decision) -> str:
    """SHA-256 over the request and both people: what the journal entry stands for."""
    fields = [
        adjustment.id,
        adjustment.kind.value,
        canonical_time(adjustment.requested_at),
        adjustment.requested_by,
        adjustment.reason,
        adjustment.reverses,
        adjustment.booked_on,
        adjustment.lines,
        canonical_time(decision.at),
        decision.actor,
        decision.note,
    ]
    return sha256(canonical_json(fields)).hexdigest()


def lines_document(lines: tuple[Posting, ...]) -> str:
    """Canonical JSON, as kept."""
    return canonical_json(lines).decode("ascii")


def read_lines(document: str) -> tuple[Posting, ...]:
    """The lines that `lines_document` was given."""
    return tuple(Posting(*line) for line in json.loads(document))
