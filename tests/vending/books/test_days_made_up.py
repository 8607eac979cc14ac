"""Days that nobody has checked are checked when the server is there again, whoever has sealed
meanwhile; and a day ends at midnight on the wall, however long it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.schedulers.background import (  # type: ignore[import-untyped]
    BackgroundScheduler,
)

from meters.quantities import Money
from tests.vending.support import POWER, Town
from vending.accounting import DailyCheck, DailyClosing
from vending.accounting.daily import first_unchecked
from vending.accounting.errors import CheckOutdated
from vending.jobs.closing import MOST_DAYS, Closing
from vending.parties import Actor, Role
from vending.ports import StoreLocked
from vending.requests import BasketRequest, Credit
from vending.store.schema import metadata
from vending.store.triggers import drop

from .support import BILLING, ZONE, Office

HEAD = Actor("Omar", Role.SUPERVISOR, "P1", "T9")
GUIDE = Path(__file__).parents[3] / "docs" / "billing.md"
WHY = "The wrong customer"
THURSDAY = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.fixture
def here(place: Path | str) -> Iterator[Office]:
    made = Office(Town(place))
    made.town.clock.now = THURSDAY
    made.sell("a")
    yield made
    made.close()


def job_of(here: Office) -> Closing:
    """Of a server that has just been started."""
    return Closing(DailyClosing(here.reports, here.keeping, here.town.clock, ZONE))


def done(job: Closing) -> list[tuple[str, bool]]:
    """Days that it checks now, and whether a seal keeps that."""
    return [(one.check.day, one.seal is not None) for one in job.run()]


def test_the_first_days_of_the_books_are_among_them(here: Office) -> None:
    """Sold on Thursday; the server was off over the weekend, and had never been on at night."""
    here.town.clock.forward(days=3)
    weekend = ["2026-11-26", "2026-11-27", "2026-11-28"]
    assert done(job_of(here)) == [(day, True) for day in weekend]
    assert done(job_of(here)) == []


def test_an_older_check_hides_nothing_that_a_newer_one_found(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two servers check one day: between the check of the slower one and its seal, a row changes,
    the quicker one finds it, and seals."""
    here.town.clock.forward(days=1)
    checks = here.reports.check
    receipts = metadata.tables["receipts"]

    def then_overtaken(actor: Actor, day: str | None = None) -> DailyCheck:
        old = checks(actor, day)
        monkeypatch.setattr(here.reports, "check", checks)
        with here.town.store.engine.begin() as db:
            for drops in drop(db.dialect.name, "receipts"):
                db.exec_driver_sql(drops)
            db.execute(receipts.update().values(number=7))
        assert not here.closing.close(BILLING, "2026-11-26").check.ok
        return old

    monkeypatch.setattr(here.reports, "check", then_overtaken)
    closed = here.closing.close(BILLING, "2026-11-26")
    assert not closed.check.ok
    (seal,) = here.reports.seals(BILLING)
    assert closed.seal == seal
    kept = here.reports.check(BILLING, "2026-11-26").kept
    assert kept is not None
    assert kept.differences == closed.check.differences


def test_who_seals_with_a_check_of_before_another_seal_is_told(here: Office) -> None:
    check = here.reports.check(BILLING)
    here.keeping.seal(BILLING)
    with pytest.raises(CheckOutdated):
        here.keeping.seal(BILLING, None, check)


def test_a_seal_by_hand_hides_no_day(here: Office) -> None:
    """Every evening somebody seals, as the guide says, and every night the server is off."""
    assert done(job_of(here)) == [("2026-11-25", True)], "nothing was sold yet"
    here.keeping.seal(BILLING)
    here.town.clock.forward(days=3)
    here.sell("b")
    # On Sunday morning it is sealed before the server looks at what is due.
    here.keeping.seal(BILLING)
    missed = [("2026-11-26", False), ("2026-11-27", False), ("2026-11-28", False)]
    job = job_of(here)
    assert done(job) == missed
    assert done(job) == [], "each is told once"
    # What one that is started anew checks once more is no harm; on Monday all that is over.
    here.town.clock.forward(days=1)
    assert done(job) == [("2026-11-29", True)]
    assert done(job_of(here)) == []


def test_a_clock_that_stood_ahead_stops_no_check(here: Office) -> None:
    here.town.clock.forward(days=1)
    assert done(job_of(here)) == [("2026-11-26", True)]
    here.town.clock.forward(days=30)
    assert len(done(job_of(here))) == 30
    # Set right again: no seal can keep a check until then, but the log tells what is found.
    here.town.clock.forward(days=-30)
    job = job_of(here)
    assert done(job) == []
    here.sell("b")
    here.town.clock.forward(days=1)
    assert done(job) == [("2026-11-27", False)]
    assert here.reports.check(BILLING, "2026-11-27").sales == 1
    here.town.clock.forward(days=1)
    assert done(job) == [("2026-11-28", False)]


