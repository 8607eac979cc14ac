"""From closed shifts to the bank: what is taken, what is refused, and its slip; and deposits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from meters.errors import RaseedError
from meters.quantities import Money
from tests.vending.drawer.support import (
    CHIEF,
    HUDA,
    LAYLA,
    RANA,
    SAMIR,
    TOWN_BANK,
    Counter,
    counting,
    sell_in,
    shekels,
)
from tests.vending.support import IN_CAPITALS, put_operator
from vending.accounting import AdjustmentState
from vending.accounting.errors import DepositTooSmall, OwnDeposit
from vending.drawer import BankRequest, DepositPlace, ShiftState
from vending.drawer.errors import (
    BankedAlready,
    BankingIdReused,
    BankingUnknown,
    DrawerAmount,
    DrawerIdMalformed,
    MoreThanThere,
    NothingToBank,
    PiecesDiffer,
    ReferenceTooLong,
    ShiftElsewhere,
    ShiftStillOpen,
    ShiftUnknown,
)
from vending.ids import IdInCapitals
from vending.ledger import Posting
from vending.masking import ReferenceHoldsToken
from vending.operators import OperatorUnknown
from vending.parties import Actor, PointUnknown, Role
from vending.permissions import ActorNotAllowed
from vending.sale import Tender
from vending.tariff import CurrencyWrong

WHY = "Paid in at the counter"


@pytest.fixture
def here(place: Path | str) -> Iterator[Counter]:
    """Samir's shift closed one shekel short, Rana's right; a third is open. What lies outside of
    shifts: one shekel."""
    made = Counter(place)
    drawers = made.drawers
    drawers.open(SAMIR, "S-1", shekels("100"))
    made.sell("S-1", 5000)
    made.sell("S-1", 7000, Tender.CHEQUE)
    made.sell("S-1", 9000, Tender.CARD)
    drawers.close(SAMIR, counting(14900))
    drawers.open(RANA, "S-2", shekels("0"))
    made.sell("S-2", 3000)
    drawers.close(RANA, counting(3000))
    drawers.open(SAMIR, "S-3", shekels("50"))
    made.sell("S-3", 2000)
    yield made
    assert made.right()
    made.close()


def test_all_that_waits(here: Counter) -> None:
    bank = here.bankings.bank
    asked = BankRequest("B-1", "P1", reference=" bag\u202e \n 17 ", pieces=((10000, 179),))
    with pytest.raises(PiecesDiffer):
        bank(LAYLA, asked)
    asked = replace(asked, pieces=((10000, 1), (5000, 1), (1000, 2), (100, 9)))
    with pytest.raises(ReferenceHoldsToken):
        bank(LAYLA, replace(asked, reference="bag 1234 5678 9012 3456 7890"))
    slip = bank(LAYLA, asked)
    assert (slip.number, slip.code, slip.shifts) == (1, "P1-B0001", ("S-1", "S-2"))
    assert slip.lines == ((Tender.CASH, 17900), (Tender.CHEQUE, 7000))
    assert (slip.amount, slip.reference, slip.beneficiary) == (24900, "bag 17", TOWN_BANK)
    # What is left: the open drawer, and the shekel outside of shifts.
    assert (here.till(), here.till("1030"), here.till("1020")) == (7100, 0, 9000)
    assert here.reports.account(LAYLA, "1120").closing == 24900
    assert here.drawers.shifts(LAYLA, state=ShiftState.WAITING) == []
    assert bank(CHIEF, asked) == slip
    assert here.bankings.slip(LAYLA, "B-1") == slip
    for other in (
        replace(asked, reference="bag 18"),
        replace(asked, point="P2"),
        replace(asked, shifts=("S-1",)),
        replace(asked, amounts=((Tender.CASH, 100),)),
        replace(asked, pieces=((100, 1),)),
    ):
        with pytest.raises(BankingIdReused):
            bank(LAYLA, other)
    with pytest.raises(NothingToBank):
        bank(LAYLA, BankRequest("B-2", "P1"))
    with pytest.raises(BankedAlready):
        bank(LAYLA, BankRequest("B-2", "P1", ("S-2",)))
    copies = [here.bankings.reprint(SAMIR, "B-1") for _ in range(2)]
    assert [(c.copy, replace(c, copy=0, copies=0)) for c in copies] == [(1, slip), (2, slip)]
    assert here.bankings.bankings(SAMIR) == [replace(slip, copies=2)]


def test_amounts_and_shifts_by_name(here: Counter) -> None:
    bank = here.bankings.bank
    first = bank(SAMIR, BankRequest("B-1", "P1", ("S-2",), ((Tender.CASH, 2500),)))
    assert (first.lines, first.shifts) == (((Tender.CASH, 2500),), ("S-2",))
    cards = bank(LAYLA, BankRequest("B-2", "P1", amounts=((Tender.CARD, 9000),)))
    assert (cards.number, cards.shifts) == (2, ())
    # 14900 of S-1, 500 left of S-2, 100 outside of shifts; not the 7000 in the open drawer.
    most = 14900 + 500 + 100
    with pytest.raises(MoreThanThere):
        bank(LAYLA, BankRequest("B-3", "P1", amounts=((Tender.CASH, most + 10),)))
    bank(LAYLA, BankRequest("B-3", "P1", amounts=((Tender.CASH, most),)))
    assert here.till() == 7000
    z = here.drawers.close(SAMIR, counting(7000))
    assert z.entry is None
    listed = here.bankings.bankings(HUDA_AS_CHIEF, point="P1", limit=2)
    assert [b.id for b in listed] == ["B-3", "B-2"]
    assert [b.id for b in here.bankings.bankings(LAYLA, before=listed[-1].entry)] == ["B-1"]
    for unknown in ("ZZ", "\0"):
        with pytest.raises(PointUnknown):
            here.bankings.bankings(LAYLA, point=unknown)


def test_what_lies_beside_the_money_of_shifts(here: Counter) -> None:
    """Neither what waits in closed shifts nor what an open drawer holds."""
    here.sell("S-3", 700, Tender.CHEQUE)
    here.sell("S-3", 300, Tender.WALLET)
    beside = here.bankings.beside
    there = ((Tender.CASH, 100), (Tender.CARD, 9000), (Tender.WALLET, 300))
    assert beside(SAMIR, "P1") == there
    here.bankings.bank(LAYLA, BankRequest("B-1", "P1", ("S-1",)))
    assert beside(LAYLA, "P1") == there
    # A shift that left more than went to the bank: the rest is nobody's any more.
    here.bankings.bank(LAYLA, BankRequest("B-2", "P1", ("S-2",), ((Tender.CASH, 2500),)))
    there = ((Tender.CASH, 600), *there[1:])
    assert beside(LAYLA, "P1") == there
    here.bankings.bank(LAYLA, BankRequest("B-3", "P1", amounts=there))
    assert beside(LAYLA, "P1") == ()
    here.drawers.close(SAMIR, counting(7000))
    assert here.bankings.bank(LAYLA, BankRequest("B-4", "P1")).amount == 7700
    with pytest.raises(ActorNotAllowed):
        beside(SAMIR, "P2")


def test_money_that_is_not_there_is_not_banked(place: Path | str) -> None:
    """An open drawer out of which more went than lay in it makes nothing more of the rest."""
    here = Counter(place)
    here.drawers.open(SAMIR, "S-1", shekels("50"))
    sold = here.sell(None, 12000)
    here.void(sold, "S-1", 12000)
    here.sell(None, 3000)
    # 70 less than nothing in the drawer: they came from what lies beside it.
    there = here.till()
    assert there == 5000 + 3000 + 100
    assert here.bankings.beside(LAYLA, "P1") == ((Tender.CASH, there),)
    bank = here.bankings.bank
    with pytest.raises(MoreThanThere):
        bank(LAYLA, BankRequest("B-1", "P1", amounts=((Tender.CASH, there + 10),)))
    assert bank(LAYLA, BankRequest("B-1", "P1", amounts=((Tender.CASH, there),))).amount == there
    here.close()


def test_every_open_drawer_of_the_point_keeps_what_it_holds(place: Path | str) -> None:
    """Two are open here and one elsewhere; what lies at one point is nobody's at another."""
    here = Counter(place)
    for actor, id, point in ((SAMIR, "S-1", "P1"), (RANA, "S-2", "P1"), (NADIA, "S-3", "P2")):
        here.drawers.open(actor, id, shekels("50"))
        sell_in(here.town.store, id, f"{id}-cash", 2000, point=point)
        sell_in(here.town.store, id, f"{id}-cheque", 700, Tender.CHEQUE, point=point)
    # The shekel of the first sale of all belongs to no shift.
    assert here.bankings.beside(LAYLA, "P1") == ((Tender.CASH, 100),)
    assert here.bankings.beside(LAYLA, "P2") == ()
    bank = here.bankings.bank
    for tender, beside in ((Tender.CASH, 100), (Tender.CHEQUE, 0)):
        with pytest.raises(MoreThanThere):
            bank(LAYLA, BankRequest("B-1", "P1", amounts=((tender, beside + 10),)))
    assert bank(LAYLA, BankRequest("B-1", "P1", amounts=((Tender.CASH, 100),))).amount == 100
    here.close()


