"""What the drawer refuses, and what it answers again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.errors import RaseedError
from meters.quantities import Money, MoneyTooMuch
from tests import examples
from tests.vending.books.support import ZONE
from tests.vending.drawer.support import (
    CHIEF,
    HUDA,
    LAYLA,
    RANA,
    SAMIR,
    Counter,
    count,
    counting,
    shekels,
)
from tests.vending.support import IN_CAPITALS
from vending.accounting import DailyClosing
from vending.clock import ClockWentBack
from vending.drawer import BankRequest, ShiftState, checked_count, checked_pieces
from vending.drawer.counting import MOST_MINOR, MOST_PIECES
from vending.drawer.errors import (
    CashMoveIdReused,
    CashShort,
    CountDiffers,
    DenominationUnknown,
    DrawerAmount,
    DrawerIdMalformed,
    NoShiftOpen,
    NothingCounted,
    OperatorBusy,
    PiecesWrong,
    ShiftClosed,
    ShiftIdReused,
    ShiftNotYours,
    ShiftStillOpen,
    ShiftUnknown,
    SlipsWrong,
    TerminalTaken,
)
from vending.drawer.shifts import checked_amount
from vending.ids import IdInCapitals
from vending.ledger import PeriodClosed
from vending.parties import Actor, PointUnknown, Role
from vending.permissions import ActorNotAllowed
from vending.sale import Tender
from vending.tariff import CurrencyWrong

WHY = "Small coins from the safe"
BESIDE = BankRequest("B-1", "P1", amounts=((Tender.CASH, 100),))


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Counter]:
    made = Counter(tmp_path / "books.db")
    made.drawers.open(SAMIR, "S-1", shekels("100"))
    yield made
    assert made.right()
    made.close()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """One drawer for all that is refused and changes nothing."""
    made = Counter(tmp_path_factory.mktemp("drawer") / "books.db")
    made.drawers.open(SAMIR, "S-1", shekels("100"))
    yield made
    assert made.right()
    made.close()


REFUSED: list[tuple[str, Callable[[Counter], object], type[RaseedError]]] = [
    ("id", lambda h: h.drawers.open(RANA, "a b", shekels("1")), DrawerIdMalformed),
    ("capitals", lambda h: h.drawers.open(RANA, IN_CAPITALS, shekels("1")), IdInCapitals),
    (
        "money in capitals",
        lambda h: h.drawers.cash_in(SAMIR, IN_CAPITALS, shekels("1"), WHY),
        IdInCapitals,
    ),
    ("below zero", lambda h: h.drawers.open(RANA, "S-2", shekels("-1")), DrawerAmount),
    ("too much", lambda h: h.drawers.open(RANA, "S-2", Money(10**30)), DrawerAmount),
    ("dinars", lambda h: h.drawers.open(RANA, "S-2", Money(1, "JOD")), CurrencyWrong),
    (
        "no point",
        lambda h: h.drawers.open(replace(RANA, point=None), "S-2", shekels("1")),
        PointUnknown,
    ),
    (
        "another point",
        lambda h: h.drawers.open(replace(RANA, point="P\x00"), "S-2", shekels("1")),
        PointUnknown,
    ),
    ("billing opens none", lambda h: h.drawers.open(LAYLA, "S-2", shekels("1")), ActorNotAllowed),
    (
        "terminal taken",
        lambda h: h.drawers.open(replace(RANA, terminal="T1"), "S-2", shekels("1")),
        TerminalTaken,
    ),
    (
        "busy, under a name that looks another",
        lambda h: h.drawers.open(Actor("  SAMIR ", Role.OPERATOR, "P2", "T5"), "S-2", shekels("1")),
        OperatorBusy,
    ),
    ("other float", lambda h: h.drawers.open(SAMIR, "S-1", shekels("101")), ShiftIdReused),
    (
        "other terminal",
        lambda h: h.drawers.open(replace(SAMIR, terminal="T2"), "S-1", shekels("100")),
        ShiftIdReused,
    ),
    (
        "another person's",
        lambda h: h.drawers.open(replace(RANA, terminal="T1"), "S-1", shekels("100")),
        ShiftIdReused,
    ),
    ("nothing in", lambda h: h.drawers.cash_in(SAMIR, "m", shekels("0"), WHY), DrawerAmount),
    ("no drawer", lambda h: h.drawers.cash_in(RANA, "m", shekels("1"), WHY), NoShiftOpen),
    ("not hers", lambda h: h.drawers.cash_in(RANA, "m", shekels("1"), WHY, "S-1"), ShiftNotYours),
    ("no such", lambda h: h.drawers.cash_in(SAMIR, "m", shekels("1"), WHY, "S-9"), ShiftUnknown),
    (
        "the float's id",
        lambda h: h.drawers.cash_in(SAMIR, "S-1", shekels("100"), WHY),
        CashMoveIdReused,
    ),
    ("too much out", lambda h: h.drawers.cash_out(SAMIR, "m", shekels("100.1"), WHY), CashShort),
    ("not hers to close", lambda h: h.drawers.close(RANA, counting(0), "S-1"), ShiftNotYours),
    ("not hers to see", lambda h: h.drawers.x(RANA, "S-1"), ShiftNotYours),
    ("no Z yet", lambda h: h.drawers.z(SAMIR, "S-1"), ShiftStillOpen),
    ("no copy yet", lambda h: h.drawers.reprint(SAMIR, "S-1"), ShiftStillOpen),
    (
        "technicians",
        lambda h: h.drawers.x(Actor("Rami", Role.TECHNICIAN), "S-1"),
        ActorNotAllowed,
    ),
    (
        "billing puts none in",
        lambda h: h.drawers.cash_in(LAYLA, "m", shekels("1"), WHY, "S-1"),
        ActorNotAllowed,
    ),
    ("not hers to look up", lambda h: h.drawers.shift(RANA, "S-1"), ShiftNotYours),
    (
        "technicians list none",
        lambda h: h.drawers.shifts(Actor("Rami", Role.TECHNICIAN)),
        ActorNotAllowed,
    ),
    (
        "technicians look none up",
        lambda h: h.drawers.shift(Actor("Rami", Role.TECHNICIAN), "S-1"),
        ActorNotAllowed,
    ),
    ("billing closes none", lambda h: h.drawers.close(LAYLA, counting(0), "S-1"), ActorNotAllowed),
]


@pytest.mark.parametrize(("act", "error"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refused(
    standing: Counter, act: Callable[[Counter], object], error: type[RaseedError]
) -> None:
    with pytest.raises(error):
        act(standing)
    with standing.books.reading() as books:
        assert books.chain_head().number == 2


def test_asking_again_answers_the_first(here: Counter) -> None:
    drawers, clock = here.drawers, here.town.clock
    opened = drawers.shift(SAMIR).shift
    clock.forward(minutes=1)
    assert drawers.open(SAMIR, "S-1", shekels("100")) == opened
    move = drawers.cash_in(SAMIR, "m-1", shekels("5"), WHY)
    clock.forward(minutes=1)
    assert drawers.cash_in(SAMIR, "m-1", shekels("5"), f" {WHY} ") == move
    for act, amount, why in (
        (drawers.cash_out, "5", WHY),
        (drawers.cash_in, "6", WHY),
        (drawers.cash_in, "5", "Another reason"),
    ):
        with pytest.raises(CashMoveIdReused):
            act(SAMIR, "m-1", shekels(amount), why)
    drawers.open(RANA, "S-2", shekels("0"))
    with pytest.raises(CashMoveIdReused):
        drawers.cash_in(CHIEF, "m-1", shekels("5"), WHY, "S-2")
    z = drawers.close(SAMIR, counting(10500))
    clock.forward(minutes=1)
    assert drawers.close(SAMIR, counting(10500), "S-1") == z
    with pytest.raises(CountDiffers):
        drawers.close(SAMIR, counting(10490), "S-1")
    # The same sum in other pieces is another count.
    with pytest.raises(CountDiffers):
        drawers.close(SAMIR, count({"50": 2, "5": 1}), "S-1")
    assert drawers.cash_in(SAMIR, "m-1", shekels("5"), WHY) == move
    with pytest.raises(ShiftClosed):
        drawers.cash_in(SAMIR, "m-2", shekels("5"), WHY, "S-1")
    with pytest.raises(ShiftClosed):
        drawers.x(SAMIR, "S-1")
    assert drawers.open(SAMIR, "S-1", shekels("100")) == opened
    with pytest.raises(NoShiftOpen):
        drawers.x(SAMIR)


def test_a_shift_is_the_persons_by_whichever_door(here: Counter) -> None:
    """Opened at the screen, counted at the command line."""
    samir = replace(SAMIR, name="cli:samir")
    with pytest.raises(OperatorBusy):
        here.drawers.open(replace(samir, terminal="T2"), "S-2", shekels("0"))
    here.drawers.cash_in(samir, "m-1", shekels("5"), WHY)
    assert [file.shift.id for file in here.drawers.shifts(samir)] == ["S-1"]
    assert here.drawers.close(samir, counting(10500)).actor == "cli:samir"
    assert here.drawers.z(SAMIR, "S-1").actor == "cli:samir"


def test_a_cash_move_is_not_booked_twice_under_the_id_of_a_shift(here: Counter) -> None:
    here.drawers.cash_in(SAMIR, "S-2", shekels("5"), WHY)
    with pytest.raises(CashMoveIdReused):
        here.drawers.open(RANA, "S-2", shekels("5"))
    # One that is opened with nothing moves no cash.
    assert here.drawers.open(RANA, "S-2", shekels("0")).opening_float == 0


def test_numbers_have_no_gaps_and_lists_are_paged(here: Counter) -> None:
    drawers = here.drawers
    for i in range(2, 5):
        here.town.clock.forward(minutes=5)
        with pytest.raises(TerminalTaken):
            drawers.open(replace(RANA, terminal="T1"), "S-x", shekels("1"))
        drawers.open(RANA, f"S-{i}", shekels("0"))
        drawers.close(RANA, counting(0))
    drawers.open(replace(RANA, point="P2"), "S-5", shekels("0"))
    every = drawers.shifts(HUDA)
    assert [f.shift.id for f in every] == ["S-5", "S-4", "S-3", "S-2", "S-1"]
    assert [f.shift.number for f in every] == [1, 4, 3, 2, 1]
    assert [f.shift.id for f in drawers.shifts(HUDA, before="S-4", limit=2)] == ["S-3", "S-2"]
    assert [f.shift.id for f in drawers.shifts(HUDA, state=ShiftState.OPEN)] == ["S-5", "S-1"]
    assert [f.shift.id for f in drawers.shifts(HUDA, point="P2")] == ["S-5"]
    assert [f.shift.id for f in drawers.shifts(SAMIR)] == ["S-1"]
    assert drawers.shifts(HUDA, before="S-9") == []
    # By when they were opened, whatever they are called; two were at one moment.
    here.town.clock.forward(minutes=5)
    drawers.open(replace(CHIEF, terminal="T4"), "A-7", shekels("0"))
    assert [f.shift.id for f in drawers.shifts(HUDA, before="S-4", limit=2)] == ["S-3", "S-2"]
    here.town.clock.forward(minutes=-5)
    drawers.open(Actor("Nadia", Role.OPERATOR, "P2", "T3"), "S-6", shekels("0"))
    assert [f.shift.id for f in drawers.shifts(HUDA, before="S-6", limit=2)] == ["S-5", "S-4"]
    for unknown in ("ZZ", "\0"):
        with pytest.raises(PointUnknown):
            drawers.shifts(HUDA, point=unknown)


def test_copies_are_numbered(here: Counter) -> None:
    z = here.drawers.close(SAMIR, counting(10000))
    assert [here.drawers.reprint(SAMIR, "S-1").copy for _ in range(2)] == [1, 2]
    again = here.drawers.z(LAYLA, "S-1")
    assert (again.copy, again.copies) == (0, 2)
    assert replace(again, copies=0) == z


def test_a_clock_that_went_back_and_a_closed_month(here: Counter) -> None:
    clock = here.town.clock
    clock.forward(minutes=-6)
    for act in (
        lambda: here.drawers.open(RANA, "S-2", shekels("1")),
        lambda: here.drawers.cash_in(SAMIR, "m", shekels("1"), WHY),
        lambda: here.drawers.close(SAMIR, counting(10000)),
        lambda: here.bankings.bank(LAYLA, BESIDE),
    ):
        with pytest.raises(ClockWentBack):
            act()
    clock.forward(days=8)
    assert list(DailyClosing(here.reports, here.keeping, clock, ZONE).close_due(LAYLA))
    here.keeping.close(LAYLA, "2026-11")
    here.drawers.cash_in(SAMIR, "m", shekels("1"), WHY)
    clock.now -= timedelta(days=8) - timedelta(minutes=6)
    with pytest.raises((ClockWentBack, PeriodClosed)):
        here.drawers.close(SAMIR, counting(10000))


def test_no_shift_begins_or_ends_in_a_month_that_is_closed(here: Counter) -> None:
    """Set back by so little that nothing else notices, and whether or not there is cash to book."""
    clock = here.town.clock
    clock.now = datetime(2026, 11, 30, 22, tzinfo=UTC)
    clock.forward(minutes=11)
    assert list(DailyClosing(here.reports, here.keeping, clock, ZONE).close_due(LAYLA))
    here.keeping.close(LAYLA, "2026-11")
    clock.now = datetime(2026, 11, 30, 21, 59, tzinfo=UTC)
    for act in (
        lambda: here.drawers.open(RANA, "S-2", shekels("0")),
        lambda: here.drawers.open(RANA, "S-2", shekels("1")),
        lambda: here.drawers.close(SAMIR, counting(10000)),
        lambda: here.drawers.close(SAMIR, counting(9990)),
        lambda: here.bankings.bank(LAYLA, BESIDE),
    ):
        with pytest.raises(PeriodClosed):
            act()
    clock.forward(minutes=2)
    assert here.drawers.close(SAMIR, counting(10000)).entry is None


@pytest.mark.parametrize(
    ("pieces", "slips", "error"),
    [
        ({"3": 1}, {}, DenominationUnknown),
        ({"x": 1}, {}, DenominationUnknown),
        ({"0.05": 1}, {}, DenominationUnknown),
        ({"100": -1}, {}, PiecesWrong),
        ({"100": 10**9}, {}, PiecesWrong),
        ({"100": MOST_PIECES + 1}, {}, PiecesWrong),
        ({"100": "1.5"}, {}, PiecesWrong),
        ({"100": "９" * 30}, {}, PiecesWrong),
        ({"100": "9" * 5000}, {}, PiecesWrong),
        ({}, {}, NothingCounted),
        ({"100": 1}, {"cash": "1"}, SlipsWrong),
        ({"100": 1}, {"mixed": "1"}, SlipsWrong),
        ({"100": 1}, {"card": "-1"}, SlipsWrong),
        ({"100": 1}, {"card": "1", " card": "1"}, SlipsWrong),
        ({"100": 1}, {"card": Money(MOST_MINOR + 1).to_text()}, SlipsWrong),
        ({"100": 1}, {"card": "9" * 40}, MoneyTooMuch),
    ],
)
def test_what_is_no_count(
    pieces: dict[str, str | int], slips: dict[str, str], error: type[RaseedError]
) -> None:
    with pytest.raises(error):
        checked_count(pieces.items(), slips.items(), "ILS")


def test_a_count_in_any_digits_and_each_coin_once() -> None:
    made = checked_count([("٢٠٠", "٣"), ("0.5", 2), ("20", 0)], [("card", "7")], "ILS")
    assert (made.pieces, made.cash) == (((20000, 3), (50, 2)), 60100)
    assert made.slips == ((Tender.CARD, 700),)
    with pytest.raises(PiecesWrong):
        checked_pieces([("0.5", 1), ("0.50", 1)], "ILS")
    assert checked_pieces([("0.250", 2)], "JOD") == ((250, 2),)


def test_the_most_that_can_be_counted() -> None:
    told = Money(MOST_MINOR).to_text()
    slips = [("transfer", "1"), ("wallet", "2"), (" card ", told)]
    made = checked_count([(" 100 ", f" {MOST_PIECES} ")], slips, "ILS")
    assert made.pieces == ((10000, MOST_PIECES),)
    assert made.slips == (
        (Tender.CARD, MOST_MINOR),
        (Tender.WALLET, 200),
        (Tender.TRANSFER, 100),
    )
    assert checked_amount(Money(MOST_MINOR)) == MOST_MINOR
    with pytest.raises(DrawerAmount):
        checked_amount(Money(MOST_MINOR + 1))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["in", "out", "cash", "card", "elsewhere"]),
        st.integers(1, 5000).map(lambda tens: tens * 10),
    ),
    max_size=8,
)


def test_expected_cash_is_what_the_ledger_moved(tmp_path: Path) -> None:
    """Law: whatever happens in a shift, the cash expected at its close is the change of the till's
    balance by what belongs to the shift; after the close it is what was counted."""
    here = Counter(tmp_path / "books.db")
    done = iter(range(10**6))

    @settings(max_examples=examples(12), deadline=None)
    @given(st.integers(0, 3000), STEPS, st.integers(-30, 30))
    def law(opening: int, steps: list[tuple[str, int]], off: int) -> None:
        id = f"S-{next(done)}"
        drawers, before, elsewhere = here.drawers, here.till(), 0
        drawers.open(SAMIR, id, Money(opening * 10))
        for what, amount in steps:
            if what == "in":
                drawers.cash_in(SAMIR, f"m-{next(done)}", Money(amount), WHY)
            elif what == "out":
                there = here.till() - before - elsewhere
                if amount > there:
                    with pytest.raises(CashShort):
                        drawers.cash_out(SAMIR, f"m-{next(done)}", Money(amount), WHY)
                else:
                    drawers.cash_out(SAMIR, f"m-{next(done)}", Money(amount), WHY)
            elif what == "elsewhere":
                here.sell(None, amount)
                elsewhere += amount
            else:
                here.sell(id, amount, Tender(what))
        moved = here.till() - before - elsewhere
        assert drawers.x(CHIEF, id).expected == moved
        counted = max(0, moved + off * 10)
        z = drawers.close(SAMIR, counting(counted))
        assert (z.expected, z.results[0].difference) == (moved, counted - moved)
        assert here.till() - before - elsewhere == counted

    law()
    assert here.right()
    here.close()
