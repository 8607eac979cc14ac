"""Closed months: nothing earlier is booked, their balances are kept, reopening leaves a trace."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.vending.books.support import BILLING, CHIEF, SHORT, ZONE, Office, office
from tests.vending.support import OPERATOR, request
from vending.accounting import BalanceRow, Difference, PeriodActKind, TrialBalance, months
from vending.accounting.days import Month
from vending.accounting.errors import (
    DaysUnchecked,
    MonthBeforeBooks,
    MonthMalformed,
    PeriodClosedAlready,
    PeriodNotLast,
    PeriodNotOver,
    PeriodSkipped,
    ReasonMissing,
    RequestsWaiting,
)
from vending.accounting.periods import PeriodAct, hash_of
from vending.ledger import LedgerProblem, PeriodClosed, canonical_json
from vending.permissions import ActorNotAllowed
from vending.store.books import SqlBooksWriting
from vending.store.schema import BOOKS
from vending.store.triggers import drop

pytestmark = pytest.mark.system


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    """Three sales in November, one in December; it is the 5th of December."""
    made = office(tmp_path / "books.db")
    made.sell("a", "b", "c")
    made.town.clock.now = datetime(2026, 12, 5, 9, tzinfo=UTC)
    made.sell("d")
    yield made
    made.close()


def test_a_month_is_closed_with_its_balances(here: Office) -> None:
    november = here.reports.balances(BILLING, "2026-11")
    act = here.close_month("2026-11")
    assert act.balances == november.rows
    assert act.closed_until == datetime(2026, 11, 30, 22, tzinfo=UTC)
    assert (act.number, act.month, act.act, act.entry) == (1, "2026-11", PeriodActKind.CLOSED, 4)
    assert here.keeping.verify(CHIEF).ok
    here.sell("e")
    assert here.reports.periods(BILLING) == [act]


def test_nothing_is_sold_before_the_boundary(here: Office) -> None:
    """The clock is set back, but not by so much that selling notices."""
    here.town.clock.now = datetime(2026, 12, 31, 21, 59, tzinfo=UTC)
    here.sell("e")
    here.town.clock.now = datetime(2026, 12, 31, 22, 1, tzinfo=UTC)
    here.close_month("2026-11")
    # The server leaves the day alone for ten minutes more.
    here.closing.close(BILLING, "2026-12-31")
    here.keeping.close(BILLING, "2026-12")
    here.town.clock.now = datetime(2026, 12, 31, 21, 59, 30, tzinfo=UTC)
    with pytest.raises(PeriodClosed):
        here.town.service.vend(OPERATOR, request("late"))
    with here.town.store.reading() as books:
        assert books.sale("late") is None
    here.town.clock.forward(minutes=3)
    assert here.town.service.vend(OPERATOR, request("late")).number == 6
    assert here.keeping.verify(CHIEF).ok


def test_months_close_in_their_order(here: Office) -> None:
    with pytest.raises(PeriodNotOver):
        here.close_month("2026-12")
    here.town.clock.now = datetime(2027, 2, 1, 9, tzinfo=UTC)
    with pytest.raises(PeriodSkipped) as error:
        here.close_month("2026-12")
    assert error.value.expected == "2026-11"
    here.close_month("2026-11")
    with pytest.raises(PeriodClosedAlready):
        here.close_month("2026-11")
    with pytest.raises(PeriodSkipped):
        here.close_month("2027-01")
    here.close_month("2026-12")
    here.close_month("2027-01")
    assert here.keeping.verify(CHIEF).ok


def test_a_month_is_over_at_midnight(here: Office) -> None:
    end = datetime(2026, 12, 31, 22, tzinfo=UTC)
    here.close_month("2026-11")
    here.town.clock.now = end - timedelta(microseconds=1)
    with pytest.raises(PeriodNotOver):
        here.close_month("2026-12")
    here.town.clock.now = end
    here.closing.close(BILLING, "2026-12-31")
    assert here.keeping.close(BILLING, "2026-12").closed_until == end
    # Opened again from behind: up to the month before it nothing is booked all the same.
    with pytest.raises(PeriodNotLast) as error:
        here.keeping.reopen(CHIEF, "2026-11", "A till was counted late")
    assert error.value.last == "2026-12"
    opened = here.keeping.reopen(CHIEF, "2026-12", "A till was counted late")
    assert opened.closed_until == datetime(2026, 11, 30, 22, tzinfo=UTC)
    assert here.keeping.seal(BILLING).content.periods == opened.hash
    assert here.keeping.verify(CHIEF).ok


def test_what_is_booked_while_a_month_is_summed_is_in_its_balances(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is summed before the writer's place is taken: others book until then."""
    here.keeping.adjust(BILLING, "ADJ-1", SHORT, "Counted twice", booked_on="2026-11-30")
    writing = here.books.writing

    def approved_first() -> AbstractContextManager[SqlBooksWriting]:
        monkeypatch.undo()
        here.keeping.approve(CHIEF, "ADJ-1")
        return writing()

    here.check_days()
    monkeypatch.setattr(here.books, "writing", approved_first)
    act = here.keeping.close(BILLING, "2026-11")
    assert act.entry == 5
    assert act.balances == here.reports.balances(BILLING, "2026-11").rows
    assert here.keeping.verify(CHIEF).ok