def test_each_point_has_its_own_shifts_to_bank_and_numbers_of_slips(here: Counter) -> None:
    here.drawers.open(NADIA, "S-4", shekels("0"))
    sell_in(here.town.store, "S-4", "v-4", 2000, point="P2")
    here.drawers.close(NADIA, counting(2000))
    bankings = here.bankings
    assert [file.shift.id for file, _ in bankings.waiting(LAYLA, "P1")] == ["S-1", "S-2"]
    assert [file.shift.id for file, _ in bankings.waiting(NADIA, "P2")] == ["S-4"]
    first = bankings.bank(LAYLA, BankRequest("B-1", "P1"))
    other = bankings.bank(LAYLA, BankRequest("B-2", "P2"))
    assert (first.shifts, other.shifts) == (("S-1", "S-2"), ("S-4",))
    assert (first.code, other.code) == ("P1-B0001", "P2-B0001")
    assert bankings.bankings(LAYLA, point="P1") == [first]
    assert bankings.bankings(NADIA) == [other]


def test_a_slip_is_seen_at_its_point_alone_by_who_sells(here: Counter) -> None:
    here.bankings.bank(LAYLA, BankRequest("B-1", "P1"))
    for look in (here.bankings.slip, here.bankings.reprint):
        with pytest.raises(BankingUnknown):
            look(NADIA, "B-1")
    assert here.bankings.slip(LAYLA, "B-1").copies == 0
    # Whichever point they ask for, be it one that there is not.
    for point in (None, "P1", "ZZ"):
        assert here.bankings.bankings(NADIA, point=point) == []
        assert [one.id for one in here.bankings.bankings(SAMIR, point=point)] == ["B-1"]


