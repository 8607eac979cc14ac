"""What key changes need from the store, as Protocols."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tokens.sts import EncryptionAlgorithm, KeyAttributes, KeyRef

from ..blocking import Block, BlockKey
from ..parties import Meter
from ..record import SaleRecord
from .changes import KeyChange, KeyChangeEvent, KeyChangeState, Scope


@dataclass(frozen=True, slots=True)
class Move:
    """What a campaign asks of every meter of one vending key."""

    source: KeyAttributes
    target: KeyAttributes
    ti: int | None
    """None: each meter keeps its tariff index."""
    reason: str
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the meters of a key stand to a move."""

    planned: int
    """A change is planned for them already."""
    issued: int
    """The tokens of an earlier change are out and nobody says that they were entered."""
    there: int
    """They have the wanted key already, with its base date and expiry number."""
    unfit: int
    """The new key does not serve their cipher, or counts from an earlier base date than they do."""


class KeyChangeReading(Protocol):
    """One consistent view. Every method may raise the store's Unavailable."""

    def blocked(self, keys: Collection[BlockKey]) -> Mapping[BlockKey, Block]:
        """Those of them that are barred now."""
        ...

    def meter(self, number: str) -> Meter | None:
        """By DRN, with an agreement or without."""
        ...

    def sample(self, move: Move) -> Meter | None:
        """A meter of the move's source that is not where it leads, of those that may be moved if
        there are any; None if there is none."""
        ...

    def standing(self, move: Move, fit: Collection[EncryptionAlgorithm]) -> Standing: ...

    def untold(self) -> Collection[KeyRef]:
        """Keys of meters of which nobody knows which base date they count from."""
        ...

    def latest(self, meter: str) -> KeyChange | None:
        """The meter's last change that was not cancelled."""
        ...

    def changes_of(self, meter: str, before: int | None, limit: int) -> list[KeyChange]:
        """Newest first; those below change `before`."""
        ...

    def changes(
        self, states: Collection[KeyChangeState], scope: Scope, after: int, limit: int
    ) -> list[KeyChange]:
        """Oldest first; those behind change `after`. No state named: any."""
        ...

    def counts(self, scope: Scope) -> Mapping[KeyChangeState, int]: ...

    def oldest(self, states: Collection[KeyChangeState], scope: Scope) -> datetime | None:
        """When the oldest of these was planned."""
        ...

    def sale(self, vend_id: str) -> SaleRecord | None: ...

    def shown(self, vend_id: str) -> bool:
        """Whether digits that were held back have been seen since."""
        ...

    def taken_back(self, vend_id: str) -> bool:
        """Whether the sale was voided, so that its token is not to be used."""
        ...

    def log_sequence_before(self, meter: str, moment: datetime) -> int:
        """Newest sequence known of the meter's token log at that time; 0 if it was never read."""
        ...

    def sold_since(self, meter: str, vend_id: str, limit: int) -> list[SaleRecord]:
        """Sales to the meter from this one on, newest first."""
        ...

    def delivered_since(self, change: KeyChange) -> str | None:
        """A sale, from the issuing one on, whose token the meter is known to have taken."""
        ...

    def provable(self, after: int, limit: int) -> list[KeyChange]:
        """Changes whose tokens are out and whose meter has taken a token since, oldest first;
        those behind change `after`."""
        ...


class KeyChangeWriting(KeyChangeReading, Protocol):
    """One transaction with the sole right to write until it ends."""

    def plan(self, meter: str, change: KeyChange) -> KeyChange:
        """Writes the change down (its id is drawn here) and the plan at the meter."""
        ...

    def plan_some(
        self, move: Move, fit: Collection[EncryptionAlgorithm], after: str, many: int
    ) -> tuple[int, str | None]:
        """Plans the move for those of the next `many` meters of its source behind `after` that
        can make it: how many that were, and the last meter looked at (None: there was none)."""
        ...

    def cancel_some(
        self, scope: Scope, event: KeyChangeEvent, after: int, many: int
    ) -> tuple[int, int | None]:
        """Cancels the next `many` planned changes behind `after`, with their plans: how many, and
        the last one (None: there was none)."""
        ...

    def add_event(self, change: KeyChange, event: KeyChangeEvent) -> None:
        """Writes a step down. The books call the new key the meter's own from a proof, or from
        somebody's word, on; where a set is called out again that no standing sale carries, the
        meter's next sale brings it."""
        ...

    def tell_untold(self, key: KeyAttributes) -> None:
        """Its meters of which it is not known count from this base date, to this expiry number."""
        ...

    def drop_plan(self, meter: str) -> None:
        """The meter is to keep its key."""
        ...


class KeyChangeStore(Protocol):
    """The books, for key changes."""

    def reading(self) -> AbstractContextManager[KeyChangeReading]: ...

    def writing(self) -> AbstractContextManager[KeyChangeWriting]:
        """Commits at the end of the block; any exception inside rolls everything back."""
        ...