def test_a_month_before_the_books_is_not_closed(here: Office) -> None:
    for _ in range(2):
        with pytest.raises(MonthBeforeBooks) as error:
            here.close_month("2026-10")
        assert error.value.facts() == {"month": "2026-10", "begin": "2026-11"}
        # Also behind the first closing, which does not say that they begin with it.
        if not here.reports.periods(BILLING):
            here.close_month("2026-11")


def test_books_that_begin_with_a_closing_begin_there(tmp_path: Path) -> None:
    """Nothing was ever booked in them when their first month was closed."""
    made = office(tmp_path / "empty.db")
    made.close_month("2026-09")
    made.sell("a")
    with pytest.raises(MonthBeforeBooks) as error:
        made.close_month("2026-08")
    assert error.value.begin == "2026-09"
    with pytest.raises(PeriodClosedAlready):
        made.close_month("2026-09")
    made.close()


def test_requests_that_wait_hold_the_month_open(here: Office) -> None:
    here.town.clock.now = datetime(2026, 12, 31, 9, tzinfo=UTC)
    here.close_month("2026-11")
    here.keeping.adjust(BILLING, "ADJ-1", SHORT, "Counted twice")
    here.town.clock.now = datetime(2027, 1, 1, 9, tzinfo=UTC)
    with pytest.raises(RequestsWaiting):
        here.close_month("2026-12")
    here.keeping.void(BILLING, "ADJ-1", "Found the money")
    here.close_month("2026-12")


def test_reopening_is_the_supervisors_and_leaves_a_trace(here: Office) -> None:
    with pytest.raises(ActorNotAllowed):
        here.keeping.close(OPERATOR, "2026-11")
    closed = here.close_month("2026-11")
    with pytest.raises(ActorNotAllowed):
        here.keeping.reopen(BILLING, "2026-11", "A till was counted late")
    with pytest.raises(ReasonMissing):
        here.keeping.reopen(CHIEF, "2026-11", "")
    with pytest.raises(PeriodNotLast):
        here.keeping.reopen(CHIEF, "2026-10", "A till was counted late")
    opened = here.keeping.reopen(CHIEF, "2026-11", "A till was counted late")
    assert (opened.act, opened.closed_until) == (PeriodActKind.REOPENED, None)
    assert opened.previous_hash == closed.hash
    with pytest.raises(PeriodNotLast):
        here.keeping.reopen(CHIEF, "2026-11", "A till was counted late")
    again = here.close_month("2026-11")
    assert here.reports.periods(CHIEF) == [closed, opened, again]
    assert again.balances == closed.balances
    assert here.keeping.verify(CHIEF).ok