def test_what_was_banked_is_listed_among_the_closed(here: Counter) -> None:
    slip = here.bankings.bank(LAYLA, BankRequest("B-1", "P1", ("S-1",)))
    assert here.bankings.shift_codes(slip) == ["P1-S0001"]
    shifts = here.drawers.shifts
    assert [one.shift.id for one in shifts(LAYLA, state=ShiftState.WAITING)] == ["S-2"]
    assert [one.shift.id for one in shifts(LAYLA, state=ShiftState.CLOSED)] == ["S-2", "S-1"]


def test_a_reference_of_sixty_signs_is_kept(here: Counter) -> None:
    longest = "bag " * 14 + "four"
    slip = here.bankings.bank(LAYLA, BankRequest("B-1", "P1", reference=f" {longest} "))
    assert slip.reference == longest
    assert len(longest) == 60


def test_cheques_in_an_open_drawer_are_not_there_for_the_bank(here: Counter) -> None:
    here.sell("S-3", 700, Tender.CHEQUE)
    bank = here.bankings.bank
    with pytest.raises(MoreThanThere):
        bank(LAYLA, BankRequest("B-1", "P1", amounts=((Tender.CHEQUE, 7700),)))
    assert bank(LAYLA, BankRequest("B-1", "P1")).lines == (
        (Tender.CASH, 17900),
        (Tender.CHEQUE, 7000),
    )
    # Counted now, it is all there.
    here.drawers.close(SAMIR, counting(7000))
    assert bank(LAYLA, BankRequest("B-2", "P1")).lines == (
        (Tender.CASH, 7000),
        (Tender.CHEQUE, 700),
    )


