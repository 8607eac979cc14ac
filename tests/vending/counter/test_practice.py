"""Practice refuses what a sale would refuse, gives what it would give, and leaves no trace; on both
databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.errors import RaseedError
from meters.quantities import Money
from meters.values import replace
from tests.vending.counter.test_evidence import Rig, plan, rig
from tests.vending.support import OPERATOR, POWER, START, WATER, Town, chart, put_point, security
from tests.vending.support import request as one
from vending.drawer.counting import Count
from vending.drawer.errors import CashShort
from vending.drawer.learning import PracticeDrawer, drawer_from
from vending.drawer.shifts import MoveKind
from vending.parties import Actor, Role
from vending.persons import person
from vending.practice import NO_TOKEN, Blanks
from vending.requests import BasketRequest, Credit, DebtPayment, Units
from vending.sale import Payment, SaleReceipt, Tender
from vending.store.schema import metadata

pytestmark = pytest.mark.system

__all__ = ["rig"]

T = metadata.tables
P, W = POWER.number, WATER.number


@pytest.fixture
def here(place: Path | str) -> Iterator[Town]:
    made = Town(place)
    yield made
    made.store.close()


def ils(text: str) -> Money:
    return Money.from_text(text)


def basket(*items: Any, paid: tuple[Payment, ...] = (), id: str = "v-1") -> BasketRequest:
    return BasketRequest(id, items or (Credit(P, ils("50.00")),), paid)


def point(**values: object) -> Callable[[Town], None]:
    return lambda town: put_point(town.store, "P1", **values)


def row(table: str, **values: object) -> Callable[[Town], None]:
    def write(town: Town) -> None:
        with town.store.writing() as books:
            books._db.execute(T[table].insert().values(**values))

    return write


def operator(**terms: object) -> Callable[[Town], None]:
    plain = {"settlement": "till", "commission": "0"}
    names = {"code": person(OPERATOR.name), "name_ar": "سمير", "name_en": "Samir"}
    return row("operators", **{**names, **plain, **terms})


def barred(kind: str, subject: str) -> Callable[[Town], None]:
    return row("blocks", kind=kind, subject=subject, reason="tampered", since=START)


def anothers_shift(town: Town) -> None:
    point(needs_shift=True)(town)
    told = {"point": "P1", "terminal": "T1", "operator": "Rana"}
    row(
        "shifts",
        id="s-1",
        number=1,
        opened_at=START,
        currency="ILS",
        opening_float=0,
        **told,
    )(town)
    row("open_shifts", shift="s-1", **told)(town)


def clock_back(town: Town) -> None:
    town.service.vend(OPERATOR, one("v-0"))
    town.clock.forward(days=-2)


PLAIN = basket()


@dataclass(frozen=True)
class Case:
    """How the town stands, and what is asked for."""

    code: str
    """Of the refusal; empty if it is sold."""
    stands: Callable[[Town], object] = lambda _: None
    asked: BasketRequest = PLAIN
    who: Actor = OPERATOR


CASES = [
    Case(""),
    Case("", asked=basket(Credit(P, Units("12.5")), Credit(W, ils("20.00")))),
    Case("", asked=basket(paid=(Payment(Tender.CASH, ils("100.00")),))),
    Case("", stands=operator(settlement="deposit", credit_limit=9_000, commission="2.5")),
    Case("vend.amount_too_low", asked=basket(Credit(P, ils("0.01")))),
    Case("payment.short", asked=basket(paid=(Payment(Tender.CASH, ils("10.00")),))),
    Case("meter.unknown", asked=basket(Credit("01000019990", ils("10.00")))),
    Case("vend.more_than_owed", asked=basket(DebtPayment(P, ils("10.00")))),
    Case("actor.not_allowed", who=replace(OPERATOR, role=Role.TECHNICIAN)),
    Case("point.unknown", who=replace(OPERATOR, point="P9")),
    Case("point.sale_limit", point(most_per_sale=4_000)),
    Case("point.day_limit", point(most_per_day=4_000)),
    Case("point.till_full", point(most_in_till=4_000)),
    Case("operator.sale_limit", operator(most_per_sale=4_000)),
    Case("operator.day_limit", operator(most_per_day=4_000)),
    Case("operator.float_used_up", operator(settlement="deposit", credit_limit=4_000)),
    Case("vend.blocked", barred("meter", P)),
    Case("vend.blocked", barred("terminal", "P1/T1")),
    Case("vend.blocked", barred("operator", person(OPERATOR.name))),
    Case("shift.needed", point(needs_shift=True)),
    Case("shift.of_another", anothers_shift),
    Case("clock.went_back", clock_back),
]


def told(town: Town, sell: Callable[[], tuple[SaleReceipt, ...]]) -> object:
    """Receipts without what practice does not give, or the refusal and its facts."""
    try:
        receipts = sell()
    except RaseedError as error:
        return error.code, vars(error)
    return [
        replace(
            receipt,
            number=0,
            journal_entry=0,
            tokens=tuple(replace(token, digits=NO_TOKEN) for token in receipt.tokens),
        )
        for receipt in receipts
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code or "sold")
def test_it_is_the_same_as_for_a_sale(here: Town, case: Case) -> None:
    case.stands(here)
    before = rows(here)
    learnt = told(here, lambda: here.service.rehearse(case.who, case.asked).basket.receipts)
    assert rows(here) == before
    sold = told(here, lambda: here.service.vend_basket(case.who, case.asked).receipts)
    assert learnt == sold
    if case.code:
        assert isinstance(sold, tuple)
        assert sold[0] == case.code


def rows(town: Town) -> dict[str, list[Any]]:
    with town.store.reading() as books:
        return {name: list(books._db.execute(T[name].select())) for name in sorted(T)}


def test_a_drawer_to_practise_with_stands_for_the_shift(here: Town) -> None:
    point(needs_shift=True)(here)
    sold = here.service.rehearse(OPERATOR, basket(), shift_open=True)
    assert [token.digits for token in sold.basket.leading.tokens] == [NO_TOKEN]
    assert sold.basket.leading.shift is None


def test_a_key_change_comes_first_here_too(rig: Rig) -> None:
    plan(rig, 2)
    issued = rig.service.ports.security.usage()
    sold = rig.service.rehearse(OPERATOR, basket()).basket.leading
    assert [(token.section, token.digits) for token in sold.key_tokens] == [
        (1, NO_TOKEN),
        (2, NO_TOKEN),
    ]
    assert sold.buyer.krn == 2
    # The module was not asked for a single digit, and the change is as due as it was.
    assert rig.service.ports.security.usage() == issued
    assert rig.service.meter(OPERATOR, P).meter.planned is not None


@pytest.mark.parametrize("told", [{"ken": 104}, {"ken": 104, "base_date": 1993}])
def test_a_meter_that_was_told_otherwise_is_looked_ahead_to(rig: Rig, told: dict[str, int]) -> None:
    """Its key has another expiry number or base date by now: the set comes without a plan."""
    with rig.town.store.writing() as books:
        meters = metadata.tables["meters"]
        books._db.execute(meters.update().where(meters.c.number == P).values(told))
    sold = rig.service.rehearse(OPERATOR, basket()).basket.leading
    assert [token.digits for token in sold.key_tokens] == [NO_TOKEN, NO_TOKEN]
    real = rig.service.vend_basket(OPERATOR, basket()).leading
    assert (len(real.key_tokens), real.key_move) == (2, sold.key_move)


def test_blanks_refuse_what_the_module_refuses(here: Town) -> None:
    blanks = Blanks(security())
    assert blanks.keys() == security().keys()
    late = START + timedelta(days=365 * 60)
    meter = here.service.meter(OPERATOR, P).meter.key
    with pytest.raises(RaseedError) as real:
        security().issue_key_change(meter, meter, late)
    with pytest.raises(RaseedError) as practised:
        blanks.issue_key_change(meter, meter, late)
    assert practised.value.code == real.value.code


class TestDrawer:
    def test_it_adds_up_like_a_real_shift(self, here: Town) -> None:
        drawer = PracticeDrawer(START, 20_000)
        paid = (Payment(Tender.CARD, ils("30.00")), Payment(Tender.CASH, ils("50.00")))
        for id, asked in (("v-1", basket()), ("v-2", basket(paid=paid))):
            rehearsal = here.service.rehearse(OPERATOR, replace(asked, vend_id=id))
            drawer = drawer.sold(rehearsal.booked).sold(rehearsal.booked)
        # 200 to begin with, 50 in cash, then 20 in cash (30 of 50 back) and 30 by card.
        sums = drawer.tally(chart())
        assert (sums.expected, sums.net(Tender.CARD), sums.sales) == (27_000, 3_000, 2)
        blind = drawer.report(OPERATOR, chart(), START)
        assert blind.expected is None
        count = Count(((20_000, 1), (5_000, 1)), ((Tender.CARD, 3_000),))
        z = drawer.closed(count, START).report(OPERATOR, chart(), START)
        assert [one.difference for one in z.results] == [-2_000, 0]

    def test_no_more_is_taken_out_than_lies_there(self) -> None:
        drawer = PracticeDrawer(START, 100).moved(MoveKind.IN, 50, chart())
        assert drawer.moved(MoveKind.OUT, 150, chart()).tally(chart()).expected == 0
        with pytest.raises(CashShort):
            drawer.moved(MoveKind.OUT, 151, chart())

    def test_it_comes_back_as_it_went(self, here: Town) -> None:
        drawer = PracticeDrawer(START.replace(microsecond=0), 20_000).sold(
            here.service.rehearse(
                OPERATOR, basket(Credit(P, ils("50.00")), Credit(W, ils("9")))
            ).booked
        )
        assert drawer_from(drawer.to_text(), START) == drawer
        drawer = drawer.took_x("x-1").took_x("x-2").took_x("x-1")
        assert drawer.x_reports == 2
        assert drawer_from(drawer.to_text(), START) == drawer
        closed = drawer.closed(Count(((5_000, 3),), ((Tender.CARD, 12),)), drawer.opened_at)
        assert drawer_from(closed.to_text(), START) == closed
        assert len(closed.to_text()) < 2_000

    @given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr))
    def test_a_forged_one_is_none(self, text: str) -> None:
        assert drawer_from(text, START) is None

    def test_numbers_of_any_size_are_none(self) -> None:
        text = PracticeDrawer(START, 7).to_text()
        for wrong in ("7.5", "true", str(10**14), "[7]", "null"):
            assert drawer_from(text.replace(",7,", f",{wrong},"), START) is None
