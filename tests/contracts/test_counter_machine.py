"""Anything that a counter does, in any order, against a model in plain numbers: after every step
the books hold what the model says, accounts follow from their history, and the ledger proves
itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from meters.errors import RaseedError
from meters.identity import Drn
from meters.quantities import Money
from tests.databases import Postgres
from tests.system.deeds import NOT_ENTERED
from tests.system.desks import WHY, count_of
from tests.system.everything import AGREEMENTS, CHIEF, CREDIT, KIOSK, LAYLA, METERS, office
from tests.system.invariants import looking
from tests.vending.approvals.support import NADIA
from tests.vending.support import ADMIN, OPERATOR, POWER, WATER
from vending.drawer import BankRequest
from vending.parties import Actor
from vending.requests import BasketRequest, Credit, DebtPayment, Item, Postponement, Units
from vending.sale import Payment, Tender
from vending.tariff import BindingQuote

from .any_order import run_machine
from .counter_model import TENDERS, WATCHED, Model, Sold

BOUGHT: Final = (POWER, WATER, METERS[2])

amounts = st.integers(2_500, 20_000).map(Money)
meters = st.sampled_from(BOUGHT)
credits = st.builds(
    lambda meter, ask, put_off: Credit(
        meter.number, ask, postpone=tuple(Postponement(code, WHY) for code in put_off)
    ),
    meters,
    st.one_of(amounts, st.sampled_from([Units("10.3"), Units("25.1")])),
    st.sampled_from([(), (), (), ("old",), ("old", "bill")]),
)
debts = st.builds(
    lambda meter, amount, code: DebtPayment(meter.number, Money(amount), code),
    meters,
    st.integers(1, 5_000),
    st.sampled_from(["", "old", "bill"]),
)
baskets = st.lists(st.one_of(credits, credits, debts), min_size=1, max_size=3).map(tuple)


def told(act: Callable[..., Any], *arguments: Any) -> tuple[Any, str]:
    """The answer, or the code of what it was refused for."""
    try:
        return act(*arguments), ""
    except RaseedError as error:
        return None, error.code


class Counters(Model, RuleBasedStateMachine):
    """One machine for one municipality on one database."""

    sales = Bundle("sales")
    quotes = Bundle("quotes")

    # Selling

    @rule(
        target=sales,
        items=baskets,
        how=st.sampled_from(["", "", "change", "mixed"]),
        hold=st.booleans(),
        kiosk=st.integers(0, 4).map(lambda n: n == 0),
    )
    def sell(self, items: tuple[Item, ...], how: str, hold: bool, kiosk: bool) -> object:
        actor = KIOSK if kiosk else OPERATOR
        named = all(isinstance(getattr(i, "ask", Money(0)), Money) for i in items)
        due = sum(self.asked(item) for item in items) if named else 0
        payments: tuple[Payment, ...] = ()
        if named and how == "change":
            payments = (Payment(Tender.CASH, Money(due + 5_000)),)
        elif named and how == "mixed" and due > 3:
            third = Money(due // 3)
            payments = (
                Payment(Tender.CARD, third, "slip"),
                Payment(Tender.CHEQUE, third, "no. 7"),
                Payment(Tender.CASH, Money(due - 2 * third.minor)),
            )
        request = BasketRequest(self.name("v"), items, payments, hold=hold)
        return self.sold(actor, request, due if named else None)

    def sold(self, actor: Actor, request: BasketRequest, due: int | None) -> object:
        answer, code = told(self.office.service.vend_basket, actor, request)
        if code:
            self.may_refuse(code, actor, request)
            return multiple()
        assert not {item.meter for item in request.items} & self.blocked
        return self.modelled(actor, request, answer, due)

    def may_refuse(self, code: str, actor: Actor, request: BasketRequest) -> None:
        """Whether the model knows why."""
        if code == "vend.blocked":
            assert {item.meter for item in request.items} & self.blocked
        elif code == "operator.float_used_up":
            assert actor == KIOSK
            # At most what all of it could cost would not have fitted.
            assert self.sums["2030", KIOSK.name] + 3 * 20_000 > CREDIT
        else:
            # The monthly charges of the first sale leave too little for a token.
            assert code == "vend.amount_too_low", code

    # Quotes

    @rule(target=quotes, meter=meters, amount=amounts)
    def bind(self, meter: Drn, amount: Money) -> object:
        promise, code = told(
            self.office.service.bind, OPERATOR, meter.number, amount, (), self.name("q")
        )
        if code:
            assert code == "vend.amount_too_low"
            return multiple()
        return promise, meter, amount, self.stand(meter)

    @rule(target=sales, quote=consumes(quotes), hold=st.booleans())
    def sell_quoted(self, quote: tuple[BindingQuote, Drn, Money, object], hold: bool) -> object:
        promise, meter, amount, stand = quote
        item = Credit(meter.number, amount, promise.id)
        request = BasketRequest(self.name("v"), (item,), hold=hold)
        moved, late = stand != self.stand(meter), self.office.clock.now >= promise.expires_at
        answer, code = told(self.office.service.vend_basket, OPERATOR, request)
        if code:
            known = {
                "vend.blocked": meter.number in self.blocked,
                "quote.expired": late,
                "quote.changed": moved,
            }
            assert known.get(code), (code, moved, late)
            return multiple()
        assert not moved
        assert not late
        assert answer.leading.quote == promise.quote
        return self.modelled(OPERATOR, request, answer, amount.minor)

    # Afterwards

    @rule(sale=sales)
    def again(self, sale: Sold) -> None:
        answer, code = told(self.office.service.vend_basket, sale.actor, sale.request)
        assert code == ("vend.voided" if sale.gone else "")
        if code:
            return
        assert answer.replayed
        numbers = [receipt.journal_entry for receipt in sale.receipts]
        assert [receipt.journal_entry for receipt in answer.receipts] == numbers

    @rule(sale=sales, data=st.data())
    def show(self, sale: Sold, data: st.DataObject) -> None:
        receipt = data.draw(st.sampled_from(sale.receipts))
        shown, code = told(self.office.service.show, sale.actor, receipt.vend_id)
        assert code == ("vend.voided" if receipt.vend_id in sale.gone else "")
        if code:
            return
        sale.shown.add(receipt.vend_id)
        assert all(len(token.digits) == 20 for token in shown.tokens)

    @rule(sale=sales, data=st.data())
    def void(self, sale: Sold, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(sale.receipts) - 1))
        receipt = sale.receipts[place]
        chief = replace(CHIEF, point=sale.actor.point)
        quote, agreement = receipt.quote, receipt.buyer.agreement
        unseen = not receipt.tokens or (sale.request.hold and receipt.vend_id not in sale.shown)
        # The ledger owes it to the customer, so that it stands below zero.
        left = -self.sums["2010", agreement] + (quote.balance_before - quote.balance_after).minor
        void, code = told(self.office.service.void, chief, receipt.vend_id, WHY)
        if receipt.vend_id in sale.gone:
            assert void.vend_id == receipt.vend_id
            return
        more, till = sale.more_in_coins(receipt), ("1010", receipt.seller.point)
        cash = sale.moved[place][till] + more if till in sale.moved[place] else 0
        # Only a meter could say that its token has not been used; what was carried over must still
        # be there, and so must the cash: it may have gone to the bank.
        known = {
            "void.meter_unreachable": not unseen,
            "void.not_allowed": left < 0,
            "point.till_short": cash > max(self.sums[till], 0),
        }
        assert known.get(code) if code else not any(known.values()), (code, known)
        if code:
            return
        sale.gone.add(receipt.vend_id)
        self.entries += 1
        self.sums.subtract(sale.moved[place])
        own = sale.actor == KIOSK
        self.sums[("2030", KIOSK.name) if own else ("1010", receipt.seller.point)] -= more
        self.sums["5040", ""] += more
        for (owing, code), amount in sale.paid_off[place].items():
            self.owed[owing, code] += amount
            self.sums["1210", owing] += amount
        if receipt.key_tokens:
            file = self.office.service.meter(ADMIN, receipt.buyer.meter)
            if file.meter.planned is not None:
                self.planned.add(receipt.buyer.meter)

    # Debts

    @rule(meter=meters, code=st.sampled_from(["old", "bill"]), days=st.integers(0, 30))
    def put_debt_off(self, meter: Drn, code: str, days: int) -> None:
        agreement = AGREEMENTS[meter]
        day = (self.office.clock.now + timedelta(days=days)).date()
        view = self.office.accounts.postpone_debt(
            LAYLA, agreement, code, day.isoformat(), WHY, self.name("e")
        )
        (debt,) = [one.debt for one in view.debts if one.debt.code == code]
        assert debt.postponed is not None
        self.put_off[agreement, code] = debt.postponed.until

    @rule(meter=meters, code=st.sampled_from(["old", "bill"]))
    def ask_for_debt_again(self, meter: Drn, code: str) -> None:
        agreement = AGREEMENTS[meter]
        until = self.put_off.pop((agreement, code), None)
        end = self.office.accounts.end_postponement
        _, code = told(end, LAYLA, agreement, code, WHY, self.name("e"))
        over = until is None or until <= self.office.clock.now
        assert code == ("account.not_postponed" if over else "")

    # Who may not be sold to, and with which key

    @rule(meter=meters)
    def block(self, meter: Drn) -> None:
        self.office.blocks.block(LAYLA, "meter", meter.number, WHY)
        self.blocked.add(meter.number)

    @rule()
    def lift(self) -> None:
        for meter in sorted(self.blocked):
            id = self.name("a")
            self.office.blocks.lift(CHIEF, id, "meter", meter, WHY)
            self.office.approvals.approve(NADIA, id)
            self.blocked.discard(meter)

    @rule(meter=meters, krn=st.sampled_from([1, 2, 3]))
    def plan_key(self, meter: Drn, krn: int) -> None:
        changes = self.office.key_changes
        _, code = told(changes.mark_entered, CHIEF, meter.number)
        assert code in ("", *NOT_ENTERED)
        _, code = told(partial(changes.plan, krn=krn), CHIEF, meter.number, WHY)
        if code:
            assert code in ("keychange.open", "keys.change_not_permitted")
            return
        self.planned.add(meter.number)

    # The drawer

    @rule(float_=st.sampled_from([0, 10_000]))
    def open_shift(self, float_: int) -> None:
        if self.shift is not None:
            _, code = told(self.office.drawers.open, OPERATOR, self.name("s"), Money(float_))
            assert code == "shift.terminal_taken"
            return
        self.shift = self.name("s")
        self.office.drawers.open(OPERATOR, self.shift, Money(float_))
        self.cash = float_
        self.entries += bool(float_)
        self.sums["1010", "P1"] += float_
        self.sums["1110", ""] -= float_

    @rule()
    def take_x_report(self) -> None:
        id = self.name("x")
        taken, code = told(self.office.x_reports.take, CHIEF, id, self.shift)
        if self.shift is None:
            assert code == "shift.none_open"
            return
        assert taken.expected == self.cash
        assert taken.number == 1 + sum(one.shift.id == self.shift for one in self.taken)
        self.taken.append(taken)

    @rule(notes=st.integers(0, 30), coins=st.integers(0, 9))
    def close_shift(self, notes: int, coins: int) -> None:
        count = count_of({"20": notes, "0.10": coins})
        if self.shift is None:
            assert told(self.office.drawers.close, OPERATOR, count)[1] == "shift.none_open"
            return
        report = self.office.drawers.close(OPERATOR, count, self.shift)
        assert report.tally.expected == self.cash
        over = count.cash - self.cash
        self.sums["1010", "P1"] += over
        self.sums["5030", ""] -= over
        self.entries += bool(over)
        self.closed.append(count.cash)
        self.shift = None

    @rule()
    def bank(self) -> None:
        cash = sum(self.closed)
        request = BankRequest(self.name("b"), "P1")
        before = self.sums["1030", "P1"]
        made, code = told(self.office.bankings.bank, LAYLA, request)
        if code:
            # Nothing was counted; or what was sold in a shift was taken back outside of it.
            assert code in ("banking.nothing", "banking.more_than_there")
            return
        lines = dict(made.lines)
        assert lines.get(Tender.CASH, 0) == cash
        assert 0 <= lines.get(Tender.CHEQUE, 0) <= before
        for tender, amount in made.lines:
            self.sums[TENDERS[tender], "P1"] -= amount
            self.sums["1120", ""] += amount
        self.entries += 1
        self.closed.clear()

    # The world

    @rule(minutes=st.sampled_from([-2, 1, 14, 60 * 24]))
    def move_clock(self, minutes: int) -> None:
        # Corrections that are borne, also one after the other: further back nothing is sold.
        if self.behind + minutes < -4:
            return
        self.behind = min(0, self.behind + minutes)
        self.office.clock.forward(minutes=minutes)

    @rule()
    def restart(self) -> None:
        clock = self.office.clock
        self.office.close()
        self.office = office(self.place, clock)

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
        assert found == {key: amount for key, amount in self.sums.items() if amount}
        assert self.sums["2030", KIOSK.name] <= CREDIT

    @invariant()
    def accounts_owe_what_the_model_says(self) -> None:
        for meter in BOUGHT:
            view = self.office.accounts.account(LAYLA, AGREEMENTS[meter])
            for one in view.debts:
                assert one.debt.owed.minor == self.owed[AGREEMENTS[meter], one.debt.code]

    @invariant()
    def x_reports_stand_as_they_were_taken(self) -> None:
        x_reports = self.office.x_reports
        assert [x_reports.report(CHIEF, one.id) for one in self.taken] == self.taken

    @invariant()
    def everything_proves_itself(self) -> None:
        report = self.office.service.verify(ADMIN)
        assert report.ok, report.problem
        assert report.entries == self.entries
        accounts = self.office.accounts.verify_accounts(ADMIN)
        assert accounts.ok, accounts.problems


@pytest.mark.system
@pytest.mark.hypothesis
def test_a_counter_in_any_order(kind: str, server: Postgres | None) -> None:
    run_machine(Counters, kind, server, sqlite=8, postgresql=3, steps=30)
