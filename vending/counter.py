"""One basket at the counter: everything checked in a written order, then everything booked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from meters.errors import Refused
from meters.quantities import Money

from .accounting.days import beginning, day_of
from .blocking import buyer_keys, check_blocks, seller_keys
from .masking import check_references
from .operators import (
    Operator,
    Settlement,
    check_float,
    check_sale_limits,
    check_till,
    commission_of,
)
from .outbox import Message, messages_of
from .parties import Actor, MeterFile, VendingPoint
from .payments import parts_of, settle, tender_of
from .persons import person, same_person
from .ports import Ports, Reading
from .record import record_of
from .requests import BasketRequest, Correction, Credit, DebtPayment, SecondPerson
from .ringing import Rung, ring
from .sale import Buyer, Paid, SaleReceipt, Seller, Tender, VendRequest
from .till import Till
from .vend import entry_of

Request = VendRequest | BasketRequest


@dataclass(eq=False)
class ShiftNeeded(Refused, code="shift.needed"):
    """At this point nothing is sold without an open shift: open one first."""

    point: str
    terminal: str


@dataclass(eq=False)
class ShiftOfAnother(Refused, code="shift.of_another"):
    """Somebody else's shift is open at this terminal; it must be closed first."""

    point: str
    terminal: str
    operator: str


class _Seat(Struct, frozen=True):
    """Where and by whom it is sold."""

    actor: Actor
    point: VendingPoint
    operator: Operator | None
    shift: str | None


class Order(Struct, frozen=True):
    """A request that is well formed, by somebody who may sell."""

    place: int
    actor: Actor
    request: Request
    basket: BasketRequest
    numbers: tuple[str, ...]
    """The DRN of each item's meter."""
    code: str
    """The vending point's."""
    inputs: str
    """See `samerequest.input_hash`."""


