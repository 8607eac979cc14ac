"""X reports that were taken: numbered, kept as they stood, printed again with the same figures, on
both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from meters.errors import RaseedError
from tests.vending.drawer.support import (
    CHIEF,
    HUDA,
    LAYLA,
    RANA,
    SAMIR,
    Counter,
    counting,
    shekels,
)
from tests.vending.support import IN_CAPITALS, chart
from vending.clock import ClockWentBack
from vending.drawer import ShiftReport
from vending.drawer.errors import (
    DrawerIdMalformed,
    NoShiftOpen,
    ShiftClosed,
    ShiftNotYours,
    ShiftUnknown,
    XReportIdReused,
    XReportUnknown,
)
from vending.ids import IdInCapitals
from vending.parties import Actor, Role
from vending.permissions import ActorNotAllowed
from vending.sale import Tender
from vending.store import schema as t
from vending.store.drawer_proof import drawer_problems

WHY = "Small coins from the safe"
RAMI = Actor("Rami", Role.TECHNICIAN)


@pytest.fixture
def here(place: Path | str) -> Iterator[Counter]:
    made = Counter(place)
    made.drawers.open(SAMIR, "S-1", shekels("200"))
    yield made
    assert made.right()
    made.close()


@pytest.fixture
def plain(place: Path | str) -> Iterator[Counter]:
    """For voids, whose hashes the support makes up: these books are not proved as a whole."""
    made = Counter(place)
    made.drawers.open(SAMIR, "S-1", shekels("200"))
    yield made
    made.close()


def original(report: ShiftReport) -> ShiftReport:
    return replace(report, copy=0, copies=0)


def test_each_stands_as_it_was_taken(plain: Counter) -> None:
    here, x_reports, clock = plain, plain.x_reports, plain.town.clock
    here.sell("S-1", 5550)
    card = here.sell("S-1", 12000, Tender.CARD)
    here.drawers.cash_in(SAMIR, "in-1", shekels("50"), WHY)
    clock.forward(minutes=1)
    first_at = clock()
    first = x_reports.take(SAMIR, "X-a")
    assert (first.number, first.code, first.actor, first.at) == (
        1,
        "P1-S0001-X1",
        "Samir",
        first_at,
    )
    assert (first.tally.sales, first.tally.voids, len(first.moves)) == (2, 0, 2)
    here.void(card, "S-1", 12000, Tender.CARD)
    here.sell("S-1", 1000)
    here.drawers.cash_out(SAMIR, "out-1", shekels("30"), WHY)
    second = x_reports.take(CHIEF, "X-b", "S-1")
    assert (second.number, second.code, second.actor) == (2, "P1-S0001-X2", "Omar")
    assert (second.tally.sales, second.tally.voids, second.expected) == (
        3,
        1,
        20000 + 5550 + 1000 + 5000 - 3000,
    )
    here.sell("S-1", 700)
    for taken in (first, second):
        assert x_reports.report(CHIEF, taken.id) == taken
    z = here.drawers.close(SAMIR, counting(29250))
    assert len(set(z.x_reports)) == 2
    assert here.drawers.z(SAMIR, "S-1") == z
    assert x_reports.of_shift(CHIEF, "S-1") == [first, second]
    # A terminal's next shift begins to count anew.
    here.drawers.open(SAMIR, "S-2", shekels("0"))
    assert x_reports.take(SAMIR, "X-c").code == "P1-S0002-X1"
    assert here.drawers.close(SAMIR, counting(0)).x_reports[0] not in z.x_reports
    with here.books.reading() as books:
        assert list(drawer_problems(books._db, chart())) == []


def test_copies_have_the_same_figures_and_are_counted_with_who_and_when(here: Counter) -> None:
    clock = here.town.clock
    here.sell("S-1", 1500)
    taken = here.x_reports.take(CHIEF, "X-1", "S-1")
    here.sell("S-1", 900)
    moments = []
    for number, who in ((1, LAYLA), (2, CHIEF)):
        clock.forward(minutes=5)
        moments.append(clock())
        copy = here.x_reports.reprint(who, "X-1")
        assert (copy.copy, copy.copies) == (number, number)
        assert original(copy) == taken
    here.drawers.close(SAMIR, counting(22400))
    clock.forward(days=40)
    moments.append(clock())
    assert original(here.x_reports.reprint(HUDA, "X-1")) == taken
    found = here.x_reports.report(CHIEF, "X-1")
    assert (found.copy, found.copies) == (0, 3)
    prints = t.x_report_prints
    with here.books.reading() as books:
        rows = [tuple(row) for row in books._db.execute(select(prints).order_by(prints.c.copy))]
    assert rows == [
        ("X-1", number, at, who)
        for number, at, who in zip((1, 2, 3), moments, ("Layla", "Omar", "Huda"), strict=True)
    ]


def test_nobody_who_counts_is_told_the_cash_by_any_report(here: Counter) -> None:
    here.sell("S-1", 1500)
    here.sell("S-1", 4000, Tender.CARD)
    seen = here.x_reports.take(CHIEF, "X-1", "S-1")
    assert (seen.blind, seen.expected) == (False, 21500)
    own = here.x_reports.take(SAMIR, "X-2")
    again = here.x_reports.take(SAMIR, "X-1")
    told = [
        own,
        again,
        here.x_reports.report(SAMIR, "X-1"),
        here.x_reports.reprint(SAMIR, "X-1"),
        *here.x_reports.of_shift(SAMIR, "S-1"),
    ]
    for report in told:
        assert (report.blind, report.expected, report.tally.figures) == (True, None, ())
        assert [row.tender for row in report.tally.tenders] == ["card"]
        assert {row.taken for row in report.tally.kinds} == {None}
    # What was kept back on the paper stays so for everybody: a copy is what was on the paper.
    assert here.x_reports.report(CHIEF, "X-2") == own
    here.drawers.close(SAMIR, counting(21500))
    assert here.x_reports.report(CHIEF, "X-1").expected == 21500
    assert here.x_reports.report(CHIEF, "X-2").blind
    # What was kept back lies in no row either.
    with here.books.reading() as books:
        x = t.x_reports.c
        document = books._db.execute(select(x.document).where(x.id == "X-2")).scalar_one()
    assert '"cash",' not in document
    assert '"blind":true' in document


def test_the_same_again_answers_the_first(here: Counter) -> None:
    clock = here.town.clock
    taken = here.x_reports.take(SAMIR, "X-1")
    here.sell("S-1", 100)
    clock.forward(minutes=1)
    assert here.x_reports.take(SAMIR, "X-1") == here.x_reports.take(SAMIR, "X-1", "S-1") == taken
    here.drawers.open(RANA, "S-2", shekels("0"))
    with pytest.raises(XReportIdReused):
        here.x_reports.take(RANA, "X-1", "S-2")
    with pytest.raises(ShiftNotYours):
        here.x_reports.take(RANA, "X-1")
    here.drawers.close(SAMIR, counting(20100))
    # Its answer was lost, and the shift closed meanwhile.
    assert here.x_reports.take(SAMIR, "X-1") == taken
    with pytest.raises(ShiftClosed):
        here.x_reports.take(SAMIR, "X-2", "S-1")
    assert [one.id for one in here.x_reports.of_shift(CHIEF, "S-1")] == ["X-1"]


def test_a_supervisor_repeats_what_an_operator_took_and_the_other_way(here: Counter) -> None:
    here.x_reports.take(CHIEF, "X-1", "S-1")
    assert here.x_reports.take(SAMIR, "X-1").blind
    here.x_reports.take(SAMIR, "X-2")
    assert here.x_reports.take(CHIEF, "X-2", "S-1").blind


REFUSED: list[tuple[str, Callable[[Counter], object], type[RaseedError]]] = [
    ("id", lambda h: h.x_reports.take(SAMIR, "a b"), DrawerIdMalformed),
    ("capitals", lambda h: h.x_reports.take(SAMIR, IN_CAPITALS), IdInCapitals),
    # Looked for, it may be one of those from before this was asked.
    ("capitals sought", lambda h: h.x_reports.report(CHIEF, IN_CAPITALS), XReportUnknown),
    ("no shift", lambda h: h.x_reports.take(RANA, "X"), NoShiftOpen),
    ("no such shift", lambda h: h.x_reports.take(CHIEF, "X", "S-9"), ShiftUnknown),
    ("not hers", lambda h: h.x_reports.take(RANA, "X", "S-1"), ShiftNotYours),
    ("technicians", lambda h: h.x_reports.take(RAMI, "X", "S-1"), ActorNotAllowed),
    ("none", lambda h: h.x_reports.report(CHIEF, "X-9"), XReportUnknown),
    ("no id", lambda h: h.x_reports.report(CHIEF, "\0"), DrawerIdMalformed),
    ("no copy of none", lambda h: h.x_reports.reprint(CHIEF, "X-9"), XReportUnknown),
    ("not hers to see", lambda h: h.x_reports.report(RANA, "X-1"), ShiftNotYours),
    ("not hers to print", lambda h: h.x_reports.reprint(RANA, "X-1"), ShiftNotYours),
    ("not hers to list", lambda h: h.x_reports.of_shift(RANA, "S-1"), ShiftNotYours),
    ("not theirs to see", lambda h: h.x_reports.report(RAMI, "X-1"), ActorNotAllowed),
    ("not theirs to print", lambda h: h.x_reports.reprint(RAMI, "X-1"), ActorNotAllowed),
    ("not theirs to list", lambda h: h.x_reports.of_shift(RAMI, "S-1"), ActorNotAllowed),
]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """One drawer for all that is refused and changes nothing."""
    made = Counter(tmp_path_factory.mktemp("drawer") / "books.db")
    made.drawers.open(SAMIR, "S-1", shekels("100"))
    made.x_reports.take(SAMIR, "X-1")
    yield made
    made.close()


@pytest.mark.parametrize(("act", "error"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refused(
    standing: Counter, act: Callable[[Counter], object], error: type[RaseedError]
) -> None:
    with pytest.raises(error):
        act(standing)
    (only,) = standing.x_reports.of_shift(CHIEF, "S-1")
    assert (only.number, only.copies) == (1, 0)


def test_whoever_may_look_may_take_one(here: Counter) -> None:
    auditor = Actor("Nour", Role.AUDITOR)
    for who in (LAYLA, HUDA, auditor):
        taken = here.x_reports.take(who, f"X-{who.name}", "S-1")
        assert (taken.actor, taken.expected) == (who.name, 20000)


def test_none_is_older_than_what_it_holds(here: Counter) -> None:
    here.town.clock.forward(minutes=-6)
    with pytest.raises(ClockWentBack):
        here.x_reports.take(SAMIR, "X-1")
    here.town.clock.now += timedelta(minutes=6)
    assert here.x_reports.take(SAMIR, "X-1").number == 1


def test_taken_at_once_they_have_numbers_of_their_own(here: Counter) -> None:
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda n: here.x_reports.take(SAMIR, f"X-{n}"), range(6)))
    assert sorted(one.number for one in taken) == [1, 2, 3, 4, 5, 6]
    with ThreadPoolExecutor(4) as pool:
        same = list(pool.map(lambda _: here.x_reports.take(SAMIR, "X-same"), range(4)))
    assert {one.number for one in same} == {7}


@pytest.mark.parametrize("table", ["x_reports", "x_report_prints"])
@pytest.mark.parametrize("change", ["UPDATE {} SET actor = 'Rana'", "DELETE FROM {}"])
def test_the_database_keeps_them_as_they_are(here: Counter, table: str, change: str) -> None:
    here.x_reports.take(SAMIR, "X-1")
    here.x_reports.reprint(SAMIR, "X-1")
    with (
        here.town.store.engine.connect() as db,
        pytest.raises(DBAPIError, match="insert-only"),
        db.begin(),
    ):
        db.execute(text(change.format(table)))
    assert here.x_reports.report(SAMIR, "X-1").copies == 1
