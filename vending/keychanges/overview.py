"""Who is left in a campaign, and what a meter went through."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from meters.identity import meter_from_text

from ..parties import Actor
from ..permissions import require
from .changes import OUT, KeyChange, KeyChangeState, Scope
from .planning import known_meter
from .ports import KeyChangeStore


@dataclass(frozen=True, slots=True)
class Left:
    """How far a campaign has come."""

    counts: Mapping[KeyChangeState, int]
    oldest: datetime | None
    """When the oldest change was planned that is neither proved nor cancelled."""


class Overview:
    """See `KeyChanges`, whose promises these are."""

    def __init__(self, store: KeyChangeStore) -> None:
        self._store = store

    def left(self, actor: Actor, scope: Scope) -> Left:
        require(actor, "look_up")
        with self._store.reading() as books:
            waiting = (KeyChangeState.PLANNED, *OUT)
            return Left(books.counts(scope), books.oldest(waiting, scope))

    def changes(
        self,
        actor: Actor,
        states: Collection[KeyChangeState],
        scope: Scope,
        *,
        after: int,
        limit: int,
    ) -> list[KeyChange]:
        require(actor, "look_up")
        with self._store.reading() as books:
            return books.changes(states, scope, after, limit)

    def of_meter(
        self, actor: Actor, meter: str, *, before: int | None, limit: int
    ) -> list[KeyChange]:
        require(actor, "look_up")
        number = meter_from_text(meter).number
        with self._store.reading() as books:
            known_meter(books, number)
            return books.changes_of(number, before, limit)
