"""Quote, vend, reprint, and what became of a sale: the use cases that touch the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from meters.errors import Broken, RaseedError
from meters.identity import meter_from_text
from meters.quantities import Money, Quantity
from tokens.sts import KeyAttributes, KeyRef, KeyUnknown, MeterKeyRef

from .delivery import delivery_of
from .ledger import PostedEntry
from .parties import Actor, MeterFile, MeterUnknown, VendingPoint, require
from .ports import Ports, Reading, Writing
from .record import SaleRecord, receipt_of, record_of
from .sale import Buyer, IssuedToken, SaleReceipt, SaleStatus, Seller, VendRequest
from .tariff import AccountState, Quote, QuoteRequest, TariffCommodity, quote
from .till import Till
from .vend import (
    VendIdReused,
    VendUnknown,
    check_clock,
    credit_token,
    first_difference,
    input_hash,
    next_tid,
    sale_entry,
)

Answer = SaleReceipt | Exception
"""What became of one order of a batch: its receipt, or the error that it alone has met."""


@dataclass(frozen=True, slots=True)
class _Order:
    """A request that is well formed, by somebody who may sell."""

    place: int
    actor: Actor
    request: VendRequest
    number: str
    """The meter's DRN."""
    code: str
    """The vending point's."""
    inputs: str
    """See `input_hash`."""


