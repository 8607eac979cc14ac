"""Anything that a back office does over days and months, in any order, against a model in plain
numbers: after every step the books hold what the model says, and what was closed, sealed or told
once stands.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any, Final

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    rule,
)

from tests.databases import Postgres
from tests.system.everything import KIOSK, LAYLA
from tests.system.invariants import broken_rules, looking
from tests.vending.support import ADMIN
from vending.exports import FORMATS
from vending.messages import Language

from .any_order import run_machine
from .office_choices import (
    AGREEMENT,
    BOUGHT,
    PLACES,
)
from .office_days import Days
from .office_model import (
    WATCHED,
    expect,
    first_of_next,
    local,
    month_of,
    told,
)

AT_COUNTERS: Final = {
    # Who has sold on a deposit owes more than the limit once that is lowered.
    "nobody on deposit has sold beyond it",
    # A supervisor who has one approves a correction of what was paid into a till.
    "who is on deposit puts nothing into a till",
}
"""Rules of the books that hold as long as counters alone are at work."""


class Offices(Days):
    """One machine for one municipality on one database."""

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

    @rule(agreement=AGREEMENT, first=st.sampled_from([None, 0, 1, 7, 40]))
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
        before, owed = made.opening, made.opening_owed
        for line in made.lines:
            if line.kind in ("sale", "payment", "void"):
                assert line.balance == before + line.paid - line.net - line.vat, line
            elif line.kind == "refund":
                assert (line.balance, line.net, line.vat) == (before, 0, 0)
            assert line.owed == owed + line.debts
            before, owed = line.balance, line.owed

    @rule(ago=st.sampled_from([0, 1, 7, 40]))
    def look_at_takings(self, ago: int) -> None:
        day = self.today - timedelta(days=ago)
        found: Counter[Any] = Counter()
        made = self.office.reports.takings(LAYLA, None, day.isoformat(), self.today.isoformat())
        for one in made:
            key = one.point, date.fromisoformat(one.day), one.operator, one.tender, one.on_deposit
            found[key] += one.net
        # By a clock that was set back, what was taken may lie in days to come.
        wanted = {key: n for key, n in self.takings.items() if day <= key[1] <= self.today and n}
        assert {key: n for key, n in found.items() if n} == wanted

    @rule(first=st.sampled_from([0, 1, 7, 40]), last=st.sampled_from([0, 1, 8]))
    def look_at_breakdown(self, first: int, last: int) -> None:
        days = [self.today - timedelta(days=n) for n in (first, last)]
        if days[0] > days[1]:
            return
        rows = self.office.reports.breakdown(LAYLA, *[day.isoformat() for day in days])
        told_of: Counter[str] = Counter()
        for row in rows:
            told_of[row.account] -= row.net
        with looking(self.place) as ask:
            lines = ask(
                "SELECT entry, account, amount FROM postings JOIN entries ON number = entry "
                "WHERE kind IN ('sale', 'payment', 'void') AND unit = 'ILS'"
            )
        booked: Counter[str] = Counter()
        for number, account, amount in lines:
            at = self.journal[number - 1].at
            if local(days[0]) <= at < local(days[1] + timedelta(days=1)):
                booked[account] += amount
        parts = [a for a in booked if a[0] == "4" or a in ("1210", "1310", "2020")]
        assert {a: booked[a] for a in parts if booked[a]} == {
            account: amount for account, amount in told_of.items() if amount
        }

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

    @rule(ago=st.sampled_from([None, 0, 1]))
    def export(self, ago: int | None) -> None:
        month = None
        start, end = local(date.min.replace(year=2000)), local(date.max.replace(year=2900))
        if ago is not None:
            begin = (self.today.replace(day=1) - timedelta(days=28 * ago)).replace(day=1)
            month, start, end = month_of(begin), local(begin), local(first_of_next(begin))
        written = BytesIO()
        with self.office.reports.journal(LAYLA, month) as view:
            FORMATS["csv"].write(view, written, Language.ENGLISH)
        rows = list(csv.DictReader(StringIO(written.getvalue().decode("utf-8-sig"))))
        sums: dict[str, Decimal] = {}
        for row in rows:
            moved = Decimal(row["debit"]) - Decimal(row["credit"])
            sums[row["unit"]] = sums.get(row["unit"], Decimal(0)) + moved
        assert not any(sums.values())
        numbers = {int(row["entry"]) for row in rows}
        inside = [n for n, e in enumerate(self.journal, start=1) if start <= e.at < end]
        assert numbers == set(inside)

    @rule()
    def prove(self) -> None:
        against = self.seals[0][2] if self.seals else None
        report = self.office.keeping.verify(ADMIN, against)
        assert report.ok, report.problem
        assert report.entries == self.entries
        accounts = self.office.accounts.verify_accounts(ADMIN)
        assert accounts.ok, accounts.problems

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
            accounts = self.office.accounts.verify_accounts(ADMIN)
            assert accounts.ok, accounts.problems
            broken = broken_rules(self.place).keys() - AT_COUNTERS
            assert not broken, broken
        finally:
            super().teardown()


@pytest.mark.system
@pytest.mark.hypothesis
def test_an_office_in_any_order(kind: str, server: Postgres | None) -> None:
    run_machine(Offices, kind, server, sqlite=6, postgresql=3, steps=40)
