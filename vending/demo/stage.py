"""What every scene of the demo works with, and what several do: a sale shown, its meter and entry
checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from meters.identity import Drn

from ..accounting.days import day_of
from ..messages import LOCAL_ZONE
from ..ports import Clock
from ..shapes import BindingQuoteOut, DeliveryOut, EntryOut, QuoteOut, ReadingOut, ReceiptOut
from .checks import Checks, credited, number
from .counter import Counter, Desk
from .keypad import KeypadLine
from .municipality import Household
from .screen import Screen, isolated


@dataclass
class Booked:
    """What the demo has booked by its own count; in the evening the books must say the same."""

    entries: int = 0
    sales: int = 0
    drawer: Fraction = Fraction(0)
    """Cash that must lie in the drawer with a shift, in ILS."""
    deposit: Fraction = Fraction(0)
    """What must be left of the seller's deposit, in ILS."""


@dataclass
class Stage:
    """Everything the scenes work with."""

    screen: Screen
    keypad: KeypadLine
    checks: Checks
    counters: Mapping[str, Counter]
    """By vending point."""
    office: Mapping[str, Desk]
    """`billing`, `supervisor` and `deputy`, another supervisor."""
    run: str
    """Makes this run's ids different from another run's."""
    clock: Clock
    began: datetime
    """By this clock."""
    booked: Booked = field(default_factory=Booked)

    def days(self) -> list[str]:
        """The local days that the demo has seen, in order: mostly one."""
        return days_between(self.began, self.clock())

    def counter(self, house: Household) -> Counter:
        return self.counters[house.quarter.point.code]

    def id(self, name: str) -> str:
        """An id that a caller of the API makes."""
        return f"{self.run}-{name}"

    def count_sale(self, receipt: ReceiptOut) -> None:
        """A sale and its entry; what was paid in cash lies in the drawer, or is off the deposit."""
        self.booked.sales += 1
        self.booked.entries += 1
        tendered = number(receipt.quote.tendered)
        if receipt.commission is not None:
            self.booked.deposit += number(receipt.commission) - tendered
        else:
            self.booked.drawer += tendered


def days_between(first: datetime, last: datetime) -> list[str]:
    """The local days from one moment to another, both included, as `2026-11-23`."""
    one, other = (day_of(at, LOCAL_ZONE) for at in (first, last))
    return [(one + timedelta(days=n)).isoformat() for n in range((other - one).days + 1)]


def sell(
    stage: Stage,
    house: Household,
    meter: Drn,
    amount: str,
    vend_id: str,
    *,
    explain: bool = False,
    **more: Any,
) -> ReceiptOut:
    """Quote, vend, and show both; the money must add up, and the quote must be kept. `explain`
    says in words why the units came out so."""
    counter, customer = stage.counter(house), house.customer
    stage.screen.say(
        f"{customer.name_en} {isolated(customer.name_ar)}, account {customer.account}, hands over "
        f"{amount} ILS at {house.quarter.point.name_en}."
    )
    quote = counter.quote(meter.number, amount, **more)
    stage.screen.quote(quote)
    if explain:
        stage.screen.words(quote.explanation)
    return sell_quoted(stage, counter, quote, meter, amount, vend_id, **more)


def sell_quoted(
    stage: Stage,
    counter: Counter,
    quote: BindingQuoteOut,
    meter: Drn,
    amount: str,
    vend_id: str,
    **more: Any,
) -> ReceiptOut:
    """Vend by the quote's id, which is honoured line by line, and show the receipt."""
    receipt = counter.vend(vend_id, meter.number, amount, quote_id=quote.id, **more)
    stage.count_sale(receipt)
    stage.screen.token(receipt)
    promised = quote.model_dump(include=set(QuoteOut.model_fields))
    stage.checks.that(
        "sold line by line as the quote said",
        receipt.quote.model_dump() == promised and receipt.quote_id == quote.id,
        vend_id,
    )
    paid = number(quote.tendered) + number(quote.balance_before)
    spent = number(quote.net) + number(quote.vat) + number(quote.balance_after)
    stage.checks.that("money paid = lines + VAT + balance", paid == spent, vend_id)
    return receipt


def show_sale(
    stage: Stage, receipt: ReceiptOut, house: Household, before: ReadingOut, after: ReadingOut
) -> None:
    """Meter and books; the meter must hold what was sold, and the entry must balance."""
    stage.screen.meter(before, after)
    entries = stage.counter(house).entries(receipt.vend_id)
    stage.screen.journal(entries)
    check_credited(stage, receipt, before, after)
    balanced = len(entries) == 1 and balances(entries)
    stage.checks.that("one entry, balanced in money and units", balanced, receipt.vend_id)


def check_credited(
    stage: Stage, receipt: ReceiptOut, before: ReadingOut, after: ReadingOut
) -> None:
    """The meter holds what was sold, no more and no less."""
    quantities = [token.quantity for token in receipt.tokens if token.quantity is not None]
    sold = sum(number(quantity) for quantity in quantities)
    stage.checks.that(
        "the meter was credited with exactly what was sold",
        bool(sold) and credited(before, after) == sold,
        receipt.vend_id,
    )


def balances(entries: list[EntryOut]) -> bool:
    """Whether debits and credits of the entries are equal, in money and in units."""
    sums: dict[str, Fraction] = {}
    for entry in entries:
        for line in entry.postings:
            sums[line.amount.unit] = sums.get(line.amount.unit, Fraction()) + number(line.amount)
    return len(sums) == 2 and not any(sums.values())


def undone(entries: list[EntryOut]) -> bool:
    """Whether the entries leave every account as it was."""
    sums: dict[tuple[str, str], Fraction] = {}
    for entry in entries:
        for line in entry.postings:
            place = line.account, line.holder
            sums[place] = sums.get(place, Fraction()) + number(line.amount)
    return bool(sums) and not any(sums.values())


def delivered(stage: Stage, delivery: DeliveryOut) -> None:
    """The meter's verdict, which must be that it took the token."""
    verdict = delivery.verdict.name if delivery.verdict else "none"
    stage.screen.say(f"The meter's verdict: [bold]{verdict}[/] ({delivery.state})")
    stage.checks.that(
        "delivered to the meter and accepted",
        delivery.state == "delivered" and verdict == "ACCEPT",
        delivery.vend_id,
    )


def typed(stage: Stage, meter: Drn, digits: str) -> str:
    """What the display shows when a customer types these digits at the keypad."""
    return stage.keypad.say(f"{meter.number} {digits}")
