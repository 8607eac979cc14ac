"""The office machine: entries that two people make."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    multiple,
    rule,
)

from meters.quantities import Money
from tests.system.desks import WHY
from tests.system.everything import KIOSK
from tests.vending.accounts.support import ZONE
from vending.drawer.deposits import DepositPlace
from vending.ledger import Posting
from vending.parties import Actor, Role
from vending.persons import same_person

from .counter_model import Sums
from .office_choices import (
    ASKERS,
    DAYS_AGO,
    PLACES,
    REQUESTS,
    SOON,
)
from .office_keychanges import KeyChanging
from .office_model import (
    DECIDERS,
    HIDDEN,
    Asked,
    expect,
    local,
    told,
)


class Adjusting(KeyChanging):
    """Adjustments, write-offs, reversals and deposits."""

    @rule(
        target=REQUESTS,
        by=st.sampled_from(ASKERS),
        debit=st.sampled_from(PLACES),
        credit=st.sampled_from(PLACES),
        amount=st.integers(1, 20_000),
        ago=DAYS_AGO,
        then=SOON,
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
        target=REQUESTS,
        by=st.sampled_from(ASKERS),
        place=st.sampled_from(PLACES),
        amount=st.integers(1, 20_000),
        ago=DAYS_AGO,
        then=SOON,
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

    @rule(target=REQUESTS, by=st.sampled_from(ASKERS), back=st.integers(0, 12), then=SOON)
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
        target=REQUESTS,
        by=st.sampled_from(ASKERS),
        amount=st.integers(1, 100_000),
        out=st.booleans(),
        place=st.sampled_from(DepositPlace),
        then=SOON,
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

    @rule(asked=REQUESTS, by=st.sampled_from(DECIDERS))
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

    @rule(asked=REQUESTS, by=st.sampled_from(DECIDERS))
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
