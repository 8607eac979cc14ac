"""The office machine: what a second person makes of requests for sales and terms, and what comes
of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from meters.account import Commodity
from meters.quantities import Money
from tests.system.desks import WHY
from tests.system.everything import KIOSK
from tests.vending.support import OPERATOR
from vending.parties import Actor, Role
from vending.persons import same_person
from vending.requests import Credit
from vending.sale import Payment, SaleReceipt

from .counter_model import TENDERS, Sold, Sums
from .office_choices import (
    COMMODITY,
    WISHES,
)
from .office_model import (
    DECIDERS,
    LIFE,
    Wish,
    expect,
    told,
)
from .office_sales import Sales

WITHIN: Final = ("change_tariff", "change_operator", "lift_block")
"""Acts that are done with their approval, or not at all."""


class Decisions(Sales):
    """Approvals, carried through or not."""

    @rule(wish=WISHES, by=st.sampled_from(DECIDERS))
    def decide_wish(self, wish: Wish, by: Actor) -> None:
        self.decide(wish, by)

    def decide(self, wish: Wish, by: Actor) -> None:
        done = wish.state == "done"
        again = by.name.casefold() in wish.taken_up
        late = self.now >= wish.at + LIFE
        outcome, code = told(self.office.approvals.approve, by, wish.id)
        within = wish.act in WITHIN
        before = (
            ("actor.not_allowed", by.role is not Role.SUPERVISOR),
            (
                "approval.own_act",
                not done
                and (
                    same_person(by.name, wish.by.name) or same_person(by.name, self.concerned(wish))
                ),
            ),
            ("approval.expired", late and not done),
            ("approval.decided", wish.state in ("refused", "withdrawn") or (done and not again)),
        )
        if done and again and not code:
            assert outcome.replayed
            return
        if done and again and code == "vend.voided":
            # What it was sold as was taken back since: its digits are nobody's any more.
            assert wish.gone or (wish.sale is not None and wish.id in wish.sale[0].gone)
            return
        perhaps = {
            "change_tariff": ["account.charges_owed"],
            "correction": ["void.not_allowed", "vend.amount_too_low"],
        }
        hindered = () if done else self.hindered(wish, by)
        # Nothing is begun by a clock that cannot be right, nor begun again.
        misled = () if done and (again or not within) else self.misled
        expect(code, *before, *misled, *hindered, perhaps=perhaps.get(wish.act, []))
        if within and code:
            return
        if any(code == reason for reason, _ in misled):
            return
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
        if wish.act == "change_operator":
            return ()
        if wish.act == "lift_block":
            return (
                ("block.not_blocked", (wish.facts["kind"], wish.facts["subject"]) not in self.bars),
            )
        # Whoever decides sells, where it was asked for.
        point = wish.by.point or by.point
        seat = replace(by, point=point, terminal=wish.by.terminal)
        if wish.act == "change_tariff":
            same = wish.facts["tariff"] == self.tariffs[wish.facts["agreement"]]
            return (("account.tariff_same", same),)
        if wish.act == "transfer":
            sells = (*self.untimely(), self.no_sale(seat, wish.facts["agreement"]))
            untimely = sells if Decimal(wish.facts["units"]) else ()
            return (*self.not_moved(wish.facts, self.wish_at(wish)), *untimely)
        if wish.act in ("free_issue", "engineering"):
            return (*self.no_meter(seat, wish.facts["meter"]), *self.untimely())
        assert wish.sale is not None
        sale, place = wish.sale
        # As it was when it was asked for: it may be sold anew by now.
        receipt = wish.receipt
        assert receipt is not None
        if wish.act == "correction":
            seat = replace(seat, point=receipt.seller.point)
            barred = self.no_meter(seat, wish.facts["meter"])
            return (*barred, *self.not_sold_anew(receipt, sale, place, wish.facts["meter"]))
        if wish.act == "refund":
            asked = round(float(wish.facts["units"]) * 1000)
            wrong = self.no_units(sale, receipt, asked)
            return (*self.no_meter(seat, wish.facts["meter"]), *wrong, *self.untimely())
        cash = 0 if sale.actor == KIOSK else sale.cash(receipt) + sale.more_in_coins(receipt)
        drawer = self.shift is not None and wish.by.terminal == OPERATOR.terminal
        elsewhere = point != receipt.seller.point
        short = cash > (self.cash if drawer else self.sums["1010", receipt.seller.point])
        return (
            ("void.done_before", receipt.vend_id in sale.gone),
            ("void.not_allowed", bool(self.given[receipt.vend_id]) or elsewhere),
            ("shift.cash_short" if drawer else "point.till_short", short),
            self.no_seller(seat),
            *self.untimely(),
        )

    def no_meter(self, seat: Actor, meter: str) -> tuple[tuple[str, bool], ...]:
        """Why nothing is sold to a meter."""
        here = [agreement for agreement, number in self.meters.items() if number == meter]
        return ("meter.unknown", not here), self.no_sale(seat, *here)

    def concerned(self, wish: Wish) -> str:
        """The person whom it is about."""
        if wish.act == "change_operator":
            return KIOSK.name
        return wish.facts["subject"] if wish.facts.get("kind") == "operator" else ""

    def not_sold_anew(
        self, receipt: SaleReceipt, sale: Sold, place: int, meter: str
    ) -> tuple[tuple[str, bool], ...]:
        quote = receipt.quote
        left = -self.sums["2010", receipt.buyer.agreement]
        left += (quote.balance_before - quote.balance_after).minor
        return (
            ("correction.not_possible", self.not_corrected(receipt, sale, meter)),
            ("void.not_allowed", bool(self.given[receipt.vend_id]) or left < 0),
            *self.unproved(receipt),
            *self.untimely(),
        )

    def carry_through(self, wish: Wish, by: Actor, outcome: Any) -> None:
        if wish.act == "void_refund":
            self.money_back(wish)
            return
        if wish.act == "change_tariff":
            self.tariffs[wish.facts["agreement"]] = wish.facts["tariff"]
            self.moved_tariff.add(wish.facts["agreement"])
            return
        if wish.act == "change_operator":
            percent = Decimal(wish.facts["set"]["commission"])
            self.commission = int(percent * 100)
            self.limit = Money.from_text(wish.facts["set"]["credit_limit"]).minor
            return
        if wish.act == "lift_block":
            del self.bars[wish.facts["kind"], wish.facts["subject"]]
            return
        if wish.act == "transfer":
            wish.moved_at = self.exchanges
        if wish.act == "transfer" and not Decimal(wish.facts["units"]):
            assert {name: outcome[name] for name in wish.facts} == wish.facts
            return
        assert isinstance(outcome, SaleReceipt)
        if wish.act == "correction":
            self.sold_anew(wish, by, outcome)
            return
        point = wish.by.point or by.point or ""
        self.receipts[point] += 1
        assert outcome.number == self.receipts[point]
        assert (outcome.seller.operator, outcome.requested_by) == (by.name, wish.by.name)
        units = round(float(wish.facts.get("units", 0)) * 1000)
        assert outcome.quote.quantity.value == units
        meter = outcome.buyer.meter
        assert meter == self.meters[outcome.buyer.agreement]
        water = COMMODITY[outcome.buyer.agreement] is Commodity.WATER
        sums: Sums = Counter({("6120" if water else "6110", meter): units})
        if wish.act == "transfer":
            sums["6120" if water else "6110", wish.facts["old_meter"]] -= units
        if wish.act == "refund":
            self.given[wish.facts["sale"]] += units
        if wish.act == "engineering":
            sums["6130", meter] += 1
        wish.made, wish.sums = outcome, sums
        self.book(sums, "sale")
        self.took(outcome, 1)
        self.issued(outcome)
        self.unseen.add(outcome.vend_id)

    def sold_anew(self, wish: Wish, by: Actor, new: SaleReceipt) -> None:
        """The wrong sale is undone, and its money is what the new one was paid with."""
        assert wish.sale is not None
        sale, place = wish.sale
        old = sale.receipts[place]
        in_log = self.set_in_log(old)
        sums = Counter({key: -amount for key, amount in sale.moved[place].items()})
        for (agreement, debt), amount in sale.paid_off[place].items():
            self.owed[agreement, debt] += amount
            sums["1210", agreement] += amount
        self.book(sums, "void")
        sale.gone.add(old.vend_id)
        if old.tokens:
            assert old.vend_id not in self.in_meters
            self.taken_back(old.buyer.meter, old.vend_id, in_log)
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

    @rule(wish=WISHES, by=st.sampled_from(DECIDERS))
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

    def no_units(
        self, sale: Sold, receipt: SaleReceipt, asked: int
    ) -> tuple[tuple[str, bool], ...]:
        gave = receipt.quote.quantity.value if receipt.tokens else 0
        return (
            ("refund.not_possible", not receipt.tokens or receipt.vend_id in sale.gone),
            ("refund.too_much", asked > gave - self.given[receipt.vend_id]),
        )

    def not_corrected(self, receipt: SaleReceipt, sale: Sold, meter: str) -> bool:
        gone = receipt.vend_id in sale.gone
        bought = receipt.kind.is_bought
        return gone or not bought or receipt.buyer.meter == meter

    def wish_at(self, wish: Wish) -> int:
        """Behind which exchange it was asked for; one that an exchange wrote down, with it."""
        return wish.asked_at

    def not_moved(self, facts: dict[str, Any], asked_at: int) -> tuple[tuple[str, bool], ...]:
        """Why what was left on a meter is not moved, if that is asked for at this exchange."""
        lives = self.lives[facts["old_meter"]]
        agreement, last, _ = lives[-1]
        again = len(lives) > 1
        moved = any(
            one.act == "transfer"
            and one.state == "done"
            and Decimal(one.facts["units"])
            and one.facts["old_meter"] == facts["old_meter"]
            and one.facts["agreement"] == facts["agreement"]
            and one.id not in self.voided_wishes
            and (not again or one.moved_at >= last)
            for one in self.wishes.values()
        )
        return (
            (
                "exchange.not_exchanged",
                agreement != facts["agreement"] or (again and asked_at < last),
            ),
            ("transfer.done_before", moved),
        )
