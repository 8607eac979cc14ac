"""An account rebuilt from what happened: its sales, voids and events in their order. Pure.

Whoever moves a kept account along uses the same steps, so the two can be held against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from msgspec import Struct

from meters.account import Commodity
from meters.quantities import Money
from meters.values import replace

from ..tariff import AccountState, Month, Quote, Tariff, TariffBook, settled
from .happened import Happened
from .state import begun
from .unsettling import unsettled


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale, by its journal entry."""

    entry: int
    at: datetime
    quote: Quote


@dataclass(frozen=True, slots=True)
class Voided:
    """A sale taken back, by the journal entry that did."""

    entry: int
    sold_at: datetime
    quote: Quote


Move = Sold | Voided | Happened


Watch = Callable[[Sold, int], None]
"""Is told of each sale as it is passed, with what the account had used of its month before, in the
smallest unit."""


class Opening(Struct, frozen=True):
    """What an account is before anything happens to it."""

    commodity: Commodity
    currency: str
    since: Month | None = None
    """As the agreement says."""


def after_sale(
    state: AccountState, opening: Opening, sold: Quote, at: datetime, tariff: Tariff
) -> AccountState:
    """The account after a sale that `tariff` priced. One that has neither units nor lines (a token
    that manages the meter) leaves it as it was."""
    if _nothing(sold):
        return state
    month = Month.of(at, tariff.zone)
    return settled(begun(state, opening.commodity, opening.since, month), tariff, sold, at)


def in_order(
    sales: Iterable[Sold], voids: Iterable[Voided], events: Iterable[Happened]
) -> Iterator[Move]:
    """All of one account in the order in which it happened; each kind comes in its own order. An
    event stands behind the journal entry that it names."""
    return merge(sales, voids, events, key=_place)


def folded(
    opening: Opening,
    moves: Iterable[Move],
    tariffs: TariffBook,
    balance: Money,
    watch: Watch | None = None,
) -> AccountState | None:
    """The account after `moves`, which come in their order, with the `balance` that the ledger
    says; None if nothing happened.

    Raises TariffMissing (a sale was priced by a version that is gone), DebtUnknown (events speak of
    a debt that was never added).
    """
    state = AccountState(Money(0, opening.currency))
    moved = False
    for move in moves:
        if isinstance(move, Happened) or not _nothing(move.quote):
            state = _after(state, opening, move, tariffs, watch)
            moved = True
    return replace(state, balance=balance) if moved else None


def _after(
    state: AccountState, opening: Opening, move: Move, tariffs: TariffBook, watch: Watch | None
) -> AccountState:
    if isinstance(move, Happened):
        return move.event.applied(state, move.at)
    tariff = tariffs.version(move.quote.tariff, move.quote.tariff_version)
    if isinstance(move, Voided):
        return unsettled(state, move.quote, move.sold_at, tariff)
    if watch is not None:
        use, month = state.use, Month.of(move.at, tariff.zone)
        watch(move, 0 if use is None or not use.counts_in(month) else use.units.value)
    return after_sale(state, opening, move.quote, move.at, tariff)


def _nothing(sold: Quote) -> bool:
    """Whether a sale was of neither units nor anything owed."""
    return sold.quantity.is_zero and not sold.lines


def _place(move: Move) -> tuple[int, int, int]:
    if isinstance(move, Happened):
        return move.after_entry, 1, move.seq
    return move.entry, 0, 0
