"""What happens in the small town from day to day, by a seeded chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any, Final

from meters.account import Commodity
from meters.identity import Drn
from meters.quantities import Money
from tests.vending.books.whole_town import (
    BEGINS,
    CHANGE_OF_TIME,
    CHIEF,
    ENDS,
    IN_SHIFTS,
    LAYLA,
    LINA,
    NADIA,
    NOTES,
    SAMIR,
    SELLERS,
    TECHNICIAN,
    WHY,
    ZONE,
    Ground,
    local,
)
from tests.vending.support import SGC
from tokens.sts import EncryptionAlgorithm
from vending.accounting import AdjustmentState
from vending.accounts import Outcome
from vending.acts import NewMeter, Source
from vending.drawer import BankRequest, checked_count
from vending.ledger import Posting
from vending.parties import (
    Actor,
)
from vending.requests import Allowance, BasketRequest, Credit, DebtPayment, Item, Units
from vending.sale import Payment, SaleReceipt, Tender


@dataclass
class WholeTown(Ground):
    """Its clock stands in December; October is closed."""

    a_day: int = 5
    """Deeds."""

    def __post_init__(self) -> None:
        super().__post_init__()
        day = BEGINS
        while day < ENDS:
            self.live(day)
            day += timedelta(days=1)
        self.end()

    # A day

    def live(self, day: date) -> None:
        """Deeds at any time of the day, and sales at its very end and beginning."""
        chance = self.chance
        self.until(local(day))
        if day.day == 1 or day == BEGINS:
            self.allowance()
        self.sell(chance.choice(SELLERS))
        if day == CHANGE_OF_TIME:
            for fold in (0, 1):
                for minute in (10, 50):
                    self.until(local(day, time(1, minute), fold))
                    self.sell(SAMIR)
        seconds = sorted(chance.randrange(7 * 3600, 20 * 3600) for _ in range(self.a_day))
        for second in seconds:
            clock = time(second // 3600, second // 60 % 60, second % 60, chance.randrange(10**6))
            self.until(local(day, clock))
            deed = chance.choices(list(DEEDS), weights=list(DEEDS.values()))[0]
            deed(self)
        self.until(local(day, time(23, 59, 59, chance.choice((0, 999_999)))))
        self.sell(chance.choice(SELLERS))

    def end(self) -> None:
        """The days are checked, the first month is closed, all drawers but one are closed."""
        for actor in IN_SHIFTS[:1]:
            if actor in self.shifts:
                self.close_shift(actor)
        keeping = self.house.bookkeeping
        for asked in self.house.reports.adjustments(LAYLA, AdjustmentState.PENDING, 500):
            self.try_("void request", keeping.void, CHIEF, asked.id, WHY)
        for day in self.house.closing.due(LAYLA):
            made = self.house.closing.close(LAYLA, day)
            assert made.check.ok, (day, made.check.differences)
        keeping.close(LAYLA, f"{BEGINS:%Y-%m}")

    # Deeds

    def sell(self, actor: Actor | None = None) -> None:
        chance = self.chance
        actor = actor or chance.choice(SELLERS)
        items: list[Item] = []
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3))):
            meter = self.hangs[chance.choice(list(self.hangs))]
            water = self.meters[meter].commodity is Commodity.WATER
            amount = Money(chance.choice((1000, 2000, 5000, chance.randrange(500, 42_000))))
            units = Units(f"{chance.randrange(5, 90 if water else 900) / 10:.1f}")
            wanted: list[Item] = [
                *[Credit(meter, amount)] * 4,
                *[Credit(meter, units)] * 2,
                *[DebtPayment(meter, amount)] * (chance.random() < 0.3),
            ]
            items.append(chance.choice(wanted))
        self.ring(actor, items)

    def ring(self, actor: Actor, items: list[Item]) -> None:
        chance = self.chance
        hold = chance.random() < 0.2
        way = chance.choice(("exact", "exact", "cash", "mixed", "one"))
        big = Money(chance.choice((20_000, 50_000, 100_000, 150_000)))
        payments: tuple[Payment, ...] = ()
        tender = None
        if way == "cash":
            payments = (Payment(Tender.CASH, big),)
        elif way == "mixed":
            first = chance.choice((Tender.CARD, Tender.CHEQUE, Tender.WALLET, Tender.TRANSFER))
            part = Money(chance.randrange(100, 2500))
            payments = (Payment(first, part, f"no. {self.ids}"), Payment(Tender.CASH, big))
        elif way == "one":
            tender = chance.choice((Tender.CARD, Tender.CHEQUE, Tender.WALLET, Tender.TRANSFER))
        id = self.name("v")
        request = BasketRequest(id, tuple(items), payments, hold, tender=tender)
        made = self.try_("sell", self.house.service.vend_basket, actor, request)
        if made is not None:
            self.receipts += made.receipts
            for one in made.receipts:
                if not one.held and chance.random() < 0.6:
                    self.type_in(one)

    def type_in(self, receipt: SaleReceipt) -> None:
        for digits in (
            *(token.digits for token in receipt.key_tokens),
            *(token.digits for token in receipt.tokens),
        ):
            if digits:
                self.meters[receipt.buyer.meter].enter_token(digits, self.clock.now)

    def allowance(self) -> None:
        self.ring(self.chance.choice((SAMIR, LINA)), [Allowance(self.hangs["A3"])])

    def pay_debt(self) -> None:
        agreement = self.chance.choice(("A1", "A2", "A4", "A9", "A10"))
        amount = Money(self.chance.randrange(100, 3000))
        code = self.chance.choice(("", "old"))
        self.ring(self.chance.choice(SELLERS), [DebtPayment(self.hangs[agreement], amount, code)])

    def some_sale(self) -> SaleReceipt:
        """Of any age, lately sold ones more often."""
        back = int(self.chance.expovariate(0.08))
        return self.receipts[max(0, len(self.receipts) - 1 - back)]

    def void(self) -> None:
        sale = self.some_sale()
        by = replace(CHIEF, point=sale.seller.point)
        self.try_("void", self.house.service.void, by, sale.vend_id, WHY)

    def show(self) -> None:
        sale = self.some_sale()
        self.try_("show", self.house.service.show, CHIEF, sale.vend_id)

    def two(self, act: str, by: Actor, **facts: Any) -> Any:
        """Asked for, and approved by a second person."""
        id = self.name("w")
        if self.try_(f"ask {act}", self.house.approvals.request, by, id, act, facts, WHY) is None:
            return None
        made = self.try_(act, self.house.approvals.approve, NADIA, id)
        outcome = None if made is None else made.outcome
        if isinstance(outcome, SaleReceipt):
            self.receipts.append(outcome)
        return outcome

    def money_back(self) -> None:
        sale = self.some_sale()
        by = replace(CHIEF, point=sale.seller.point)
        self.two("void_refund", by, sale=sale.vend_id)

    def units_back(self) -> None:
        sale = self.some_sale()
        meter = self.hangs[sale.buyer.agreement]
        self.two("refund", CHIEF, sale=sale.vend_id, meter=meter, units="1.5")

    def correct(self) -> None:
        sale = self.some_sale()
        same = [
            meter
            for meter in self.hangs.values()
            if self.meters[meter].commodity is sale.buyer.commodity
        ]
        by = replace(CHIEF, point=sale.seller.point)
        self.two("correction", by, sale=sale.vend_id, meter=self.chance.choice(same))

    def give(self) -> None:
        meter = self.hangs[self.chance.choice(list(self.hangs))]
        self.two("free_issue", CHIEF, meter=meter, units=f"{self.chance.randrange(1, 90) / 10}")

    def manage(self) -> None:
        meter = self.hangs[self.chance.choice(("A1", "A7"))]
        self.two(
            "engineering",
            CHIEF,
            meter=meter,
            token="set_maximum_power_limit",
            fields={"limit_w": "5000"},
        )

    def exchange(self) -> None:
        agreement = self.chance.choice(list(self.hangs))
        old = self.hangs[agreement]
        fresh = Drn.from_serial("01", 8000 + self.ids)
        new = NewMeter(fresh, EncryptionAlgorithm.EA07, SGC, 1, 1)
        units = self.chance.choice((None, Units("12.5"), Units("0.7")))
        source = Source.NONE if units is None else Source.PHOTO
        id = self.name("x")
        put_in = self.house.exchanges.exchange
        if (
            self.try_("exchange", put_in, TECHNICIAN, id, agreement, new, source, WHY, units)
            is None
        ):
            return
        kind = self.meters[old].commodity
        self.hangs[agreement] = fresh.number
        self.hang(fresh.number, kind)
        made = self.try_("transfer", self.house.approvals.approve, NADIA, id)
        if made is not None and isinstance(made.outcome, SaleReceipt):
            self.receipts.append(made.outcome)

    def about_debt(self) -> None:
        chance, accounts = self.chance, self.house.accounts
        agreement, code = chance.choice(
            (("A1", "old"), ("A1", "bill"), ("A2", "old"), ("A4", "old"), ("A9", "bill"))
        )
        id = self.name("e")
        what = chance.randrange(4)
        if what == 0:
            until = (self.clock.now.astimezone(ZONE).date() + timedelta(days=5)).isoformat()
            self.try_("postpone", accounts.postpone_debt, LAYLA, agreement, code, until, WHY, id)
        elif what == 1:
            self.try_("dispute", accounts.dispute, LAYLA, agreement, code, WHY, id)
        elif what == 2:
            outcome = chance.choice((Outcome.REJECTED, Outcome.REDUCED))
            to = Money(4000) if outcome is Outcome.REDUCED else None
            settle = accounts.settle_dispute
            done = self.try_("settle", settle, LAYLA, agreement, code, outcome, WHY, id, to=to)
            if done and outcome is Outcome.REDUCED:
                self.try_("approve", self.house.bookkeeping.approve, CHIEF, id)
        else:
            off = Money(chance.randrange(100, 2000))
            if self.try_("write down", accounts.write_down, LAYLA, agreement, code, off, WHY, id):
                self.try_("approve", self.house.bookkeeping.approve, CHIEF, id)

    def fee(self) -> None:
        id = self.name("e")
        self.try_("fee", self.house.accounts.add_fee, LAYLA, "A6", "connection", WHY, id)

    def shift(self) -> None:
        """Opened, looked at, closed: whichever comes next."""
        actor = self.chance.choice(IN_SHIFTS)
        if actor not in self.shifts:
            id = self.name("s")
            start = Money(self.chance.choice((0, 10_000, 25_050)))
            if self.try_("open shift", self.house.drawers.open, actor, id, start):
                self.shifts[actor] = id
            return
        what = self.chance.randrange(5)
        amount = Money(self.chance.randrange(100, 9000))
        id = self.name("c")
        if what == 0:
            self.try_("cash in", self.house.drawers.cash_in, actor, id, amount, WHY)
        elif what == 1:
            self.try_("cash out", self.house.drawers.cash_out, actor, id, amount, WHY)
        elif what == 2:
            if self.try_("x", self.house.x_reports.take, actor, id):
                self.x_reports.append(id)
        else:
            self.close_shift(actor)

    def close_shift(self, actor: Actor) -> None:
        chance = self.chance
        seen = self.house.drawers.x(CHIEF, self.shifts[actor])
        left = max(0, seen.tally.expected + chance.choice((0, 0, 500, -510, -1000)))
        pieces: dict[str, int] = {}
        for note in NOTES:
            value = Money.from_text(note).minor
            pieces[note], left = divmod(left, value)
        count = checked_count(list(pieces.items()), (), "ILS")
        if self.try_("close shift", self.house.drawers.close, actor, count):
            self.closed_shifts.append(self.shifts.pop(actor))

    def bank(self) -> None:
        id, point = self.name("b"), self.chance.choice(("P1", "P2"))
        request = BankRequest(id, point, reference=f"bag {self.ids}")
        if self.chance.random() < 0.3:
            amounts = ((Tender.CARD, self.chance.randrange(100, 4000)),)
            request = BankRequest(id, point, amounts=amounts)
        if self.try_("bank", self.house.bankings.bank, LAYLA, request):
            self.bankings.append(id)

    def adjust(self) -> None:
        chance, keeping = self.chance, self.house.bookkeeping
        places = [("1010", "P1"), ("1030", "P1"), ("1110", ""), ("5030", ""), ("2010", "A7")]
        debit, credit = chance.sample(places, 2)
        minor = chance.randrange(1, 3000)
        lines = (Posting(*debit, "ILS", minor), Posting(*credit, "ILS", -minor))
        ago = chance.choice((None, None, 0, 1, 3, 12))
        today = self.clock.now.astimezone(ZONE).date()
        day = None if ago is None else (today - timedelta(days=ago)).isoformat()
        id = self.name("j")
        asked = self.try_("adjust", keeping.adjust, LAYLA, id, lines, WHY, booked_on=day)
        if asked and chance.random() < 0.8:
            self.try_("approve", keeping.approve, CHIEF, id)

    def write_off(self) -> None:
        keeping, id = self.house.bookkeeping, self.name("j")
        minor = self.chance.randrange(1, 800)
        if self.try_("write off", keeping.write_off, LAYLA, id, "1010", "P1", minor, WHY):
            self.try_("approve", keeping.approve, CHIEF, id)

    def reverse(self) -> None:
        """An adjustment of any age: also of a month that is over."""
        keeping, id = self.house.bookkeeping, self.name("j")
        made = [
            one.decision.entry
            for one in self.house.reports.adjustments(LAYLA, limit=500)
            if one.decision is not None and one.decision.entry and one.kind.value == "adjustment"
        ]
        if made:
            entry = self.chance.choice(made)
            if self.try_("reverse", keeping.reverse, LAYLA, id, entry, WHY):
                self.try_("approve", keeping.approve, CHIEF, id)

    def deposit(self) -> None:
        who = self.chance.choice(("kiosk", "rana"))
        self.pay_in(who, self.chance.randrange(10_000, 90_000), out=self.chance.random() < 0.2)

    def terms(self) -> None:
        commission = self.chance.choice(("2.5", "3.15", "0", "1"))
        self.two("change_operator", LAYLA, code="kiosk", set={"commission": commission})

    def tariff(self) -> None:
        to = self.chance.choice(("electricity-domestic", "electricity-domestic-blocks"))
        self.two("change_tariff", LAYLA, agreement="A7", tariff=to)


DEEDS: Final[dict[Callable[[WholeTown], None], int]] = {
    WholeTown.sell: 30,
    WholeTown.allowance: 2,
    WholeTown.pay_debt: 3,
    WholeTown.void: 6,
    WholeTown.show: 2,
    WholeTown.money_back: 3,
    WholeTown.units_back: 2,
    WholeTown.correct: 3,
    WholeTown.give: 2,
    WholeTown.manage: 1,
    WholeTown.exchange: 2,
    WholeTown.about_debt: 5,
    WholeTown.fee: 1,
    WholeTown.shift: 12,
    WholeTown.bank: 3,
    WholeTown.adjust: 3,
    WholeTown.write_off: 1,
    WholeTown.reverse: 1,
    WholeTown.deposit: 3,
    WholeTown.terms: 1,
    WholeTown.tariff: 1,
}
