"""Barring meters, agreements and those who sell: one person stops at once, two let go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meters.identity import meter_from_text

from ..accounting.adjustments import checked_reason
from ..blocking import KINDS, Block, block_key
from ..parties import Actor, Role
from ..permissions import require
from ..plaintext import can_be_kept
from ..ports import Clock
from .acts import Act, Approved, Document, Fields
from .approval import Approval
from .approvals import Approvals
from .errors import AlreadyBlocked, BlockKindUnknown, NotBlocked, SubjectUnknown
from .ports import BlockEvent, PeopleReading, PeopleStore, PeopleWriting

_LONGEST_SUBJECT = 60
_REGISTERED = frozenset({"meter", "agreement", "point"})
"""Kinds whose subjects are on record. Operators and terminals are known by their names alone, and
one that is not registered must be stopped as well."""

_MAY_ASK = frozenset({Role.BILLING, Role.SUPERVISOR, Role.ADMINISTRATOR})
_MAY_APPROVE = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be blocked or let go, as it is kept."""

    kind: str
    name: str


def typed_subject(kind: str, text: str) -> Subject:
    """A subject from what was typed: a meter in any form of its number, an operator as a person,
    a terminal as `point/terminal`, the others as they are written.

    Raises BlockKindUnknown, SubjectUnknown, and for meters NotDigits, MeterNumberLength,
    CheckDigitWrong, IssuerUnknown.
    """
    if kind not in KINDS:
        raise BlockKindUnknown(kind[:20], ", ".join(KINDS))
    plain = " ".join(text.split())
    if kind == "meter":
        plain = meter_from_text(plain).number
    subject = Subject(*block_key(kind, plain))
    kept = can_be_kept(plain) and 0 < len(subject.name) <= _LONGEST_SUBJECT
    wrong_place = kind == "terminal" and not all(plain.partition("/"))
    if not kept or wrong_place:
        raise SubjectUnknown(kind, plain[:_LONGEST_SUBJECT])
    return subject


class Blocks:
    """One instance serves many threads."""

    def __init__(self, store: PeopleStore, approvals: Approvals, clock: Clock) -> None:
        self._store = store
        self._approvals = approvals
        self._clock = clock

    def block(self, actor: Actor, kind: str, subject: str, reason: str) -> Block:
        """Bars it from now on; the next sale sees it. Again for the same reason: as it stands.

        Raises the errors of `typed_subject`, ReasonMissing, ReasonHoldsToken, AlreadyBlocked
        (for another reason).
        """
        require(actor, "block")
        wanted = typed_subject(kind, subject)
        reason = checked_reason(reason)
        with self._store.writing() as books:
            if kind in _REGISTERED and not books.in_use(kind, wanted.name):
                raise SubjectUnknown(kind, wanted.name)
            found = books.block(kind, wanted.name)
            if found is not None:
                if found.reason != reason:
                    raise AlreadyBlocked(kind, wanted.name, found.reason, found.since)
                return found
            made = Block(kind, wanted.name, reason, self._clock())
            books.set_block(made, actor.name)
            return made

    def lift(self, actor: Actor, id: str, kind: str, subject: str, reason: str) -> Approval:
        """Asks for a block to be lifted; a second person approves it under the caller's `id`.

        Raises the errors of `typed_subject` and of `Approvals.request`, NotBlocked.
        """
        wanted = typed_subject(kind, subject)
        document = {"kind": wanted.kind, "subject": wanted.name}
        return self._approvals.request(actor, id, "lift_block", document, reason)

    def blocks(
        self, actor: Actor, kind: str | None = None, *, after: str = "", limit: int = 100
    ) -> list[Block]:
        """What is barred now, by kind and subject, those behind `after` (`kind:subject`)."""
        require(actor, "look_up")
        with self._store.reading() as books:
            return books.blocks(_known_kind(kind), after=after, limit=limit)

    def events(
        self,
        actor: Actor,
        kind: str | None = None,
        subject: str | None = None,
        *,
        before: int | None = None,
        limit: int = 100,
    ) -> list[BlockEvent]:
        """Who barred and lifted what, latest first, those with an id below `before`; `subject`
        only with its kind.

        Raises the errors of `typed_subject`.
        """
        require(actor, "look_up")
        name = None
        if kind is not None and subject is not None:
            name = typed_subject(kind, subject).name
        with self._store.reading() as books:
            return books.block_events(_known_kind(kind), name, before=before, limit=limit)


def _known_kind(kind: str | None) -> str | None:
    if kind is not None and kind not in KINDS:
        raise BlockKindUnknown(kind[:20], ", ".join(KINDS))
    return kind


def _read(document: Document) -> Subject:
    fields = Fields("lift_block", document)
    kind, subject = fields.text("kind"), fields.text("subject")
    fields.done()
    return typed_subject(kind, subject)


def _standing(books: PeopleReading, subject: Subject) -> Block:
    found = books.block(subject.kind, subject.name)
    if found is None:
        raise NotBlocked(subject.kind, subject.name)
    return found


def _lift(books: PeopleWriting, approved: Approved) -> dict[str, Any]:
    found = _standing(books, approved.payload)
    books.lift_block(found, approved.approved_at, approved.approver.name, approved.reason)
    return {"kind": found.kind, "subject": found.subject, "blocked": False}


def _whom(subject: Subject) -> str:
    return subject.name if subject.kind == "operator" else ""


LIFT_BLOCK = Act(
    name="lift_block",
    may_request=_MAY_ASK,
    may_approve=_MAY_APPROVE,
    read=_read,
    within=_lift,
    look=_standing,
    concerns=_whom,
)
"""Letting go on what one person has stopped."""
