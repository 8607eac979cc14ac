"""Who is left in a campaign, what a meter went through, and the digits of a set once more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from meters.identity import meter_from_text

from ..parties import Actor, require
from ..record import receipt_of
from ..sale import KeyToken, SaleReceipt
from .changes import OUT, KeyChange, KeyChangeState, KeySetMissing, KeySetNotOut, Scope
from .planning import known_change, known_meter
from .ports import KeyChangeReading, KeyChangeStore


@dataclass(frozen=True, slots=True)
class Left:
    """How far a campaign has come."""

    counts: Mapping[KeyChangeState, int]
    oldest: datetime | None
    """When the oldest change was planned that is neither proved nor cancelled."""


@dataclass(frozen=True, slots=True)
class SetAgain:
    """The stored set of a change, for a reprint: digits of the sale, never made anew."""

    change: KeyChange
    receipt: SaleReceipt
    tokens: tuple[KeyToken, ...]


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

    def tokens_again(self, actor: Actor, meter: str) -> SetAgain:
        require(actor, "reprint")
        number = meter_from_text(meter).number
        with self._store.reading() as books:
            change = known_change(books, number)
            check_out(change)
            receipt, tokens = set_of(books, change)
        return SetAgain(change, receipt, tokens)


def check_out(change: KeyChange) -> None:
    """Raises KeySetNotOut unless the tokens are with the customer and nothing is proved."""
    if change.state not in OUT:
        raise KeySetNotOut(change.meter, change.state.value)


def set_of(books: KeyChangeReading, change: KeyChange) -> tuple[SaleReceipt, tuple[KeyToken, ...]]:
    """The sale that issued a change, and its set. Raises KeySetMissing."""
    vend_id = change.issued_with or ""
    record = books.sale(vend_id)
    receipt = None if record is None else receipt_of(record)
    if receipt is None or not receipt.key_tokens:
        raise KeySetMissing(change.meter, vend_id)
    return receipt, receipt.key_tokens
