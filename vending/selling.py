"""Quote, vend, reprint, and what became of a sale: the use cases that touch the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meters.errors import Broken, Invalid, RaseedError, Refused
from meters.identity import meter_from_text
from meters.quantities import Money
from tokens.sts import KeyAttributes, KeyRef

from .accounts.state import state_of
from .counter import Counter, Order, Request, messages_for
from .delivery import delivery_of
from .ground import Wanted
from .keychanges import attributes_of
from .ledger import PostedEntry
from .masks import is_agent, masked_receipt, masked_status
from .parties import Actor, MeterFile, MeterUnknown, Role, require
from .persons import person
from .ports import Ports, Reading, Writing
from .practice import Rehearsal, rehearsed
from .quoting import binding_from, kept_quote
from .record import SaleRecord, receipt_of
from .requests import (
    WITHOUT_SECOND,
    BasketRequest,
    Credit,
    Item,
    Postponement,
    Units,
    basket_of,
    first_difference,
    input_hash,
)
from .ringing import RINGS, Bench, bench_of, credit_inputs, credit_quote, inputs_of
from .sale import BasketReceipt, SaleReceipt, SaleStatus, VendRequest
from .tariff import AccountState, BindingQuote, Month, Quote, QuoteIdReused, Tariff, binding
from .till import Till
from .vend import VendIdReused, VendUnknown

Answer = SaleReceipt | BasketReceipt | Exception
"""What became of one order of a batch: its receipt (of a VendRequest) or receipts (of a
BasketRequest), or the error that it alone has met."""


@dataclass(eq=False)
class SecondPersonNeeded(Refused, code="vend.second_person_needed"):
    """This kind of sale needs two people: ask for it as an approval."""

    kind: str


@dataclass(eq=False)
class SaleVoided(Refused, code="vend.voided"):
    """The sale under this id was taken back; its token is not to be used."""

    vend_id: str


@dataclass(eq=False)
class NoSaleYet(Invalid, code="vend.none_yet"):
    """Nothing has been sold at this terminal yet."""

    point: str
    terminal: str


class Selling:
    """See `VendingService`, whose promises these are."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._counter = Counter(ports)
        self._balance_account = ports.chart.role("customer_balance")
        self._till_account = ports.chart.role("till")
        self._deposit_account = ports.chart.role("operator_deposit")
        self._cached = ports.chart.cached()

    # Quotes

    def quote(
        self,
        actor: Actor,
        meter: str,
        ask: Money | Units,
        postpone: tuple[Postponement, ...] = (),
    ) -> Quote:
        require(actor, "quote")
        with self._ports.store.reading() as books:
            bench = self._bench(books, meter)
        return credit_quote(bench, ask, postpone)

    def priced(self, actor: Actor, item: Item) -> tuple[MeterFile, Quote]:
        require(actor, "quote")
        with self._ports.store.reading() as books:
            bench = self._bench(books, item.meter)
        return bench.file, RINGS[type(item)](bench, item)[0]

    def rehearse(
        self, actor: Actor, basket: BasketRequest, *, shift_open: bool | None
    ) -> Rehearsal:
        order = self._order(0, actor, basket)
        return rehearsed(self._ports, order, self._wanted([order]), shift_open=shift_open)

    def bind(
        self,
        actor: Actor,
        meter: str,
        ask: Money | Units,
        postpone: tuple[Postponement, ...] = (),
        quote_id: str = "",
    ) -> BindingQuote:
        require(actor, "quote")
        with self._ports.store.reading() as books:
            bench = self._bench(books, meter)
        priced = credit_quote(bench, ask, postpone)
        request, _ = credit_inputs(bench, ask, ())
        promise = binding(priced, inputs_of(bench, request), bench.now, quote_id=quote_id)
        number, agreement = bench.file.meter.number.number, bench.file.agreement.number
        with self._ports.store.writing() as books:
            kept = books.keep_quote(
                kept_quote(promise, ask, postpone, number, agreement, actor.name)
            )
        # Under an id of the caller's there may be an earlier one: that is what will be honoured.
        earlier, asked, put_off = binding_from(kept)
        if (kept.meter, asked, put_off) != (number, ask, postpone):
            raise QuoteIdReused(kept.id)
        return earlier

    def _bench(self, books: Reading, meter: str) -> Bench:
        file = meter_in_use(books, meter_from_text(meter).number)
        now = self._ports.clock()
        return bench_of(
            self._ports,
            file,
            self._key(file),
            lambda tariff: self.account_of(books, file, tariff, now),
            now,
        )

    # Sales

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
        answers: dict[int, Answer] = {}
        checked: list[Order] = []
        for place, (actor, request) in enumerate(orders):
            try:
                checked.append(self._order(place, actor, request))
            except RaseedError as error:
                answers[place] = error
        if checked:
            try:
                found = self._sell(checked)
            except RaseedError as error:
                # The database could not, or cannot say: that holds for every one of them.
                found = [error] * len(checked)
            answers.update(zip([order.place for order in checked], found, strict=True))
        return [answers[place] for place in range(len(orders))]

    def _order(self, place: int, actor: Actor, request: Request) -> Order:
        """Raises ActorNotAllowed, SecondPersonNeeded and the errors of meter numbers."""
        require(actor, "vend")
        basket = basket_of(request)
        for item in basket.items:
            if basket.second is None and not isinstance(item, WITHOUT_SECOND):
                raise SecondPersonNeeded(item.kind.value)
        numbers = tuple([meter_from_text(item.meter).number for item in basket.items])
        code = actor.point or ""
        inputs = input_hash(request, numbers, code)
        return Order(place, actor, request, basket, numbers, code, inputs)

    def _sell(self, orders: Sequence[Order]) -> list[Answer]:
        """All in one transaction; if the database contradicts one of them, each on its own."""
        try:
            with self._ports.store.writing() as books:
                answers, booked = self._sell_in(books, orders)
                if not booked:
                    books.nothing_to_keep()
                return answers
        except Broken:
            if len(orders) == 1:
                raise
        with self._ports.store.writing() as books:
            return [self._sell_apart(books, order) for order in orders]

    def _sell_apart(self, books: Writing, order: Order) -> Answer:
        try:
            with books.savepoint():
                (answer,), _ = self._sell_in(books, [order])
        except Broken as error:
            return error
        return answer

    def _sell_in(self, books: Writing, orders: Sequence[Order]) -> tuple[list[Answer], bool]:
        """Checks and books inside an open transaction; whether anything was booked."""
        ground = books.ground(self._wanted(orders))
        till = Till(ground, self._cached)
        answers: list[Answer] = []
        for order in orders:
            try:
                receipts = self._sold_before(till, order) or self._counter.sell(books, till, order)
                receipts = self._as_seen(till, order.actor, receipts)
            except Exception as error:
                # Also a fault of ours in one sale must not spoil its neighbours.
                answers.append(error)
            else:
                whole = isinstance(order.request, BasketRequest)
                answers.append(BasketReceipt(receipts) if whole else receipts[0])
        if till.booked:
            books.book(till.booked)
        return answers, bool(till.booked)

    def _as_seen(
        self, till: Till, actor: Actor, receipts: tuple[SaleReceipt, ...]
    ) -> tuple[SaleReceipt, ...]:
        found = till.operator(person(actor.name))
        if found is None or not is_agent(actor, found.operator):
            return receipts
        return tuple(masked_receipt(receipt) for receipt in receipts)

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
        if stored.input_hash != order.inputs:
            differs = first_difference(stored, order.request, order.numbers, order.code)
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

    # Afterwards

    def show(self, actor: Actor, vend_id: str) -> SaleReceipt:
        require(actor, "vend")
        with self._ports.store.writing() as books:
            record = known_sale(books, vend_id)
            not_voided(books, vend_id)
            receipt = receipt_of(record)
            if receipt.held and not books.shown(vend_id):
                self.first_shown(books, actor, receipt)
            return _seen(books, actor, replace(receipt, held=False))

    def reprint(self, actor: Actor, vend_id: str) -> SaleReceipt:
        require(actor, "reprint")
        with self._ports.store.writing() as books:
            record = known_sale(books, vend_id)
            not_voided(books, vend_id)
            now = self._ports.clock()
            receipt = receipt_of(record)
            if receipt.held and not books.shown(vend_id):
                # A copy shows the digits, so from here on they have been seen.
                self.first_shown(books, actor, receipt)
            copy = books.copies(vend_id) + 1
            books.add_reprint(vend_id, copy, now, actor.name, actor.point or "")
            return _seen(books, actor, replace(receipt, copy=copy, held=False))

    def first_shown(self, books: Writing, actor: Actor, receipt: SaleReceipt) -> None:
        """Inside a transaction: from here on the digits have been seen, and what carries them may
        be sent."""
        now = self._ports.clock()
        books.add_showing(receipt.vend_id, now, actor.name, actor.point or "")
        file = books.meter_file(receipt.buyer.meter)
        if file is not None:
            shown = replace(receipt, held=False)
            books.queue(messages_for(self._ports, shown, file), now)

    def what_became(self, actor: Actor, vend_id: str) -> SaleStatus:
        require(actor, "what_became")
        with self._ports.store.reading() as books:
            return self._status(books, actor, vend_id)

    def last_sale(self, actor: Actor) -> SaleStatus:
        require(actor, "what_became")
        point = actor.point or ""
        with self._ports.store.reading() as books:
            vend_id = books.last_sale(point, actor.terminal)
            if vend_id is None:
                raise NoSaleYet(point, actor.terminal)
            return self._status(books, actor, vend_id)

    def basket(self, actor: Actor, vend_id: str) -> list[SaleStatus]:
        require(actor, "what_became")
        with self._ports.store.reading() as books:
            records = books.basket(vend_id)
            if not records:
                raise VendUnknown(vend_id[:64])
            return [self._status(books, actor, record.vend_id) for record in records]

    def sales(
        self, actor: Actor, meter: str | None, before: int | None, limit: int
    ) -> list[SaleReceipt]:
        require(actor, "look_up")
        number = None if meter is None else meter_from_text(meter).number
        with self._ports.store.reading() as books:
            records = books.sales(meter=number, before=before, limit=limit)
            masked = agent(books, actor)
        found = [receipt_of(record) for record in records]
        return [masked_receipt(receipt) for receipt in found] if masked else found

    def sales_here(self, actor: Actor, since: datetime, limit: int) -> list[SaleReceipt]:
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            records = books.sales_at(actor.point or "", actor.terminal, since, limit)
            masked = agent(books, actor)
        found = [receipt_of(record) for record in records]
        return [masked_receipt(receipt) for receipt in found] if masked else found

    def _status(self, books: Reading, actor: Actor, vend_id: str) -> SaleStatus:
        found = status_of(books, vend_id)
        return masked_status(found) if agent(books, actor) else found

    def entries(self, actor: Actor, vend_id: str) -> list[PostedEntry]:
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            known_sale(books, vend_id)
            return books.entries(vend_id)

    # What a price depends on

    def balance_of(self, books: Reading, file: MeterFile, currency: str) -> Money:
        """The customer's carried money. The ledger owes it to them, so it stands as a credit."""
        account = self._balance_account
        return Money(-books.balance(account.code, file.agreement.number, currency), currency)

    def account_of(
        self, books: Reading, file: MeterFile, tariff: Tariff, now: datetime
    ) -> AccountState:
        """The account of the meter's agreement now."""
        since = file.agreement.since
        return state_of(
            books.account_document(file.agreement.number),
            self.balance_of(books, file, tariff.currency),
            tariff.commodity,
            None if since is None else Month.from_text(since),
            Month.of(now, tariff.zone),
        )

    def _key(self, file: MeterFile) -> KeyAttributes:
        """The vending key that the next token is made with. Raises KeyUnknown."""
        planned = file.meter.planned
        wanted = file.meter.key.key if planned is None else KeyRef(planned.sgc, planned.krn)
        return attributes_of(self._ports.security, wanted)


