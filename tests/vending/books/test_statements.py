"""Statements and the daily check agree with the journal, and the check finds what does not."""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meters.errors import RaseedError
from meters.quantities import Energy, Money
from tests.vending.books.support import BILLING, CHIEF, SHORT, ZONE, Office, move, office
from tests.vending.support import OPERATOR, POWER, TECHNICIAN, WATER, Town, chart, security
from tokens.sts import BaseDate, MemorySecurityModule, TransferCreditElectricity, tid_moment
from vending.accounting import BookReports, Difference
from vending.accounting import reports as reports_module
from vending.accounting.days import Span
from vending.accounting.errors import (
    AccountUnknown,
    AgreementUnknown,
    DayMalformed,
    DaysBackwards,
    HolderWrong,
    StatementTooLong,
)
from vending.operators import OperatorUnknown
from vending.parties import Actor, PointUnknown, Role
from vending.permissions import ActorNotAllowed
from vending.sale import Tender, VendRequest
from vending.store.schema import BOOKS
from vending.store.triggers import drop

OTHER = Actor("Rana", Role.OPERATOR, "P2", "T7")
GUIDE = Path(__file__).parents[3] / "docs" / "billing.md"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    """Three sales at P1; a day later one by card and one in cash at P2, and an adjustment."""
    made = office(tmp_path / "books.db")
    made.sell("a", "b", "c")
    made.town.clock.forward(days=1)
    for vend_id, tender in (("d", Tender.CARD), ("e", Tender.CASH)):
        made.town.service.vend(OTHER, VendRequest(vend_id, POWER.number, Money(10_000), tender))
    made.keeping.adjust(BILLING, "ADJ-1", SHORT, "Short at the count")
    made.keeping.approve(CHIEF, "ADJ-1")
    yield made
    made.close()


def test_an_account(here: Office) -> None:
    whole = here.reports.account(CHIEF, "1010")
    assert (whole.opening, whole.closing) == (0, 3 * 5005 + 10_000 - 500)
    assert [line.receipt for line in whole.lines] == [
        "P1-000001",
        "P1-000002",
        "P1-000003",
        "P2-000002",
        "",
    ]
    by_card = here.reports.account(CHIEF, "1020")
    assert [(line.receipt, by_card.closing) for line in by_card.lines] == [("P2-000001", 10_000)]
    later = here.reports.account(CHIEF, "1010", "P1", "2026-11-24")
    assert (later.opening, later.closing) == (3 * 5005, 3 * 5005 - 500)
    first = here.reports.account(CHIEF, "1010", "P1", "2026-11-23", "2026-11-23")
    assert (first.opening, first.closing, len(first.lines)) == (0, 3 * 5005, 3)
    balances = {row.account: row.closing for row in here.reports.balances(CHIEF).rows}
    for code, closing in balances.items():
        assert here.reports.account(CHIEF, code).closing == closing
    with pytest.raises(AccountUnknown):
        here.reports.account(CHIEF, "9999")
    with pytest.raises(DayMalformed):
        here.reports.account(CHIEF, "1010", "", "yesterday")


def test_a_month_names_the_accounts_of_its_time(here: Office) -> None:
    """By their codes; what was used later alone is not there yet."""
    here.town.clock.forward(days=10)
    here.keeping.adjust(BILLING, "ADJ-2", move(("1120", ""), ("4010", ""), 900), "Paid in")
    here.keeping.approve(CHIEF, "ADJ-2")
    told = [row.account for row in here.reports.balances(CHIEF, "2026-11").rows]
    assert told == sorted(told)
    assert "1120" not in told
    now = [row.account for row in here.reports.balances(CHIEF, "2026-12").rows]
    assert now == sorted({*told, "1120"})
    assert now == [row.account for row in here.reports.balances(CHIEF).rows]


HOLDERS = [
    ("1010", "ZZ", HolderWrong),
    ("1010", "P\x00", HolderWrong),
    ("2010", "A99", HolderWrong),
    ("6110", "A1", HolderWrong),
    ("2030", "api:nobody", OperatorUnknown),
    ("2030", "api:", OperatorUnknown),
    ("4010", "P1", HolderWrong),
]


@pytest.mark.parametrize(("code", "holder", "error"), HOLDERS)
def test_an_account_of_a_holder_that_is_not_there(
    here: Office, code: str, holder: str, error: type[RaseedError]
) -> None:
    with pytest.raises(error):
        here.reports.account(CHIEF, code, holder)


