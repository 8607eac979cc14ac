"""The set that is out: its digits as they are kept, and handing them out once more.

A customer needs them again when the sale that carried them was taken back while later sales stand,
when the paper is lost, or when it turns out that they never got into the meter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from meters.identity import meter_from_text

from ..accounting.adjustments import checked_reason
from ..blocking import check_seller
from ..parties import Actor
from ..permissions import require
from ..ports import Clock
from ..record import SaleRecord, receipt_of
from ..sale import KeyToken
from .changes import (
    MOST_IN_A_ROW,
    OUT,
    KeyChange,
    KeyChangeEvent,
    KeyChangeState,
    KeySetHeld,
    KeySetMissing,
    KeySetNotOut,
    KeySetUnseen,
    check_step,
    printable,
)
from .planning import known_change
from .ports import KeyChangeReading, KeyChangeStore

_LATER_SALES = 50
"""Of which one was seen: more are not made to a meter while its set is looked for."""


@dataclass(frozen=True, slots=True)
class SetAgain:
    """The stored set of a change: digits of the sale that issued it, never made anew. Of that
    sale itself nothing is here: it may be taken back, and its credit is nobody's."""

    change: KeyChange
    tokens: tuple[KeyToken, ...]
    """In the order in which they are typed; first those of earlier changes of which nobody said
    that they were entered, for this set is made under the key that they bring."""


class Sets:
    """See `KeyChanges`, whose promises these are."""

    def __init__(self, store: KeyChangeStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def tokens_again(self, actor: Actor, meter: str, reason: str) -> SetAgain:
        require(actor, "reprint")
        number = meter_from_text(meter).number
        note = checked_reason(printable(reason))
        with self._store.writing() as books:
            check_seller(books, actor.name, actor.point or "", actor.terminal)
            change = known_change(books, number)
            check_out(change)
            sets = [*earlier_out(books, change), change]
            digits = [token.digits for one in sets for token in set_of(books, one)]
            for one in sets:
                _check_seen(books, one)

            # From here on it must succeed. Who needs the set does not hold that it was entered.
            check_step(change, KeyChangeState.ISSUED)
            event = KeyChangeEvent(
                len(change.events) + 1,
                KeyChangeState.ISSUED,
                self._clock(),
                actor.name,
                change.issued_with,
                note,
            )
            books.add_event(change, event)
            tokens = tuple(KeyToken(place, text) for place, text in enumerate(digits, start=1))
            return SetAgain(replace(change, events=(*change.events, event)), tokens)


def check_out(change: KeyChange) -> None:
    """Raises KeySetNotOut unless the tokens are with the customer and nothing is proved."""
    if change.state not in OUT:
        raise KeySetNotOut(change.meter, change.state.value)


def earlier_out(books: KeyChangeReading, change: KeyChange) -> list[KeyChange]:
    """The changes before it whose sets are out, and are needed before its own; oldest first."""
    found = []
    for one in books.changes_of(change.meter, change.id, MOST_IN_A_ROW):
        if one.state is KeyChangeState.ISSUED:
            found.append(one)
        elif one.state is not KeyChangeState.CANCELLED:
            break
    return found[::-1]


def set_of(books: KeyChangeReading, change: KeyChange) -> tuple[KeyToken, ...]:
    """The set of a change, from the sale that issued it. Raises KeySetMissing."""
    vend_id = change.issued_with or ""
    record = books.sale(vend_id)
    tokens = () if record is None else receipt_of(record).key_tokens
    if not tokens:
        raise KeySetMissing(change.meter, vend_id)
    return tokens


def check_given(books: KeyChangeReading, change: KeyChange) -> None:
    """Somebody can have entered the set: digits of a sale that carries it were seen, or it was
    handed out again, or the meter has taken a token since. Of sales that the books do not have
    nothing is known. Raises KeySetHeld, KeySetUnseen."""
    carriers = _carriers(books, change)
    if not carriers or change.is_given_again or any(_seen(books, one) for one in carriers):
        return
    if books.delivered_since(change) is not None:
        return
    for one in carriers:
        if not books.taken_back(one.vend_id):
            raise KeySetHeld(change.meter, one.vend_id)
    raise KeySetUnseen(change.meter, change.issued_with or "")


def _carriers(books: KeyChangeReading, change: KeyChange) -> list[SaleRecord]:
    return [record for id in change.carriers if (record := books.sale(id)) is not None]


def _check_seen(books: KeyChangeReading, change: KeyChange) -> None:
    """The set is its customer's as soon as digits of its sale were seen; where that sale was taken
    back before, those of a later one that stands and needs the key. Raises KeySetHeld."""
    carriers = _carriers(books, change)
    if any(_seen(books, one) for one in carriers):
        return
    for one in carriers:
        if not books.taken_back(one.vend_id):
            raise KeySetHeld(change.meter, one.vend_id)
    sold = books.sold_since(change.meter, change.issued_with or "", _LATER_SALES)
    standing = [one for one in sold if one.tokens and not books.taken_back(one.vend_id)]
    if standing and not any(_seen(books, one) for one in standing):
        raise KeySetHeld(change.meter, standing[-1].vend_id)


def _seen(books: KeyChangeReading, record: SaleRecord) -> bool:
    return not receipt_of(record).held or books.shown(record.vend_id)
