"""A month that the demo's municipality has behind it: shifts, sales, debts, a void, copies, blocks.

Made by the services themselves on a clock that is moved, so the books are as they would be: every
entry chained, every till banked. Homes that have a part in a scene are left out of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from meters.quantities import Money

from ..drawer import BankRequest
from ..drawer.counting import DENOMINATIONS, checked_count
from ..messages import LOCAL_ZONE
from ..parties import Actor
from ..requests import BasketRequest, Credit, DebtPayment
from ..running import Raseed
from ..sale import Payment, SaleReceipt, Tender, VendRequest
from ..tariff import AmountTooLow, Instalment, Label, Percentage
from .municipality import Household
from .people import actor_of

DAYS: Final = 30
CURRENCY: Final = "ILS"
FLOAT: Final = 200
REST_DAY: Final = 4
"""Nobody sells on Friday (Monday is 0)."""
_CLERKS: Final = {"E1": "rana", "T1": "samir"}
_AMOUNTS: Final = (20, 30, 50, 100, 40, 20, 70, 50, 150, 30, 60)
_MORE: Final = (50, 100, 200, 500)
_MISCOUNTED: Final = {("T1", 9): -3, ("E1", 17): 2}
"""(point, working day): ILS that were too many or too few."""
_DEBTS: Final = (
    # (place among the homes, code, names, amount, how it is paid off)
    (0, "arrears", "متأخرات سابقة", "Arrears", 320, 40),
    (1, "arrears", "متأخرات سابقة", "Arrears", 150, 25),
    (2, "damage", "تعويض عداد", "Damaged meter", 90, None),
    (5, "arrears", "متأخرات سابقة", "Arrears", 410, 50),
    (8, "arrears", "متأخرات سابقة", "Arrears", 75, None),
)


class MovedClock:
    """A clock that stands where it was put."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Lived:
    """What the month left in the books, by our own count."""

    entries: int = 0
    sales: list[datetime] = field(default_factory=list)
    over_short: int = 0
    """ILS that were missing at counts, those too many taken off."""

    def sales_on(self, day: date) -> int:
        """On a local day."""
        return sum(at.astimezone(LOCAL_ZONE).date() == day for at in self.sales)


def live(raseed: Raseed, clock: MovedClock, houses: list[Household], now: datetime) -> Lived:
    """A month up to an hour before `now`; the clock is left there."""
    return _Month(raseed, clock, houses, now).live()