def test_a_statement_too_long_to_be_read_names_what_there_is_to_do(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"{reports_module.MOST_LINES:_}".replace("_", " ") in GUIDE.read_text("utf-8")
    monkeypatch.setattr(reports_module, "MOST_LINES", 4)
    with pytest.raises(StatementTooLong) as refused:
        here.reports.account(CHIEF, "1010")
    assert (refused.value.account, refused.value.most) == ("1010", 4)
    assert len(here.reports.account(CHIEF, "1010", "P1").lines) == 4
    assert len(here.reports.account(CHIEF, "1010", "", "2026-11-23", "2026-11-23").lines) == 3
    # Sums of what was sold are no lines.
    assert here.reports.operator(CHIEF, OPERATOR.name).sales == 3


def test_lines_come_in_their_order_and_no_more_than_are_asked_for(here: Office) -> None:
    with here.books.reading() as books:
        found = list(books.lines("1010", "", Span(), 2))
    assert [line.entry for line in found] == [1, 2]


def test_what_was_sold_at_midnight_is_of_the_day_that_begins(place: Path | str) -> None:
    """To the microsecond, whatever is asked."""
    made = Office(Town(place))
    begins = datetime(2026, 11, 23, 22, tzinfo=UTC)
    for vend_id, moment in (("last", begins - timedelta(microseconds=1)), ("first", begins)):
        made.town.clock.now = moment - timedelta(minutes=3)
        made.sell(vend_id)
    reports, (before, after) = made.reports, ("2026-11-23", "2026-11-24")
    till = reports.account(CHIEF, "1010", "", after)
    assert (till.opening, [line.cause for line in till.lines]) == (5005, ["first"])
    till = reports.account(CHIEF, "1010", "", before, before)
    assert (till.opening, [line.cause for line in till.lines]) == (0, ["last"])
    assert [row.amount for row in reports.holders(CHIEF, "1010", before).rows] == [5005]
    for day, receipt in ((before, "P1-000001"), (after, "P1-000002")):
        (line,) = reports.customer(CHIEF, "A1", day, day).lines
        assert line.receipt == receipt
        (taking,) = reports.takings(CHIEF, None, day, day)
        assert (taking.day, taking.sales) == (day, 1)
        assert reports.operator(CHIEF, OPERATOR.name, day, day).sales == 1
        units = [row.sales for row in reports.breakdown(CHIEF, day, day) if row.kind == "units"]
        assert units == [1]
    carried = -reports.account(CHIEF, "2010", "A1", None, before).closing
    assert reports.customer(CHIEF, "A1", after).opening == carried > 0
    made.close()


def test_an_account_of_a_holder_without_postings(here: Office) -> None:
    for code, holder in (("1210", "A1"), ("1030", "P2"), ("6110", WATER.number)):
        found = here.reports.account(CHIEF, code, holder)
        assert (found.closing, found.lines) == (0, ())


def test_an_account_of_a_holder_that_only_the_books_know(here: Office) -> None:
    """Somebody has made it up behind our back: what is there is shown."""
    with sqlite3.connect(here.town.path) as db:
        for drops in drop("sqlite", "postings"):
            db.execute(drops)
        db.execute("UPDATE postings SET holder = 'P9' WHERE entry = 1 AND account = '1010'")
    db.close()
    assert here.reports.account(CHIEF, "1010", "P9", "2026-11-24").opening == 5005
    tills = here.reports.holders(CHIEF, "1010").rows
    assert [(row.holder, row.name_ar, row.name_en) for row in tills] == [
        ("P1", "البلدية", "Town hall"),
        ("P2", "الحارة الشرقية", "East quarter"),
        ("P9", "", ""),
    ]


def test_days_in_the_wrong_order(here: Office) -> None:
    reports, turned = here.reports, ("2026-11-24", "2026-11-23")
    for ask in (
        lambda: reports.account(CHIEF, "1010", "", *turned),
        lambda: reports.customer(CHIEF, "A1", *turned),
        lambda: reports.operator(CHIEF, "Rana", *turned),
        lambda: reports.takings(CHIEF, None, *turned),
    ):
        with pytest.raises(DaysBackwards) as error:
            ask()
        assert error.value.facts() == {"first": "2026-11-24", "last": "2026-11-23"}


def test_a_customer(here: Office) -> None:
    statement = here.reports.customer(TECHNICIAN, "A1")
    assert [line.receipt for line in statement.lines] == [
        "P1-000001",
        "P1-000003",
        "P2-000001",
        "P2-000002",
    ]
    with here.town.store.reading() as books:
        carried = -books.balance("2010", "A1", "ILS")
        assert [line.balance for line in statement.lines] == [
            record.balance_after
            for vend_id in ("a", "c", "d", "e")
            if (record := books.sale(vend_id)) is not None
        ]
    assert statement.closing == carried
    assert all(line.tokens == 1 for line in statement.lines)
    later = here.reports.customer(CHIEF, "A1", "2026-11-24")
    assert later.opening == statement.lines[1].balance
    assert later.closing == carried
    with pytest.raises(AgreementUnknown):
        here.reports.customer(CHIEF, "A99")


def test_takings(here: Office) -> None:
    assert [tuple(row) for row in here.reports.takings(CHIEF)] == [
        ("P2", "2026-11-24", "Rana", "card", False, "ILS", 1, 10_000, 0, 0),
        ("P2", "2026-11-24", "Rana", "cash", False, "ILS", 1, 10_000, 0, 0),
    ]
    whole = here.reports.takings(CHIEF, None, "2026-11-23")
    assert sum(row.amount for row in whole) == 3 * 5005 + 20_000
    assert {row.point for row in here.reports.takings(CHIEF, "P1", "2026-11-01")} == {"P1"}
    up_to = here.reports.takings(CHIEF, None, None, "2026-11-23")
    assert sum(row.amount for row in up_to) == 3 * 5005
    with pytest.raises(ActorNotAllowed):
        here.reports.takings(OPERATOR)
    # Nothing taken at a point is an answer; a point that there is not is a mistake.
    assert here.reports.takings(CHIEF, "P1") == []
    with pytest.raises(PointUnknown):
        here.reports.takings(CHIEF, "ZZ")


def answered(reports: BookReports, name: str, needed: list[str]) -> None:
    answer = getattr(reports, name)(OPERATOR, *needed)
    if isinstance(answer, AbstractContextManager):
        answer.__enter__()


def test_who_may_not_read_the_books_is_told_nothing_of_them(here: Office) -> None:
    """By whichever call; what everybody may ask of one agreement is apart."""
    asked = []
    for name, call in inspect.getmembers(BookReports, inspect.isfunction):
        known = inspect.signature(call).parameters
        if "actor" not in known or name == "customer":
            continue
        needed = ["x" for one in [*known.values()][2:] if one.default is one.empty]
        with pytest.raises(ActorNotAllowed):
            answered(here.reports, name, needed)
        asked.append(name)
    assert {"seals", "operator", "journal", "check"} < {*asked}


def test_a_seller_who_is_not_registered_and_days_on_which_nothing_was_sold(here: Office) -> None:
    told = here.reports.operator(CHIEF, "Rana", "2026-11-24", "2026-11-24")
    assert (told.sales, told.settlement) == (2, "")
    before = here.reports.operator(CHIEF, "Rana", "2026-11-23", "2026-11-23")
    assert (before.sales, before.takings, before.lines) == (0, (), ())
    with pytest.raises(OperatorUnknown):
        here.reports.operator(CHIEF, "Nobody", "2026-11-24", "2026-11-24")


def test_a_day_that_agrees(here: Office) -> None:
    check = here.reports.check(BILLING, "2026-11-23")
    assert check.ok
    assert (check.sales, check.tokens, check.first_entry, check.last_entry) == (3, 3, 1, 3)
    assert [tuple(key) for key in check.keys] == [
        ("123457", 1, "credit_electricity", 2, 2, 2),
        ("123457", 1, "credit_water", 1, 1, 1),
    ]
    today = here.reports.check(BILLING)
    assert (today.sales, today.tokens, today.last_entry) == (2, 2, 6)
    nothing = here.reports.check(BILLING, "2026-11-22")
    assert (nothing.ok, nothing.sales) == (True, 0)


EDITS = [
    ("DELETE FROM tokens WHERE vend_id = 'b'", {"tokens credit_water", "tokens_carry l"}),
    (
        "UPDATE tokens SET quantity = quantity + 100 WHERE vend_id = 'a'",
        {"tokens_carry Wh", "issuer a"},
    ),
    ("UPDATE tokens SET tid = tid + 1 WHERE vend_id = 'a'", {"issuer a"}),
    ("UPDATE tokens SET digits = '00000000000000000000' WHERE vend_id = 'b'", {"issuer b"}),
    ("DELETE FROM receipts WHERE vend_id = 'b'", {"receipts P1", "receipt_numbers P1"}),
    ("UPDATE receipts SET number = 9 WHERE vend_id = 'c'", {"receipt_numbers P1"}),
    (
        "UPDATE entries SET kind = 'gift' WHERE number = 2",
        {
            "sale_entries sale",
            "entries_of_sales",
            "issued l",
            "booked 1010:P1",
            "booked 2010",
            "booked 2020",
        },
    ),
    (
        "UPDATE postings SET amount = amount + 1 WHERE entry = 1 AND account = '1010'",
        {"booked 1010:P1", "balanced ILS"},
    ),
]


@pytest.mark.parametrize(("statement", "found"), EDITS)
def test_a_day_that_does_not_agree(here: Office, statement: str, found: set[str]) -> None:
    with sqlite3.connect(here.town.path) as db:
        for table in BOOKS:
            for drops in drop("sqlite", table):
                db.execute(drops)
        assert db.execute(statement).rowcount == 1
    db.close()
    check = here.reports.check(BILLING, "2026-11-23")
    assert {f"{d.what} {d.where}".strip() for d in check.differences} == found


def test_what_was_found_last_is_what_is_kept_of_a_day(here: Office) -> None:
    here.keeping.seal(BILLING, None, here.reports.check(BILLING))
    found = (Difference("receipts", "P1", 2, 1),)
    check = replace(here.reports.check(BILLING), differences=found)
    seal = here.keeping.seal(BILLING, None, check)
    kept = here.reports.check(BILLING).kept
    assert kept is not None
    assert (kept.seal, kept.differences) == (seal.number, found) == (2, found)
    # Who seals by hand behind it is told that seal.
    assert here.keeping.seal(BILLING) == seal


def test_an_account_that_came_back_to_nothing_is_in_no_seal(here: Office) -> None:
    def sealed() -> set[str]:
        return {account for account, _, _ in here.keeping.seal(BILLING).content.sums}

    before = sealed()
    here.keeping.reverse(BILLING, "REV-1", 6, "The money was found")
    here.keeping.approve(CHIEF, "REV-1")
    assert before - sealed() == {"5010"}


def test_what_the_check_shows_of_a_day_that_was_edited(here: Office) -> None:
    with sqlite3.connect(here.town.path) as db:
        for table in ("postings", "sales"):
            for drops in drop("sqlite", table):
                db.execute(drops)
        db.execute("UPDATE postings SET account = '1020' WHERE account = '1010' AND entry <= 3")
        db.execute("UPDATE sales SET point = 'P2', basket = 'a' WHERE vend_id = 'b'")
    db.close()
    check = here.reports.check(BILLING, "2026-11-23")
    # Money that is told and not booked, and money that is booked and not told.
    assert [tuple(one) for one in check.money] == [
        ("1010", "P1", "ILS", 2 * 5005, 0, 0),
        ("1010", "P2", "ILS", 5005, 0, 0),
        ("1020", "P1", "ILS", 0, 3 * 5005, 0),
    ]
    # A point where nothing but what shares a receipt of another is told, with none of its own.
    assert [tuple(one) for one in check.receipts] == [("P1", 1, 3, 2, 2), ("P2", 1, 0, 0, 1)]
    assert ("basket_receipts", "P2", 1, 0) in check.differences


def test_a_token_that_carries_more_than_was_sold_is_found_by_its_digits(here: Office) -> None:
    """Every row tells the same story, and only the key knows better."""
    db = sqlite3.connect(here.town.path)
    tid, was = db.execute("SELECT tid, digits FROM tokens WHERE vend_id = 'a'").fetchone()
    for drops in drop("sqlite", "tokens"):
        db.execute(drops)
    meter = here.town.service.meter(OPERATOR, POWER.number).meter
    more = TransferCreditElectricity(amount=Energy(1_000_000), tid=tid, rnd=5)
    ghost = security().issue(meter.key, more, tid_moment(BaseDate.BASE_2014, tid))
    assert ghost != was
    db.execute("UPDATE tokens SET digits = ? WHERE vend_id = 'a'", (ghost,))
    db.commit()
    db.close()
    check = here.reports.check(BILLING, "2026-11-23")
    assert [tuple(one) for one in check.differences] == [("issuer", "a", 1, 0)]
    assert [use.opened for use in check.keys] == [1, 1]
    # Who has no keys at hand counts rows alone, and says so.
    for keys in (None, MemorySecurityModule(())):
        plain = BookReports(here.books, chart(), here.town.clock, ZONE, keys)
        check = plain.check(BILLING, "2026-11-23")
        assert (check.ok, [use.opened for use in check.keys]) == (True, [None, None])
