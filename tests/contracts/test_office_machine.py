"""Anything that a back office does over days and months, in any order, against a model in plain
numbers: after every step the books hold what the model says, and what was closed, sealed or told
once stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from meters.account import Commodity
from meters.identity import Drn
from meters.quantities import Money
from tests import examples
from tests.databases import Postgres
from tests.system.desks import WHY, count_of
from tests.system.everything import AGREEMENTS, CHIEF, KIOSK, LAYLA
from tests.system.invariants import broken_rules, looking
from tests.vending.accounts.support import ZONE
from tests.vending.approvals.support import NADIA
from tests.vending.support import ADMIN, OPERATOR, SGC, TECHNICIAN, WATER
from tokens.sts import EncryptionAlgorithm
from vending.accounts import Outcome
from vending.acts import NewMeter, Source
from vending.drawer import BankRequest
from vending.drawer.deposits import DepositPlace
from vending.ledger import Posting
from vending.parties import Actor, Role
from vending.persons import same_person
from vending.requests import BasketRequest, Credit, DebtPayment, Item, Units
from vending.sale import Payment, SaleReceipt, Tender

from .counter_model import TENDERS, Sold, Sums
from .office_model import (
    DECIDERS,
    HIDDEN,
    LIFE,
    WATCHED,
    Asked,
    OfficeModel,
    Wish,
    expect,
    first_of_next,
    local,
    month_of,
    told,
)

BOUGHT: Final = ("A1", "A2", "A3")
COMMODITY: Final = {
    agreement: Commodity.WATER if meter == WATER else Commodity.ELECTRICITY
    for meter, agreement in AGREEMENTS.items()
}
PLACES: Final = (
    *(("1010", "P1"), ("1030", "P1"), ("1110", ""), ("1120", ""), ("5030", ""), ("5040", "")),
    *(("2010", "A1"), ("2010", "A2"), ("2030", "kiosk"), ("1210", "A1")),
)
"""What adjustments are between."""
ASKERS: Final = (LAYLA, CHIEF, NADIA)

agreements = st.sampled_from(BOUGHT)
wished = st.sampled_from([OPERATOR, LAYLA, KIOSK, CHIEF])
soon = st.sampled_from([None, NADIA, NADIA, HIDDEN])
"""Who decides it at once; None: it waits."""
days_ago = st.sampled_from([None, None, -1, 0, 1, 3, 10, 35, 70])


class Offices(OfficeModel, RuleBasedStateMachine):
    """One machine for one municipality on one database."""

    sales = Bundle("sales")
    asked_for = Bundle("asked_for")
    wishes_made = Bundle("wishes_made")

    @initialize(target=sales)
    def has_sold(self) -> object:
        """So that every example has sales to do something about."""
        return multiple(
            self.sell_it([("A1", 12_345, ""), ("A2", 9_876, "")], False, True, False),
            self.sell_it([("A3", 22_222, "")], True, True, False),
            self.sell_it([("A1", 15_000, "")], False, False, True),
        )

    # Selling, so that there is something to keep books of

    @rule(
        target=sales,
        items=st.lists(
            st.tuples(agreements, st.integers(4_000, 40_000), st.sampled_from(["", "", "", "old"])),
            min_size=1,
            max_size=2,
        ),
        kiosk=st.integers(0, 3).map(lambda n: n == 0),
        hold=st.booleans(),
        cheque=st.integers(0, 3).map(lambda n: n == 0),
    )
    def sell(
        self, items: list[tuple[str, int, str]], kiosk: bool, hold: bool, cheque: bool
    ) -> object:
        return self.sell_it(items, kiosk, hold, cheque)

    def sell_it(
        self, items: list[tuple[str, int, str]], kiosk: bool, hold: bool, cheque: bool
    ) -> object:
        actor = KIOSK if kiosk else OPERATOR
        made: list[Item] = []
        for agreement, amount, code in items:
            meter = self.meters[agreement]
            made.append(
                DebtPayment(meter, Money(amount), code) if code else Credit(meter, Money(amount))
            )
        due = sum(amount for _, amount, _ in items)
        payments: tuple[Payment, ...] = (Payment(Tender.CASH, Money(due + 5_000)),)
        if cheque:
            third = Money(due // 3)
            payments = (
                Payment(Tender.CHEQUE, third, "no. 7"),
                Payment(Tender.CASH, Money(due - third.minor)),
            )
        request = BasketRequest(self.name("v"), tuple(made), payments, hold=hold)
        answer, code = told(self.office.service.vend_basket, actor, request)
        room = self.sums["2030", KIOSK.name] + due + 10 > self.limit
        expect(
            code,
            *self.untimely(),
            ("operator.float_used_up", kiosk and room),
            perhaps=["vend.amount_too_low", "payment.too_much"],
        )
        if code:
            return multiple()
        sold = self.modelled(actor, request, answer, due)
        self.note_sales(sold)
        if hold:
            self.unseen.update(receipt.vend_id for receipt in sold.receipts)
        return sold

    @rule(sale=sales, data=st.data())
    def void(self, sale: Sold, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(sale.receipts) - 1))
        receipt = sale.receipts[place]
        chief = replace(CHIEF, point=sale.actor.point)
        quote, agreement = receipt.quote, receipt.buyer.agreement
        left = -self.sums["2010", agreement] + (quote.balance_before - quote.balance_after).minor
        cash = 0 if sale.actor == KIOSK else sale.cash(receipt) + sale.more_in_coins(receipt)
        out = self.out.get(receipt.buyer.meter)
        _, code = told(self.office.service.void, chief, receipt.vend_id, WHY)
        if receipt.vend_id in sale.gone:
            refunded = self.refunded(receipt.vend_id)
            assert code == ("void.done_before" if refunded else "")
            return
        expect(
            code,
            ("void.not_allowed", left < 0 or bool(self.given[receipt.vend_id])),
            (
                "void.meter_unreachable",
                self.is_seen(receipt) and out is None,
            ),
            (
                "void.gone_unproved",
                self.is_seen(receipt) and out is not None and receipt.sold_at < out,
            ),
            ("point.till_short", cash > self.sums["1010", receipt.seller.point]),
            *self.untimely(),
        )
        if code:
            return
        more = sale.more_in_coins(receipt)
        sale.gone.add(receipt.vend_id)
        own = sale.actor == KIOSK
        sums = Counter({key: -amount for key, amount in sale.moved[place].items()})
        sums[("2030", KIOSK.name) if own else ("1010", receipt.seller.point)] -= more
        sums["5040", ""] += more
        for (owing, debt), amount in sale.paid_off[place].items():
            self.owed[owing, debt] += amount
            sums["1210", owing] += amount
        self.book(sums, "void")
        self.took(receipt, -1, more)

    def is_seen(self, receipt: SaleReceipt) -> bool:
        """Whether it has a token that may have been used."""
        return bool(receipt.tokens) and receipt.vend_id not in self.unseen

    def refunded(self, vend_id: str) -> bool:
        return any(
            wish.act == "void_refund" and wish.facts["sale"] == vend_id and wish.state == "done"
            for wish in self.wishes.values()
        )

    # What two people do with sales

    def wish(
        self,
        by: Actor,
        then: Actor | None,
        act: str,
        *reasons: tuple[str, bool],
        sale: tuple[Sold, int] | None = None,
        perhaps: tuple[str, ...] | list[str] = (),
        **facts: Any,
    ) -> object:
        id = self.name("w")
        if sale is not None:
            facts["sale"] = sale[0].receipts[sale[1]].vend_id
        request = self.office.approvals.request
        made, code = told(request, by, id, act, facts, WHY)
        expect(code, *reasons, perhaps=perhaps)
        if code:
            return multiple()
        assert request(by, id, act, facts, WHY) == made
        wrong = None if sale is None else sale[0].receipts[sale[1]]
        made = Wish(id, act, by, self.now, facts, sale, wrong)
        return self.kept_wish(made, then)

    def kept_wish(self, wish: Wish, then: Actor | None) -> Wish:
        self.wishes[wish.id] = wish
        if then is not None:
            self.decide(wish, then)
        return wish

    @rule(target=wishes_made, sale=sales, by=wished, then=soon, last=st.booleans())
    def ask_money_back(self, sale: Sold, by: Actor, then: Actor | None, last: bool) -> object:
        place = len(sale.receipts) - 1 if last else 0
        id = sale.receipts[place].vend_id
        return self.wish(
            by,
            then,
            "void_refund",
            ("void.done_before", id in sale.gone),
            ("void.not_allowed", bool(self.given[id])),
            sale=(sale, place),
        )

    @rule(
        target=wishes_made,
        sale=sales,
        by=wished,
        units=st.integers(1, 300),
        then=soon,
        last=st.booleans(),
    )
    def ask_units_back(
        self, sale: Sold, by: Actor, units: int, then: Actor | None, last: bool
    ) -> object:
        place = len(sale.receipts) - 1 if last else 0
        receipt = sale.receipts[place]
        return self.wish(
            by,
            then,
            "refund",
            *self.no_units(sale, receipt, units * 100),
            sale=(sale, place),
            meter=self.meters[receipt.buyer.agreement],
            units=f"{units // 10}.{units % 10}",
        )

    def no_units(
        self, sale: Sold, receipt: SaleReceipt, asked: int
    ) -> tuple[tuple[str, bool], ...]:
        gave = receipt.quote.quantity.value if receipt.tokens else 0
        return (
            ("refund.not_possible", not receipt.tokens or receipt.vend_id in sale.gone),
            ("refund.too_much", asked > gave - self.given[receipt.vend_id]),
        )

    @rule(target=wishes_made, sale=sales, by=wished, agreement=agreements, then=soon)
    def ask_correction(self, sale: Sold, by: Actor, agreement: str, then: Actor | None) -> object:
        receipt, meter = sale.receipts[0], self.meters[agreement]
        return self.wish(
            by,
            then,
            "correction",
            ("correction.not_possible", self.not_corrected(receipt, sale, meter)),
            ("void.not_allowed", bool(self.given[receipt.vend_id])),
            sale=(sale, 0),
            meter=meter,
            perhaps=["vend.amount_too_low"],
        )

    def not_corrected(self, receipt: SaleReceipt, sale: Sold, meter: str) -> bool:
        gone = receipt.vend_id in sale.gone
        return gone or not receipt.tokens or receipt.buyer.meter == meter

    @rule(target=wishes_made, agreement=agreements, by=wished, units=st.integers(1, 500), then=soon)
    def ask_free_units(self, agreement: str, by: Actor, units: int, then: Actor | None) -> object:
        text = f"{units // 10}.{units % 10}"
        return self.wish(by, then, "free_issue", meter=self.meters[agreement], units=text)

    @rule(
        target=wishes_made,
        agreement=agreements,
        units=st.sampled_from(["0", "1.5", "200"]),
        then=soon,
    )
    def exchange(self, agreement: str, units: str, then: Actor | None) -> object:
        id, old = self.name("w"), self.meters[agreement]
        fresh = Drn.from_serial("01", 8000 + self.ids)
        new = NewMeter(fresh, EncryptionAlgorithm.EA07, SGC, 1, 1)
        source = Source.NONE if units == "0" else Source.PHOTO
        given = None if units == "0" else Units(units)
        self.office.house.exchanges.exchange(
            replace(TECHNICIAN, point="P1"), id, agreement, new, source, WHY, given
        )
        self.meters[agreement] = fresh.number
        self.out[old] = self.now
        facts = {"agreement": agreement, "old_meter": old, "units": units, "source": source.value}
        made = Wish(id, "transfer", replace(TECHNICIAN, point="P1"), self.now, facts)
        return self.kept_wish(made, then)

    @rule(target=wishes_made, wish=wishes_made, by=wished)
    def ask_transfer_again(self, wish: Wish, by: Actor) -> object:
        if wish.act != "transfer" or wish.facts["units"] == "0":
            return multiple()
        return self.wish(
            by, NADIA, "transfer", ("transfer.done_before", self.moved_on(wish.facts)), **wish.facts
        )

    def moved_on(self, facts: dict[str, Any]) -> bool:
        """Whether what was left on this meter is on another one."""
        return any(
            one.act == "transfer"
            and one.state == "done"
            and one.facts["old_meter"] == facts["old_meter"]
            and one.facts["units"] != "0"
            for one in self.wishes.values()
        )

    @rule(wish=wishes_made, by=st.sampled_from(DECIDERS))
    def decide_wish(self, wish: Wish, by: Actor) -> None:
        self.decide(wish, by)

    def decide(self, wish: Wish, by: Actor) -> None:
        done = wish.state == "done"
        again = by.name.casefold() in wish.taken_up
        late = self.now >= wish.at + LIFE
        outcome, code = told(self.office.approvals.approve, by, wish.id)
        before = (
            ("actor.not_allowed", by.role is not Role.SUPERVISOR),
            ("approval.own_act", same_person(by.name, wish.by.name) and not done),
            ("approval.expired", late and not done),
            ("approval.decided", wish.state in ("refused", "withdrawn") or (done and not again)),
        )
        if done and again and not code:
            assert outcome.replayed
            return
        expect(code, *before, *(() if done else self.hindered(wish, by)))
        if code in ("actor.not_allowed", "approval.own_act", "approval.decided"):
            return
        if code == "approval.expired" and wish.state == "pending":
            return
        wish.taken_up.add(by.name.casefold())
        wish.state = "failed" if code else "done"
        if not code:
            assert not same_person(by.name, wish.by.name)
            self.carry_through(wish, by, outcome.outcome)

    def hindered(self, wish: Wish, by: Actor) -> tuple[tuple[str, bool], ...]:
        """Why what was approved is not done."""
        point = wish.by.point or by.point
        if wish.act == "transfer":
            if wish.facts["units"] == "0":
                return ()
            return (("transfer.done_before", self.moved_on(wish.facts)), *self.untimely())
        if wish.act == "free_issue":
            out = wish.facts["meter"] not in self.meters.values()
            return (("meter.unknown", out), *self.untimely())
        assert wish.sale is not None
        sale, place = wish.sale
        # As it was when it was asked for: it may be sold anew by now.
        receipt = wish.receipt
        assert receipt is not None
        if wish.act == "correction":
            return self.not_sold_anew(receipt, sale, place, wish.facts["meter"])
        if wish.act == "refund":
            out = wish.facts["meter"] not in self.meters.values()
            asked = round(float(wish.facts["units"]) * 1000)
            wrong = self.no_units(sale, receipt, asked)
            return (("meter.unknown", out), *wrong, *self.untimely())
        cash = 0 if sale.actor == KIOSK else sale.cash(receipt) + sale.more_in_coins(receipt)
        drawer = self.shift is not None and wish.by.terminal == OPERATOR.terminal
        elsewhere = point != receipt.seller.point
        short = cash > (self.cash if drawer else self.sums["1010", receipt.seller.point])
        return (
            ("void.done_before", receipt.vend_id in sale.gone),
            ("void.not_allowed", bool(self.given[receipt.vend_id]) or elsewhere),
            ("shift.cash_short" if drawer else "point.till_short", short),
            *self.untimely(),
        )

    def not_sold_anew(
        self, receipt: SaleReceipt, sale: Sold, place: int, meter: str
    ) -> tuple[tuple[str, bool], ...]:
        quote = receipt.quote
        left = -self.sums["2010", receipt.buyer.agreement]
        left += (quote.balance_before - quote.balance_after).minor
        out = self.out.get(receipt.buyer.meter)
        return (
            ("correction.not_possible", self.not_corrected(receipt, sale, meter)),
            ("meter.unknown", meter not in self.meters.values()),
            ("void.not_allowed", bool(self.given[receipt.vend_id]) or left < 0),
            ("meter.unreachable", self.is_seen(receipt) and out is None),
            (
                "void.gone_unproved",
                self.is_seen(receipt) and out is not None and receipt.sold_at < out,
            ),
            *self.untimely(),
        )

    def carry_through(self, wish: Wish, by: Actor, outcome: Any) -> None:
        if wish.act == "void_refund":
            self.money_back(wish)
            return
        if wish.facts.get("units") == "0":
            assert outcome == wish.facts | {"exchange": outcome["exchange"]}
            return
        assert isinstance(outcome, SaleReceipt)
        if wish.act == "correction":
            self.sold_anew(wish, by, outcome)
            return
        point = wish.by.point or by.point or ""
        self.receipts[point] += 1
        assert outcome.number == self.receipts[point]
        assert (outcome.seller.operator, outcome.requested_by) == (by.name, wish.by.name)
        units = round(float(wish.facts["units"]) * 1000)
        assert outcome.quote.quantity.value == units
        meter = outcome.buyer.meter
        assert meter == self.meters[outcome.buyer.agreement]
        water = COMMODITY[outcome.buyer.agreement] is Commodity.WATER
        sums: Sums = Counter({("6120" if water else "6110", meter): units})
        if wish.act == "transfer":
            sums["6120" if water else "6110", wish.facts["old_meter"]] -= units
        if wish.act == "refund":
            self.given[wish.facts["sale"]] += units
        self.book(sums, "sale")
        self.took(outcome, 1)

    def sold_anew(self, wish: Wish, by: Actor, new: SaleReceipt) -> None:
        """The wrong sale is undone, and its money is what the new one was paid with."""
        assert wish.sale is not None
        sale, place = wish.sale
        old = sale.receipts[place]
        sums = Counter({key: -amount for key, amount in sale.moved[place].items()})
        for (agreement, debt), amount in sale.paid_off[place].items():
            self.owed[agreement, debt] += amount
            sums["1210", agreement] += amount
        self.book(sums, "void")
        sale.gone.add(old.vend_id)
        self.receipts[old.seller.point] += 1
        assert new.number == self.receipts[old.seller.point]
        assert new.on_deposit == old.on_deposit
        assert not new.commission
        assert sale.cash(new) == sale.cash(old)
        item = sale.request.items[place]
        credit = Credit(wish.facts["meter"], Money(1))
        assert isinstance(item, Credit)
        sums = self.moved(credit, new)
        off = self.paid_off(credit, new)
        self.sums.update(sums)
        self.entries += 1
        for key, amount in off.items():
            self.owed[key] -= amount
        sale.receipts[place], sale.moved[place], sale.paid_off[place] = new, sums, off
        whole = Counter(sums)
        for (agreement, _), amount in off.items():
            whole["1210", agreement] -= amount
        self.note(whole, "sale")
        self.took(old, -1)
        self.took(new, 1)
        self.unseen.add(new.vend_id)

    def money_back(self, wish: Wish) -> None:
        assert wish.sale is not None
        sale, place = wish.sale
        receipt = sale.receipts[place]
        point, own = receipt.seller.point, sale.actor == KIOSK
        more = sale.more_in_coins(receipt)
        sums: Sums = Counter()
        due = receipt.quote.tendered.minor
        parts = receipt.parts or (Payment(receipt.tender, Money(due + receipt.rounding)),)
        for part in parts:
            place_of = ("2030", KIOSK.name) if own else (TENDERS[part.tender], point)
            sums[place_of] -= part.amount.minor
        sums["5040", ""] += receipt.rounding + more
        sums["5050", ""] += due
        sums[("2030", KIOSK.name) if own else ("1010", point)] -= more
        sale.gone.add(receipt.vend_id)
        if self.shift is not None and wish.by.terminal == OPERATOR.terminal and not own:
            self.cash -= sale.cash(receipt) + more
        self.book(sums, "refund")
        self.took(receipt, -1, more)

    @rule(wish=wishes_made, by=st.sampled_from(DECIDERS))
    def refuse_wish(self, wish: Wish, by: Actor) -> None:
        _, code = told(self.office.approvals.refuse, by, wish.id, WHY)
        own = same_person(by.name, wish.by.name)
        if wish.state == "refused" and not code:
            return
        over = wish.state in ("refused", "withdrawn", "done")
        expect(
            code,
            ("actor.not_allowed", by.role is not Role.SUPERVISOR),
            ("approval.own_act", own and not over),
            ("approval.expired", wish.state == "pending" and self.now >= wish.at + LIFE),
            ("approval.decided", over),
        )
        if not code:
            wish.state = "refused"

    # Adjustments

    @rule(
        target=asked_for,
        by=st.sampled_from(ASKERS),
        debit=st.sampled_from(PLACES),
        credit=st.sampled_from(PLACES),
        amount=st.integers(1, 20_000),
        ago=days_ago,
        then=soon,
    )
    def adjust(
        self,
        by: Actor,
        debit: tuple[str, str],
        credit: tuple[str, str],
        amount: int,
        ago: int | None,
        then: Actor | None,
    ) -> object:
        lines = (Posting(*debit, "ILS", amount), Posting(*credit, "ILS", -amount))
        sums: Sums = Counter({debit: amount})
        sums[credit] -= amount
        id, day = self.name("j"), None if ago is None else self.today - timedelta(days=ago)
        booked_on = None if day is None else day.isoformat()
        ask = self.office.keeping.adjust
        made, code = told(ask, by, id, lines, WHY, booked_on=booked_on)
        debts = "1210" in (debit[0], credit[0])
        expect(
            code,
            ("ledger.same_account", debit == credit),
            ("ledger.debt_not_named", debts),
            *self.wrong_day(day),
        )
        if code:
            return multiple()
        assert ask(by, id, lines, WHY, booked_on=booked_on) == made
        return self.kept_request(Asked(id, by, self.now, "adjustment", sums, day), then)

    def wrong_day(self, day: date | None) -> tuple[tuple[str, bool], ...]:
        if day is None:
            return ()
        last = local(day + timedelta(days=1)) - timedelta(microseconds=1)
        begin = min(entry.at for entry in self.journal).astimezone(ZONE).date().replace(day=1)
        return (
            ("ledger.day_not_begun", day > self.today),
            ("ledger.day_before_books", day < begin),
            ("ledger.period_closed", self.in_closed(last)),
        )

    def kept_request(self, asked: Asked, then: Actor | None) -> Asked:
        self.requests[asked.id] = asked
        if then is not None:
            self.approve_it(asked, then)
        return asked

    @rule(
        target=asked_for,
        by=st.sampled_from(ASKERS),
        place=st.sampled_from(PLACES),
        amount=st.integers(1, 20_000),
        ago=days_ago,
        then=soon,
    )
    def write_off(
        self, by: Actor, place: tuple[str, str], amount: int, ago: int | None, then: Actor | None
    ) -> object:
        id, day = self.name("j"), None if ago is None else self.today - timedelta(days=ago)
        booked_on = None if day is None else day.isoformat()
        ask = self.office.keeping.write_off
        _, code = told(ask, by, id, *place, amount, WHY, booked_on=booked_on)
        expect(
            code,
            ("ledger.write_off_wrong", place[0][0] != "1"),
            ("ledger.debt_not_named", place[0] == "1210"),
            *self.wrong_day(day),
        )
        if code:
            return multiple()
        sums: Sums = Counter({("5010", ""): amount, place: -amount})
        return self.kept_request(Asked(id, by, self.now, "write_off", sums, day), then)

    @rule(target=asked_for, by=st.sampled_from(ASKERS), back=st.integers(0, 12), then=soon)
    def reverse(self, by: Actor, back: int, then: Actor | None) -> object:
        number = len(self.journal) - back
        id, entry = self.name("j"), self.journal[number - 1]
        _, code = told(self.office.keeping.reverse, by, id, number, WHY)
        expect(
            code,
            ("ledger.not_reversible", entry.kind not in ("adjustment", "write_off")),
            ("ledger.already_reversed", number in self.reversed),
        )
        if code:
            return multiple()
        self.reversed[number] = id
        sums = Counter({key: -amount for key, amount in entry.sums.items()})
        asked = Asked(id, by, self.now, "reversal", sums, reverses=number)
        of = [one for one in self.requests.values() if one.by_whom and one.entry == number]
        asked.debt = of[0].debt if of else None
        return self.kept_request(asked, then)

    @rule(
        target=asked_for,
        by=st.sampled_from(ASKERS),
        amount=st.integers(1, 100_000),
        out=st.booleans(),
        place=st.sampled_from(DepositPlace),
        then=soon,
    )
    def pay_deposit(
        self, by: Actor, amount: int, out: bool, place: DepositPlace, then: Actor | None
    ) -> object:
        id, held = self.name("j"), -self.sums["2030", KIOSK.name]
        ask = self.office.house.deposits.request
        _, code = told(ask, by, id, "Kiosk", Money(amount), WHY, place=place, paid_out=out)
        expect(code, ("deposit.too_small", out and amount > held))
        if code:
            return multiple()
        signed = -amount if out else amount
        there = {DepositPlace.SAFE: "1110", DepositPlace.BANK: "1120"}[place]
        sums: Sums = Counter({(there, ""): signed, ("2030", KIOSK.name): -signed})
        return self.kept_request(Asked(id, by, self.now, "adjustment", sums), then)

    @rule(asked=asked_for, by=st.sampled_from(DECIDERS))
    def approve(self, asked: Asked, by: Actor) -> None:
        self.approve_it(asked, by)

    def approve_it(self, asked: Asked, by: Actor) -> None:
        made, code = told(self.office.keeping.approve, by, asked.id)
        if asked.state == "posted" and same_person(by.name, asked.by_whom) and not code:
            return
        at = self.now
        if asked.booked_on is not None:
            day = asked.booked_on + timedelta(days=1)
            at = min(at, local(day) - timedelta(microseconds=1))
        waits = asked.state == "pending"
        own = any(code == "2030" for code, _ in asked.sums) and by == HIDDEN
        lost = {key: amount for key, amount in asked.sums.items() if amount > 0}
        left = {key: -amount for key, amount in asked.sums.items() if amount < 0}
        paid_out = any(code in ("1110", "1120") for code, _ in left)
        expect(
            code,
            ("actor.not_allowed", by.role is not Role.SUPERVISOR),
            ("ledger.adjustment_decided", not waits),
            ("ledger.own_request", waits and same_person(by.name, asked.by.name)),
            ("ledger.own_deposit", waits and own),
            (
                "ledger.overdrawn",
                any(c == "2010" and n > -self.sums[c, h] for (c, h), n in lost.items()),
            ),
            (
                "deposit.too_small",
                paid_out
                and any(c == "2030" and n > -self.sums[c, h] for (c, h), n in lost.items()),
            ),
            (
                "ledger.write_off_too_much",
                asked.kind == "write_off"
                and any(c != "1210" and n > self.sums[c, h] for (c, h), n in left.items()),
            ),
            *(self.off_debts(asked) if waits else ()),
            *self.untimely(at),
        )
        if code:
            return
        asked.state, asked.by_whom, asked.entry = "posted", by.name, self.entries + 1
        assert made.decision.entry == asked.entry
        self.book(Counter(asked.sums), asked.kind, at)
        if asked.debt is not None:
            sums = asked.sums["1210", asked.debt[0]]
            self.owed[asked.debt] += sums
            if asked.settles:
                self.disputed.discard(asked.debt)

    def off_debts(self, asked: Asked) -> tuple[tuple[str, bool], ...]:
        if asked.debt is None or asked.reverses is not None:
            return ()
        off = -asked.sums["1210", asked.debt[0]]
        settled = asked.settles and asked.debt not in self.disputed
        return (
            ("account.more_than_owed", off > self.owed[asked.debt]),
            ("account.not_disputed", settled),
        )

    @rule(asked=asked_for, by=st.sampled_from(DECIDERS))
    def turn_down(self, asked: Asked, by: Actor) -> None:
        self.turn_it_down(asked, by)

    def turn_it_down(self, asked: Asked, by: Actor) -> None:
        _, code = told(self.office.keeping.void, by, asked.id, WHY)
        expect(
            code,
            ("actor.not_allowed", by.role not in (Role.BILLING, Role.SUPERVISOR)),
            ("ledger.adjustment_decided", asked.state != "pending"),
        )
        if not code:
            asked.state = "voided"
            if asked.reverses is not None:
                del self.reversed[asked.reverses]

    # Debts

    @rule(
        target=asked_for,
        by=st.sampled_from([LAYLA, CHIEF]),
        agreement=agreements,
        debt=st.sampled_from(["old", "bill"]),
        off=st.sampled_from([1, 30_000, 60_000_000]),
        then=soon,
    )
    def write_down(
        self, by: Actor, agreement: str, debt: str, off: int, then: Actor | None
    ) -> object:
        id, ask = self.name("j"), self.office.accounts.write_down
        _, code = told(ask, by, agreement, debt, Money(off), WHY, id)
        key = agreement, debt
        expect(
            code,
            ("account.more_than_owed", off > self.owed[key]),
            ("account.nothing_owed", not self.owed[key]),
        )
        if code:
            return multiple()
        sums: Sums = Counter({("5010", ""): off, ("1210", agreement): -off})
        return self.kept_request(Asked(id, by, self.now, "write_off", sums, debt=key), then)

    @rule(agreement=agreements, debt=st.sampled_from(["old", "bill"]))
    def dispute(self, agreement: str, debt: str) -> None:
        key = agreement, debt
        _, code = told(self.office.accounts.dispute, LAYLA, agreement, debt, WHY, self.name("e"))
        expect(
            code,
            ("account.disputed_already", key in self.disputed),
            ("account.nothing_owed", not self.owed[key]),
        )
        self.disputed.add(key)

    @rule(
        target=asked_for,
        agreement=agreements,
        debt=st.sampled_from(["old", "bill"]),
        outcome=st.sampled_from(Outcome),
        to=st.sampled_from([1, 20_000_000]),
        then=soon,
    )
    def settle(
        self, agreement: str, debt: str, outcome: Outcome, to: int, then: Actor | None
    ) -> object:
        id, key = self.name("j"), (agreement, debt)
        ask, owed = self.office.accounts.settle_dispute, self.owed[agreement, debt]
        down = Money(to) if outcome is Outcome.REDUCED else None
        _, code = told(ask, LAYLA, agreement, debt, outcome, WHY, id, to=down)
        expect(
            code,
            ("account.not_disputed", key not in self.disputed),
            ("account.nothing_owed", not owed),
            ("account.reduction_wrong", down is not None and to >= owed),
        )
        if code:
            return multiple()
        if outcome is Outcome.REJECTED:
            self.disputed.discard(key)
            return multiple()
        off = owed if down is None else owed - to
        sums: Sums = Counter({("3010", ""): off, ("1210", agreement): -off})
        asked = Asked(id, LAYLA, self.now, "adjustment", sums, debt=key, settles=True)
        return self.kept_request(asked, then)

    # The drawer

    @rule(float_=st.sampled_from([0, 10_000]))
    def open_shift(self, float_: int) -> None:
        id = self.name("s")
        _, code = told(self.office.drawers.open, OPERATOR, id, Money(float_))
        expect(code, ("shift.terminal_taken", self.shift is not None), *self.untimely())
        if code:
            return
        self.shift, self.cash = id, float_
        if float_:
            self.book(Counter({("1010", "P1"): float_, ("1110", ""): -float_}), "cash_float")

    @rule(amount=st.integers(1, 30_000), into=st.booleans())
    def move_cash(self, amount: int, into: bool) -> None:
        drawers = self.office.drawers
        move = drawers.cash_in if into else drawers.cash_out
        id = self.name("c")
        _, code = told(move, OPERATOR, id, Money(amount), WHY)
        expect(
            code,
            ("shift.none_open", self.shift is None),
            ("shift.cash_short", not into and amount > self.cash),
            *self.untimely(),
        )
        if code:
            return
        signed = amount if into else -amount
        self.cash += signed
        self.book(Counter({("1010", "P1"): signed, ("1110", ""): -signed}), "cash")

    @rule(notes=st.integers(0, 30), then=st.booleans())
    def close_shift(self, notes: int, then: bool) -> None:
        count = count_of({"20": notes, "0.10": 3})
        report, code = told(self.office.drawers.close, OPERATOR, count)
        expect(code, ("shift.none_open", self.shift is None), *self.untimely())
        if code:
            return
        assert report.tally.expected == self.cash
        over = count.cash - self.cash
        self.closed.append(count.cash)
        self.shift = None
        if over:
            self.book(Counter({("1010", "P1"): over, ("5030", ""): -over}), "over_short")
        if then:
            self.bank()

    def bank(self) -> None:
        before = self.sums["1030", "P1"]
        request = BankRequest(self.name("b"), "P1")
        made, code = told(self.office.bankings.bank, LAYLA, request)
        expect(code, *self.untimely(), perhaps=["banking.nothing", "banking.more_than_there"])
        if code:
            return
        lines = dict(made.lines)
        assert lines.get(Tender.CASH, 0) == sum(self.closed)
        assert 0 <= lines.get(Tender.CHEQUE, 0) <= before
        sums: Sums = Counter()
        for tender, amount in made.lines:
            sums[TENDERS[tender], "P1"] -= amount
            sums["1120", ""] += amount
        self.closed.clear()
        self.book(sums, "banking")

    # Days and months

    @rule(late=st.sampled_from([1, 60 * 24 * 3]), tidy=st.booleans(), months=st.integers(1, 3))
    def month_ends(self, late: int, tidy: bool, months: int) -> None:
        end = local(first_of_next(self.today)) + timedelta(minutes=late)
        self.machine.passes(seconds=(end - self.now).total_seconds())
        if tidy:
            for asked in self.requests.values():
                if asked.state == "pending":
                    self.turn_it_down(asked, LAYLA)
        for _ in range(months):
            self.close_it(0, LAYLA)

    @rule(which=st.sampled_from([-1, 0, 1]), by=st.sampled_from([LAYLA, CHIEF]))
    def close_month(self, which: int, by: Actor) -> None:
        self.close_it(which, by)

    def close_it(self, which: int, by: Actor) -> None:
        first = min(entry.at for entry in self.journal).astimezone(ZONE).date().replace(day=1)
        due = first
        if self.closed_months:
            due = first_of_next(date.fromisoformat(f"{self.closed_months[-1]}-01"))
        wanted = due
        if which > 0:
            wanted = first_of_next(due)
        elif which < 0:
            wanted = (due - timedelta(days=1)).replace(day=1)
        month, end = month_of(wanted), local(first_of_next(wanted))
        waiting = any(
            one.state == "pending"
            and (
                local(wanted) <= one.at < end
                or (one.booked_on is not None and month_of(one.booked_on) <= month)
            )
            for one in self.requests.values()
        )
        made, code = told(self.office.keeping.close, by, month)
        expect(
            code,
            ("ledger.month_before_books", wanted < first),
            ("ledger.period_closed_already", month in self.closed_months),
            ("ledger.period_not_over", self.now < end),
            ("ledger.period_skipped", which > 0),
            ("ledger.requests_waiting", waiting),
            ("clock.ran_ahead", self.ahead),
        )
        if not code:
            assert made.closed_until == end
            self.closed_months.append(month)
            self.kept[month] = made.balances

    @rule(which=st.sampled_from([0, 0, 1]))
    def reopen_month(self, which: int) -> None:
        month = ([*reversed(self.closed_months), "2026-10", "2026-10"])[which]
        _, code = told(self.office.keeping.reopen, CHIEF, month, WHY)
        expect(code, ("ledger.period_not_last", month not in self.closed_months[-1:]))
        if not code:
            self.closed_months.pop()
            del self.kept[month]

    @rule(ago=st.sampled_from([None, 0, 0, 1, 2, 40, -1]))
    def seal(self, ago: int | None) -> None:
        day = self.today if ago is None else self.today - timedelta(days=ago)
        made, code = told(self.office.keeping.seal, LAYLA, None if ago is None else day.isoformat())
        entry = self.entry_at_end(day)
        later = bool(self.seals) and (
            self.seals[-1][0] > day.isoformat() or self.seals[-1][1] > entry
        )
        expect(
            code,
            ("ledger.day_not_begun", day > self.today),
            ("ledger.sealed_later", later),
            ("clock.ran_ahead", self.ahead),
        )
        if not code:
            self.keep_seal(made)

    def keep_seal(self, made: Any) -> None:
        day = date.fromisoformat(made.day)
        assert made.entry == self.entry_at_end(day)
        if not self.seals or self.seals[-1][2] != made.code:
            self.seals.append((made.day, made.entry, made.code))

    def entry_at_end(self, day: date) -> int:
        """Up to which entry the books stand at the end of a day."""
        if day >= self.today:
            return len(self.journal)
        end = local(day + timedelta(days=1))
        later = [n for n, entry in enumerate(self.journal) if entry.at >= end]
        return min(later, default=len(self.journal))

    @rule(most=st.sampled_from([1, 3]))
    def close_days(self, most: int) -> None:
        for day in self.office.closing.due(LAYLA)[:most]:
            made, code = told(self.office.closing.close, LAYLA, day)
            expect(code, ("clock.ran_ahead", self.ahead))
            if code:
                return
            assert made.check.ok, made.check.differences
            if made.seal is not None:
                self.keep_seal(made.seal)

    # What is told of it all

    @rule(
        place=st.sampled_from([*PLACES, ("5010", ""), ("1010", ""), ("2030", "Kiosk")]),
        first=st.sampled_from([None, 0, 1, 7, 40]),
        last=st.sampled_from([None, 0, 1, 8]),
    )
    def look_at_account(self, place: tuple[str, str], first: int | None, last: int | None) -> None:
        days = [None if n is None else self.today - timedelta(days=n) for n in (first, last)]
        texts = [None if day is None else day.isoformat() for day in days]
        statement, code = told(self.office.reports.account, LAYLA, *place, *texts)
        backwards = None not in days and days[0] > days[1]  # type: ignore[operator]
        expect(code, ("ledger.days_backwards", bool(backwards)))
        if code:
            return
        start = None if days[0] is None else local(days[0])
        end = None if days[1] is None else local(days[1] + timedelta(days=1))
        holder = place[1].casefold() if place[0] == "2030" else place[1]
        opening, lines = self.lines(place[0], holder, start, end)
        found: Counter[int] = Counter()
        for line in statement.lines:
            found[line.entry] += line.amount
        assert statement.opening == opening
        assert {n: amount for n, amount in found.items() if amount} == dict(lines)
        assert statement.closing == opening + sum(amount for _, amount in lines)
        if place == ("2030", "Kiosk"):
            own = self.office.reports.operator(KIOSK, "Kiosk", *texts)
            assert (own.opening, own.closing) == (-statement.opening, -statement.closing)

    @rule(agreement=agreements, first=st.sampled_from([None, 0, 1, 7, 40]))
    def look_at_customer(self, agreement: str, first: int | None) -> None:
        day = None if first is None else self.today - timedelta(days=first)
        made = self.office.reports.customer(
            LAYLA, agreement, None if day is None else day.isoformat()
        )
        start = None if day is None else local(day)
        opening, lines = self.lines("2010", agreement, start, None)
        owed, debts = self.lines("1210", agreement, start, None)
        assert (made.opening, made.opening_owed) == (-opening, owed)
        assert made.closing == -opening - sum(amount for _, amount in lines)
        assert made.closing_owed == owed + sum(amount for _, amount in debts)
        numbers = {line.entry for line in made.lines}
        assert {number for number, _ in (*lines, *debts)} <= numbers
        assert made.meter == self.meters[agreement]

    @rule(ago=st.sampled_from([0, 1, 7, 40]))
    def look_at_takings(self, ago: int) -> None:
        day = self.today - timedelta(days=ago)
        found: Counter[Any] = Counter()
        made = self.office.reports.takings(LAYLA, None, day.isoformat(), self.today.isoformat())
        for one in made:
            key = one.point, date.fromisoformat(one.day), one.operator, one.tender, one.on_deposit
            found[key] += one.net
        wanted = {key: n for key, n in self.takings.items() if key[1] >= day and n}
        assert {key: n for key, n in found.items() if n} == wanted

    @rule(ago=st.sampled_from([0, 0, 1, 30]))
    def check_day(self, ago: int) -> None:
        day = self.today - timedelta(days=ago)
        check = self.office.reports.check(LAYLA, day.isoformat())
        assert check.ok, check.differences

    @rule(ago=st.sampled_from([0, 0, 1, 2]))
    def look_at_month(self, ago: int) -> None:
        begin = self.today.replace(day=1)
        for _ in range(ago):
            begin = (begin - timedelta(days=1)).replace(day=1)
        made = self.office.reports.balances(LAYLA, month_of(begin))
        assert made.off() == {}
        wanted = self.balances_between(local(begin), local(first_of_next(begin)))
        for row in made.rows:
            if row.account in WATCHED:
                assert (row.opening, row.closing) == wanted[row.account], row

    @rule()
    def prove(self) -> None:
        against = self.seals[0][2] if self.seals else None
        report = self.office.keeping.verify(ADMIN, against)
        assert report.ok, report.problem
        assert report.entries == self.entries
        accounts = self.office.accounts.verify_accounts(ADMIN)
        assert accounts.ok, accounts.problems

    # The world

    @rule(step=st.sampled_from(["1", "14", "1440", "midnight", "eve", "end", "quarter"]))
    def time_passes(self, step: str) -> None:
        next_month = local(first_of_next(self.today))
        to = {
            "midnight": local(self.today + timedelta(days=1)) + timedelta(minutes=1),
            "eve": local(self.today + timedelta(days=1)) - timedelta(minutes=1),
            "end": next_month - timedelta(minutes=1),
            "quarter": self.now + timedelta(days=100),
        }
        span = to[step] - self.now if step in to else timedelta(minutes=int(step))
        if span > timedelta(0):
            self.machine.passes(seconds=span.total_seconds())

    @rule(
        minutes=st.sampled_from([-2, -1, 5, 180, 60 * 24 * 40]),
        then=st.sampled_from(["", "", "right", "confirm"]),
    )
    def set_clock(self, minutes: int, then: str) -> None:
        span = timedelta(minutes=minutes)
        if self.now + span >= self.head - timedelta(minutes=4):
            self.machine.now += span
            self.off += span
        self.see_to(then)

    @rule(how=st.sampled_from(["right", "confirm"]))
    def see_to_clock(self, how: str) -> None:
        self.see_to(how)

    def see_to(self, how: str) -> None:
        if how == "right" and self.now - self.off >= self.head - timedelta(minutes=4):
            self.machine.now -= self.off
            self.off = timedelta(0)
        elif how == "confirm":
            self.office.house.clock_desk.confirm(CHIEF, WHY)
            self.confirmed = self.now, self.head

    @rule()
    def restart(self) -> None:
        self.office.close()
        self.office = self.reopened()

    @invariant()
    def books_are_as_the_model_says(self) -> None:
        with looking(self.place) as ask:
            found = {
                (account, holder): int(amount)
                for account, holder, amount in ask(
                    "SELECT account, holder, sum(amount) FROM postings GROUP BY account, holder"
                )
                if account in WATCHED and int(amount)
            }
            ((entries,),) = ask("SELECT count(*) FROM entries")
        assert found == {key: amount for key, amount in self.sums.items() if amount}
        assert entries == self.entries == len(self.journal)

    @invariant()
    def debts_are_as_the_model_says(self) -> None:
        for agreement in BOUGHT:
            view = self.office.accounts.account(LAYLA, agreement)
            owed = {one.debt.code: one.debt.owed.minor for one in view.debts}
            for code in ("old", "bill"):
                assert owed.get(code, 0) == self.owed[agreement, code]

    @invariant()
    def closed_months_stand(self) -> None:
        for month, rows in self.kept.items():
            assert self.office.reports.balances(LAYLA, month).rows == rows

    def teardown(self) -> None:
        try:
            # Whatever was found: the proofs are the product's own.
            report = self.office.keeping.verify(ADMIN)
            assert report.ok, report.problem
            assert broken_rules(self.place) == {}
        finally:
            super().teardown()


@pytest.mark.system
def test_an_office_in_any_order(kind: str, server: Postgres | None) -> None:
    class Here(Offices):
        def __init__(self) -> None:
            super().__init__(kind, server)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples(8 if kind == "sqlite" else 4),
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
