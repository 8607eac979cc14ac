"""A shift from its opening to its Z report, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
from vending.drawer import ShiftState
from vending.drawer.errors import ShiftClosed
from vending.drawer.tally import ShiftBooks, Sum, tally
from vending.sale import Tender
from vending.store.drawer_proof import drawer_problems


@pytest.fixture
def here(place: Path | str) -> Iterator[Counter]:
    made = Counter(place)
    yield made
    made.close()


def test_a_day_at_the_counter(here: Counter) -> None:
    drawers = here.drawers
    shift = drawers.open(SAMIR, "S-1", shekels("200"))
    assert (shift.number, shift.code, shift.operator) == (1, "P1-S0001", "Samir")
    before = here.till()
    here.sell("S-1", 5550)
    here.sell("S-1", 12000, Tender.CARD)
    here.sell("S-1", 30000, Tender.CHEQUE, "payment")
    here.sell(None, 700)
    drawers.cash_in(SAMIR, "in-1", shekels("50"), "Small coins from the safe")
    drawers.cash_out(SAMIR, "out-1", shekels("100"), "Too much in the drawer")

    blind = drawers.x(SAMIR)
    assert (blind.blind, blind.expected, blind.tally.sales) == (True, None, 3)
    assert [(row.tender, row.net) for row in blind.tally.tenders] == [
        ("card", 12000),
        ("cheque", 30000),
    ]
    assert blind.tally.figures == ()
    assert {row.taken for row in blind.tally.kinds} == {None}
    seen = drawers.x(CHIEF, "S-1")
    assert (seen.expected, seen.blind) == (20000 + 5550 + 5000 - 10000, False)

    z = drawers.close(SAMIR, count({"200": 1, "0.50": 1}, cheque="300"))
    assert [(r.tender, r.expected, r.counted, r.difference) for r in z.results] == [
        ("cash", 20550, 20050, -500),
        ("card", 12000, None, None),
        ("cheque", 30000, 30000, 0),
    ]
    assert z.entry is not None
    assert [(k.kind, k.sales, k.voids, k.taken) for k in z.tally.kinds] == [
        ("credit", 2, 0, 17550),
        ("payment", 1, 0, 30000),
    ]
    assert [(u.commodity, u.sales) for u in z.tally.units] == [("water", 3000)]
    assert dict(z.tally.figures)["vat"] == sum(n * 16 // 116 for n in (5550, 12000, 30000))
    assert here.till() == before + 5550 + 700 + 5000 - 10000 - 500
    loss = here.reports.account(LAYLA, "5030")
    assert (loss.closing, loss.lines[0].kind, loss.lines[0].cause) == (500, "over_short", "S-1")
    assert drawers.z(SAMIR, "S-1") == z
    assert here.right()

    with pytest.raises(ShiftClosed):
        drawers.cash_in(SAMIR, "in-2", shekels("1"), "Found on the floor", "S-1")
    assert [f.shift.id for f in drawers.shifts(LAYLA, state=ShiftState.WAITING)] == ["S-1"]


def test_over_and_right_and_a_supervisor_who_closes(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("0"))
    here.drawers.open(RANA, "S-2", shekels("30"))
    here.sell("S-2", 1000)
    assert [row.tender for row in here.drawers.x(CHIEF, "S-1").tally.tenders] == ["cash"]
    assert here.drawers.x(CHIEF, "S-1").tally.figures == ()
    z = here.drawers.close(RANA, counting(4000))
    assert (z.entry, z.expected, z.results[0].difference) == (None, 4000, 0)
    here.sell("S-1", 1000)
    z = here.drawers.close(CHIEF, counting(1010), "S-1")
    assert (z.actor, z.shift.operator, z.results[0].difference) == ("Omar", "Samir", 10)
    assert here.reports.account(LAYLA, "5030").closing == -10
    assert here.right()


UNITS = [("electricity", "Wh"), ("water", "l"), ("tokens", "token")]


def test_figures_read_as_people_expect_them() -> None:
    """Tax due, debts recovered and rounding gained are credits, the others debits: all are told as
    what they came to, and what was given back is taken off."""
    moved = {
        "vat_due": -160,
        "debts": -500,
        "commission": 20,
        "coin_rounding": -3,
        "operator_deposit": 700,
        "refunds": 900,
    }
    sums = [Sum(False, "credit", chart().role(role).code, "ILS", n) for role, n in moved.items()]
    sums.append(Sum(True, "credit", chart().role("vat_due").code, "ILS", 60))
    sums += [
        Sum(False, "credit", chart().role(f"meters_{name}").code, unit, number)
        for number, (name, unit) in enumerate(UNITS, 1)
    ]
    told = tally(ShiftBooks(sums=tuple(sums)), chart())
    assert dict(told.figures) == {
        "vat": 100,
        "debts": 500,
        "commission": 20,
        "rounding": 3,
        "on_deposit": 700,
        "refunds": 900,
    }
    assert [tuple(row) for row in told.units] == [
        (name, unit, number, 0) for number, (name, unit) in enumerate(UNITS, 1)
    ]


def test_a_shift_that_took_back_what_another_had_sold_tells_no_sale(here: Counter) -> None:
    sale = here.sell(None, 2320)
    here.drawers.open(SAMIR, "S-1", shekels("100"))
    here.void(sale, "S-1", 2320)
    told = here.drawers.x(CHIEF, "S-1").tally
    assert [(k.kind, k.sales, k.voids, k.taken) for k in told.kinds] == [("credit", 0, 1, -2320)]
    assert [(u.commodity, u.sales, u.voids) for u in told.units] == [("water", 0, -1000)]


def test_voids_are_taken_off(here: Counter) -> None:
    here.drawers.open(SAMIR, "S-1", shekels("100"))
    here.sell("S-1", 1160)
    sale = here.sell("S-1", 2320)
    here.sell("S-1", 5000, Tender.CARD)
    here.void(sale, "S-1", 2320)
    x = here.drawers.x(CHIEF, "S-1")
    assert (x.tally.sales, x.tally.voids, x.expected) == (3, 1, 10000 + 1160)
    assert [(r.tender, r.sales, r.voids, r.net) for r in x.tally.tenders] == [
        ("cash", 3480, -2320, 1160),
        ("card", 5000, 0, 5000),
    ]
    assert [(k.sales, k.voids, k.taken) for k in x.tally.kinds] == [(3, 1, 6160)]
    assert [(u.sales, u.voids) for u in x.tally.units] == [(3000, -1000)]
    assert dict(x.tally.figures)["vat"] == 160 + 5000 * 16 // 116
    z = here.drawers.close(SAMIR, counting(11160))
    assert z.entry is None
    # What the hash of a void stands for is not the drawer's business; its sums are.
    with here.books.reading() as books:
        assert list(drawer_problems(books._db, chart())) == []
