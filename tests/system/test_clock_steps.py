"""The computer's clock is set back and forward, on both databases: a sale is refused as such or
gets its own TID, nothing is lost, a copy is a copy whatever the clock says, and once the clock is
right the house sells on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.system.everything import MORE_METERS
from tests.system.invariants import Witness, digits_of, order, settle_and_check
from tests.system.machines import Machine
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    START,
    Town,
    request,
)
from tests.vending.support import service as service_on
from tokens.sts import BaseDate, tid_at
from vending.clock import ClockRanAhead, ClockWentBack
from vending.clockdesk import ClockDesk
from vending.parties import Actor, Role
from vending.permissions import ActorNotAllowed
from vending.requests import basket_of
from vending.sale import SaleReceipt
from vending.service import VendingService

pytestmark = pytest.mark.system

CHIEF = Actor("Omar", Role.SUPERVISOR, "P1", "T9")
LAYLA = Actor("Layla", Role.BILLING)
WHY = "Eid al-Adha: nobody sold for nine days"


@pytest.fixture
def here(place: Path | str) -> Iterator[Town]:
    made = Town(place, more_meters=MORE_METERS)
    yield made
    made.store.close()


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def house(here: Town, machine: Machine) -> House:
    return House(here, machine)


class House:
    """Programs that sell on one database, each as it is started on this machine."""

    def __init__(self, town: Town, machine: Machine) -> None:
        self.town = town
        self.machine = machine
        self.witness = Witness()

    def starts(self) -> Program:
        return Program(self)

    def entries(self) -> int:
        with self.town.store.reading() as books:
            return books.chain_head().number

    def proved(self) -> None:
        settle_and_check(self.town.place, self.town.service, self.witness)


class Program:
    """One process."""

    def __init__(self, house: House) -> None:
        guard, store = house.machine.starts(), house.town.store
        self.house = house
        self.service: VendingService = service_on(store, house.machine, guard=guard)
        self.desk = ClockDesk(store, house.machine, guard)

    def sells(self, name: str, sales: int = 2) -> list[SaleReceipt]:
        ids = [f"{name}-{i}" for i in range(sales)]
        self.house.witness.ask(ids)
        receipts = [self.service.vend(*order(vend_id)) for vend_id in ids]
        for receipt in receipts:
            self.house.witness.tell(receipt.vend_id, digits_of(receipt))
        return receipts

    def refuses(self, name: str) -> ClockRanAhead:
        """One sale, and each of a batch; nothing of it is in the books."""
        before = self.house.entries()
        with pytest.raises(ClockRanAhead) as error:
            self.service.vend(*order(f"{name}-0"))
        answers = self.service.vend_many([order(f"{name}-{i}") for i in range(3)])
        assert [type(answer) for answer in answers] == [ClockRanAhead] * 3
        assert self.house.entries() == before
        return error.value


def sold(here: Town, witness: Witness, name: str, sales: int = 10) -> list[SaleReceipt]:
    ids = [f"{name}-{i}" for i in range(sales)]
    witness.ask(ids)
    receipts = [here.service.vend(*order(vend_id)) for vend_id in ids]
    for receipt in receipts:
        witness.tell(receipt.vend_id, digits_of(receipt))
    return receipts


def refused(here: Town, name: str) -> None:
    """One sale, and each of a batch."""
    with pytest.raises(ClockWentBack) as error:
        here.service.vend(*order(f"{name}-0"))
    assert error.value.code == "clock.went_back"
    assert error.value.limit_s == 300
    answers = here.service.vend_many([order(f"{name}-{i}") for i in range(3)])
    assert [type(answer) for answer in answers] == [ClockWentBack] * 3


def same_as_before(here: Town, receipts: list[SaleReceipt]) -> None:
    """Answers and copies do not depend on the clock."""
    for receipt in receipts:
        assert here.service.vend(*order(receipt.vend_id)) == receipt
        copied = here.service.reprint(OPERATOR, receipt.vend_id)
        assert digits_of(copied) == digits_of(receipt)
        assert copied.sold_at == receipt.sold_at
        assert here.service.what_became(OPERATOR, receipt.vend_id).receipt == receipt


def test_an_hour_back(here: Town) -> None:
    witness = Witness()
    before = sold(here, witness, "before")
    here.clock.forward(hours=-1)
    refused(here, "meanwhile")
    same_as_before(here, before)
    # Set right again, and even before the last sale's second: as if nothing had been.
    here.clock.now = START - timedelta(seconds=30)
    after = sold(here, witness, "after")
    same_as_before(here, before + after)
    settle_and_check(here.place, here.service, witness)


def test_a_day_forward_and_back_again(here: Town) -> None:
    """Where nobody looks ahead, or a program that had just been started was within the limit: what
    was sold under the wrong day stays as it is; nothing more is sold until the clock has come up
    to it, because the journal would run backwards."""
    witness = Witness()
    before = sold(here, witness, "before")
    here.clock.forward(days=1)
    wrong = sold(here, witness, "wrong")
    tomorrow = tid_at(BaseDate.BASE_2014, START + timedelta(days=1))
    assert all(token.tid >= tomorrow for receipt in wrong for token in receipt.tokens)
    here.clock.now = START + timedelta(minutes=1)
    refused(here, "meanwhile")
    same_as_before(here, before + wrong)
    here.clock.now = START + timedelta(days=1, minutes=-4)
    after = sold(here, witness, "after")
    same_as_before(here, before + wrong + after)
    settle_and_check(here.place, here.service, witness)


def test_steps_back_do_not_repeat_a_tid(here: Town) -> None:
    """Back within what time synchronisation does, again and again, at one meter."""
    tids = []
    for step in range(20):
        here.clock.now = START + timedelta(seconds=-290 * (step % 2))
        (token,) = here.service.vend(OPERATOR, request(f"v-{step}", POWER)).tokens
        tids.append(token.tid)
    first = tid_at(BaseDate.BASE_2014, START)
    assert tids == list(range(first, first + 20))
    assert here.service.verify(ADMIN).ok


def test_forward_while_serving_books_nothing_and_set_right_sells_at_once(house: House) -> None:
    served = house.starts()
    served.sells("before")
    house.machine.passes(minutes=30)
    served.sells("later")
    house.machine.forward(days=1)
    error = served.refuses("wrong")
    assert error.last == "2026-11-23T10:00:12.345678Z"
    assert error.until == "2026-11-23T10:10:12.345678Z"
    house.machine.forward(days=-1)
    house.machine.passes(seconds=1)
    served.sells("after")
    house.proved()


def test_a_wrong_start_books_nothing_and_set_right_sells_at_once(house: House) -> None:
    house.starts().sells("before")
    house.machine.forward(days=60)
    served = house.starts()
    error = served.refuses("wrong")
    assert (error.last[:10], error.until[:10]) == ("2026-11-23", "2026-11-28")
    house.machine.forward(days=-60)
    served.sells("after")
    house.proved()


def test_a_program_that_serves_through_the_holidays_needs_nobody(house: House) -> None:
    served = house.starts()
    served.sells("before")
    house.machine.passes(days=9)
    served.sells("after")
    # Nor does one that is started after a few quiet days, or on books that are empty.
    house.machine.passes(days=4)
    house.starts().sells("after-the-weekend")
    house.proved()


def test_empty_books_say_nothing_against_a_clock(house: House) -> None:
    house.machine.forward(days=400)
    house.starts().sells("first")
    house.proved()


def test_small_steps_and_the_right_time_again_pass(house: House) -> None:
    served = house.starts()
    for step in range(6):
        served.sells(f"step-{step}")
        house.machine.passes(minutes=1)
        # What time synchronisation does, and a clock that drifts.
        house.machine.forward(minutes=(9, -4, 4, -5, 0.5, 8)[step])
    house.proved()


def test_a_clock_of_1970_that_is_corrected_before_the_first_booking(house: House) -> None:
    house.starts().sells("before")
    house.machine.now = datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    served = house.starts()
    with pytest.raises(ClockWentBack):
        served.service.vend(*order("too-early"))
    house.machine.now = START + timedelta(days=3)
    served.sells("after")
    house.proved()


def test_practising_by_a_wrong_clock_binds_nobody(house: House) -> None:
    served = house.starts()
    house.machine.forward(days=-60)
    actor, asked = OPERATOR, basket_of(request("practice"))
    served.service.rehearse(actor, asked, shift_open=None)
    house.machine.now = START
    served.sells("first")
    house.machine.forward(days=1)
    with pytest.raises(ClockRanAhead):
        served.service.rehearse(actor, asked, shift_open=None)
    house.proved()


def test_confirmed_it_passes_in_every_program_of_the_house(house: House) -> None:
    served, beside = house.starts(), house.starts()
    served.sells("before")
    beside.sells("beside")
    house.machine.forward(days=9)
    for program in (served, beside, house.starts()):
        program.refuses("holidays")
    standing = served.desk.confirm(CHIEF, WHY)
    assert standing.refused is None
    assert standing.confirmed is not None
    assert (standing.confirmed.actor, standing.confirmed.entry) == ("Omar", 4)
    house.machine.passes(minutes=5)
    served.sells("after")
    house.machine.passes(hours=7)
    beside.sells("beside-after")
    house.starts().sells("anew")
    house.proved()


@pytest.mark.parametrize("booked", [True, False], ids=["booked", "nothing booked"])
def test_a_confirmation_does_not_cover_the_next_leap(house: House, booked: bool) -> None:
    served = house.starts()
    served.sells("before")
    house.machine.forward(days=9)
    served.desk.confirm(CHIEF, WHY)
    if booked:
        served.sells("after")
    house.machine.forward(days=4 if booked else 6)
    served.refuses("leap")
    if not booked:
        house.starts().refuses("leap-anew")
    house.proved()


def test_a_wrong_clock_that_was_confirmed_and_set_right_stays_refused(house: House) -> None:
    """Somebody confirms in haste, then sees that it is wrong. Once the house has sold by the right
    time, the same wrong clock is wrong again, in whichever program."""
    served, beside = house.starts(), house.starts()
    served.sells("before")
    beside.sells("beside")
    house.machine.forward(days=60)
    served.desk.confirm(CHIEF, WHY)
    house.machine.forward(days=-30)
    served.refuses("still-wrong")
    house.machine.forward(days=-30)
    house.machine.passes(minutes=20)
    served.sells("right")
    house.machine.forward(days=60)
    for program in (served, beside, house.starts()):
        program.refuses("wrong-again")
    house.proved()


def test_who_only_sells_vouches_for_no_clock(house: House) -> None:
    served = house.starts()
    served.sells("before")
    house.machine.forward(days=1)
    for role in set(Role) - {Role.SUPERVISOR, Role.ADMINISTRATOR}:
        with pytest.raises(ActorNotAllowed):
            served.desk.confirm(Actor("Somebody", role, "P1", "T1"), WHY)
    served.refuses("wrong")
    served.desk.confirm(ADMIN, WHY)
    served.sells("after")
    house.proved()


def test_a_clock_that_is_behind_is_not_confirmed(house: House) -> None:
    served = house.starts()
    served.sells("before")
    house.machine.forward(hours=-1)
    with pytest.raises(ClockWentBack):
        served.desk.confirm(CHIEF, WHY)
    standing = served.desk.standing(OPERATOR)
    assert isinstance(standing.refused, ClockWentBack)
    assert standing.confirmed is None
