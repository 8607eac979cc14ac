"""A shift that left nothing does not wait for the bank, on both databases; one that left a
difference does, however little there is to carry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from meters.values import replace
from tests.vending.drawer.support import (
    CHIEF,
    LAYLA,
    RANA,
    SAMIR,
    Counter,
    count,
    counting,
    shekels,
)
from tests.vending.support import chart
from vending.drawer import BankRequest, ShiftState
from vending.drawer.banking import left_nothing
from vending.drawer.errors import NothingToBank
from vending.sale import Tender
from vending.store.drawer_proof import drawer_problems

ZERO = {"1": 0}


@pytest.fixture
def here(place: Path | str) -> Iterator[Counter]:
    made = Counter(place)
    yield made
    # What the hash of a void stands for is not the drawer's business; its sums are.
    with made.books.reading() as books:
        assert list(drawer_problems(books._db, chart())) == []
    made.close()


def waiting(here: Counter) -> list[str]:
    listed = [file.shift.id for file in here.drawers.shifts(LAYLA, state=ShiftState.WAITING)]
    assert [file.shift.id for file, _ in here.bankings.waiting(LAYLA, "P1")] == listed[::-1]
    return listed


def nobody_came(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("0"))
    here.drawers.close(SAMIR, counting(0))


def all_in_the_safe(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("50"))
    here.sell("S-1", 3000)
    here.drawers.cash_out(SAMIR, "out-1", shekels("80"), "To the safe at noon", "S-1")
    here.drawers.close(SAMIR, counting(0))


def all_taken_back(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("0"))
    for tender in (Tender.CASH, Tender.CHEQUE):
        here.void(here.sell("S-1", 3000, tender), "S-1", 3000, tender)
    here.drawers.close(SAMIR, count(ZERO, cheque="0"))


def cards_alone(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("0"))
    here.sell("S-1", 5000, Tender.CARD)
    here.drawers.close(SAMIR, count(ZERO, card="50.00"))


@pytest.mark.parametrize("day", [nobody_came, all_in_the_safe, all_taken_back, cards_alone])
def test_what_left_nothing_does_not_wait(here: Counter, day: Callable[[Counter], None]) -> None:
    day(here)
    assert waiting(here) == []
    (file,) = here.drawers.shifts(LAYLA, state=ShiftState.CLOSED)
    assert file.close is not None
    assert file.close.difference == 0
    for asked in (BankRequest("B-1", "P1"), BankRequest("B-1", "P1", ("S-1",))):
        with pytest.raises(NothingToBank):
            here.bankings.bank(LAYLA, asked)


def the_float_is_there(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("200"))
    here.drawers.close(SAMIR, counting(20000))


def all_is_missing(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("200"))
    here.drawers.close(SAMIR, counting(0))


def too_much(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("0"))
    here.drawers.close(SAMIR, counting(1000))


def a_cheque(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("0"))
    here.sell("S-1", 5000, Tender.CHEQUE)
    here.drawers.close(SAMIR, counting(0))


def a_cheque_given_back(here: Counter) -> None:
    """Of an earlier shift: what that one left is less by it."""
    sale = here.sell(None, 5000, Tender.CHEQUE)
    here.drawers.open(SAMIR, "S-1", shekels("0"))
    here.void(sale, "S-1", 5000, Tender.CHEQUE)
    here.drawers.close(SAMIR, counting(0))


def a_slip_too_many(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("0"))
    here.drawers.close(SAMIR, count(ZERO, cheque="50.00"))


def a_slip_missing(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("0"))
    here.sell("S-1", 5000, Tender.CARD)
    here.drawers.close(SAMIR, count(ZERO, card="40.00"))


@pytest.mark.parametrize(
    "day",
    [
        the_float_is_there,
        all_is_missing,
        too_much,
        a_cheque,
        a_cheque_given_back,
        a_slip_too_many,
        a_slip_missing,
    ],
)
def test_no_money_and_no_difference_is_passed_over(
    here: Counter, day: Callable[[Counter], None]
) -> None:
    day(here)
    assert waiting(here) == ["S-1"]


def test_a_list_is_as_long_as_was_asked_for_and_a_banking_names_whose_money_it_is(
    here: Counter,
) -> None:
    for number in range(12):
        sold = number % 4 == 1
        here.drawers.open(RANA, f"S-{number:02}", shekels("0"))
        if sold:
            here.sell(f"S-{number:02}", 1000)
        here.drawers.close(RANA, counting(1000 if sold else 0))
        here.town.clock.forward(minutes=1)
    assert waiting(here) == ["S-09", "S-05", "S-01"]
    shifts = here.drawers.shifts
    first = shifts(LAYLA, state=ShiftState.WAITING, limit=2)
    assert [file.shift.id for file in first] == ["S-09", "S-05"]
    behind = shifts(LAYLA, state=ShiftState.WAITING, before="S-05", limit=2)
    assert [file.shift.id for file in behind] == ["S-01"]
    assert len(shifts(LAYLA, state=ShiftState.CLOSED)) == 12
    slip = here.bankings.bank(CHIEF, BankRequest("B-1", "P1"))
    assert (slip.shifts, slip.amount) == (("S-01", "S-05", "S-09"), 3000)
    assert waiting(here) == []


def test_a_report_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    here = Counter(tmp_path / "one.db")
    nobody_came(here)
    (file,) = here.drawers.shifts(LAYLA, state=ShiftState.CLOSED)
    assert file.close is not None
    assert left_nothing(file.close)
    for document in ("", "{}", "[]", "null", file.close.document.replace("closed_at", "closed")):
        assert not left_nothing(replace(file.close, document=document))
    here.close()


def test_whoever_left_or_lacks_cash_waits_whatever_the_report_says(tmp_path: Path) -> None:
    """The report that is kept here is one of an empty drawer."""
    here = Counter(tmp_path / "one.db")
    nobody_came(here)
    (file,) = here.drawers.shifts(LAYLA, state=ShiftState.CLOSED)
    assert file.close is not None
    for expected, counted in product((-10, 0, 10), repeat=2):
        close = replace(file.close, expected=expected, counted=counted)
        assert left_nothing(close) == (expected == counted == 0)
    here.close()