def unchecked(here: Office, month: str) -> str:
    """The first day that keeps this month open."""
    with pytest.raises(DaysUnchecked) as error:
        here.keeping.close(BILLING, month)
    assert error.value.month == month
    return error.value.day


def test_a_month_whose_days_nobody_checked_stays_open(here: Office) -> None:
    assert unchecked(here, "2026-11") == "2026-11-23"
    # A seal by hand tells of no check.
    here.keeping.seal(BILLING, "2026-11-30")
    assert unchecked(here, "2026-11") == "2026-11-23"
    for day in ("2026-11-23", "2026-11-29"):
        assert here.closing.close(BILLING, day).seal is None, "a later day is sealed"
    assert unchecked(here, "2026-11") == "2026-11-23"
    assert here.reports.periods(BILLING) == []
    assert here.closing.close(BILLING, "2026-11-30").seal
    here.keeping.close(BILLING, "2026-11")
    here.town.clock.now = datetime(2027, 1, 4, 9, tzinfo=UTC)
    assert unchecked(here, "2026-12") == "2026-12-01"
    assert [one.check.day for one in here.check_days()][-1] == "2027-01-03"
    here.keeping.close(BILLING, "2026-12")


def test_a_day_that_does_not_agree_holds_no_month_open(here: Office) -> None:
    """What is wrong is told and kept; it may be what only the next month can put right."""
    off = Difference("receipts", "P1", 3, 2)
    check = replace(here.reports.check(BILLING, "2026-11-30"), differences=(off,))
    here.keeping.seal(BILLING, check.day, check)
    here.keeping.close(BILLING, "2026-11")
    (seal,) = here.reports.seals(BILLING)
    assert seal.content.differences == (tuple(off),)


@pytest.mark.parametrize("day", ["2026-11-31", "9999-12-31", "2026-12-06", "", "x"])
def test_a_seal_whose_day_was_forged_tells_of_no_day(here: Office, day: str) -> None:
    here.closing.close(BILLING, "2026-11-27")
    here.closing.close(BILLING, "2026-12-01")
    with sqlite3.connect(here.town.path) as db:
        for drops in drop("sqlite", "seals"):
            db.execute(drops)
        db.execute("UPDATE seals SET day = ? WHERE number = 2", (day,))
    db.close()
    assert here.closing.due(BILLING)[0] == "2026-11-28"


def test_what_no_seal_can_keep_any_more_holds_no_month_open(here: Office) -> None:
    """Somebody has sealed a later day by hand before the days were checked."""
    here.keeping.seal(BILLING, "2026-12-01")
    assert here.closing.due(BILLING)[0] == "2026-11-23"
    here.keeping.close(BILLING, "2026-11")
    here.town.clock.now = datetime(2027, 1, 4, 9, tzinfo=UTC)
    assert unchecked(here, "2026-12") == "2026-11-23"
    assert next(one.check.day for one in here.check_days() if one.seal) == "2026-12-01"
    here.keeping.close(BILLING, "2026-12")


def test_a_seal_that_reaches_behind_the_month_holds_it_open_no_more(here: Office) -> None:
    """Of two machines one is two minutes fast: it sells in December, and on the other it is still
    November when somebody seals."""
    midnight = datetime(2026, 12, 31, 22, tzinfo=UTC)
    here.check_days()
    here.town.clock.now = midnight - timedelta(minutes=2)
    here.sell("fast")
    here.town.clock.now = midnight - timedelta(minutes=1)
    assert here.keeping.seal(BILLING).day == "2026-12-31"
    here.town.clock.now = midnight + timedelta(hours=9)
    here.keeping.close(BILLING, "2026-11")
    assert {one.seal for one in here.check_days()} == {None}
    here.keeping.close(BILLING, "2026-12")


def test_a_check_by_a_clock_that_stood_ahead_tells_of_no_day(here: Office) -> None:
    here.town.clock.forward(days=40)
    here.check_days()
    here.town.clock.forward(days=-40)
    assert here.closing.due(BILLING)[0] == "2026-11-23"


