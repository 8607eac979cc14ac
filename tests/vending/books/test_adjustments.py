"""Two people, a reason, an entry of its own; never an edit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from meters.errors import RaseedError
from meters.quantities import Money
from tests.vending.books.support import BILLING, CHIEF, SECOND, SHORT, Office, move, office
from tests.vending.support import IN_CAPITALS, OPERATOR, new_store
from vending.accounting import Adjustment, AdjustmentState
from vending.accounting.errors import (
    AccountUnknown,
    AdjustmentDecided,
    AdjustmentIdMalformed,
    AdjustmentIdReused,
    AdjustmentUnknown,
    AlreadyReversed,
    DayBeforeBooks,
    DayMalformed,
    DayNotBegun,
    EntryUnknown,
    HolderWrong,
    LinesUnbalanced,
    LineTooLarge,
    NotReversible,
    Overdrawn,
    OwnRequest,
    ReasonMissing,
    RequestsWaiting,
    SameAccount,
    UnitWrong,
    WriteOffTooMuch,
    WriteOffWrong,
)
from vending.accounting.lines import MOST_MOVED
from vending.ids import IdInCapitals
from vending.ledger import PeriodClosed, Posting
from vending.operators import OperatorUnknown
from vending.parties import Actor
from vending.permissions import ActorNotAllowed
from vending.store.books import SqlBooks
from vending.store.schema import BOOKS
from vending.store.triggers import drop

pytestmark = pytest.mark.system

WHY = "Counted twice on Monday evening"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    made = office(tmp_path / "books.db")
    made.sell("a", "b", "c")
    yield made
    assert made.keeping.verify(CHIEF).ok
    made.close()


def asked(here: Office, id: str = "ADJ-1") -> Adjustment:
    return here.keeping.adjust(BILLING, id, SHORT, WHY)


def till(here: Office) -> int:
    return here.reports.account(CHIEF, "1010", "P1").closing


def test_a_request_books_nothing(here: Office) -> None:
    made = asked(here)
    assert (made.state, made.requested_by) == (AdjustmentState.PENDING, "Layla")
    assert till(here) == 3 * 5005
    assert here.reports.adjustments(BILLING, AdjustmentState.PENDING) == [made]


def test_older_requests_stand_behind_later_ones(here: Office) -> None:
    """However many there are: in pages, those of one moment by their ids."""
    for minutes, id in ((0, "B"), (0, "A"), (5, "D"), (0, "C"), (5, "E")):
        here.town.clock.forward(minutes=minutes)
        asked(here, id)
    here.keeping.approve(CHIEF, "C")
    for state, ids in ((None, "ECDAB"), (AdjustmentState.PENDING, "EDAB")):
        found, before = "", None
        while page := here.reports.adjustments(BILLING, state, 2, before=before):
            before = page[-1].id
            found += "".join(one.id for one in page)
        assert found == ids
    assert here.reports.adjustments(BILLING, before="nobody asked") == []


def test_a_second_person_posts_it(here: Office) -> None:
    asked(here)
    here.town.clock.forward(hours=1)
    made = here.keeping.approve(CHIEF, "ADJ-1")
    assert made.state is AdjustmentState.POSTED
    assert made.decision is not None
    assert (made.decision.actor, made.decision.entry) == ("Omar", 4)
    assert till(here) == 3 * 5005 - 500
    assert here.keeping.approve(CHIEF, "ADJ-1") == made
    with pytest.raises(AdjustmentDecided):
        here.keeping.approve(SECOND, "ADJ-1")
    with pytest.raises(AdjustmentDecided):
        here.keeping.void(CHIEF, "ADJ-1", "Changed my mind")


def test_nobody_approves_an_own_request(here: Office) -> None:
    here.keeping.adjust(CHIEF, "ADJ-1", SHORT, WHY)
    with pytest.raises(OwnRequest) as error:
        here.keeping.approve(CHIEF, "ADJ-1")
    assert error.value.facts() == {"adjustment": "ADJ-1", "actor": "Omar"}
    with pytest.raises(ActorNotAllowed):
        here.keeping.approve(BILLING, "ADJ-1")
    with pytest.raises(ActorNotAllowed):
        here.keeping.adjust(OPERATOR, "ADJ-2", SHORT, WHY)
    with pytest.raises(ActorNotAllowed):
        here.keeping.void(OPERATOR, "ADJ-1", "It was not me")
    assert till(here) == 3 * 5005
    assert here.keeping.approve(SECOND, "ADJ-1").state is AdjustmentState.POSTED


@pytest.mark.parametrize("who", [BILLING, CHIEF])
def test_a_voided_request_stays_on_record(here: Office, who: Actor) -> None:
    """Also to who voided it, and approves it by mistake."""
    asked(here)
    made = here.keeping.void(who, "ADJ-1", "The money was in the drawer")
    assert (made.state, made.decision and made.decision.entry) == (AdjustmentState.VOIDED, None)
    with pytest.raises(AdjustmentDecided):
        here.keeping.approve(CHIEF, "ADJ-1")
    assert till(here) == 3 * 5005


def test_asking_again_answers_the_first(here: Office) -> None:
    first = asked(here)
    here.town.clock.forward(minutes=5)
    assert asked(here) == first
    for actor, lines, why in (
        (BILLING, move(("5010", ""), ("1010", "P1"), 501), WHY),
        (BILLING, SHORT, WHY + "!"),
        (CHIEF, SHORT, WHY),
    ):
        with pytest.raises(AdjustmentIdReused):
            here.keeping.adjust(actor, "ADJ-1", lines, why)


REFUSED: list[tuple[type[RaseedError], tuple[Posting, ...]]] = [
    (LinesUnbalanced, ()),
    (LinesUnbalanced, (Posting("5010", "", "ILS", 5), Posting("1010", "P1", "ILS", -4))),
    (LinesUnbalanced, (Posting("5010", "", "ILS", 0), Posting("1010", "P1", "ILS", 0))),
    (LinesUnbalanced, (Posting("5010", "", "ILS", 5), Posting("6010", "", "Wh", -5))),
    (AccountUnknown, move(("9999", ""), ("1010", "P1"), 5)),
    (HolderWrong, move(("5010", ""), ("1010", ""), 5)),
    (HolderWrong, move(("5010", "P1"), ("1010", "P1"), 5)),
    (HolderWrong, move(("5010", ""), ("1010", "P9"), 5)),
    (HolderWrong, move(("5010", ""), ("2010", "A9"), 5)),
    (HolderWrong, move(("5010", ""), ("2030", ""), 5)),
    (OperatorUnknown, move(("5010", ""), ("2030", "nobody"), 5)),
    (OperatorUnknown, move(("5010", ""), ("2030", "cli:nobody"), 5)),
    (SameAccount, move(("1010", "P1"), ("1010", "P1"), 5)),
    (SameAccount, move(("5010", ""), ("5010", ""), 5)),
    (SameAccount, move(("2030", "nobody"), ("2030", "api:Nobody"), 5)),
    (SameAccount, (*SHORT, *move(("1010", "P1"), ("1020", "P1"), 5))),
    (UnitWrong, (Posting("5010", "", "Wh", 5), Posting("6010", "", "Wh", -5))),
    (LineTooLarge, move(("5010", ""), ("1010", "P1"), MOST_MOVED + 1)),
    (LineTooLarge, move(("5010", ""), ("1010", "P1"), 1 << 63)),
]


@pytest.mark.parametrize(("error", "lines"), REFUSED)
def test_lines_that_the_books_do_not_take(
    here: Office, error: type[RaseedError], lines: tuple[Posting, ...]
) -> None:
    with pytest.raises(error):
        here.keeping.adjust(BILLING, "ADJ-1", lines, WHY)
    assert here.reports.adjustments(BILLING) == []


def test_words_that_explain_nothing(here: Office) -> None:
    for reason in ("", "  ok  ", "x" * 501):
        with pytest.raises(ReasonMissing):
            here.keeping.adjust(BILLING, "ADJ-1", SHORT, reason)
    for id, reason in (("LEAST", "Twice"), ("MOST", "x" * 500)):
        assert here.keeping.adjust(BILLING, id, SHORT, reason).reason == reason
    for id in ("", "a b", "x" * 65):
        with pytest.raises(AdjustmentIdMalformed):
            here.keeping.adjust(BILLING, id, SHORT, WHY)
    with pytest.raises(IdInCapitals):
        here.keeping.adjust(BILLING, IN_CAPITALS, SHORT, WHY)
    with pytest.raises(AdjustmentUnknown):
        here.keeping.approve(CHIEF, "ADJ-9")


def test_an_id_that_no_database_keeps_is_nobodys(place: Path | str) -> None:
    store = new_store(place)
    with SqlBooks(store).reading() as books:
        assert books.adjustment("ADJ\x001") is None
    store.close()


def test_a_write_off_is_a_loss(here: Office) -> None:
    made = here.keeping.write_off(BILLING, "W-1", "1010", "P1", 500, WHY)
    assert made.lines == SHORT
    here.keeping.approve(CHIEF, "W-1")
    (line,) = here.reports.account(CHIEF, "5010").lines
    assert (line.kind, line.cause, line.amount, line.actor) == ("write_off", "W-1", 500, "Omar")


def test_only_what_is_there_is_written_off(here: Office) -> None:
    there = till(here)
    for account, holder, amount in (("1010", "P1", 0), ("1010", "P1", -500), ("4010", "", 500)):
        with pytest.raises(WriteOffWrong):
            here.keeping.write_off(BILLING, "W-1", account, holder, amount, WHY)
    with pytest.raises(AccountUnknown):
        here.keeping.write_off(BILLING, "W-1", "9999", "P1", 500, WHY)
    here.keeping.write_off(BILLING, "W-1", "1010", "P1", there + 1, WHY)
    with pytest.raises(WriteOffTooMuch) as error:
        here.keeping.approve(CHIEF, "W-1")
    assert error.value.there == Money(there).to_text()
    for id, amount in (("W-2", 1), ("W-3", there - 1)):
        here.keeping.write_off(BILLING, id, "1010", "P1", amount, WHY)
        here.keeping.approve(CHIEF, id)
    assert till(here) == 0


def test_an_entry_of_a_number_that_no_database_has(here: Office) -> None:
    with pytest.raises(EntryUnknown):
        here.keeping.reverse(BILLING, "REV-1", 10**30, WHY)


def test_a_customers_balance_moves_with_the_next_sale(here: Office) -> None:
    """Given 20 ILS; the cached balance follows, so the next sale uses it."""
    here.keeping.adjust(BILLING, "GIFT", move(("4010", ""), ("2010", "A1"), 2000), WHY)
    before = here.reports.customer(BILLING, "A1").closing
    here.keeping.approve(CHIEF, "GIFT")
    statement = here.reports.customer(BILLING, "A1")
    assert statement.closing == before + 2000
    here.sell("d")
    with here.town.store.reading() as books:
        record = books.sale("d")
    assert record is not None
    assert record.balance_before == before + 2000


def test_a_customers_balance_is_not_overdrawn(here: Office) -> None:
    carried = here.reports.customer(BILLING, "A1").closing
    assert carried > 0
    for amount, allowed in ((carried + 1, False), (carried, True)):
        id = f"TAKE-{amount}"
        here.keeping.adjust(BILLING, id, move(("2010", "A1"), ("4010", ""), amount), WHY)
        if allowed:
            here.keeping.approve(CHIEF, id)
        else:
            with pytest.raises(Overdrawn):
                here.keeping.approve(CHIEF, id)
    assert here.reports.customer(BILLING, "A1").closing == 0


def test_a_reversal_points_to_what_it_takes_back(here: Office) -> None:
    asked(here)
    here.keeping.approve(CHIEF, "ADJ-1")
    made = here.keeping.reverse(BILLING, "REV-1", 4, "The money was found")
    assert made.reverses == 4
    assert made.lines == tuple(p._replace(amount=-p.amount) for p in SHORT)
    with pytest.raises(AlreadyReversed):
        here.keeping.reverse(BILLING, "REV-2", 4, "The money was found")
    here.keeping.approve(SECOND, "REV-1")
    assert till(here) == 3 * 5005
    with pytest.raises(AlreadyReversed):
        here.keeping.reverse(BILLING, "REV-2", 4, "The money was found")
    with pytest.raises(NotReversible) as error:
        here.keeping.reverse(BILLING, "REV-3", 5, "Back and forth again")
    assert error.value.kind == "reversal"


def test_a_voided_reversal_may_be_asked_for_again(here: Office) -> None:
    asked(here)
    here.keeping.approve(CHIEF, "ADJ-1")
    here.keeping.reverse(BILLING, "REV-1", 4, "The money was found")
    here.keeping.void(CHIEF, "REV-1", "It was not found")
    assert here.keeping.reverse(BILLING, "REV-2", 4, "The money was found").reverses == 4


def test_a_sale_is_not_reversed_here(here: Office) -> None:
    with pytest.raises(NotReversible):
        here.keeping.reverse(BILLING, "REV-1", 1, "The customer came back")
    with pytest.raises(EntryUnknown):
        here.keeping.reverse(BILLING, "REV-1", 99, "The customer came back")


def test_an_adjustment_may_belong_to_an_earlier_day(here: Office) -> None:
    here.town.clock.forward(days=10)
    with pytest.raises(DayNotBegun):
        here.keeping.adjust(BILLING, "ADJ-1", SHORT, WHY, booked_on="2026-12-24")
    here.keeping.adjust(BILLING, "ADJ-1", SHORT, WHY, booked_on="2026-11-24")
    here.keeping.approve(CHIEF, "ADJ-1")
    (line,) = here.reports.account(CHIEF, "5010").lines
    assert f"{line.at:%Y-%m-%d %H:%M}" == "2026-11-24 21:59"
    assert here.reports.account(CHIEF, "5010", "", "2026-11-25").opening == 500
    here.sell("d")


def test_a_closed_month_takes_no_adjustment(here: Office) -> None:
    here.town.clock.forward(days=10)
    here.keeping.adjust(BILLING, "EARLY", SHORT, WHY, booked_on="2026-11-24")
    # It was asked for in December, and belongs to November: closed now, it could never be booked.
    with pytest.raises(RequestsWaiting):
        here.close_month("2026-11")
    here.keeping.approve(CHIEF, "EARLY")
    here.close_month("2026-11")
    for day in ("2026-11-24", "2026-11-30"):
        with pytest.raises(PeriodClosed):
            here.keeping.adjust(BILLING, "LATE", SHORT, WHY, booked_on=day)
    here.keeping.adjust(BILLING, "NEXT", SHORT, WHY, booked_on="2026-12-01")
    here.keeping.reopen(CHIEF, "2026-11", "A till was counted late")
    here.keeping.adjust(BILLING, "LATE", SHORT, WHY, booked_on="2026-11-30")
    here.keeping.approve(CHIEF, "LATE")


@pytest.mark.parametrize("day", ["2016-11-24", "2026-10-31"])
def test_a_mistyped_year_does_not_ask_for_years_to_be_closed(here: Office, day: str) -> None:
    here.town.clock.forward(days=10)
    with pytest.raises(DayBeforeBooks) as error:
        here.keeping.adjust(BILLING, "ADJ-1", SHORT, WHY, booked_on=day)
    assert error.value.begin == "2026-11"
    for malformed in ("0001-01-01", "9999-12-31"):
        with pytest.raises(DayMalformed):
            here.keeping.adjust(BILLING, "ADJ-1", SHORT, WHY, booked_on=malformed)
    here.keeping.adjust(BILLING, "ADJ-1", SHORT, WHY, booked_on="2026-11-01")
    here.keeping.approve(CHIEF, "ADJ-1")
    here.close_month("2026-11")


def test_books_that_nothing_was_booked_in_begin_with_this_month(tmp_path: Path) -> None:
    made = office(tmp_path / "new.db")
    with pytest.raises(DayBeforeBooks) as error:
        made.keeping.adjust(BILLING, "ADJ-1", SHORT, WHY, booked_on="2026-10-31")
    assert error.value.begin == "2026-11"
    asked = made.keeping.adjust(BILLING, "ADJ-1", SHORT, WHY, booked_on="2026-11-01")
    assert asked.booked_on == "2026-11-01"
    made.close()


EDITS = [
    "UPDATE adjustments SET reason = 'Something else' WHERE id = 'ADJ-1'",
    "UPDATE adjustments SET requested_by = 'Somebody' WHERE id = 'ADJ-1'",
    "UPDATE decisions SET actor = 'Somebody' WHERE adjustment = 'ADJ-1'",
    "UPDATE decisions SET note = 'Agreed by telephone' WHERE adjustment = 'ADJ-1'",
    "DELETE FROM decisions WHERE adjustment = 'ADJ-1'",
    "DELETE FROM adjustments WHERE id = 'ADJ-1'",
]


@pytest.mark.parametrize("statement", EDITS)
def test_edited_papers_show_at_their_entry(tmp_path: Path, statement: str) -> None:
    made = office(tmp_path / "edited.db")
    made.sell("a")
    asked(made)
    made.keeping.approve(CHIEF, "ADJ-1")
    made.sell("b")
    with sqlite3.connect(made.town.path) as db:
        for table in BOOKS:
            for drops in drop("sqlite", table):
                db.execute(drops)
        db.execute("PRAGMA foreign_keys=OFF")
        assert db.execute(statement).rowcount == 1
    db.close()
    problem = made.keeping.verify(CHIEF).problem
    assert problem is not None
    assert problem.entry == 2
    assert problem.what in ("content", "cause")
    made.close()


def test_a_till_is_nobodys_own_money_though_somebody_has_its_name(here: Office) -> None:
    asked(here)
    done = here.keeping.approve(replace(CHIEF, name="P1"), "ADJ-1")
    assert done.state is AdjustmentState.POSTED


@pytest.mark.parametrize("name", ["Layla", " LAYLA ", "cli:Layla", "api:layla"])
def test_who_asked_is_compared_as_a_person(here: Office, name: str) -> None:
    """Another role, seat or door does not make another person."""
    made = here.keeping.adjust(BILLING, "ADJ-1", SHORT, WHY)
    promoted = replace(CHIEF, name=name, point="P1", terminal="T9")
    with pytest.raises(OwnRequest):
        here.keeping.approve(promoted, "ADJ-1")
    assert here.keeping.adjust(replace(BILLING, name=name), "ADJ-1", SHORT, WHY) == made
    done = here.keeping.approve(CHIEF, "ADJ-1")
    # Whoever approved asks again by another door: it is done already.
    assert here.keeping.approve(replace(CHIEF, name="cli:omar"), "ADJ-1") == done
