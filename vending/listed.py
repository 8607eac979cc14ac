"""Lists of sales: what a bank has taken, a month's free units, the payments of a billing run.

Each is a sale of its own under its own vend id, through the one path that all sales take
(`VendingService.vend_many`), some at a time in a transaction: counters that sell meanwhile are
served in between. A list that was cut off, or whose answer was lost, is sent again as it is: what
was sold is not sold twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from meters.errors import Invalid, RaseedError, Unavailable, Unknown

from .parties import Actor
from .requests import BasketRequest
from .selling import Answer

TOGETHER: Final = 64
"""Sales in one transaction: whoever is at a counter waits for no more of them."""

Listed = BasketRequest | RaseedError
"""One of a list: what is to be sold, or why it cannot be read."""
SellMany = Callable[[Sequence[tuple[Actor, BasketRequest]]], list[Answer]]


@dataclass(eq=False)
class VendIdRepeated(Invalid, code="vend.id_repeated"):
    """Two sales of a list have one vend id: one of them would be lost."""

    vend_id: str


@dataclass(eq=False)
class NotTried(Unavailable, code="list.not_tried"):
    """Another of the list stands in the way: it is written wrongly, or could not be booked for a
    reason that holds for all, or nobody can say whether it was."""


def each_id_once(listed: Sequence[Listed]) -> list[Listed]:
    """The list with VendIdRepeated for each sale whose vend id one before it has."""
    seen: set[str] = set()
    told: list[Listed] = []
    for one in listed:
        if isinstance(one, BasketRequest) and one.vend_id in seen:
            told.append(VendIdRepeated(one.vend_id))
            continue
        if isinstance(one, BasketRequest):
            seen.add(one.vend_id)
        told.append(one)
    return told


def sell_listed(sell_many: SellMany, actor: Actor, listed: Sequence[Listed]) -> Iterator[Answer]:
    """For each of the list, in its order: its receipts, or the error that `vend_basket` would have
    raised; the error that stands in the list, or VendIdRepeated; NotTried for all behind the
    transaction that met Unavailable or Unknown. Sells as the answers are taken."""
    told, stopped = each_id_once(listed), False
    for begin in range(0, len(told), TOGETHER):
        some = told[begin : begin + TOGETHER]
        orders = [(actor, one) for one in some if isinstance(one, BasketRequest)]
        answers: list[Answer] = [NotTried()] * len(orders) if stopped else sell_many(orders)
        stopped = stopped or any(isinstance(one, Unavailable | Unknown) for one in answers)
        sold = iter(answers)
        yield from (next(sold) if isinstance(one, BasketRequest) else one for one in some)
