"""A shift at a drawer: who opened it, what was put in and taken out, how it was closed, and how
each of these is booked. Pure.

Every entry stands for its rows by a hash over them. The Z reports of a terminal are chained: each
holds the hash of the one before, and so does what is booked in the next shift there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256

from meters.quantities import Money

from ..ids import check_new, check_shape
from ..ledger import Chart, JournalEntry, Posting, canonical_json, canonical_time
from ..ledger.journal import GENESIS
from .counting import MOST_MINOR
from .errors import DrawerAmount, DrawerIdMalformed

FIRST = GENESIS
"""Stands for the hash of the Z report before a terminal's first."""
OVER_SHORT = "over_short"
"""Kind of the entry that books the difference of a count."""


class MoveKind(Enum):
    """How cash came into the drawer or left it, other than by a sale."""

    FLOAT = "float"
    """Counted in at the opening, from the safe."""
    IN = "in"
    """From the safe."""
    OUT = "out"
    """To the safe."""

    @property
    def entry_kind(self) -> str:
        """Kind of the journal entry: `cash_float`, `cash_in`, `cash_out`."""
        return f"cash_{self.value}"

    @property
    def sign(self) -> int:
        """1 into the drawer, -1 out of it."""
        return -1 if self is MoveKind.OUT else 1


@dataclass(frozen=True, slots=True)
class Shift:
    """One operator's time at one drawer."""

    id: str
    number: int
    """1, 2, ... without gaps at its point."""
    point: str
    terminal: str
    operator: str
    opened_at: datetime
    currency: str
    opening_float: int
    """Minor units counted into the drawer at the opening."""

    @property
    def code(self) -> str:
        """Point and number together, for paper: `P1-S0042`."""
        return f"{self.point}-S{self.number:04d}"


@dataclass(frozen=True, slots=True)
class CashMove:
    """Cash put into a drawer or taken out. The float of a shift has the shift's id."""

    id: str
    shift: str
    kind: MoveKind
    amount: int
    """Minor units, above zero."""
    reason: str
    at: datetime
    actor: str
    entry: int
    """Number of its journal entry."""

    def same_request(self, other: CashMove) -> bool:
        """Whether both ask for the same, whoever asked and whenever."""
        mine = self.shift, self.kind, self.amount, self.reason
        return mine == (other.shift, other.kind, other.amount, other.reason)


@dataclass(frozen=True, slots=True)
class Close:
    """How a shift ended. `counted - expected` is the difference: below zero, cash is missing."""

    shift: str
    closed_at: datetime
    actor: str
    expected: int
    """Cash in minor units, by the books."""
    counted: int
    entry: int | None
    """The entry that booked the difference; None where the drawer was right."""
    document: str
    """The Z report, canonical JSON (`reports.py`)."""

    @property
    def difference(self) -> int:
        return self.counted - self.expected

    @property
    def hash(self) -> str:
        """SHA-256 over every field but the entry's number. The document holds the hash of the Z
        report before it at the terminal, so this one stands for all of them."""
        fields = (
            self.shift,
            canonical_time(self.closed_at),
            self.actor,
            self.expected,
            self.counted,
            self.document,
        )
        return sha256(canonical_json(fields)).hexdigest()


@dataclass(frozen=True, slots=True)
class ShiftFile:
    """A shift, and how it ended if it has."""

    shift: Shift
    close: Close | None = None
    copies: int = 0
    """How many copies of its Z report have been printed."""


def move_entry(shift: Shift, move: CashMove, before: str, chart: Chart) -> JournalEntry:
    """Into the drawer: the till is debited and the safe credited; out of it the other way.
    `before` is the hash of the last Z report of the terminal."""
    till, safe = chart.role("till"), chart.role("safe")
    amount = move.kind.sign * move.amount
    return JournalEntry(
        at=move.at,
        kind=move.kind.entry_kind,
        cause=move.id,
        actor=move.actor,
        point=shift.point,
        content_hash=move_hash(shift, move, before),
        postings=(
            Posting(till.code, shift.point, till.unit, amount),
            Posting(safe.code, "", safe.unit, -amount),
        ),
    )


def move_hash(shift: Shift, move: CashMove, before: str) -> str:
    """SHA-256 over the move and the shift that it belongs to: what its entry stands for."""
    fields = (
        *_shift_fields(shift, before),
        move.id,
        move.kind.value,
        move.amount,
        move.reason,
        canonical_time(move.at),
        move.actor,
    )
    return sha256(canonical_json(fields)).hexdigest()


def over_short_entry(shift: Shift, close: Close, before: str, chart: Chart) -> JournalEntry | None:
    """Cash that is missing is a loss: over_short is debited and the till credited; cash that is
    too much the other way. None where the drawer was right."""
    if close.difference == 0:
        return None
    till, loss = chart.role("till"), chart.role("over_short")
    return JournalEntry(
        at=close.closed_at,
        kind=OVER_SHORT,
        cause=shift.id,
        actor=close.actor,
        point=shift.point,
        content_hash=over_short_hash(shift, close, before),
        postings=(
            Posting(loss.code, "", loss.unit, -close.difference),
            Posting(till.code, shift.point, till.unit, close.difference),
        ),
    )


def over_short_hash(shift: Shift, close: Close, before: str) -> str:
    """SHA-256 over the shift and its Z report: what the entry of its difference stands for."""
    fields = (*_shift_fields(shift, before), close.hash)
    return sha256(canonical_json(fields)).hexdigest()


def _shift_fields(shift: Shift, before: str) -> tuple[object, ...]:
    return (
        shift.id,
        shift.number,
        shift.point,
        shift.terminal,
        shift.operator,
        canonical_time(shift.opened_at),
        shift.currency,
        shift.opening_float,
        before,
    )


def new_id(text: str) -> str:
    """Of what is begun. Raises DrawerIdMalformed, IdInCapitals."""
    check_new(text, DrawerIdMalformed)
    return text


def known_id(text: str) -> str:
    """Of what is looked up, however it was written once. Raises DrawerIdMalformed."""
    check_shape(text, DrawerIdMalformed)
    return text


def checked_amount(amount: Money, least: int = 1) -> int:
    """Minor units. Raises DrawerAmount."""
    if not least <= amount.minor <= MOST_MINOR:
        raise DrawerAmount(amount.to_text()[:30])
    return amount.minor
