"""Faults that customers report at the counter, and what became of them. A number to tell, a state,
notes that are never edited."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final, Protocol

from meters.errors import Invalid, Refused

from .masking import masked
from .parties import Actor, CustomerUnknown
from .people import Act, HouseWriting, write_down
from .permissions import require

MOST_TEXT: Final = 500


class FaultKind(Enum):
    """What is wrong, in a clerk's words."""

    NO_SUPPLY = "no_supply"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - not a secret
    DISPLAY = "display"
    KEYPAD = "keypad"
    LEAK = "leak"
    TAMPERED = "tampered"
    OTHER = "other"


class FaultState(Enum):
    """Where a report stands."""

    OPEN = "open"
    TAKEN = "taken"
    """A technician is on it."""
    DONE = "done"


STEPS: Final = {
    FaultState.OPEN: frozenset({FaultState.TAKEN, FaultState.DONE}),
    FaultState.TAKEN: frozenset({FaultState.OPEN, FaultState.TAKEN, FaultState.DONE}),
    FaultState.DONE: frozenset({FaultState.OPEN}),
}
"""What may follow what: done is opened again if it was not; another technician may take over."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One report."""

    number: int
    account: str
    meter: str
    """DRN; empty if it is about none."""
    kind: FaultKind
    text: str
    point: str
    reported_at: datetime
    reported_by: str
    state: FaultState = FaultState.OPEN
    taken_by: str = ""


@dataclass(frozen=True, slots=True)
class FaultNote:
    """One step of its story."""

    at: datetime
    actor: str
    state: FaultState
    """The one that it was in afterwards."""
    note: str


@dataclass(eq=False)
class FaultUnknown(Invalid, code="fault.unknown"):
    """No report has this number."""

    number: int


@dataclass(eq=False)
class FaultTextWrong(Invalid, code="fault.text_wrong"):
    """A report needs a kind, and words of 1 to `most` signs without token digits; so does a
    note."""

    most: int


@dataclass(eq=False)
class FaultStep(Refused, code="fault.step"):
    """This does not follow from where the report stands."""

    number: int
    state: str


class FaultsReading(Protocol):
    """One consistent view."""

    def fault(self, number: int) -> Fault | None: ...

    def faults(
        self, state: FaultState | None, account: str, before: int, limit: int
    ) -> list[Fault]:
        """Latest first, those below `before` (0: from the end); `account` empty: everybody's."""
        ...

    def fault_notes(self, number: int) -> list[FaultNote]:
        """In their order."""
        ...

    def has_customer(self, account: str) -> bool: ...


class FaultsWriting(FaultsReading, HouseWriting, Protocol):
    """One transaction, with the trail in it."""

    def next_fault(self) -> int:
        """The number after the last."""
        ...

    def put_fault(self, fault: Fault, note: FaultNote) -> None:
        """Adds or replaces the report, and adds the note."""
        ...


class FaultStore(Protocol):
    """Where reports are kept. May raise the store's Unavailable."""

    def reading(self) -> AbstractContextManager[FaultsReading]: ...

    def writing(self) -> AbstractContextManager[FaultsWriting]: ...


class Faults:
    """One instance serves many threads."""

    def __init__(self, store: FaultStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def report(self, actor: Actor, account: str, meter: str, kind: str, text: str) -> Fault:
        """Writes a report down; its number is for the customer. Raises ActorNotAllowed,
        FaultTextWrong, CustomerUnknown."""
        require(actor, "report_fault")
        if kind not in {one.value for one in FaultKind}:
            raise FaultTextWrong(MOST_TEXT)
        plain, now = _checked(text), self._clock()
        with self._store.writing() as books:
            if not books.has_customer(account):
                raise CustomerUnknown(account[:30])
            number, point = books.next_fault(), actor.point or ""
            fault = Fault(
                number, account, meter[:20], FaultKind(kind), plain, point, now, actor.name
            )
            books.put_fault(fault, FaultNote(now, actor.name, FaultState.OPEN, ""))
            after = {"account": account, "meter": fault.meter, "kind": kind, "text": plain}
            act = Act("fault_reported", _subject(number), after=after)
            write_down(books, act, actor, now)
        return fault

    def move(self, actor: Actor, number: int, state: str, note: str) -> Fault:
        """Takes it, finishes it or opens it again; `note` says what was found or done. Raises
        ActorNotAllowed, FaultUnknown, FaultTextWrong, FaultStep."""
        require(actor, "work_on_fault")
        if state not in {one.value for one in FaultState}:
            raise FaultTextWrong(MOST_TEXT)
        wanted, now = FaultState(state), self._clock()
        # Taking says enough by itself; the end of a story needs words.
        plain = "" if wanted is FaultState.TAKEN and not note.strip() else _checked(note)
        with self._store.writing() as books:
            old = books.fault(number)
            if old is None:
                raise FaultUnknown(number)
            if wanted not in STEPS[old.state]:
                raise FaultStep(number, old.state.value)
            taken_by = {FaultState.TAKEN: actor.name, FaultState.OPEN: ""}.get(wanted, old.taken_by)
            new = replace(old, state=wanted, taken_by=taken_by)
            books.put_fault(new, FaultNote(now, actor.name, wanted, plain))
            before = {"state": old.state.value, "taken_by": old.taken_by}
            after = {"state": new.state.value, "taken_by": new.taken_by}
            act = Act("fault_moved", _subject(number), plain, before, after)
            write_down(books, act, actor, now)
        return new

    def faults(
        self,
        actor: Actor,
        state: FaultState | None = None,
        *,
        account: str = "",
        before: int = 0,
        limit: int = 50,
    ) -> list[Fault]:
        """Latest first. Raises ActorNotAllowed."""
        require(actor, "look_up")
        with self._store.reading() as books:
            return books.faults(state, account, before, limit)

    def fault(self, actor: Actor, number: int) -> tuple[Fault, list[FaultNote]]:
        """One report and its story. Raises ActorNotAllowed, FaultUnknown."""
        require(actor, "look_up")
        with self._store.reading() as books:
            found = books.fault(number)
            if found is None:
                raise FaultUnknown(number)
            return found, books.fault_notes(number)


def _checked(text: str) -> str:
    plain = " ".join(text.replace("\x00", " ").split())
    if not 0 < len(plain) <= MOST_TEXT or masked(plain) != plain:
        raise FaultTextWrong(MOST_TEXT)
    return plain


def _subject(number: int) -> str:
    return f"fault {number}"