class _Month:
    def __init__(
        self, raseed: Raseed, clock: MovedClock, houses: list[Household], now: datetime
    ) -> None:
        self._raseed = raseed
        self._clock = clock
        self._houses = houses
        self._now = now
        self._cash = dict.fromkeys(_CLERKS, 0)
        self._cards = dict.fromkeys(_CLERKS, 0)
        self._sold = 0
        self._lived = Lived()

    def live(self) -> Lived:
        # Counted by days on which somebody sells: what is to happen on one falls on no Friday.
        for number, day in enumerate(_working_days(self._now.astimezone(LOCAL_ZONE).date())):
            self._morning(day, number)
            for at, point in _sales_of(day, number):
                self._clock.now = at
                self._sell(point)
            self._evening(day, number)
        self._today()
        return self._lived

    def _morning(self, day: date, number: int) -> None:
        for minute, (point, clerk) in enumerate(_CLERKS.items()):
            self._clock.now = _at(day, 8, minute * 5)
            self._open(point, clerk, f"h{number}-{point}")
        if number == 2:
            self._clock.now = _at(day, 8, 15)
            self._debts()
        if number == 20:
            self._clock.now = _at(day, 8, 15)
            self._arrange()

    def _evening(self, day: date, number: int) -> None:
        for minute, (point, clerk) in enumerate(_CLERKS.items()):
            self._clock.now = _at(day, 15, minute * 10)
            wrong = _MISCOUNTED.get((point, number), 0)
            self._close(actor_of(clerk), point, f"h{number}-{point}", wrong)

    def _today(self) -> None:
        """A till that is open, and requests that wait for a second person."""
        self._clock.now = self._now - timedelta(minutes=150)
        self._open("E1", "rana", "h-today-E1")
        for minutes in (95, 70, 66, 61):
            self._clock.now = self._now - timedelta(minutes=minutes)
            self._sell("E1")
        # Behind the sales: whose turn it is depends on the day, and a blocked meter buys nothing.
        self._waiting()

    # The till

    def _open(self, point: str, clerk: str, id: str) -> None:
        self._raseed.drawers.open(actor_of(clerk), id, _ils(FLOAT))
        self._cash[point], self._cards[point] = FLOAT, 0
        self._lived.entries += 1

    def _close(self, actor: Actor, point: str, shift: str, wrong: int) -> None:
        drawers = self._raseed.drawers
        counted = self._cash[point] + wrong
        slips = [(Tender.CARD.value, str(self._cards[point]))] if self._cards[point] else []
        drawers.close(actor, checked_count(_pieces(counted), slips, CURRENCY), shift)
        self._lived.entries += 1 if wrong else 0
        self._lived.over_short -= wrong
        self._clock.now += timedelta(minutes=4)
        request = BankRequest(f"{shift}-bank", point, (shift,), reference=f"bag {shift[1:]}")
        self._raseed.bankings.bank(actor, request)
        self._lived.entries += 1

    # Sales

    def _sell(self, point: str) -> None:
        """The next one, of the kinds that a day has."""
        here = [house for house in self._houses if house.quarter.point.code == point]
        place, self._sold = self._sold, self._sold + 1
        house = here[place * 5 % len(here)]
        actor, amount = actor_of(_CLERKS[point]), _AMOUNTS[place % len(_AMOUNTS)]
        power, water, id = house.electricity.number, house.water.number, f"h-{place:04d}"
        if place % 13 == 6:
            amounts = [self._enough(actor, power, amount), self._enough(actor, water, 20)]
            parts = tuple(map(Credit, (power, water), map(_ils, amounts)))
            request = BasketRequest(id, parts, _by_card(sum(amounts)))
            self._taken(point, *self._basket(actor, request))
        elif place % 17 == 11 and self._owes(actor, house, 20):
            paid = DebtPayment(power, _ils(20))
            self._taken(point, *self._basket(actor, BasketRequest(id, (paid,))))
        else:
            meter = water if place % 3 == 1 else power
            amount, hold = self._enough(actor, meter, amount), place == 44
            asked = VendRequest(id, meter, _ils(amount), hold=hold)
            self._taken(point, self._raseed.service.vend(actor, asked))
            if hold:
                # Its digits were not shown to anybody: it can be taken back.
                self._raseed.service.void(actor, id, "الزبون غيّر رأيه")
                self._cash[point] -= amount
                self._lived.entries += 1
            elif place % 19 == 3:
                self._raseed.service.reprint(actor, id)

    def _enough(self, actor: Actor, meter: str, amount: int) -> int:
        """ILS that are paid: more than meant where charges and debts would leave nothing of it."""
        for paid in (amount, *_MORE):
            with suppress(AmountTooLow):
                self._raseed.service.quote(actor, meter, _ils(paid))
                return paid
        raise AssertionError(meter)

    def _basket(self, actor: Actor, request: BasketRequest) -> tuple[SaleReceipt, ...]:
        return self._raseed.service.vend_basket(actor, request).receipts

    def _taken(self, point: str, *receipts: SaleReceipt) -> None:
        for receipt in receipts:
            whole = receipt.quote.tendered.minor // 100
            drawer = self._cards if receipt.tender is Tender.CARD else self._cash
            drawer[point] += whole
            self._lived.entries += 1
            self._lived.sales.append(receipt.sold_at)

    def _owes(self, actor: Actor, house: Household, least: int) -> bool:
        return self._raseed.accounts.account(actor, house.agreement).owed >= _ils(least)

    # Debts, and what waits

    def _debts(self) -> None:
        nadia = actor_of("nadia")
        for place, code, ar, en, amount, monthly in _DEBTS:
            recovery = Percentage("25") if monthly is None else Instalment(_ils(monthly))
            self._raseed.accounts.add_debt(
                nadia, self._houses[place].agreement, code, Label(ar, en), _ils(amount), recovery,
                "منقول من دفاتر 2025", "دفتر 2025",
            )  # fmt: skip
            self._lived.entries += 1

    def _arrange(self) -> None:
        """One debt is put off, another one disputed."""
        accounts, nadia = self._raseed.accounts, actor_of("nadia")
        until = (self._now + timedelta(days=10)).date().isoformat()
        first, second = self._houses[_DEBTS[3][0]], self._houses[_DEBTS[2][0]]
        accounts.postpone_debt(
            nadia, first.agreement, _DEBTS[3][1], until, "أقساط الجامعة", "h-postponed"
        )
        accounts.dispute(
            nadia, second.agreement, _DEBTS[2][1], "يقول إن العداد لم يتضرر", "h-disputed"
        )

    def _waiting(self) -> None:
        blocks, blocked = self._raseed.blocks, self._houses[3].electricity.number
        blocks.block(actor_of("nadia"), "meter", blocked, "الختم مكسور")
        blocks.block(actor_of("nadia"), "meter", self._houses[6].water.number, "بلاغ عن تسريب")
        blocks.lift(actor_of("nadia"), "h-lift", "meter", blocked, "فُحص العداد والختم سليم")


def _working_days(today: date) -> list[date]:
    days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    return [day for day in days if day.weekday() != REST_DAY]


def _sales_of(day: date, number: int) -> Iterator[tuple[datetime, str]]:
    """When and where somebody buys on a day, in order of time: five to eight at each point."""
    found = [
        (_at(day, 8, 30 + (370 * place // count) + offset), point)
        for offset, (point, count) in enumerate(
            (("E1", 5 + number % 3), ("T1", 6 + (number + 1) % 3))
        )
        for place in range(count)
    ]
    yield from sorted(found)


def _at(day: date, hour: int, minutes: int) -> datetime:
    """A moment of a local day, minutes after a full hour."""
    return datetime.combine(day, time(hour), LOCAL_ZONE) + timedelta(minutes=minutes)


def _ils(whole: int) -> Money:
    return Money(whole * 100, CURRENCY)


def _by_card(whole: int) -> tuple[Payment, ...]:
    return (Payment(Tender.CARD, _ils(whole), "POS 31"),)


def _pieces(whole: int) -> list[tuple[str, int]]:
    """Notes and coins that make up an amount of whole shekels, the largest first."""
    found, left = [], whole * 100
    for face in DENOMINATIONS[CURRENCY]:
        times, left = divmod(left, face)
        found.append((Money(face, CURRENCY).to_text(), times))
    return found