class Counter:
    """Sells baskets on a till. One instance serves every batch."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._balance = ports.chart.role("customer_balance").code
        self._till = ports.chart.role("till").code
        self._deposit = ports.chart.role("operator_deposit").code

    def sell(
        self, books: Reading, till: Till, order: Order, now: datetime
    ) -> tuple[SaleReceipt, ...]:
        """The receipts of a new basket, sold at `now` and added to the till; checks first. `books`
        is asked for what was taken today, where there is a limit to it."""
        ports, basket = self._ports, order.basket
        if basket.payments and basket.second is None:
            # Behind the question whether it was sold before, and not of what was paid before and
            # is sold anew: what was let in by older rules stands, and is answered.
            check_references(*[one.reference for one in basket.payments])
        point = till.point(order.code)
        ports.guard.check(now, till.head, books)
        seat = self._seat(till, order, point)
        rung = self._rung(till, order, now)
        due = Money(sum([one.quote.tendered.minor for one in rung]), _currency(rung))
        tender = basket.tender or Tender.CASH
        paid = settle(due, basket.payments, as_told=as_told(basket), tender=tender)
        if not all(isinstance(one.item, Correction) for one in rung):
            # Otherwise nothing is taken: it was, when it was paid for the wrong thing, and lies
            # where it lay, however full that till or far that deposit is by now.
            self._check_limits(books, till, seat, due, now)
            self._check_money(till, seat, paid)

        # From here on it must succeed.
        receipts = self._receipts(till, order, seat, rung, paid, now)
        with till.together() if len(rung) > 1 else _AS_IT_IS:
            for receipt, one in zip(receipts, rung, strict=True):
                record = record_of(receipt, order.inputs)
                till.add(
                    record,
                    entry_of(receipt, record, ports.chart),
                    one.state if one.item.kind.moves_account else None,
                    None if one.keys is None else one.keys.move,
                    messages_for(ports, receipt, one.file),
                )
        return tuple(one.hidden() for one in receipts) if basket.hold else receipts

    def _seat(self, till: Till, order: Order, point: VendingPoint) -> _Seat:
        """Raises MeterUnknown, Blocked, ShiftNeeded, ShiftOfAnother."""
        actor = order.actor
        files = [till.file(number) for number in order.numbers]
        if till.blocks:
            keys = seller_keys(actor.name, point.code, actor.terminal)
            for number, file in zip(order.numbers, files, strict=True):
                keys += buyer_keys(number, file.agreement.number)
            check_blocks(till.blocks, keys)
        if order.basket.second is not None:
            # Decided in an office: it is in nobody's drawer, and on nobody's deposit.
            return _Seat(actor, point, None, None)
        shift = till.shift(point.code, actor.terminal)
        if shift is None and point.needs_shift:
            raise ShiftNeeded(point.code, actor.terminal)
        if shift is not None and not same_person(shift.operator, actor.name):
            raise ShiftOfAnother(point.code, actor.terminal, shift.operator)
        found = till.operator(person(actor.name))
        operator = None if found is None else found.operator
        return _Seat(actor, point, operator, None if shift is None else shift.id)

    def _rung(self, till: Till, order: Order, now: datetime) -> list[Rung]:
        items = order.basket.items
        # A later item of the basket sees what the earlier ones have done to account and meter.
        ahead = till if len(items) == 1 else till.aside()
        rung = []
        for item, number in zip(items, order.numbers, strict=True):
            one = ring(self._ports, ahead, self._balance, item, number, now)
            if ahead is not till:
                base_date = one.key.base_date.short
                ahead.foresee(
                    one.file, one.state, one.tokens, base_date, one.keys, self._balance, one.quote
                )
            rung.append(one)
        return rung

    def _check_limits(
        self, books: Reading, till: Till, seat: _Seat, due: Money, now: datetime
    ) -> None:
        point, operator = seat.point, seat.operator
        by_operator = at_point = 0
        if operator is not None and operator.most_per_day is not None:
            day = self._day(now)
            by_operator = self._taken(books, till, None, operator.code, day)
        if point.most_per_day is not None:
            at_point = self._taken(books, till, point.code, None, self._day(now))
        check_sale_limits(operator, point, due, by_operator, at_point)

    def _day(self, now: datetime) -> datetime:
        """When the day of `now` began."""
        # Of two midnights, where the clocks go back from one to twelve, the first.
        return beginning(day_of(now, self._ports.zone), self._ports.zone)

    def _taken(
        self, books: Reading, till: Till, point: str | None, operator: str | None, day: datetime
    ) -> int:
        known = till.taken(point, operator, day)
        if known is None:
            known = books.taken_since(point, operator, day)
            till.know_taken(point, operator, day, known)
        return known

    def _check_money(self, till: Till, seat: _Seat, paid: Paid) -> None:
        """Raises FloatUsedUp, TillFull."""
        currency = paid.handed.currency
        nothing = Money(0, currency)
        if seat.operator is not None and seat.operator.settlement is Settlement.DEPOSIT:
            needed = sum((payment.amount for payment in paid.payments), nothing)
            deposit = till.deposit(seat.operator.code, self._deposit, currency)
            check_float(seat.operator, deposit, needed)
            return
        cash = [p.amount for p in paid.payments if p.tender is Tender.CASH]
        in_till = Money(till.in_till(seat.point.code, self._till, currency), currency)
        check_till(seat.point, in_till, sum(cash, nothing))

    def _receipts(
        self,
        till: Till,
        order: Order,
        seat: _Seat,
        rung: Sequence[Rung],
        paid: Paid,
        now: datetime,
    ) -> tuple[SaleReceipt, ...]:
        basket, second = order.basket, order.basket.second or _NOBODY
        parts = parts_of(paid, [one.quote.tendered for one in rung])
        # A plain sale tells its payment by tender and amount alone, as it always did.
        plain = basket.plain is not None and paid.rounding.is_zero
        number, first = till.next_receipt(seat.point.code), till.head.number + 1
        on_deposit = bool(second.deposit_of) or (
            seat.operator is not None and seat.operator.settlement is Settlement.DEPOSIT
        )
        made = []
        for place, (one, part) in enumerate(zip(rung, parts, strict=True)):
            earned = commission_of(seat.operator, one.quote.tendered)
            made.append(
                SaleReceipt(
                    vend_id=basket.sale_ids[place],
                    number=number,
                    sold_at=now,
                    buyer=_buyer(one),
                    seller=seller_at(seat.point, seat.actor),
                    tender=tender_of(part.payments),
                    quote=one.quote,
                    tokens=one.tokens,
                    journal_entry=first + place,
                    kind=one.item.kind,
                    basket=None if place == 0 else basket.vend_id,
                    shift=seat.shift,
                    paid=paid if place == 0 and not plain else None,
                    parts=() if plain else part.payments,
                    rounding=part.rounding.minor,
                    on_deposit=on_deposit,
                    deposit_of=second.deposit_of,
                    reason=second.reason,
                    requested_by=second.requested_by,
                    refers_to=one.refers_to or second.approval,
                    quote_id=one.item.quote_id if isinstance(one.item, Credit) else "",
                    key_tokens=() if one.keys is None else one.keys.tokens,
                    key_move=None if one.keys is None else one.keys.move,
                    commission=None if earned.is_zero else earned,
                    held=basket.hold,
                )
            )
        return tuple(made)


def messages_for(ports: Ports, receipt: SaleReceipt, file: MeterFile) -> tuple[Message, ...]:
    """What is to be sent because of this sale."""
    reachable = file.meter.gateway is not None
    return messages_of(receipt, file.customer.phone, ports.outbox, reachable=reachable)


_AS_IT_IS: AbstractContextManager[None] = nullcontext()
_NOBODY = SecondPerson("", "", "")


def as_told(basket: BasketRequest) -> bool:
    """Whether the customer named every sum: then they have it in their hand."""
    return all(
        isinstance(item, DebtPayment) or (isinstance(item, Credit) and isinstance(item.ask, Money))
        for item in basket.items
    )


def _currency(rung: Sequence[Rung]) -> str:
    return rung[0].quote.tendered.currency


def _buyer(one: Rung) -> Buyer:
    """The meter as its tokens find it: with the key that it has once they are typed."""
    file, key, meter = one.file, one.key, one.file.meter
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
        sgc=key.ref.sgc,
        krn=key.ref.krn,
        ti=meter.ti if one.keys is None else one.keys.move.to_ti,
        base_date=key.base_date.short,
    )


def seller_at(point: VendingPoint, actor: Actor) -> Seller:
    return Seller(
        point=point.code,
        point_name_ar=point.name_ar,
        point_name_en=point.name_en,
        terminal=actor.terminal,
        operator=actor.name,
    )
