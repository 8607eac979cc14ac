"""All that is done at counters and behind them, each deed by one id: what it is, and all its
inputs, follow from the id alone, so that whoever asks again needs nothing else. Asked again it
does nothing twice and tells the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from meters.quantities import Money
from tests.system.desks import WHY, Desk, Fact, No, Request, agreement_of
from tests.system.everything import KEYS, METERS
from tests.vending.support import POWER, WATER
from vending.requests import BasketRequest, Credit, DebtPayment, Item, Postponement, Units
from vending.sale import Payment, Tender, VendRequest

Order = tuple[str, Request]
"""Seat and request."""
Facts = Iterator[Fact]


class Dice:
    """What an id chooses."""

    def __init__(self, id: str) -> None:
        self._chance = random.Random(id)

    def kind(self) -> str:
        return self._chance.choices(list(KINDS), list(KINDS.values()))[0]

    def meter(self) -> str:
        return self._chance.choice(METERS).number

    def amount(self) -> Money:
        return Money(self._chance.randint(3_000, 8_000))

    def till(self) -> str:
        return self._chance.choice(("P1", "P2"))

    def one_of(self, *values: str) -> str:
        return self._chance.choice(values)

    def krn(self) -> int:
        return self._chance.choice(KEYS)


KINDS: Final = {
    "sale": 24,
    "basket": 14,
    "on_deposit": 6,
    "debt": 6,
    "postponed": 6,
    "quoted": 10,
    "shown": 6,
    "voided": 10,
    "put_off": 6,
    "shift": 6,
    "banking": 2,
    "key_change": 8,
}
"""How often each comes, compared with the others."""


# What one request asks for, so that many go into one batch


def _sale(id: str, dice: Dice) -> Order:
    return dice.till(), VendRequest(id, dice.meter(), dice.amount())


def _basket(id: str, dice: Dice) -> Order:
    """Electricity and water and something towards a debt, by card and in cash with change."""
    power, water, debt = dice.amount(), dice.amount(), Money(700)
    items: tuple[Item, ...] = (Credit(POWER.number, power), Credit(WATER.number, water))
    due = power + water
    if dice.one_of("debt", "units") == "debt":
        items = (*items, DebtPayment(dice.meter(), debt))
        due += debt
        card = Money(due.minor // 3)
        handed = (
            Payment(Tender.CARD, card, "slip 7"),
            Payment(Tender.CASH, due - card + Money(1_000)),
        )
        return dice.till(), BasketRequest(id, items, handed)
    # Exactly so many units, for what they cost, rounded to the coin.
    return dice.till(), BasketRequest(id, (*items, Credit(dice.meter(), Units("12.3"))))


def _on_deposit(id: str, dice: Dice) -> Order:
    return "kiosk", VendRequest(id, dice.meter(), dice.amount())


def _debt(id: str, dice: Dice) -> Order:
    item = DebtPayment(dice.meter(), dice.amount(), dice.one_of("", "old", "bill"))
    return dice.till(), BasketRequest(id, (item,))


def _postponed(id: str, dice: Dice) -> Order:
    later = (Postponement(dice.one_of("old", "bill"), WHY),)
    return dice.till(), BasketRequest(id, (Credit(dice.meter(), dice.amount(), postpone=later),))


ORDERS: Final[dict[str, Callable[[str, Dice], Order]]] = {
    "sale": _sale,
    "basket": _basket,
    "on_deposit": _on_deposit,
    "debt": _debt,
    "postponed": _postponed,
}


def order_of(id: str) -> Order | None:
    """The one request that this deed is, if it is one."""
    dice = Dice(id)
    make = ORDERS.get(dice.kind())
    return None if make is None else make(id, dice)


# What takes several steps


@contextmanager
def unless(*codes: str) -> Iterator[list[str]]:
    """These refusals are expected; the code goes into the list."""
    said: list[str] = []
    try:
        yield said
    except No as no:
        if no.code not in codes:
            raise
        said.append(no.code)


def _quoted(desk: Desk, id: str, dice: Dice) -> Facts:
    seat, meter, amount, quote = dice.till(), dice.meter(), dice.amount(), f"{id}:q"
    desk.bind(seat, meter, amount, quote)
    # Somebody may have bought for this meter in between.
    with unless("quote.changed") as said:
        yield from desk.sell(seat, BasketRequest(id, (Credit(meter, amount, quote),)))
    if said:
        yield ("no", id, *said)


def _held(desk: Desk, seat: str, id: str, dice: Dice) -> Facts:
    """Two purchases; nothing is told of what has been taken back."""
    items = (Credit(dice.meter(), dice.amount()), Credit(dice.meter(), dice.amount()))
    with unless("vend.voided"):
        yield from desk.sell(seat, BasketRequest(id, items, hold=True))


def _shown(desk: Desk, id: str, dice: Dice) -> Facts:
    seat = dice.till()
    yield from _held(desk, seat, id, dice)
    yield desk.show(seat, id)
    yield desk.show(seat, f"{id}+2")


def _voided(desk: Desk, id: str, dice: Dice, seat: str = "") -> Facts:
    """The later of the two first."""
    seat = seat or dice.till()
    yield from _held(desk, seat, id, dice)
    for vend_id in (f"{id}+2", id):
        # What it left on the customer's balance may have been spent.
        with unless("void.not_allowed"):
            yield desk.void(seat, vend_id)


def _put_off(desk: Desk, id: str, dice: Dice) -> Facts:
    seat, agreement, code = dice.till(), agreement_of(dice.meter()), dice.one_of("old", "bill")
    yield desk.put_off(seat, agreement, code, id)
    # Somebody else may have been quicker.
    with unless("account.not_postponed"):
        yield desk.ask_again(seat, agreement, code, f"{id}:end")


def _shift(desk: Desk, id: str, dice: Dice) -> Facts:
    """A whole one: two sales, one that is taken back, cash to the safe, the count."""
    seat = clerk_of(id)
    yield desk.open_shift(seat, id)
    yield from desk.sell(seat, VendRequest(f"{id}:1", dice.meter(), dice.amount()))
    yield from _voided(desk, f"{id}:2", dice, seat)
    desk.cash_out(seat, id, f"{id}:out")
    yield from desk.sell(seat, VendRequest(f"{id}:3", dice.meter(), dice.amount()))
    yield desk.close_shift(seat, id)


def clerk_of(id: str) -> str:
    """Who asks under ids like this one."""
    return id.rpartition("-")[0]


def _banking(desk: Desk, id: str, dice: Dice) -> Facts:
    with unless("banking.nothing", "banking.more_than_there"):
        yield desk.bank(id)


NOT_ENTERED: Final = (
    "keychange.none",
    "keychange.step",
    "keychange.set_held",
    "keychange.set_unseen",
)
"""Why nobody can have entered a set."""


def _key_change(desk: Desk, id: str, dice: Dice) -> Facts:
    """What was issued is said to be in the meter, then the next move is planned."""
    meter, krn = dice.meter(), dice.krn()
    with unless(*NOT_ENTERED):
        desk.key_entered(meter)
    with unless("keychange.open", "keys.change_not_permitted"):
        desk.plan_key(meter, krn)
    yield from ()


STEPS: Final[dict[str, Callable[[Desk, str, Dice], Facts]]] = {
    "quoted": _quoted,
    "shown": _shown,
    "voided": _voided,
    "put_off": _put_off,
    "shift": _shift,
    "banking": _banking,
    "key_change": _key_change,
}


def do(desk: Desk, id: str) -> Facts:
    """The deed of this id; each fact as soon as it is told."""
    order = order_of(id)
    if order is None:
        dice = Dice(id)
        yield from STEPS[dice.kind()](desk, id, dice)
        return
    with unless("operator.float_used_up") as said:
        yield from desk.sell(*order)
    if said:
        yield ("no", id, *said)


assert KINDS.keys() == ORDERS.keys() | STEPS.keys()