HUDA_AS_CHIEF = Actor("Huda", Role.SUPERVISOR)
NADIA = Actor("Nadia", Role.OPERATOR, "P2", "T1")
RAMI = Actor("Rami", Role.TECHNICIAN, "P1")
BAD: list[tuple[str, Callable[[Counter], object], type[RaseedError]]] = [
    ("id", lambda h: h.bankings.bank(LAYLA, BankRequest("", "P1")), DrawerIdMalformed),
    ("capitals", lambda h: h.bankings.bank(LAYLA, BankRequest(IN_CAPITALS, "P1")), IdInCapitals),
    ("point", lambda h: h.bankings.bank(LAYLA, BankRequest("B", "P\0")), PointUnknown),
    ("not his point", lambda h: h.bankings.bank(SAMIR, BankRequest("B", "P2")), ActorNotAllowed),
    ("open", lambda h: h.bankings.bank(LAYLA, BankRequest("B", "P1", ("S-3",))), ShiftStillOpen),
    ("unknown", lambda h: h.bankings.bank(LAYLA, BankRequest("B", "P1", ("S-9",))), ShiftUnknown),
    (
        "elsewhere",
        lambda h: h.bankings.bank(LAYLA, BankRequest("B", "P2", ("S-1",))),
        ShiftElsewhere,
    ),
    ("nothing", lambda h: h.bankings.bank(LAYLA, BankRequest("B", "P2")), NothingToBank),
    (
        "of nothing",
        lambda h: h.bankings.bank(LAYLA, BankRequest("B", "P1", amounts=((Tender.CASH, 0),))),
        NothingToBank,
    ),
    (
        "wallets",
        lambda h: h.bankings.bank(LAYLA, BankRequest("B", "P1", amounts=((Tender.WALLET, 1),))),
        MoreThanThere,
    ),
    (
        "long",
        lambda h: h.bankings.bank(LAYLA, BankRequest("B", "P1", reference="x" * 61)),
        ReferenceTooLong,
    ),
    ("administrators", lambda h: h.bankings.bank(HUDA, BankRequest("B", "P1")), ActorNotAllowed),
    ("technicians", lambda h: h.bankings.bankings(RAMI), ActorNotAllowed),
    ("nor what waits", lambda h: h.bankings.waiting(RAMI, "P1"), ActorNotAllowed),
    ("nor a slip", lambda h: h.bankings.slip(RAMI, "B"), ActorNotAllowed),
    ("no slip", lambda h: h.bankings.slip(LAYLA, "B"), BankingUnknown),
    ("no copy", lambda h: h.bankings.reprint(LAYLA, "B"), BankingUnknown),
]


def test_what_the_bank_does_not_get(here: Counter) -> None:
    with here.books.reading() as books:
        before = books.chain_head()
    for what, act, error in BAD:
        try:
            answer: object = act(here)
        except error:
            continue
        pytest.fail(f"{what}: {answer}")
    with here.books.reading() as books:
        assert books.chain_head() == before


def on_deposit(here: Counter, code: str) -> None:
    put_operator(here.town.store, code, settlement="deposit")


