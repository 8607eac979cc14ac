"""One key change of one meter, and the states that it passes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from meters.errors import Broken, Invalid, Refused
from tokens.sts import KeyRef

from ..keymoves import KeyMove


class KeyChangeState(Enum):
    """Where a change stands."""

    PLANNED = "planned"
    """Its tokens come with the next sale."""
    ISSUED = "issued"
    """The customer has the tokens; the books already call the new key the meter's own."""
    ENTERED = "entered"
    """Somebody says that the meter has them."""
    CONFIRMED = "confirmed"
    """A reading proves it."""
    CANCELLED = "cancelled"
    """Before the tokens were out."""


STEPS: Final[Mapping[KeyChangeState, frozenset[KeyChangeState]]] = {
    KeyChangeState.PLANNED: frozenset({KeyChangeState.ISSUED, KeyChangeState.CANCELLED}),
    # Issued once more where the same tokens are given out again, or go out with a later sale as
    # well. Cancelled only with the sales that
    # needed them, when the last of these is taken back.
    KeyChangeState.ISSUED: frozenset(
        {
            KeyChangeState.ISSUED,
            KeyChangeState.ENTERED,
            KeyChangeState.CONFIRMED,
            KeyChangeState.CANCELLED,
        }
    ),
    # Back to issued where the meter itself contradicts what was said, or somebody needs the tokens.
    KeyChangeState.ENTERED: frozenset({KeyChangeState.CONFIRMED, KeyChangeState.ISSUED}),
    KeyChangeState.CONFIRMED: frozenset(),
    KeyChangeState.CANCELLED: frozenset(),
}
"""What may follow what."""

MOST_IN_A_ROW: Final = 20
"""Changes of one meter that are looked through behind its latest: more were not out, or called off,
one behind the other."""
OPEN: Final = frozenset({KeyChangeState.PLANNED, KeyChangeState.ISSUED})
"""While a meter's change stands here, no other is planned for it: the next set would be made
under a key that the meter may not hold."""
OUT: Final = frozenset({KeyChangeState.ISSUED, KeyChangeState.ENTERED})
"""The tokens are with the customer and nothing proves yet what became of them."""
SALE_VOIDED: Final = "its sale was voided"
"""The note of what a void does to a change."""


@dataclass(eq=False)
class NoKeyChange(Refused, code="keychange.none"):
    """No key change of this meter is under way or done."""

    meter: str


@dataclass(eq=False)
class KeyChangeOpen(Refused, code="keychange.open"):
    """The meter has another change under way: cancel it while it is planned, or have its tokens
    entered."""

    meter: str
    state: str
    sgc: str
    krn: int
    ti: int
    """The key that it is under way to."""


@dataclass(eq=False)
class KeyChangeStep(Refused, code="keychange.step"):
    """A change that stands here does not take this step."""

    meter: str
    state: str
    next: str


@dataclass(eq=False)
class KeySetNotOut(Refused, code="keychange.set_not_out"):
    """The meter's set is not in anybody's hands: not issued yet, or proved to be in the meter."""

    meter: str
    state: str


@dataclass(eq=False)
class KeySetHeld(Refused, code="keychange.set_held"):
    """The meter's set belongs to a sale whose digits nobody has seen yet: show that sale first. As
    long as nobody has, it can be taken back without asking the meter."""

    meter: str
    vend_id: str


@dataclass(eq=False)
class KeySetUnseen(Refused, code="keychange.set_unseen"):
    """The sale that carried the meter's set was taken back before anybody saw its digits, so that
    nobody can have entered them: the set comes with the meter's next sale, or is handed out
    again."""

    meter: str
    vend_id: str


@dataclass(eq=False)
class KeyChangeMoved(Refused, code="keychange.moved"):
    """Somebody else took this change further meanwhile; look at it again."""

    meter: str


@dataclass(eq=False)
class KeySetMissing(Broken, code="keychange.set_missing"):
    """A change is written down as issued and its sale holds no set."""

    meter: str
    vend_id: str


@dataclass(eq=False)
class KeyText(Invalid, code="keychange.key_text"):
    """A vending key is named by its supply group and revision, as `123457/2`."""

    text: str


@dataclass(frozen=True, slots=True)
class KeyChangeEvent:
    """One recorded step of a change."""

    seq: int
    """1, 2, ... within the change."""
    state: KeyChangeState
    at: datetime
    actor: str
    vend_id: str | None = None
    """The sale that issued the tokens, or the one whose token proved the new key."""
    note: str = ""
    """Why: what somebody typed, or one stable English phrase."""


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A plan to move one meter to another key, and what became of it."""

    id: int
    meter: str
    """DRN"""
    move: KeyMove
    reason: str
    planned_at: datetime
    planned_by: str
    events: tuple[KeyChangeEvent, ...] = ()

    @property
    def state(self) -> KeyChangeState:
        return self.events[-1].state if self.events else KeyChangeState.PLANNED

    @property
    def issue(self) -> KeyChangeEvent | None:
        """When its tokens were made; None before that."""
        return next((e for e in self.events if e.state is KeyChangeState.ISSUED), None)

    @property
    def issued_with(self) -> str | None:
        """Vend id of the first sale that holds the tokens; None before they are issued."""
        return None if self.issue is None else self.issue.vend_id

    @property
    def carriers(self) -> tuple[str, ...]:
        """Vend ids of all sales that carry the tokens, the first one first."""
        issues = [e.vend_id for e in self.events if e.state is KeyChangeState.ISSUED]
        return tuple(dict.fromkeys(vend_id for vend_id in issues if vend_id is not None))

    @property
    def is_given_again(self) -> bool:
        """Whether the set was handed out by itself, for a reason that somebody gave."""
        notes = (e.note for e in self.events if e.state is KeyChangeState.ISSUED)
        return any(note not in ("", SALE_VOIDED) for note in notes)

    @property
    def since(self) -> datetime:
        """When it came to where it stands."""
        return self.events[-1].at if self.events else self.planned_at


@dataclass(frozen=True, slots=True)
class Scope:
    """Which changes: all, or those from and to these vending keys."""

    source: KeyRef | None = None
    target: KeyRef | None = None


def check_step(change: KeyChange, state: KeyChangeState) -> None:
    """Raises KeyChangeStep unless `state` may follow."""
    if state not in STEPS[change.state]:
        raise KeyChangeStep(change.meter, change.state.value, state.value)


def check_none_open(change: KeyChange | None) -> None:
    """Raises KeyChangeOpen if this, the latest change of a meter, is still open."""
    if change is not None and change.state in OPEN:
        to = change.move
        raise KeyChangeOpen(change.meter, change.state.value, to.to_sgc, to.to_krn, to.to_ti)


def printable(text: str) -> str:
    """What was typed on one line, without what no printer prints (and no database keeps)."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


_KEY = re.compile(r"([0-9]{6})/([1-9])", re.ASCII)


def read_key(text: str) -> KeyRef:
    """`123457/2`: supply group and revision. Raises KeyText."""
    found = _KEY.fullmatch(text.strip())
    if found is None:
        raise KeyText(text.strip()[:20])
    return KeyRef(found[1], int(found[2]))
