"""Sales as they are made: any number of them in one transaction, each id once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from meters.errors import Broken, RaseedError, Refused
from meters.identity import meter_from_text
from meters.values import replace

from .counter import Counter, Order, Request
from .ground import Wanted
from .masks import is_agent, masked_receipt
from .parties import Actor
from .permissions import require
from .persons import person, same_person
from .ports import Ports, StoreLocked, Writing
from .practice import Rehearsal, rehearsed, tried_out
from .record import receipt_of
from .requests import (
    WITHOUT_SECOND,
    BasketRequest,
    Credit,
    Item,
    basket_of,
)
from .sale import BasketReceipt, SaleReceipt, VendRequest
from .samerequest import first_difference, input_hash, is_same_request
from .sold import SaleVoided
from .till import Till
from .vend import VendIdReused

Answer = SaleReceipt | BasketReceipt | Exception
"""What became of one order of a batch: its receipt (of a VendRequest) or receipts (of a
BasketRequest), or the error that it alone has met."""
_AHEAD: Final = 6
"""So many sales of a batch are written at once by a database that works beside this program, while
the next ones are reckoned. Fewer at a time gain nothing more, and cost it more statements."""
_BEHIND: Final = 3
"""So many orders are to follow: to reckon fewer takes no time worth filling."""


@dataclass(eq=False)
class SecondPersonNeeded(Refused, code="vend.second_person_needed"):
    """This kind of sale needs two people: ask for it as an approval."""

    kind: str


def _may_be_of_one(error: Exception) -> bool:
    """Whether it may be the fault of one sale of a batch, and not the database's for all of
    them."""
    return isinstance(error, Broken) or not isinstance(error, RaseedError)


class Selling:
    """See `VendingService`, whose promises these are."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._counter = Counter(ports)
        self._balance_account = ports.chart.role("customer_balance")
        self._till_account = ports.chart.role("till")
        self._deposit_account = ports.chart.role("operator_deposit")
        self._cached = ports.chart.cached()

    def rehearse(
        self, actor: Actor, basket: BasketRequest, *, shift_open: bool | None
    ) -> Rehearsal:
        order = self._order(0, actor, basket)
        return rehearsed(self._ports, order, self._wanted([order]), shift_open=shift_open)

    def try_out(self, item: Item) -> None:
        """Whether this item could be sold now, wherever and by whomever: units, size, key, tariff.
        Nothing is written and no token is made. Raises the errors of `ringing.ring`."""
        number = meter_from_text(item.meter).number
        tried_out(self._ports, self._ground_of({number}), item, number)

    def vend(self, actor: Actor, request: VendRequest) -> SaleReceipt:
        (answer,) = self.vend_many([(actor, request)])
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, SaleReceipt)
        return answer

    def vend_basket(self, actor: Actor, request: BasketRequest) -> BasketReceipt:
        (answer,) = self.vend_many([(actor, request)])
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, BasketReceipt)
        return answer

    def sell_within(self, books: Writing, actor: Actor, request: BasketRequest) -> BasketReceipt:
        """As `vend_basket`, in a transaction that somebody else has begun and ends."""
        (answer,), _ = self._sell_in(books, [self._order(0, actor, request)])
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, BasketReceipt)
        return answer

    def vend_many(self, orders: Sequence[tuple[Actor, Request]]) -> list[Answer]:
        return self._vend_many(orders, wait=True)

    def vend_at_once(self, orders: Sequence[tuple[Actor, Request]]) -> list[Answer] | None:
        answers = self._vend_many(orders, wait=False)
        # It is met before anything is done, by all that get as far as the database.
        return None if any(isinstance(one, StoreLocked) for one in answers) else answers

    def _vend_many(self, orders: Sequence[tuple[Actor, Request]], *, wait: bool) -> list[Answer]:
        answers: dict[int, Answer] = {}
        checked: list[Order] = []
        for place, (actor, request) in enumerate(orders):
            try:
                checked.append(self._order(place, actor, request))
            except RaseedError as error:
                answers[place] = error
        if checked:
            try:
                found = self._sell(checked, wait=wait)
            except RaseedError as error:
                # The database could not, or cannot say: that holds for every one of them.
                found = [error] * len(checked)
            answers.update(zip([order.place for order in checked], found, strict=True))
        return [answers[place] for place in range(len(orders))]

    def _order(self, place: int, actor: Actor, request: Request) -> Order:
        """Raises ActorNotAllowed, SecondPersonNeeded and the errors of meter numbers."""
        require(actor, "vend")
        basket = basket_of(request)
        second = basket.second
        if second is not None:
            # Whatever the edge says: the one who decides is a supervisor, and nobody decides alone.
            require(actor, "approve")
        for item in basket.items:
            alone = second is None or same_person(second.requested_by, actor.name)
            if alone and not (second is None and isinstance(item, WITHOUT_SECOND)):
                raise SecondPersonNeeded(item.kind.value)
        numbers = tuple([meter_from_text(item.meter).number for item in basket.items])
        code = actor.point or ""
        inputs = input_hash(basket, numbers, code)
        return Order(place, actor, request, basket, numbers, code, inputs)

    def _sell(self, orders: Sequence[Order], *, wait: bool) -> list[Answer]:
        """All in one transaction; if the database contradicts one of them, or holds a row for it
        that cannot be read, each on its own."""
        try:
            with self._ports.store.writing(wait=wait, ground_first=True) as books:
                answers, booked = self._sell_in(books, orders)
                if not booked:
                    books.nothing_to_keep()
                return answers
        except Exception as error:
            if len(orders) == 1 or not _may_be_of_one(error):
                raise
        with self._ports.store.writing(wait=wait) as books:
            return [self._sell_apart(books, order) for order in orders]

    def _sell_apart(self, books: Writing, order: Order) -> Answer:
        try:
            with books.savepoint():
                (answer,), _ = self._sell_in(books, [order])
        except Exception as error:
            if not _may_be_of_one(error):
                raise
            return error
        return answer

    def _sell_in(self, books: Writing, orders: Sequence[Order]) -> tuple[list[Answer], bool]:
        """Checks and books inside an open transaction; whether anything was booked."""
        ground = books.ground(self._wanted(orders))
        till = Till(ground, self._cached)
        # Read once the writer's place is ours: in the queue, time has passed. What is booked
        # together was sold at one moment.
        now = self._ports.clock()
        answers: list[Answer] = []
        begun, can_begin = 0, books.can_begin
        for place, order in enumerate(orders, start=1):
            try:
                receipts = self._sold_before(till, order)
                if not receipts:
                    receipts = self._counter.sell(books, till, order, now)
                receipts = self._as_seen(till, order.actor, receipts)
            except Exception as error:
                # Also a fault of ours in one sale must not spoil its neighbours.
                answers.append(error)
            else:
                whole = isinstance(order.request, BasketRequest)
                answers.append(BasketReceipt(receipts) if whole else receipts[0])
            ahead = can_begin and len(till.booked) - begun >= _AHEAD
            if ahead and len(orders) - place >= _BEHIND:
                books.begin_booking(till.booked[begun:])
                begun = len(till.booked)
        if till.booked:
            books.book(till.booked, begun)
            self._ports.guard.booked(now)
        return answers, bool(till.booked)

    def _as_seen(
        self, till: Till, actor: Actor, receipts: tuple[SaleReceipt, ...]
    ) -> tuple[SaleReceipt, ...]:
        found = till.operator(person(actor.name))
        if found is None or not is_agent(actor, found.operator):
            return receipts
        return tuple(masked_receipt(receipt) for receipt in receipts)

    def _ground_of(self, meters: set[str]) -> Wanted:
        """What an item of these meters alone stands on."""
        account = self._balance_account.code
        return Wanted(set(), meters, set(), set(), set(), set(), account)

    def _wanted(self, orders: Sequence[Order]) -> Wanted:
        items = [item for order in orders for item in order.basket.items]
        return Wanted(
            vend_ids={vend_id for order in orders for vend_id in order.basket.sale_ids},
            meters={number for order in orders for number in order.numbers},
            points={order.code for order in orders},
            operators={person(order.actor.name) for order in orders},
            terminals={order.actor.terminal for order in orders},
            quotes={item.quote_id for item in items if isinstance(item, Credit) and item.quote_id},
            balance_account=self._balance_account.code,
            till_account=self._till_account.code,
            deposit_account=self._deposit_account.code,
        )

    def _sold_before(self, till: Till, order: Order) -> tuple[SaleReceipt, ...]:
        """The stored receipts of this vend id; empty if it is new. Raises VendIdReused,
        SaleVoided."""
        vend_id = order.basket.vend_id
        stored = till.sale(vend_id)
        if stored is None:
            return ()
        asked = order.basket, order.numbers, order.code
        if not is_same_request(stored.input_hash, order.inputs, *asked):
            differs = first_difference(stored, *asked)
            raise VendIdReused(vend_id, differs)
        found = []
        for sale_id in order.basket.sale_ids:
            record = till.sale(sale_id)
            assert record is not None, "a basket is booked whole"
            if till.is_voided(sale_id):
                raise SaleVoided(sale_id)
            receipt = receipt_of(record, replayed=True)
            if receipt.held:
                receipt = replace(receipt, held=not till.is_shown(sale_id))
            found.append(receipt.hidden() if receipt.held else receipt)
        return tuple(found)