def test_due_days_are_checked_so_many_at_a_time(here: Office) -> None:
    def some(most: int) -> list[str]:
        return [one.check.day for one in here.closing.close_due(BILLING, most)]

    assert some(0) == []
    assert some(2) == ["2026-11-23", "2026-11-24"]
    november = [f"2026-11-{day}" for day in range(25, 31)]
    assert some(8) == [*november, "2026-12-01", "2026-12-02"]
    # What no seal keeps is checked each time, and does not stand in the way of what one can keep.
    here.keeping.seal(BILLING, "2026-12-04")
    assert some(1) == ["2026-12-03", "2026-12-04"]
    assert some(1) == []


def test_who_may_close(here: Office) -> None:
    with pytest.raises(ActorNotAllowed):
        here.keeping.close(OPERATOR, "2026-11")


EDITS = [
    ("UPDATE chain SET closed_until = NULL", "closed_until"),
    ("UPDATE period_acts SET actor = 'Nobody' WHERE number = 1", "period_chain"),
    ("UPDATE period_acts SET document = '[]' WHERE number = 2", "period_chain"),
    ("UPDATE period_acts SET reason = 'No reason' WHERE number = 2", "period_chain"),
    ("DELETE FROM period_acts WHERE number = 2", "period_chain"),
]


@pytest.mark.parametrize(("statement", "what"), EDITS)
def test_edits_show(here: Office, statement: str, what: str) -> None:
    here.close_month("2026-11")
    here.keeping.reopen(CHIEF, "2026-11", "A till was counted late")
    here.close_month("2026-11")
    assert tampered(here, statement).what == what


def tampered(here: Office, *statements: str, against: str | None = None) -> LedgerProblem:
    """What a verification names once somebody who owns the file has edited it."""
    with sqlite3.connect(here.town.path) as db:
        for table in BOOKS:
            for drops in drop("sqlite", table):
                db.execute(drops)
        for statement in statements:
            assert db.execute(statement).rowcount > 0, statement
    db.close()
    problem = here.keeping.verify(CHIEF, against).problem
    assert problem is not None
    return problem


