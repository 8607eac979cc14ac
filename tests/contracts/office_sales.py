"""The office machine: sales, so that there is something to keep books of, and their voids."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
)

from meters.quantities import Money
from tests.system.desks import WHY
from tests.system.everything import CHIEF, KIOSK
from tests.vending.support import OPERATOR
from vending.requests import Allowance, BasketRequest, Credit, DebtPayment, Item
from vending.sale import Payment, Tender

from .counter_model import Sold
from .office_choices import (
    AGREEMENT,
    SALES,
)
from .office_model import (
    expect,
    told,
)
from .office_walls import HasWalls


class Sales(HasWalls, RuleBasedStateMachine):
    """What a counter does."""

    @initialize(target=SALES)
    def has_sold(self) -> object:
        """So that every example has sales to do something about."""
        return multiple(
            self.sell_it([("A1", 12_345, ""), ("A2", 9_876, "")], False, True, False),
            self.sell_it([("A3", 22_222, "")], True, True, False),
            self.sell_it([("A1", 15_000, "")], False, False, True),
        )

    # Selling, so that there is something to keep books of

    @rule(
        target=SALES,
        items=st.lists(
            st.tuples(AGREEMENT, st.integers(4_000, 40_000), st.sampled_from(["", "", "", "old"])),
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
            self.no_sale(actor, *[agreement for agreement, _, _ in items]),
            perhaps=["vend.amount_too_low", "payment.too_much"],
        )
        if code:
            return multiple()
        sold = self.modelled(actor, request, answer, due)
        self.note_sales(sold)
        if hold:
            self.unseen.update(receipt.vend_id for receipt in sold.receipts)
        return sold

    @rule(target=SALES, agreement=AGREEMENT, hold=st.booleans())
    def give_allowance(self, agreement: str, hold: bool) -> object:
        request = BasketRequest(self.name("v"), (Allowance(self.meters[agreement]),), hold=hold)
        answer, code = told(self.office.service.vend_basket, OPERATOR, request)
        expect(
            code,
            *self.untimely(),
            self.no_sale(OPERATOR, agreement),
            perhaps=["vend.no_allowance", "vend.amount_too_low"],
        )
        if code:
            return multiple()
        sold = self.modelled(OPERATOR, request, answer, 0)
        self.note_sales(sold)
        if hold:
            self.unseen.add(sold.receipts[0].vend_id)
        return sold

    @rule(sale=SALES, data=st.data())
    def void(self, sale: Sold, data: st.DataObject) -> None:
        self.void_one(sale, data.draw(st.integers(0, len(sale.receipts) - 1)))

    def void_one(self, sale: Sold, place: int) -> None:
        receipt = sale.receipts[place]
        chief = replace(CHIEF, point=sale.actor.point)
        quote, agreement = receipt.quote, receipt.buyer.agreement
        left = -self.sums["2010", agreement] + (quote.balance_before - quote.balance_after).minor
        cash = 0 if sale.actor == KIOSK else sale.cash(receipt) + sale.more_in_coins(receipt)
        unproved, in_log = self.unproved(receipt), self.set_in_log(receipt)
        _, code = told(self.office.service.void, chief, receipt.vend_id, WHY)
        if receipt.vend_id in sale.gone:
            refunded = self.refunded(receipt.vend_id)
            assert code == ("void.done_before" if refunded else "")
            return
        expect(
            code,
            ("void.not_allowed", left < 0 or bool(self.given[receipt.vend_id])),
            *unproved,
            ("point.till_short", cash > self.sums["1010", receipt.seller.point]),
            self.no_seller(chief),
            *self.untimely(),
            # It paid charges of a tariff that the agreement has left.
            perhaps=["void.not_allowed"] if agreement in self.moved_tariff else [],
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
        self.voided.add(receipt.vend_id)
        if receipt.tokens:
            assert receipt.vend_id not in self.in_meters
            self.taken_back(receipt.buyer.meter, receipt.vend_id, in_log)

    @rule(sale=SALES, last=st.booleans())
    def show(self, sale: Sold, last: bool) -> None:
        receipt = sale.receipts[-1 if last else 0]
        shown, code = told(self.office.service.show, sale.actor, receipt.vend_id)
        # Whose money two people gave back keeps the units.
        gone = receipt.vend_id in sale.gone and not self.refunded(receipt.vend_id)
        expect(code, ("vend.voided", gone), self.no_seller(sale.actor))
        if not code:
            self.was_shown(shown)

    def refunded(self, vend_id: str) -> bool:
        return any(
            wish.act == "void_refund" and wish.facts["sale"] == vend_id and wish.state == "done"
            for wish in self.wishes.values()
        )
