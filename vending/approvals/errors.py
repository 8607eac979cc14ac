"""Why an act of two people, a block, or a change of who sells is not done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meters.errors import Invalid, Refused, Unavailable


@dataclass(eq=False)
class ActUnknown(Invalid, code="approval.act_unknown"):
    """There is no act of two people with this name."""

    act: str


@dataclass(eq=False)
class ApprovalIdMalformed(Invalid, code="approval.id_malformed"):
    """An approval's id is 1 to 64 letters, digits and `. _ : -`, made by the caller."""

    length: int


@dataclass(eq=False)
class DocumentMalformed(Invalid, code="approval.document_malformed"):
    """What is asked for lacks a field, has one too many, or one that does not fit."""

    act: str
    field: str
    problem: str
    """A type of error as in words/validation.toml."""


@dataclass(eq=False)
class DocumentHoldsToken(Invalid, code="approval.document_holds_token"):
    """A request is read by many: no token's digits are written into it."""

    act: str


@dataclass(eq=False)
class ApprovalUnknown(Invalid, code="approval.unknown"):
    """Nothing was asked for under this id."""

    approval: str


@dataclass(eq=False)
class ApprovalIdReused(Refused, code="approval.id_reused"):
    """Something else was asked for under this id, or by somebody else, or sold."""

    approval: str


@dataclass(eq=False)
class OwnAct(Refused, code="approval.own_act"):
    """Who asked for an act, or whom it is about, does not decide it: a second person is needed."""

    approval: str
    person: str


@dataclass(eq=False)
class ApprovalDecided(Refused, code="approval.decided"):
    """The request has been approved, refused or withdrawn already; it stands as it is."""

    approval: str
    state: str
    by: str


@dataclass(eq=False)
class ApprovalUnderWay(Unavailable, code="approval.under_way"):
    """Somebody has approved it just now, or carries it through, and that has not ended yet."""

    approval: str
    by: str


@dataclass(eq=False)
class ApprovalMayBeDone(Refused, code="approval.may_be_done"):
    """The books hold something under this id: what may have been done is not taken back as if it
    had not."""

    approval: str


@dataclass(eq=False)
class ApprovalExpired(Refused, code="approval.expired"):
    """It was not decided, or not done, in time: what was asked for may no longer be what is
    wanted."""

    approval: str
    until: str


@dataclass(eq=False)
class NotWhoAsked(Refused, code="approval.not_who_asked"):
    """Only who asked can withdraw; others refuse."""

    approval: str
    person: str


@dataclass(eq=False)
class BlockKindUnknown(Invalid, code="block.kind_unknown"):
    """Blocked are meters, agreements, operators, points and terminals."""

    kind: str
    known: str


@dataclass(eq=False)
class SubjectUnknown(Invalid, code="block.subject_unknown"):
    """There is nothing with this number, code or name to be blocked."""

    kind: str
    subject: str


@dataclass(eq=False)
class AlreadyBlocked(Refused, code="block.already"):
    """It is blocked already, for another reason: that one stands until it is lifted."""

    kind: str
    subject: str
    reason: str
    since: datetime


@dataclass(eq=False)
class NotBlocked(Refused, code="block.not_blocked"):
    """There is no block to lift."""

    kind: str
    subject: str


@dataclass(eq=False)
class OperatorExists(Refused, code="operator.exists"):
    """This person is registered as an operator already, with other terms or another spelling."""

    operator: str


@dataclass(eq=False)
class FieldWrong(Invalid, code="operator.field_wrong"):
    """One of the terms of an operator or a point cannot be what was given."""

    field: str
