"""Acts that need two people, as a table: who may ask, who may approve, what is asked for, and how
it is done. Pure; whoever composes the program brings the executors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..ledger import canonical_json
from ..masking import masked
from ..parties import Actor, Role
from ..permissions import ALLOWED, ActorNotAllowed
from ..plaintext import can_be_kept
from .errors import ApprovalExpired, DocumentHoldsToken, DocumentMalformed
from .ports import PeopleReading, PeopleWriting

_MOST_TEXT = 500
_MOST_DOCUMENT = 8000
"""Characters of canonical JSON."""
MOST_WHOLE = 10**13
"""Larger amounts (minor units, Wh, litres) are typing mistakes."""

Document = Mapping[str, Any]
"""What is asked for, as JSON holds it; no floats, no token digits."""


@dataclass(frozen=True, slots=True)
class Approved:
    """An act that a second person has approved, as its executor gets it."""

    id: str
    """The approval's id: what the executor writes down once, it writes down under this."""
    act: str
    payload: Any
    """What the act's `read` made of the document."""
    reason: str
    requested_at: datetime
    requested_by: str
    point: str
    """Where it was asked for; empty if the one who asked sits at no point."""
    terminal: str
    approver: Actor
    approved_at: datetime
    expires_at: datetime
    now: datetime
    """Of this call; later than `approved_at` when the same approval is sent again."""

    def check_time(self) -> None:
        """For an executor that finds nothing done under `id`: whether it may still begin. What was
        done before is answered at any time.

        Raises ApprovalExpired.
        """
        if self.now >= self.expires_at:
            raise ApprovalExpired(self.id, self.expires_at.isoformat())


Executor = Callable[[Approved], object]
"""Does the act in a transaction of its own, once per `Approved.id`, and answers its outcome; again
with the same id it answers the same. It runs after the approval is on disk."""

Within = Callable[[PeopleWriting, Approved], dict[str, Any]]
"""Does the act inside the transaction that writes the approval, and answers its outcome as JSON
holds it; an error leaves the request waiting."""


@dataclass(frozen=True, slots=True)
class Act:
    """One row of the table. Exactly one of `execute` and `within` does it."""

    name: str
    may_request: frozenset[Role]
    may_approve: frozenset[Role]
    read: Callable[[Document], Any]
    """The document as a typed payload. Raises DocumentMalformed and other Invalid."""
    execute: Executor | None = None
    within: Within | None = None
    look: Callable[[PeopleReading, Any], object] | None = None
    """Refuses at once what could not be done now anyway, when it is asked for."""
    before: Callable[[Any], object] | None = None
    """The same, for what is not read through the approvals' store: it runs before anything is
    written, and not when a request is only repeated."""
    concerns: Callable[[Any], str] | None = None
    """The person whom it is about (empty for nobody): they do not approve it either."""
    may_look: frozenset[Role] = ALLOWED["look_up"]
    """Who sees what is asked for, and why."""

    def __post_init__(self) -> None:
        if (self.execute is None) == (self.within is None):
            raise ValueError(f"act {self.name} needs one way to be done")

    def whom(self, payload: Any) -> str:
        """The person whom it is about; empty for nobody."""
        return "" if self.concerns is None else self.concerns(payload)

    def check_requester(self, actor: Actor) -> None:
        """Raises ActorNotAllowed."""
        if actor.role not in self.may_request:
            raise ActorNotAllowed(self.name, actor.role.value)

    def check_looker(self, actor: Actor) -> None:
        """Raises ActorNotAllowed."""
        if actor.role not in self.may_look:
            raise ActorNotAllowed(self.name, actor.role.value)

    def check_approver(self, actor: Actor) -> None:
        """Raises ActorNotAllowed."""
        if actor.role not in self.may_approve:
            raise ActorNotAllowed(self.name, actor.role.value)


def acts_table(*acts: Act) -> dict[str, Act]:
    """Acts by name. Raises ValueError if two share one."""
    table = {act.name: act for act in acts}
    if len(table) != len(acts):
        raise ValueError("two acts share a name")
    return table


class Fields:
    """Reads a document field by field; `done` refuses what is left over, so that a misspelt field
    is never dropped silently. Every method raises DocumentMalformed."""

    def __init__(self, act: str, document: Document) -> None:
        self.act = act
        self._document = document
        self._read: set[str] = set()

    def has(self, name: str) -> bool:
        return name in self._document

    def text(self, name: str, *, most: int = _MOST_TEXT) -> str:
        """Text that is not empty, without spaces around it."""
        value = self._value(name, str)
        plain = " ".join(value.split())
        if not plain:
            raise self.wrong(name, "string_too_short")
        if not can_be_kept(plain):
            raise self.wrong(name, "string_pattern_mismatch")
        if len(plain) > most:
            raise self.wrong(name, "string_too_long")
        return plain

    def whole(self, name: str, *, least: int = 0, most: int = MOST_WHOLE) -> int:
        """A whole number, `least` to `most`."""
        value: int = self._value(name, int)
        if value < least:
            raise self.wrong(name, "greater_than_equal")
        if value > most:
            raise self.wrong(name, "less_than_equal")
        return value

    def truth(self, name: str) -> bool:
        """True or false."""
        return bool(self._value(name, bool))

    def choice(self, name: str, allowed: Iterable[str]) -> str:
        """One of a few words."""
        value = self.text(name)
        if value not in allowed:
            raise self.wrong(name, "enum")
        return value

    def group(self, name: str) -> Fields:
        """A document within; `done` it by itself."""
        return Fields(self.act, self._value(name, dict))

    def is_null(self, name: str) -> bool:
        """Whether the field stands there as null; then it counts as read."""
        if name not in self._document or self._document[name] is not None:
            return False
        self._read.add(name)
        return True

    def names(self) -> list[str]:
        return list(self._document)

    def done(self) -> None:
        for name in self._document:
            if name not in self._read:
                raise self.wrong(name, "extra_forbidden")

    def wrong(self, name: str, problem: str) -> DocumentMalformed:
        return DocumentMalformed(self.act, masked(str(name))[:40], problem)

    def _value(self, name: str, kind: type) -> Any:
        if name not in self._document:
            raise self.wrong(name, "missing")
        value = self._document[name]
        # A bool is an int to Python, and nothing else is.
        if type(value) is not kind:
            raise self.wrong(name, _PROBLEMS[kind])
        self._read.add(name)
        return value


_PROBLEMS = {str: "string_type", int: "int_type", bool: "bool_parsing", dict: "model_type"}


def checked_size(act: str, document: Document) -> str:
    """The document as it is kept. Raises DocumentMalformed."""
    text = canonical_json(document).decode("ascii")
    if len(text) > _MOST_DOCUMENT:
        raise DocumentMalformed(act, "document", "string_too_long")
    return text


def check_no_token(act: str, *texts: str) -> None:
    """Raises DocumentHoldsToken for anything with a run of digits like a token's."""
    if any(masked(text) != text for text in texts):
        raise DocumentHoldsToken(act)