def test_all_of_them_a_month_in_each_run(here: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Off for a hundred days: no day is left out, and none is checked before the one before it."""
    here.town.clock.forward(days=100)
    missed = [(THURSDAY + timedelta(days=n)).date().isoformat() for n in range(100)]
    job, runs = job_of(here), []
    with caplog.at_level("WARNING", "raseed.jobs"):
        while made_up := done(job):
            runs.append(made_up)
    assert [len(run) for run in runs] == [MOST_DAYS, MOST_DAYS, MOST_DAYS, 100 - 3 * MOST_DAYS]
    assert [one for run in runs for one in run] == [(day, True) for day in missed]
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == f"69 missed days are still to be checked, from {missed[MOST_DAYS]} on"
    assert len(told) == 3


def test_a_run_is_every_ten_minutes(here: Office) -> None:
    jobs = BackgroundScheduler()
    job_of(here).add_to(jobs)
    (job,) = jobs.get_jobs()
    assert job.trigger.interval == timedelta(minutes=10)
    assert f"up to {MOST_DAYS} every ten minutes" in GUIDE.read_text("utf-8")


def test_what_keeps_a_day_from_being_checked_is_tried_again(
    here: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.town.clock.forward(days=1)
    job = job_of(here)
    with monkeypatch.context() as patch:
        patch.setattr(here.books, "writing", locked)
        assert done(job) == []
    assert caplog.messages == ["the day is not checked: store.locked"]
    caplog.clear()
    with caplog.at_level("INFO", "raseed.jobs"):
        assert done(job) == [("2026-11-26", True)]
    assert caplog.messages == [
        "2026-11-26 agrees: 1 sales",
        f"2026-11-26 is sealed: {here.reports.seals(BILLING)[-1].code}",
    ]


def locked() -> None:
    raise StoreLocked(5.0)


def test_one_that_is_started_anew_goes_on_where_the_other_stopped(here: Office) -> None:
    here.town.clock.forward(days=40)
    done(job_of(here))
    assert [day for day, _ in done(job_of(here))] == [
        (THURSDAY + timedelta(days=n)).date().isoformat() for n in range(MOST_DAYS, 40)
    ]


def test_days_that_no_seal_can_keep_hold_up_none_behind_them(here: Office) -> None:
    """More of them than one run checks: somebody sealed by hand when the server came back."""
    here.town.clock.forward(days=60)
    here.keeping.seal(BILLING)
    here.town.clock.forward(days=2)
    job = job_of(here)
    days = [*done(job), *done(job), *done(job)]
    first = THURSDAY.date()
    assert [day for day, _ in days] == [(first + timedelta(days=n)).isoformat() for n in range(62)]
    assert [day for day, kept in days if kept] == ["2027-01-25", "2027-01-26"]
    assert done(job) == []


def test_a_seal_of_a_day_that_has_not_begun_says_nothing_of_any(here: Office) -> None:
    here.town.clock.forward(days=1)
    assert done(job_of(here)) == [("2026-11-26", True)]
    (seal,) = here.reports.seals(BILLING)
    begun, now = THURSDAY.date() - timedelta(days=9), here.town.clock.now
    for day, first in (
        ("2026-11-26", THURSDAY.date() + timedelta(days=1)),
        ("2026-11-27", THURSDAY.date() + timedelta(days=2)),
        ("2026-11-28", begun),
        ("some day", begun),
    ):
        assert first_unchecked([replace(seal, day=day)], begun, now, ZONE) == first


def test_books_without_entries_are_checked_from_yesterday_on(place: Path | str) -> None:
    made = Office(Town(place))
    made.town.clock.now = THURSDAY
    assert done(job_of(made)) == [("2026-11-25", True)]
    made.close()


def test_what_comes_behind_the_seal_of_its_day_is_checked_with_the_next(here: Office) -> None:
    """A machine whose clock is slow sells at a moment of yesterday, once that is sealed."""
    job, midnight = job_of(here), datetime(2026, 11, 26, 22, 0, tzinfo=UTC)
    here.town.clock.now = midnight + timedelta(minutes=11)
    assert done(job)[-1] == ("2026-11-26", True)
    here.town.clock.now = midnight - timedelta(minutes=9)
    here.sell("late")
    here.town.clock.now = midnight + timedelta(hours=9)
    here.sell("b", "c")
    checks = [here.reports.check(BILLING, day) for day in ("2026-11-26", "2026-11-27")]
    assert [(one.first_entry, one.last_entry) for one in checks] == [(1, 2), (2, 4)]
    assert [(one.sales, one.ok) for one in checks] == [(2, True), (3, True)]
    here.town.clock.forward(days=1)
    assert done(job) == [("2026-11-27", True)]


@pytest.fixture
def taken_back(here: Office) -> Office:
    """`z` is voided as the last thing of Thursday; `c` is refunded on Friday, `b` is voided then,
    and `a` as the last thing of the day."""
    service, clock = here.town.service, here.town.clock
    for vend_id in "zabc":
        clock.forward(minutes=1)
        asked = BasketRequest(vend_id + "-1", (Credit(POWER.number, Money(5_000)),), hold=True)
        service.vend_basket(HEAD, asked)
    service.void(HEAD, "z-1", WHY)
    clock.forward(days=1)
    service._voiding.refund(HEAD, "c-1", "Layla", WHY, "refund-1")
    for vend_id in ("b-1", "a-1"):
        clock.forward(minutes=1)
        service.void(HEAD, vend_id, WHY)
    return here


def test_a_void_is_of_the_day_on_which_it_was_made(taken_back: Office) -> None:
    """Also the last thing of a day, and the first of the next: each is told once."""
    thursday, friday = (
        taken_back.reports.check(BILLING, day) for day in ("2026-11-26", "2026-11-27")
    )
    assert (thursday.voids, thursday.refunds, thursday.differences) == (1, 0, ())
    assert (friday.voids, friday.refunds, friday.differences) == (2, 1, ())


def test_what_was_taken_is_told_on_the_day_of_its_void_and_when_it_was_found(
    taken_back: Office,
) -> None:
    """To the midnight; not of what was refunded, nor of what no meter took."""
    end = datetime(2026, 11, 26, 22, tzinfo=UTC)
    found = [
        ("z-1", "delivered", end - timedelta(microseconds=1)),
        ("a-1", "delivered", end + timedelta(days=2)),
        ("b-1", "refused", end + timedelta(days=2)),
        ("c-1", "delivered", end + timedelta(hours=13)),
    ]
    events = metadata.tables["delivery_events"]

    def add(vend_id: str, seq: int, state: str, at: datetime) -> None:
        row = {"vend_id": vend_id, "seq": seq, "state": state, "at": at, "actor": "rami"}
        with taken_back.town.store.writing() as books:
            books._db.execute(events.insert(), {**row, "note": "the log was read"})

    def told() -> list[str]:
        days = ("2026-11-26", "2026-11-27", "2026-11-28", "2026-11-29")
        return [
            "".join(one.where[0] for one in taken_back.reports.check(BILLING, day).differences)
            for day in days
        ]

    for vend_id, state, at in found:
        add(vend_id, 1, state, at)
    assert told() == ["z", "a", "", "a"]
    add("b-1", 2, "delivered", end + timedelta(days=3, microseconds=-1))
    # The first to be taken back is told first.
    assert told() == ["z", "ba", "", "ba"]


def test_a_day_begins_where_the_seal_of_the_one_before_it_ends(here: Office) -> None:
    job = job_of(here)
    for vend_id in ("b", "c", "d"):
        here.town.clock.forward(days=1)
        done(job)
        here.sell(vend_id)
    check = here.reports.check(BILLING)
    assert (check.first_entry, check.last_entry, check.sales) == (4, 4, 1)


def test_a_seal_that_reaches_into_the_next_day_stops_no_check(here: Office) -> None:
    """Of two machines one is two minutes fast: it sells just after its midnight, and on the other
    it is still evening when somebody seals."""
    job, midnight = job_of(here), datetime(2026, 11, 26, 22, 0, tzinfo=UTC)
    done(job)
    here.town.clock.now = midnight - timedelta(minutes=2)
    here.sell("fast")
    here.town.clock.now = midnight - timedelta(minutes=1)
    assert (seal := here.keeping.seal(BILLING)).day == "2026-11-26"
    assert seal.entry == 2
    here.town.clock.now = midnight + timedelta(hours=9)
    assert done(job) == [("2026-11-26", False)]
    here.town.clock.forward(days=1)
    assert done(job) == [("2026-11-27", True)]
    assert here.reports.check(BILLING, "2026-11-27").sales == 1


@pytest.mark.parametrize(
    ("day", "ended"),
    [
        # 23 hours, 25 hours, and two of 24.
        ("2026-03-28", datetime(2026, 3, 28, 21, tzinfo=UTC)),
        ("2026-10-24", datetime(2026, 10, 24, 22, tzinfo=UTC)),
        ("2026-10-23", datetime(2026, 10, 23, 21, tzinfo=UTC)),
        ("2026-11-26", datetime(2026, 11, 26, 22, tzinfo=UTC)),
    ],
)
def test_a_day_is_over_ten_minutes_after_midnight(
    tmp_path: Path, day: str, ended: datetime
) -> None:
    here = Office(Town(tmp_path / "books.db"))
    last = ended - timedelta(microseconds=1)
    for vend_id, moment in (("last", last), ("first", ended)):
        here.town.clock.now = moment - timedelta(minutes=3)
        here.sell(vend_id)
    closing = DailyClosing(here.reports, here.keeping, here.town.clock, ZONE)
    here.town.clock.now = ended + timedelta(minutes=10, microseconds=-1)
    assert day not in closing.due(BILLING)
    here.town.clock.now = ended + timedelta(minutes=10)
    assert closing.due(BILLING)[-1] == day
    closed = closing.close(BILLING, day)
    assert (closed.check.sales, closed.check.ok) == (1, True)
    assert closed.seal is not None
    assert closed.seal.entry == 1
    here.close()