@pytest.fixture
def years(here: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Five acts: November closed, December closed, opened and closed after a late count, January
    closed. The count stands on entry 5, after a sale of January; the last act on entry 7. No seal
    stands for them."""
    monkeypatch.setattr(months, "first_unchecked", lambda *_: date.max)
    here.keeping.close(BILLING, "2026-11")
    here.town.clock.now = datetime(2027, 1, 2, 9, tzinfo=UTC)
    here.keeping.close(BILLING, "2026-12")
    here.sell("e")
    here.keeping.reopen(CHIEF, "2026-12", "A till was counted late")
    here.keeping.adjust(BILLING, "ADJ-1", SHORT, "Counted late", booked_on="2026-12-20")
    here.keeping.approve(CHIEF, "ADJ-1")
    here.keeping.close(BILLING, "2026-12")
    here.town.clock.now = datetime(2027, 2, 1, 9, tzinfo=UTC)
    here.sell("f")
    here.keeping.close(BILLING, "2027-01")
    here.sell("g")
    assert here.keeping.verify(CHIEF).ok
    return here


def forged(here: Office, number: int, **to: Any) -> list[str]:
    """One act is another one, and the acts behind it are chained anew."""
    acts = here.reports.periods(CHIEF)
    changed, made = [], ""
    for act in acts[number - 1 :]:
        new = replace(act, **to) if act.number == number else replace(act, previous_hash=made)
        made = hash_of(new)
        changed.append(
            f"UPDATE period_acts SET month = '{new.month}', actor = '{new.actor}', "
            f"entry = {new.entry}, entry_hash = '{new.entry_hash}', document = '{new.document}', "
            f"previous_hash = '{new.previous_hash}', hash = '{made}' WHERE number = {new.number}"
        )
    return changed


def raised(act: PeriodAct, by: int) -> str:
    """Its balances, with more debits and credits in each account: they still balance."""
    rows = [[r.account, r.unit, r.opening, r.debit + by, r.credit + by] for r in act.balances]
    return canonical_json(rows).decode()


def test_every_closing_wiped(years: Office) -> None:
    seal = years.keeping.seal(BILLING)
    wiped = ("DELETE FROM period_acts", "UPDATE chain SET closed_until = NULL")
    problem = tampered(years, *wiped, against=seal.code)
    assert (problem.entry, problem.what, problem.detail) == (8, "seal_periods", "1 2027-02-01")


def test_the_closings_behind_a_seal_are_held_against_the_journal(years: Office) -> None:
    """A forged act that somebody chained anew, before a seal stood for it."""
    last = years.reports.periods(CHIEF)[-1]
    problem = tampered(years, *forged(years, 5, document=raised(last, 5), actor="cli:omar"))
    assert (problem.entry, problem.what, problem.detail) == (7, "period_balances", "5 2027-01")


def test_a_closing_under_a_seal_that_was_forged(years: Office) -> None:
    seal = years.keeping.seal(BILLING)
    problem = tampered(years, *forged(years, 1, actor="cli:omar"), against=seal.code)
    assert (problem.entry, problem.what) == (8, "seal_periods")


def forgeries(here: Office) -> dict[str, tuple[int, dict[str, Any]]]:
    acts = here.reports.periods(CHIEF)
    moved = [[r.account, r.unit, r.opening + 1, r.debit, r.credit] for r in acts[4].balances]
    return {
        "period_balances 1": (1, {"document": raised(acts[0], 5)}),
        "period_balances 2": (2, {"document": "[]"}),
        "period_balances 3": (3, {"document": raised(acts[2], 5)}),
        "period_balances 4": (4, {"document": "zz"}),
        "period_balances 5": (5, {"document": canonical_json(moved).decode()}),
        "period_entry 5": (5, {"entry": 6}),
        "period_entry 4": (4, {"entry_hash": "0" * 64}),
        "period_entry 2": (2, {"entry": 900}),
    }


def test_each_act_is_held_against_the_journal(years: Office, tmp_path: Path) -> None:
    kept = sqlite3.connect(":memory:")
    with sqlite3.connect(years.town.path) as db:
        db.backup(kept)
    wanted = forgeries(years)
    told = set()
    for number, to in wanted.values():
        problem = tampered(years, *forged(years, number, **to))
        told.add(f"{problem.what} {problem.detail.split()[0]}")
        kept.backup(db)
    db.close()
    kept.close()
    assert told == set(wanted)


def test_the_balances_of_a_month_begin_where_the_last_one_ended(here: Office) -> None:
    november = {row.account: row for row in here.reports.balances(CHIEF, "2026-11").rows}
    december = {row.account: row for row in here.reports.balances(CHIEF, "2026-12").rows}
    assert all(row.opening == 0 for row in november.values())
    assert {code: row.closing for code, row in november.items()} == {
        code: december[code].opening for code in november
    }
    whole = here.reports.balances(CHIEF)
    assert not whole.off()
    assert {row.account: row.closing for row in whole.rows} == {
        code: row.closing for code, row in december.items()
    }


def test_a_trial_balance_tells_what_is_off() -> None:
    rows = (BalanceRow("1", "ILS", 5, 2, 1), BalanceRow("2", "ILS", -5, 1, 1))
    assert TrialBalance(rows).off() == {"ILS": 1}
    assert TrialBalance((rows[0], replace(rows[1], credit=2))).off() == {}


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "0000-01", "2026-1", "11-2026"])
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(MonthMalformed):
        Month.read(text)


def test_months_are_those_of_the_office() -> None:
    """Clocks change in March and October; a month is as long as its days are."""
    for text in ("2026-03", "2026-10", "2026-12", "2027-02"):
        month = Month.read(text)
        span, following = month.span(ZONE), month.next.span(ZONE)
        assert span.end == following.start
        assert month.next.before == month
        assert span.start is not None
        assert span.end is not None
        assert Month.of(span.start, ZONE) == month
        assert Month.of(span.end - timedelta(microseconds=1), ZONE) == month
