"""What is barred, and who sells on which terms, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from meters.quantities import Money
from tests.vending.approvals.support import HUDA, KIOSK, LAYLA, NADIA, OMAR, SAMIR, WHY, Desk
from tests.vending.approvals.test_approvals import refused
from tests.vending.books.support import CHIEF, SECOND, ZONE, move
from tests.vending.support import ADMIN, POWER, START, TECHNICIAN, Town, chart
from vending.accounting import Bookkeeping
from vending.approvals import BlockEvent
from vending.blocking import Block, Blocked, buyer_keys, check_blocks, seller_keys
from vending.operators import Settlement, check_float
from vending.store.books import SqlBooks

pytestmark = pytest.mark.system

SHORT = "Counted short three days running"
KEYS = [*buyer_keys(POWER.number, "A1"), *seller_keys("api:Samir", "P1", "T1")]


@pytest.fixture
def desk(place: Path | str) -> Iterator[Desk]:
    made = Desk(Town(place))
    yield made
    made.town.store.close()


def sale_is_blocked(desk: Desk) -> str:
    """The kind that a sale by Samir at P1 to the electricity meter is refused for."""
    with desk.people.reading() as books:
        found = books.blocked(KEYS)
    try:
        check_blocks(found, KEYS)
    except Blocked as error:
        return error.kind
    return ""


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("meter", f" {POWER.pan.number} ", POWER.number),
        ("agreement", "A1", "A1"),
        ("operator", "cli:  SAMIR", "samir"),
        ("point", "P1", "P1"),
        ("terminal", "P1/T1", "P1/T1"),
    ],
)
def test_one_stops_and_two_let_go_on(desk: Desk, kind: str, typed: str, kept: str) -> None:
    made = desk.blocks.block(LAYLA, kind, typed, SHORT)
    assert made == Block(kind, kept, SHORT, START)
    assert sale_is_blocked(desk) == kind
    desk.town.clock.forward(hours=1)
    assert desk.blocks.block(OMAR, kind, kept, f" {SHORT}") == made
    assert refused(lambda: desk.blocks.block(OMAR, kind, kept, "Another")) == "block.already"
    desk.blocks.lift(LAYLA, "l-1", kind, typed, "The drawer was found")
    assert refused(lambda: desk.approvals.approve(LAYLA, "l-1")) == "actor.not_allowed"
    assert sale_is_blocked(desk) == kind
    desk.approvals.approve(OMAR, "l-1")
    assert sale_is_blocked(desk) == ""
    assert desk.blocks.blocks(LAYLA) == []
    # And again, for another reason.
    desk.blocks.block(OMAR, kind, kept, "Another")
    later = START.replace(hour=START.hour + 1)
    assert desk.blocks.events(LAYLA, kind, typed) == [
        BlockEvent(kind, kept, "blocked", later, "Omar Saleh", "Another"),
        BlockEvent(kind, kept, "lifted", later, "Omar Saleh", "The drawer was found"),
        BlockEvent(kind, kept, "blocked", START, "Layla", SHORT),
    ]
    assert desk.town.service.verify(ADMIN).ok


def test_what_cannot_be_blocked(desk: Desk) -> None:
    block = desk.blocks.block
    for kind, subject, code in (
        ("customer", "10001", "block.kind_unknown"),
        ("meter", "07000090014", "block.subject_unknown"),
        ("meter", "07000090015", "meter.check_digit"),
        ("agreement", "A9", "block.subject_unknown"),
        ("point", "P9", "block.subject_unknown"),
        ("terminal", "T1", "block.subject_unknown"),
        ("operator", "cli: ", "block.subject_unknown"),
        ("operator", "x" * 61, "block.subject_unknown"),
        ("operator", "a\x00b", "block.subject_unknown"),
    ):
        assert refused(lambda k=kind, s=subject: block(OMAR, k, s, SHORT)) == code, subject  # type: ignore[misc]
    assert refused(lambda: block(OMAR, "point", "P1", "bad")) == "ledger.reason_missing"
    assert refused(lambda: block(OMAR, "point", "P1", f"{10**19}")) == "reason.holds_token"
    for actor in (SAMIR, TECHNICIAN):
        assert refused(lambda a=actor: block(a, "point", "P1", SHORT)) == "actor.not_allowed"  # type: ignore[misc]
    assert refused(lambda: desk.blocks.lift(OMAR, "l", "point", "P1", WHY)) == "block.not_blocked"
    assert desk.blocks.blocks(LAYLA) == []


def test_lists_of_blocks(desk: Desk) -> None:
    for kind, subject in (("point", "P2"), ("operator", "b"), ("operator", "a"), ("point", "P1")):
        desk.blocks.block(OMAR, kind, subject, SHORT)
    keys = [b.key for b in desk.blocks.blocks(LAYLA)]
    assert keys == [("operator", "a"), ("operator", "b"), ("point", "P1"), ("point", "P2")]
    assert [b.key for b in desk.blocks.blocks(LAYLA, after="operator:a", limit=2)] == keys[1:3]
    assert [b.key for b in desk.blocks.blocks(LAYLA, "point", after="point:P1")] == keys[3:]
    latest, first = desk.blocks.events(LAYLA, "operator")
    assert desk.blocks.events(LAYLA, "operator", limit=1) == [latest]
    assert desk.blocks.events(LAYLA, "operator", before=latest.id, limit=1) == [first]
    assert desk.blocks.events(LAYLA, "operator", before=first.id) == []


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("DELETE FROM blocks", "block_missing"),
        ("UPDATE blocks SET reason = 'A nicer reason'", "block_without_event"),
        ("INSERT INTO blocks SELECT kind, 'P2', reason, since FROM blocks", "block_without_event"),
    ],
)
def test_verification_sees_blocks_that_differ_from_their_events(
    desk: Desk, statement: str, what: str
) -> None:
    desk.blocks.block(OMAR, "point", "P1", SHORT)
    desk.blocks.block(OMAR, "operator", "x", SHORT)
    desk.blocks.lift(OMAR, "l", "operator", "x", WHY)
    desk.approvals.approve(NADIA, "l")
    assert desk.town.service.verify(ADMIN).ok
    with desk.town.store.engine.begin() as db:
        db.execute(text(statement))
    report = desk.town.service.verify(ADMIN)
    assert report.problem is not None
    assert report.problem.what == what


def test_a_lifted_block_put_back_by_hand_shows(desk: Desk) -> None:
    desk.blocks.block(OMAR, "operator", "x", SHORT)
    desk.blocks.lift(OMAR, "l", "operator", "x", WHY)
    desk.approvals.approve(NADIA, "l")
    with desk.town.store.engine.begin() as db:
        db.execute(
            text(
                "INSERT INTO blocks SELECT kind, subject, reason, at FROM block_events "
                "WHERE act = 'blocked'"
            )
        )
    report = desk.town.service.verify(ADMIN)
    assert report.problem is not None
    assert report.problem.what == "block_without_event"


# Operators


def test_an_operator_is_registered_once_as_a_person(desk: Desk) -> None:
    register = desk.operators.register
    typed = replace(KIOSK, code=" Samir ", commission="٢٫٥٠")
    made = register(HUDA, typed)
    assert made == replace(KIOSK, commission="2.5")
    assert register(HUDA, typed) == made
    assert desk.operators.operator(HUDA, "Samir") == made
    assert register(HUDA, replace(typed, code="cli:Samir")) == register(HUDA, typed)
    for other in (replace(KIOSK, credit_limit=1), replace(typed, code="api:samir", commission="0")):
        assert refused(lambda o=other: register(HUDA, o)) == "operator.exists"  # type: ignore[misc]
    assert refused(lambda: register(OMAR, replace(KIOSK, code="X"))) == "actor.not_allowed"
    for field, value in (
        ("code", ""),
        ("code", "x" * 31),
        ("code", "a\x00"),
        ("name_ar", " "),
        ("credit_limit", -1),
        ("most_per_sale", 10**13 + 1),
        ("most_per_day", -5),
        ("commission", "100.1"),
        ("commission", "-1"),
        ("commission", "1e1"),
        ("commission", "0.00001"),
    ):
        wrong = replace(KIOSK, **{field: value})  # type: ignore[arg-type]
        assert refused(lambda w=wrong: register(HUDA, w)) == "operator.field_wrong"  # type: ignore[misc]
    register(HUDA, replace(KIOSK, code="Adel", settlement=Settlement.TILL, credit_limit=None))
    assert [o.code for o in desk.operators.operators(LAYLA)] == ["adel", "samir"]
    assert [o.code for o in desk.operators.operators(LAYLA, after="adel")] == ["samir"]


def test_who_sees_what_an_operator_may(desk: Desk) -> None:
    desk.operators.register(HUDA, KIOSK)
    assert desk.operators.float_of(replace(SAMIR, name="api:samir"), "Samir").available == Money(
        20_000
    )
    other = replace(SAMIR, name="Adel")
    assert refused(lambda: desk.operators.float_of(other, "Samir")) == "actor.not_allowed"
    assert refused(lambda: desk.operators.operator(other, "Samir")) == "actor.not_allowed"
    assert refused(lambda: desk.operators.operators(SAMIR)) == "actor.not_allowed"
    assert refused(lambda: desk.operators.float_of(OMAR, "Adel\x00")) == "operator.unknown"


def test_a_float_is_what_the_ledger_says(desk: Desk) -> None:
    """Paid in by an adjustment of two people: the same account that sales are set off against."""
    desk.operators.register(HUDA, KIOSK)
    books = Bookkeeping(SqlBooks(desk.town.store), chart(), desk.town.clock, ZONE)
    deposits, bank = chart().role("operator_deposit"), chart().role("bank")
    books.adjust(CHIEF, "in", move((bank.code, ""), (deposits.code, "Samir"), 30_000), "Paid in")
    books.approve(SECOND, "in")
    found = desk.operators.float_of(LAYLA, "Samir")
    assert (found.deposit, found.credit_limit, found.available) == (
        Money(30_000),
        Money(20_000),
        Money(50_000),
    )
    check_float(found.operator, found.deposit, Money(50_000))
    sold = move((deposits.code, "Samir"), (chart().role("sales_electricity").code, ""), 35_000)
    books.adjust(CHIEF, "out", sold, "Sold for")
    books.approve(SECOND, "out")
    found = desk.operators.float_of(LAYLA, "Samir")
    assert (found.deposit, found.available) == (Money(-5_000), Money(15_000))


def test_limits_of_a_point_and_terms_of_an_operator_change_by_two(desk: Desk) -> None:
    desk.operators.register(HUDA, KIOSK)
    limits = {"most_per_sale": "300", "most_in_till": "٢٠٠٠٫٥٠", "needs_shift": True}
    desk.operators.change_point(OMAR, "p-1", "P1", limits, WHY)
    done = desk.approvals.approve(NADIA, "p-1")
    assert done.outcome == {
        "code": "P1",
        "before": {"most_per_sale": None, "most_in_till": None, "needs_shift": False},
        "now": {"most_per_sale": "300.00", "most_in_till": "2000.50", "needs_shift": True},
    }
    points = {p.code: p for p in desk.town.service.points(ADMIN)}
    assert (points["P1"].most_per_sale, points["P1"].most_per_day) == (30_000, None)
    assert (points["P1"].most_in_till, points["P1"].needs_shift) == (200_050, True)
    assert points["P2"].needs_shift is False
    desk.operators.change_point(OMAR, "p-2", "P1", {"most_per_sale": None}, WHY)
    desk.approvals.approve(NADIA, "p-2")
    assert desk.town.service.points(ADMIN)[0].most_per_sale is None
    desk.ask("o-1", settlement="till", credit_limit=None, most_per_day="900", commission="1.25")
    desk.approvals.approve(HUDA, "o-1")
    assert desk.operators.operator(LAYLA, "Samir") == replace(
        KIOSK,
        settlement=Settlement.TILL,
        credit_limit=None,
        most_per_day=90_000,
        commission="1.25",
    )
    # Two changes that were asked for at once touch only what they name.
    desk.ask("o-2", name_en="Samir A.")
    desk.ask("o-3", commission="2")
    for id in ("o-3", "o-2"):
        desk.approvals.approve(NADIA, id)
    found = desk.operators.operator(LAYLA, "Samir")
    assert (found.name_en, found.commission) == ("Samir A.", "2")


def test_nobody_lets_themselves_go(desk: Desk) -> None:
    desk.blocks.block(HUDA, "operator", "Omar Saleh", SHORT)
    desk.blocks.lift(NADIA, "l-1", "operator", "omar saleh", WHY)
    own = replace(OMAR, name="api:Omar Saleh")
    assert refused(lambda: desk.approvals.approve(own, "l-1")) == "approval.own_act"
    desk.approvals.approve(HUDA, "l-1")
