"""The office machine: drawers, days, months, and the clock."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from meters.quantities import Money
from tests.system.desks import WHY, count_of
from tests.system.everything import CHIEF, LAYLA
from tests.vending.accounts.support import ZONE
from tests.vending.support import OPERATOR
from vending.drawer import BankRequest
from vending.parties import Actor
from vending.sale import Tender

from .counter_model import TENDERS, Sums
from .office_debts import Debts
from .office_model import (
    expect,
    first_of_next,
    local,
    month_of,
    told,
)


class Days(Debts):
    """What is opened, counted, closed and sealed."""

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

    @rule(late=st.sampled_from([1, 15, 60 * 24 * 3]), tidy=st.booleans(), months=st.integers(1, 3))
    def month_ends(self, late: int, tidy: bool, months: int) -> None:
        end = local(first_of_next(self.today)) + timedelta(minutes=late)
        self.machine.passes(seconds=(end - self.now).total_seconds())
        if tidy:
            for asked in self.requests.values():
                if asked.state == "pending":
                    self.turn_it_down(asked, LAYLA)
        for _ in range(months):
            if tidy:
                self.keep_check(first_of_next(self.month_due) - timedelta(days=1))
            self.close_it(0, LAYLA)

    @rule(which=st.sampled_from([-1, 0, 1]), by=st.sampled_from([LAYLA, CHIEF]))
    def close_month(self, which: int, by: Actor) -> None:
        self.close_it(which, by)

    @property
    def first_day(self) -> date:
        """Of the books."""
        return min(entry.at for entry in self.journal).astimezone(ZONE).date()

    @property
    def month_due(self) -> date:
        """The first day of the month that is to be closed next."""
        if self.closed_months:
            return first_of_next(date.fromisoformat(f"{self.closed_months[-1]}-01"))
        return self.first_day.replace(day=1)

    def unchecked(self, last: date) -> bool:
        """Whether a day up to this one has no check, and one of this day could still be kept."""
        done = (day for day, at in reversed(self.checks) if at <= self.now and day <= self.today)
        checked = next(done, None)
        first = self.first_day if checked is None else checked + timedelta(days=1)
        return first <= last and not self.sealed_later(last)

    def close_it(self, which: int, by: Actor) -> None:
        first, due = self.first_day.replace(day=1), self.month_due
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
            ("ledger.days_unchecked", self.unchecked(first_of_next(wanted) - timedelta(days=1))),
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
        expect(
            code,
            ("ledger.day_not_begun", day > self.today),
            ("ledger.sealed_later", self.sealed_later(day)),
            ("clock.ran_ahead", self.ahead),
        )
        if not code:
            self.keep_seal(made)

    def keep_seal(self, made: Any) -> None:
        day = date.fromisoformat(made.day)
        assert made.entry == self.entry_at_end(day)
        if not self.seals or self.seals[-1][2] != made.code:
            self.seals.append((made.day, made.entry, made.code))

    def sealed_later(self, day: date) -> bool:
        if not self.seals:
            return False
        last, entry, _ = self.seals[-1]
        return last > day.isoformat() or entry > self.entry_at_end(day)

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
            self.keep_check(date.fromisoformat(day))

    def keep_check(self, day: date) -> None:
        made, code = told(self.office.closing.close, LAYLA, day.isoformat())
        expect(
            code,
            ("clock.ran_ahead", self.ahead),
            ("ledger.day_not_begun", day > self.today),
        )
        if code:
            return
        assert made.check.ok, made.check.differences
        assert (made.seal is None) == self.sealed_later(day)
        if made.seal is not None:
            self.keep_seal(made.seal)
            self.checks.append((day, made.seal.sealed_at))

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
        minutes=st.sampled_from([-60 * 26, -2, 5, 180, 60 * 24 * 40]),
        sells=st.booleans(),
        then=st.sampled_from(["", "right", "confirm"]),
    )
    def set_clock(self, minutes: int, sells: bool, then: str) -> None:
        span = timedelta(minutes=minutes)
        self.machine.now += span
        self.off += span
        if sells:
            self.sell_it([("A3", 5_000, "")], False, False, False)
        self.see_to(then)

    @rule(how=st.sampled_from(["right", "confirm"]))
    def see_to_clock(self, how: str) -> None:
        self.see_to(how)

    def see_to(self, how: str) -> None:
        if how == "right":
            self.machine.now -= self.off
            self.off = timedelta(0)
        elif how == "confirm":
            _, code = told(self.office.house.clock_desk.confirm, CHIEF, WHY)
            expect(code, ("clock.went_back", self.behind_books))
            if not code:
                self.confirmed = self.now, self.head

    @rule()
    def restart(self) -> None:
        self.office.close()
        self.office = self.reopened()