class Selling:
    """See `VendingService`, whose promises these are."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._balance_account = ports.chart.role("customer_balance")
        self._cached = ports.chart.cached()

    def quote(self, actor: Actor, meter: str, amount: Money) -> Quote:
        require(actor, "quote")
        number = meter_from_text(meter).number
        now = self._ports.clock()
        with self._ports.store.reading() as books:
            file = meter_in_use(books, number)
            balance = self.balance_of(books, file, amount.currency)
        return self._price(file, amount, balance, now)

    def vend(self, actor: Actor, request: VendRequest) -> SaleReceipt:
        (answer,) = self.vend_many([(actor, request)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def vend_many(self, orders: Sequence[tuple[Actor, VendRequest]]) -> list[Answer]:
        answers: dict[int, Answer] = {}
        checked: list[_Order] = []
        for place, (actor, request) in enumerate(orders):
            try:
                require(actor, "vend")
                number = meter_from_text(request.meter).number
            except RaseedError as error:
                answers[place] = error
            else:
                code = actor.point or ""
                inputs = input_hash(request, number, code)
                checked.append(_Order(place, actor, request, number, code, inputs))
        if checked:
            try:
                found = self._sell(checked)
            except RaseedError as error:
                # The database could not, or cannot say: that holds for every one of them.
                found = [error] * len(checked)
            answers.update(zip([order.place for order in checked], found, strict=True))
        return [answers[place] for place in range(len(orders))]

    def _sell(self, orders: Sequence[_Order]) -> list[Answer]:
        """All in one transaction; if the database contradicts one of them, each on its own."""
        try:
            with self._ports.store.writing() as books:
                answers = self._sell_in(books, orders)
                if not any(isinstance(a, SaleReceipt) and not a.replayed for a in answers):
                    books.nothing_to_keep()
                return answers
        except Broken:
            if len(orders) == 1:
                raise
        with self._ports.store.writing() as books:
            return [self._sell_apart(books, order) for order in orders]

    def _sell_apart(self, books: Writing, order: _Order) -> Answer:
        try:
            with books.savepoint():
                (answer,) = self._sell_in(books, [order])
        except Broken as error:
            return error
        return answer

    def _sell_in(self, books: Writing, orders: Sequence[_Order]) -> list[Answer]:
        """Checks and books inside an open transaction."""
        ground = books.ground(
            {order.request.vend_id for order in orders},
            {order.number for order in orders},
            {order.code for order in orders},
            self._balance_account.code,
        )
        till = Till(ground, self._cached)
        answers: list[Answer] = []
        for order in orders:
            try:
                answers.append(self._sell_one(till, order))
            except Exception as error:
                # Also a fault of ours in one sale must not spoil its neighbours.
                answers.append(error)
        if till.booked:
            books.book(till.booked)
        return answers

    def _sell_one(self, till: Till, order: _Order) -> SaleReceipt:
        """One sale of a batch, checks first."""
        ports = self._ports
        actor, request = order.actor, order.request
        stored = till.sale(request.vend_id)
        if stored is not None:
            if stored.input_hash != order.inputs:
                differs = first_difference(stored, request, order.number, order.code)
                raise VendIdReused(request.vend_id, differs)
            return receipt_of(stored, replayed=True)

        file = till.file(order.number)
        point = till.point(order.code)
        # Read the clock once the writer's place is ours: in the queue, time has passed.
        now = ports.clock()
        check_clock(now, till.head.at, ports.clock_limits)
        key = self._key(file)
        currency = request.amount.currency
        # The ledger owes it to the customer, so it stands as a credit.
        balance = Money(-till.balance(file, self._balance_account.code, currency), currency)
        priced = self._price(file, request.amount, balance, now, key)
        last = till.last_tid(file, key.base_date.short)
        tid = next_tid(key.base_date, now, last, ports.clock_limits)
        # The token is made before the first write, because the security module may refuse it. It
        # leaves this transaction only after the commit.
        token = self._issue(file.meter.key, priced, tid, now)

        # From here on it must succeed.
        receipt = SaleReceipt(
            vend_id=request.vend_id,
            number=till.next_receipt(point.code),
            sold_at=now,
            buyer=_buyer(file, key),
            seller=_seller(point, actor),
            tender=request.tender,
            quote=priced,
            tokens=(token,),
            journal_entry=till.head.number + 1,
        )
        record = record_of(receipt, order.inputs)
        till.add(record, sale_entry(record, ports.chart))
        return receipt

    def reprint(self, actor: Actor, vend_id: str) -> SaleReceipt:
        require(actor, "reprint")
        with self._ports.store.writing() as books:
            record = known_sale(books, vend_id)
            copy = books.copies(vend_id) + 1
            now = self._ports.clock()
            books.add_reprint(vend_id, copy, now, actor.name, actor.point or "")
            return receipt_of(record, copy=copy)

    def what_became(self, actor: Actor, vend_id: str) -> SaleStatus:
        require(actor, "what_became")
        with self._ports.store.reading() as books:
            receipt = receipt_of(known_sale(books, vend_id))
            events = books.delivery_events(vend_id)
            return SaleStatus(receipt, delivery_of(receipt, events), books.copies(vend_id))

    def sales(
        self, actor: Actor, meter: str | None, before: int | None, limit: int
    ) -> list[SaleReceipt]:
        require(actor, "look_up")
        number = None if meter is None else meter_from_text(meter).number
        with self._ports.store.reading() as books:
            records = books.sales(meter=number, before=before, limit=limit)
        return [receipt_of(record) for record in records]

    def entries(self, actor: Actor, vend_id: str) -> list[PostedEntry]:
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            known_sale(books, vend_id)
            return books.entries(vend_id)

    def balance_of(self, books: Reading, file: MeterFile, currency: str) -> Money:
        """The customer's carried money. The ledger owes it to them, so it stands as a credit."""
        account = self._balance_account
        return Money(-books.balance(account.code, file.agreement.number, currency), currency)

    def _price(
        self,
        file: MeterFile,
        amount: Money,
        balance: Money,
        now: datetime,
        key: KeyAttributes | None = None,
    ) -> Quote:
        key = key or self._key(file)
        tariff = self._ports.tariffs.active(file.agreement.tariff, now)
        if tariff.commodity is not file.meter.commodity:
            raise TariffCommodity(tariff.code, file.meter.number.number)
        most: Quantity | None = None
        if key.unit_limit is not None:
            step = file.meter.commodity.token_step
            most = file.meter.commodity.quantity(key.unit_limit * step)
        return quote(tariff, QuoteRequest(amount, most), AccountState(balance), now)

    def _key(self, file: MeterFile) -> KeyAttributes:
        """The vending key behind the meter's key. Raises KeyUnknown."""
        wanted = KeyRef(file.meter.sgc, file.meter.krn)
        held = self._ports.security.keys()
        key = next((key for key in held if key.ref == wanted), None)
        if key is None:
            raise KeyUnknown(wanted.sgc, wanted.krn)
        return key

    def _issue(self, key: MeterKeyRef, priced: Quote, tid: int, now: datetime) -> IssuedToken:
        kind, token = credit_token(priced.commodity, priced.quantity, tid, self._ports.randomness())
        digits = self._ports.security.issue(key, token, now)
        return IssuedToken(kind=kind, digits=digits, tid=tid, quantity=priced.quantity)


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


def _buyer(file: MeterFile, key: KeyAttributes) -> Buyer:
    meter = file.meter
    return Buyer(
        account=file.customer.account,
        name_ar=file.customer.name_ar,
        name_en=file.customer.name_en,
        quarter=file.service_point.quarter,
        address=file.service_point.address,
        agreement=file.agreement.number,
        meter=meter.number.number,
        pan=meter.number.pan.number,
        commodity=meter.commodity,
        ea=meter.ea.value,
        sgc=meter.sgc,
        krn=meter.krn,
        ti=meter.ti,
        base_date=key.base_date.short,
    )


def _seller(point: VendingPoint, actor: Actor) -> Seller:
    return Seller(
        point=point.code,
        point_name_ar=point.name_ar,
        point_name_en=point.name_en,
        terminal=actor.terminal,
        operator=actor.name,
    )