def agent(books: Reading, actor: Actor) -> bool:
    """Whether customers' data are masked for this actor."""
    return actor.role is Role.OPERATOR and is_agent(actor, books.operator(person(actor.name)))


def _seen(books: Reading, actor: Actor, receipt: SaleReceipt) -> SaleReceipt:
    return masked_receipt(receipt) if agent(books, actor) else receipt


def meter_in_use(books: Reading, number: str) -> MeterFile:
    """Raises MeterUnknown."""
    file = books.meter_file(number)
    if file is None:
        raise MeterUnknown(number)
    return file


def known_sale(books: Reading, vend_id: str) -> SaleRecord:
    """Raises VendUnknown."""
    record = books.sale(vend_id)
    if record is None:
        raise VendUnknown(vend_id[:64])
    return record


def not_voided(books: Reading, vend_id: str) -> None:
    """Raises SaleVoided if the sale's token is not to be used."""
    void = books.void_of(vend_id)
    if void is not None and void.evidence.takes_back:
        raise SaleVoided(vend_id)


def status_of(books: Reading, vend_id: str) -> SaleStatus:
    """Raises VendUnknown."""
    receipt = receipt_of(known_sale(books, vend_id))
    if receipt.held:
        receipt = replace(receipt, held=not books.shown(vend_id))
        receipt = receipt.hidden() if receipt.held else receipt
    events = books.delivery_events(vend_id)
    return SaleStatus(
        receipt,
        delivery_of(receipt, events),
        books.copies(vend_id),
        books.void_of(vend_id),
    )
