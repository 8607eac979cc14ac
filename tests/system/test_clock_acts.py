"""The machine's clock runs ahead under a whole program: nothing that is written into the books, or
that decides what may be, is done by it; set right again, all of it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meters.identity import Drn
from meters.quantities import Money
from meters.values import replace
from tests.system.installation import PASSPHRASE, Installation
from tests.system.machines import Machine
from tests.vending.support import OPERATOR, POWER, SGC, TECHNICIAN, put_point, request
from tokens.sts import EncryptionAlgorithm
from vending.acts import NewMeter, Source
from vending.approvals.errors import ApprovalExpired
from vending.blocking import Blocked
from vending.clock import ClockRanAhead, ClockWentBack
from vending.drawer import BankRequest
from vending.drawer.counting import checked_count
from vending.ledger import Posting
from vending.parties import Actor, Role
from vending.requests import BasketRequest, Credit, basket_of
from vending.running import Raseed
from vending.sale import Tender
from vending.tariff import Instalment, Label
from vending.voids import GoneUnproved
from vending.wiring import open_raseed

pytestmark = pytest.mark.system

CHIEF = Actor("Omar", Role.SUPERVISOR, "P1", "T9")
LAYLA = Actor("Layla", Role.BILLING)
WHY = "a reason that is told"


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def product(tmp_path: Path, place: Path | str, machine: Machine) -> Iterator[Raseed]:
    """All that one program runs, as it is put together, with a day of trade behind it."""
    town = Installation(tmp_path, place)
    with open_raseed(town.settings, PASSPHRASE, clock=machine, guard=machine.starts()) as raseed:
        put_point(raseed.store, "P1", needs_shift=True)
        raseed.drawers.open(OPERATOR, "S-1", Money(20_000))
        raseed.drawers.open(CHIEF, "S-0", Money(20_000))
        raseed.service.vend(OPERATOR, request())
        raseed.service.vend(OPERATOR, replace(request("by-card"), tender=Tender.CARD))
        raseed.service.vend_basket(OPERATOR, replace(basket_of(request("held")), hold=True))
        raseed.bookkeeping.adjust(LAYLA, "ADJ-1", LINES, WHY)
        raseed.blocks.block(LAYLA, "agreement", "A2", WHY)
        raseed.blocks.lift(LAYLA, "L-1", "agreement", "A2", WHY)
        machine.passes(hours=1)
        yield raseed


LINES = (Posting("5010", "", "ILS", 500), Posting("1010", "P1", "ILS", -500))
PUT_IN = NewMeter(Drn.from_serial("01", 7001), EncryptionAlgorithm.EA07, SGC, 1, 1)
SHORT = checked_count([("200", 1), ("50", 1)], [], "ILS")

ACTS: dict[str, Callable[[Raseed], object]] = {
    "sell": lambda r: r.service.vend(OPERATOR, request("v-2")),
    "basket": lambda r: r.service.vend_basket(OPERATOR, basket_of(request("b-2"))),
    "void": lambda r: r.service.void(OPERATOR, "held", WHY),
    "refund": lambda r: r.service.refund(CHIEF, "v-1", "Layla", WHY, "APP-1"),
    "open": lambda r: r.drawers.open(
        replace(OPERATOR, name="Lina", terminal="T2"), "S-2", Money(100)
    ),
    "cash in": lambda r: r.drawers.cash_in(OPERATOR, "M-1", Money(100), WHY),
    "cash out": lambda r: r.drawers.cash_out(OPERATOR, "M-2", Money(100), WHY),
    "x report": lambda r: r.x_reports.take(OPERATOR, "X-1"),
    "close": lambda r: r.drawers.close(OPERATOR, SHORT),
    "bank": lambda r: r.bankings.bank(
        CHIEF, BankRequest("B-1", "P1", amounts=((Tender.CARD, 100),))
    ),
    "adjust": lambda r: r.bookkeeping.approve(CHIEF, "ADJ-1"),
    "debt": lambda r: r.accounts.add_debt(
        LAYLA, "A1", "old", Label("ذمم", "Arrears"), Money(500), Instalment(Money(100)), WHY, "114"
    ),
    "month": lambda r: r.bookkeeping.close(LAYLA, "2026-11"),
    "seal": lambda r: r.bookkeeping.seal(LAYLA),
    "exchange": lambda r: r.exchanges.exchange(TECHNICIAN, "E-1", "A2", PUT_IN, Source.NONE, WHY),
    "ask": lambda r: r.blocks.lift(LAYLA, "L-2", "agreement", "A2", WHY),
    "lift": lambda r: r.approvals.approve(CHIEF, "L-1"),
}
"""All that books, what would keep others from booking by the right time, what proves by its
moment that money may be given back, and what waits for a second person for a day."""
NO_WITNESS = ("x report", "month", "seal", "exchange", "ask", "lift")
"""They book nothing."""


@pytest.mark.parametrize("act", ACTS)
def test_no_act_is_done_by_a_clock_that_ran_ahead(
    product: Raseed, machine: Machine, act: str
) -> None:
    with product.store.reading() as books:
        before = books.chain_head()
    machine.forward(days=60)
    with pytest.raises(ClockRanAhead):
        ACTS[act](product)
    with product.store.reading() as books:
        assert books.chain_head() == before
    machine.forward(days=-60)
    if act != "month":
        # It is not over by the right time.
        ACTS[act](product)
    if act == "close":
        product.drawers.open(OPERATOR, "S-3", Money(0))
    product.service.vend(OPERATOR, request("last"))
    assert product.bookkeeping.verify(LAYLA).ok


@pytest.mark.parametrize("act", [act for act in ACTS if act not in NO_WITNESS])
def test_whatever_a_program_books_first_is_its_witness(
    product: Raseed, machine: Machine, act: str
) -> None:
    """A day is no leap to a program that has just been started, and is one from then on."""
    with open_raseed(product.settings, PASSPHRASE, clock=machine, guard=machine.starts()) as anew:
        machine.passes(days=1)
        ACTS[act](anew)
        machine.forward(days=1)
        with pytest.raises(ClockRanAhead):
            anew.service.vend(OPERATOR, request("leap"))


def test_digits_that_were_shown_by_a_clock_ahead_were_not_seen_later(
    product: Raseed, machine: Machine
) -> None:
    """They are shown by any clock. But that the meter came out before is not to be told from a
    moment that had not come: the customer may have typed them in."""
    machine.forward(days=1)
    assert product.service.show(OPERATOR, "held").tokens
    machine.forward(days=-1)
    machine.passes(minutes=10)
    product.exchanges.exchange(TECHNICIAN, "E-1", "A1", PUT_IN, Source.NONE, WHY)
    for hours in (1, 48):
        machine.passes(hours=hours)
        with pytest.raises(GoneUnproved, match="nothing_read"):
            product.service.void(CHIEF, "held", WHY)
    assert product.bookkeeping.verify(LAYLA).ok


def test_a_request_whose_day_is_over_is_not_approved_by_a_clock_that_was_set_back(
    product: Raseed, machine: Machine
) -> None:
    machine.passes(days=1)
    product.service.vend(OPERATOR, request("today"))
    machine.forward(days=-1)
    with pytest.raises(ClockWentBack):
        product.approvals.approve(CHIEF, "L-1")
    machine.forward(days=1)
    with pytest.raises(ApprovalExpired):
        product.approvals.approve(CHIEF, "L-1")
    assert product.blocks.blocks(LAYLA, "agreement")


def test_a_clock_that_ran_ahead_takes_no_quote_that_binds(
    product: Raseed, machine: Machine
) -> None:
    """Of two servers on one database the clock of one stands ahead; the other one promised."""
    promise = product.service.bind(OPERATOR, POWER.number, Money(5000))
    machine.forward(days=60)
    assert product.service.forget_quotes() == 0
    machine.forward(days=-60)
    item = Credit(POWER.number, Money(5000), promise.id)
    sold = product.service.vend_basket(OPERATOR, BasketRequest("v-2", (item,)))
    assert sold.leading.quote == promise.quote
    machine.passes(days=2)
    assert product.service.forget_quotes() == 1


def test_what_was_approved_is_answered_by_any_clock(product: Raseed, machine: Machine) -> None:
    done = product.approvals.approve(CHIEF, "L-1").outcome
    machine.forward(days=60)
    again = product.approvals.approve(CHIEF, "L-1")
    assert (again.replayed, again.outcome) == (True, done)
    assert product.blocks.lift(LAYLA, "L-1", "agreement", "A2", WHY) == again.approval


def test_nobody_takes_up_what_was_approved_by_a_clock_that_ran_ahead(
    product: Raseed, machine: Machine
) -> None:
    """Cut off then, they would be at it until that moment for everybody else."""
    gift = {"meter": POWER.number, "units": "10"}
    product.approvals.request(LAYLA, "F-1", "free_issue", gift, WHY)
    product.blocks.block(LAYLA, "meter", POWER.number, WHY)
    with pytest.raises(Blocked):
        product.approvals.approve(CHIEF, "F-1")
    before = product.approvals.approval(LAYLA, "F-1")
    assert before.is_undone
    deputy = replace(CHIEF, name="Nadia")
    machine.forward(days=60)
    with pytest.raises(ClockRanAhead):
        product.approvals.approve(deputy, "F-1")
    assert product.approvals.approval(LAYLA, "F-1") == before
    machine.forward(days=-60)
    with pytest.raises(Blocked):
        product.approvals.approve(deputy, "F-1")