def test_a_deposit_needs_two_people(here: Counter) -> None:
    on_deposit(here, "rana")
    ask, approve = here.deposits.request, here.keeping.approve
    with pytest.raises(IdInCapitals):
        ask(LAYLA, IN_CAPITALS, "omar", shekels("500"), WHY)
    with pytest.raises(ActorNotAllowed):
        ask(SAMIR, "D-1", "nobody", shekels("500"), WHY)
    for paid_out in (False, True):
        with pytest.raises(OperatorUnknown, match="nobody"):
            ask(LAYLA, "D-1", "nobody", shekels("500"), WHY, paid_out=paid_out)
    with pytest.raises(DrawerAmount):
        ask(LAYLA, "D-1", "rana", shekels("0"), WHY)
    with pytest.raises(CurrencyWrong, match="JOD"):
        ask(LAYLA, "D-1", "rana", Money(50_000, "JOD"), WHY)
    made = ask(LAYLA, "D-1", "rana", shekels("500"), WHY)
    assert made.state is AdjustmentState.PENDING
    assert ask(LAYLA, "D-1", "rana", shekels("500"), WHY) == made
    approve(CHIEF, "D-1")
    assert here.reports.account(LAYLA, "2030", "rana").closing == -50000
    assert here.reports.account(LAYLA, "1120").closing == 50000
    with pytest.raises(DepositTooSmall) as refused:
        ask(LAYLA, "D-2", "rana", shekels("500.10"), WHY, paid_out=True)
    assert refused.value.facts() == {"operator": "rana", "balance": "500.00"}
    back = ask(LAYLA, "D-2", "rana", shekels("500"), WHY, place=DepositPlace.SAFE, paid_out=True)
    approve(CHIEF, "D-2")
    again = ask(LAYLA, "D-2", "rana", shekels("500"), WHY, place=DepositPlace.SAFE, paid_out=True)
    assert again.lines == back.lines
    assert here.reports.account(LAYLA, "2030", "rana").closing == 0
    assert here.reports.account(LAYLA, "1110").closing == -15000 - 50000


def test_nobody_approves_what_moves_their_own_deposit(here: Counter) -> None:
    on_deposit(here, "omar")
    here.deposits.request(LAYLA, "D-1", "omar", shekels("500"), WHY)
    for name in ("Omar", "cli:omar"):
        with pytest.raises(OwnDeposit):
            here.keeping.approve(replace(CHIEF, name=name), "D-1")
    assert here.keeping.approve(replace(CHIEF, name="Nadia"), "D-1").decision is not None


def test_a_deposit_is_not_paid_out_twice(here: Counter) -> None:
    """Both were asked for while it was there; what counts is what is there when it is posted."""
    on_deposit(here, "rana")
    here.deposits.request(LAYLA, "D-1", "rana", shekels("500"), WHY)
    here.keeping.approve(CHIEF, "D-1")
    for id in ("D-2", "D-3"):
        here.deposits.request(LAYLA, id, "rana", shekels("300"), WHY, paid_out=True)
    here.keeping.approve(CHIEF, "D-2")
    with pytest.raises(DepositTooSmall):
        here.keeping.approve(CHIEF, "D-3")
    assert here.reports.account(LAYLA, "2030", "rana").closing == -20000
    # A fee that the town takes is no payment: it may be owed.
    lines = (Posting("2030", "rana", "ILS", 20010), Posting("4010", "", "ILS", -20010))
    here.keeping.adjust(LAYLA, "F-1", lines, "A seal that was lost")
    here.keeping.approve(CHIEF, "F-1")
    assert here.reports.account(LAYLA, "2030", "rana").closing == 10
    # And what is owed may be paid in parts.
    here.deposits.request(LAYLA, "D-4", "rana", Money(5), WHY)
    here.keeping.approve(CHIEF, "D-4")
    assert here.reports.account(LAYLA, "2030", "rana").closing == 5


def test_too_few_pieces(place: Path | str) -> None:
    here = Counter(place)
    here.drawers.open(SAMIR, "S-1", shekels("0"))
    here.sell("S-1", 5000)
    here.drawers.close(SAMIR, counting(5000))
    with pytest.raises(PiecesDiffer) as refused:
        here.bankings.bank(SAMIR, BankRequest("B-1", "P1", pieces=((2000, 2),)))
    assert refused.value.facts() == {"pieces": "40.00", "cash": "50.00"}
    slip = here.bankings.bank(SAMIR, BankRequest("B-1", "P1", pieces=((5000, 1),)))
    assert slip.amount == 5000
    here.close()
