"""A sale as it would be, for people who learn: every check, price, deduction and change is the real
one, nothing is booked, and the digits are zeros, which no meter takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meters.values import replace
from meters.verdicts import TokenResult
from tokens.sts import (
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyAttributes,
    KeyRef,
    KeyType,
    MeterKeyRef,
    ModuleUsage,
    SecurityModule,
    Token,
)
from tokens.sts.policy import check_attributes, check_change, held_by

from .counter import Counter, Order
from .ground import BookedSale, Ground, OpenShift, Wanted
from .keychanges import attributes_of
from .masks import is_agent, masked_receipt
from .parties import Actor, Meter, MeterUnknown
from .persons import person, same_person
from .ports import Ports
from .record import receipt_of, record_of
from .requests import Item
from .ringing import ring
from .sale import BasketReceipt, SaleReceipt
from .till import Till

NO_TOKEN: Final = "0" * 20
"""Whoever types it gets nothing."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a sale would have given, and what would have been booked."""

    basket: BasketReceipt
    """Receipt and entry numbers are 0."""
    booked: tuple[BookedSale, ...]


class Blanks:
    """A SecurityModule that refuses what the real one refuses and hands out zeros: no real token
    is ever made of what is not booked."""

    def __init__(self, real: SecurityModule) -> None:
        self._real = real

    def keys(self) -> tuple[KeyAttributes, ...]:
        return self._real.keys()

    def issue(self, meter: MeterKeyRef, token: Token, now: datetime) -> str:
        check_attributes(self._held_by(meter), token, now)
        return NO_TOKEN

    def issue_key_change(
        self,
        current: MeterKeyRef,
        new: MeterKeyRef,
        now: datetime,
        *,
        three_tokens: bool = False,
    ) -> tuple[str, ...]:
        check_change(current, new, self._held_by(current), self._held_by(new), now)
        sections = 4 if new.ea is EncryptionAlgorithm.EA11 else 3 if three_tokens else 2
        return (NO_TOKEN,) * sections

    def issue_batch(self, orders: Sequence[tuple[MeterKeyRef, Token]], now: datetime) -> list[str]:
        return [self.issue(meter, token, now) for meter, token in orders]

    def issue_key_change_batch(
        self,
        changes: Sequence[tuple[MeterKeyRef, MeterKeyRef]],
        now: datetime,
        *,
        three_tokens: bool = False,
    ) -> list[tuple[str, ...]]:
        return [
            self.issue_key_change(current, new, now, three_tokens=three_tokens)
            for current, new in changes
        ]

    def open(self, meter: MeterKeyRef, digits: str) -> Token | TokenResult:
        return self._real.open(meter, digits)

    def usage(self) -> ModuleUsage:
        return self._real.usage()

    def _held_by(self, meter: MeterKeyRef) -> KeyAttributes:
        return held_by(meter, attributes_of(self, meter.key))


class Assumed(Blanks):
    """The same where no vending key is held at all: those of one meter are taken for granted."""

    def __init__(self, real: SecurityModule, meter: Meter) -> None:
        super().__init__(real)
        planned = meter.planned
        refs = {meter.key.key}
        if planned is not None:
            refs.add(KeyRef(planned.sgc, planned.krn))
        # Nothing leads back from the base date that the meter counts from.
        told = meter.base_date or BaseDate.BASE_2014
        base = max(told, BaseDate.BASE_2014, key=lambda one: one.value)
        self._keys = tuple(KeyAttributes(ref, Dkga.DKGA04, KeyType.DUTK, base) for ref in refs)

    def keys(self) -> tuple[KeyAttributes, ...]:
        return self._keys


def tried_out(ports: Ports, wanted: Wanted, item: Item, number: str) -> None:
    """Rings one item up as it would be sold now, wherever and by whomever, and lets it go. Raises
    what `ringing.ring` would, so that nobody asks in vain; where no vending key is held at all, the
    key is not looked at."""
    with ports.store.writing() as books:
        books.nothing_to_keep()
        meter = books.meter(number)
        if meter is None:
            raise MeterUnknown(number)
        held = ports.security.keys()
        blank = Blanks(ports.security) if held else Assumed(ports.security, meter)
        till = Till(books.ground(wanted), ports.chart.cached())
        learning = replace(ports, security=blank)
        ring(learning, till, wanted.balance_account, item, number, ports.clock())


def rehearsed(ports: Ports, order: Order, wanted: Wanted, *, shift_open: bool | None) -> Rehearsal:
    """Sells the order on the ground as it is now, and lets everything go. `shift_open`: whether
    the learner has opened a drawer to practise with; None: with the real shift, as a look ahead.
    Raises what the sale would raise."""
    learning = replace(ports, security=Blanks(ports.security))
    with ports.store.writing() as books:
        # The writer's place, for a moment: what is read belongs together, as for a real sale.
        books.nothing_to_keep()
        ground = books.ground(wanted)
        if shift_open is not None:
            ground = seated(ground, order.actor, shift_open=shift_open)
        till = Till(ground, ports.chart.cached())
        receipts = Counter(learning).sell(books, till, order, ports.clock())
    seller = till.operator(person(order.actor.name))
    booked = tuple(till.booked)
    if seller is not None and is_agent(order.actor, seller.operator):
        receipts = tuple(map(masked_receipt, receipts))
        booked = tuple(map(_unnamed, booked))
    return Rehearsal(BasketReceipt(tuple(map(_unnumbered, receipts))), booked)


def _unnamed(sale: BookedSale) -> BookedSale:
    """As an agent may see it; what is to be sent would tell the telephone."""
    masked = record_of(masked_receipt(receipt_of(sale.record)), sale.record.input_hash)
    return replace(sale, record=replace(sale.record, document=masked.document), messages=())


def seated(ground: Ground, actor: Actor, *, shift_open: bool) -> Ground:
    """With the learner's drawer in the place of their own shift; somebody else's at the same
    terminal is in the way as ever."""
    place = (actor.point or "", actor.terminal)
    there = ground.shifts.get(place)
    if there is not None and not same_person(there.operator, actor.name):
        return ground
    shifts = {key: shift for key, shift in ground.shifts.items() if key != place}
    if shift_open:
        shifts[place] = OpenShift("practice", *place, actor.name)
    return replace(ground, shifts=shifts)


def _unnumbered(receipt: SaleReceipt) -> SaleReceipt:
    return replace(receipt, number=0, journal_entry=0, shift=None)
