"""Credit that the house holds: the record of it on both databases, and the file of graces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from meters.account import Commodity
from meters.device import CommandRecord, Outcome, Warrant
from meters.heldcredit import Grace, Order, Then
from meters.identity import Drn
from meters.readings import Quality, Reading
from tests.vending.support import (
    ADMIN,
    CONFIG,
    OPERATOR,
    POWER,
    START,
    TECHNICIAN,
    WATER,
    Town,
    request,
)
from vending.graces import GracesMalformed, read_graces
from vending.heldcredit import (
    FOR_CREDIT,
    CounterOfAnother,
    CreditHeld,
    CreditNotHeld,
    HeldCredits,
)
from vending.meterwork import MeterWorks, WorkState
from vending.parties import Actor, MeterUnknown, Role
from vending.permissions import ActorNotAllowed
from vending.store.acts import SqlActs
from vending.store.books import SqlBooks
from vending.store.meter_commands import SqlMeterWorks
from vending.tariff import CustomerClass

SHIPPED = CONFIG / "held-credit.toml"
BILLING = Actor("Salma", Role.BILLING)
COUNTER = Reading(
    name="energy.active.import", value=Decimal("1234.56"), unit="kWh", raw="0001e240",
    quality=Quality.GOOD, reason="", read_at=START, latency_ms=40, source="holding:0x000A",
    map="hiking-dds238@1", uncertainty=Decimal("0.01"),
)  # fmt: skip


@pytest.fixture
def town(place: Path | str) -> Iterator[Town]:
    made = Town(place)
    yield made
    made.store.close()


def credits_of(town: Town) -> HeldCredits:
    return HeldCredits(
        SqlMeterWorks(town.store), SqlBooks(town.store), town.service.ports, read_graces(SHIPPED)
    )


def begin(credits: HeldCredits, id: str = "h-1", actor: Actor = BILLING) -> None:
    credits.begin(
        id, actor, "a relay meter", counter=COUNTER, meter=POWER.number, place="tcp://127.0.0.1/1"
    )


def test_what_is_bought_from_then_on_is_the_credit(town: Town) -> None:
    credits = credits_of(town)
    # What was sold before is not counted again.
    town.service.vend(OPERATOR, request("v-0"))
    assert credits.all(BILLING) == []
    begin(credits)
    (held,) = credits.all(TECHNICIAN)
    assert (held.hold.meter, held.file.meter.number) == (POWER.number, POWER)
    told = held.hold.counter
    assert (told.name, told.value, told.unit, told.uncertainty, told.read_at, told.map) == (
        COUNTER.name, COUNTER.value, "kWh", COUNTER.uncertainty, START, COUNTER.map,
    )  # fmt: skip
    assert credits.given(held) == 0
    receipt = town.service.vend(OPERATOR, request("v-1"))
    assert credits.given(held) == Decimal(receipt.quote.quantity.value) / 1000


def test_it_begins_once_and_ends(town: Town) -> None:
    credits = credits_of(town)
    with pytest.raises(CreditNotHeld):
        credits.end("h-0", BILLING, "none", POWER.number)
    begin(credits)
    with pytest.raises(CreditHeld):
        begin(credits, "h-2")
    town.clock.forward(hours=1)
    ended = credits.end("h-3", BILLING, "a token meter now", POWER.number)
    assert ended.at == town.clock()
    assert MeterWorks(SqlMeterWorks(town.store), town.clock).listed(BILLING)[0] == ended
    assert (credits.all(BILLING), credits.over(BILLING)) == ([], [])
    town.clock.forward(hours=1)
    begin(credits, "h-4")
    assert len(credits.all(BILLING)) == 1
    listed = MeterWorks(SqlMeterWorks(town.store), town.clock).listed(BILLING)
    assert [(one.id, one.command, one.actor, one.reason) for one in listed] == [
        ("h-4", "hold_credit", "Salma", "a relay meter"),
        ("h-3", "release_credit", "Salma", "a token meter now"),
        ("h-1", "hold_credit", "Salma", "a relay meter"),
    ]


def test_whether_it_stands_still_as_it_was_told(town: Town) -> None:
    credits = credits_of(town)
    begin(credits)
    (held,) = credits.all(BILLING)
    # What is bought changes nothing of that.
    town.service.vend(OPERATOR, request("v-1"))
    assert credits.holds(held)
    credits.end("e-1", BILLING, "moved", POWER.number)
    assert not credits.holds(held)
    town.clock.forward(hours=1)
    later = replace(COUNTER, read_at=town.clock.now)
    credits.begin("h-2", BILLING, "back", counter=later, meter=POWER.number, place="tcp://x/1")
    (anew,) = credits.all(BILLING)
    assert (credits.holds(held), credits.holds(anew)) == (False, True)


def test_it_stands_no_more_where_its_agreement_has_changed(place: Path | str) -> None:
    """Taken out, or put in next door."""
    town = Town(place, more_meters=1)
    credits = credits_of(town)
    begin(credits)
    (held,) = credits.all(BILLING)
    here, next_door = (
        town.service.meter(BILLING, number)
        for number in (POWER.number, Drn.from_serial("01", 5000).number)
    )
    spare = replace(here.meter, number=Drn.from_serial("01", 9000))
    for agreement, meter in ((here.agreement, spare), (next_door.agreement, here.meter)):
        with SqlActs(town.store).writing() as books:
            books.exchange(agreement.number, meter)
        assert not credits.holds(held)
    town.store.close()


def test_they_are_told_by_number(town: Town) -> None:
    credits = credits_of(town)
    litres = replace(COUNTER, unit="l")
    numbers = sorted([POWER.number, WATER.number])
    for number in reversed(numbers):
        counter = COUNTER if number == POWER.number else litres
        credits.begin(number, BILLING, "a relay", counter=counter, meter=number, place="tcp://x/1")
        town.clock.forward(minutes=1)
    assert [held.hold.meter for held in credits.all(BILLING)] == numbers


def test_a_holding_begins_with_a_counter_that_was_read_well(town: Town) -> None:
    credits = credits_of(town)
    doubtful = replace(COUNTER, quality=Quality.BAD, reason="out of range")
    with pytest.raises(ValueError, match="energy"):
        credits.begin(
            "h-1", BILLING, "a relay", counter=doubtful, meter=POWER.number, place="tcp://x/1"
        )
    vague = replace(COUNTER, uncertainty=None)
    credits.begin("h-1", BILLING, "a relay", counter=vague, meter=POWER.number, place="tcp://x/1")
    (held,) = credits.all(BILLING)
    assert held.hold.counter.uncertainty is None


CUT, CONNECT, OWN = Order.CUT.value, Order.CONNECT.value, {"for": "credit"}


@pytest.mark.parametrize(
    ("orders", "by_others"),
    [
        ([], False),
        ([(CUT, {}, WorkState.DONE)], True),
        ([(CUT, {}, WorkState.UNKNOWN)], True),
        ([(CUT, {}, WorkState.BEGUN)], True),
        ([(CUT, {}, WorkState.DECLINED)], False),
        ([(CUT, {}, WorkState.NOT_SENT)], False),
        ([(CUT, OWN, WorkState.DONE)], False),
        ([(CUT, {**OWN, "delay": "0"}, WorkState.DONE)], False),
        ([(CUT, {}, WorkState.DONE), (CONNECT, {}, WorkState.DONE)], False),
        ([(CUT, {}, WorkState.DONE), (CONNECT, {}, WorkState.DECLINED)], True),
        ([(CUT, OWN, WorkState.DONE), (CUT, {}, WorkState.DONE)], True),
    ],
)
def test_who_cut_it_off(
    town: Town, orders: list[tuple[str, dict[str, str], WorkState]], by_others: bool
) -> None:
    credits = credits_of(town)
    work = credits.begin(
        "h-1", BILLING, "a relay", counter=COUNTER, meter=POWER.number, place="tcp://x/1"
    )
    with SqlMeterWorks(town.store).writing() as books:
        for place, (command, params, state) in enumerate(orders, 1):
            at = START + timedelta(minutes=place)
            order = replace(
                work, id=f"o-{place}", at=at, command=command, params=params, state=state
            )
            books.add_work(order)
        # Next door it was, and not here.
        books.add_work(replace(work, id="o-0", meter=WATER.number, command=CUT, params={}))
    assert credits.cut_by_others(POWER.number) is by_others


def test_what_it_counts_is_what_the_meter_sells(town: Town) -> None:
    credits = credits_of(town)
    litres = replace(COUNTER, unit="l")
    with pytest.raises(CounterOfAnother) as error:
        credits.begin(
            "h-1", BILLING, "a valve", counter=litres, meter=POWER.number, place="tcp://127.0.0.1/1"
        )
    assert error.value.facts() == {
        "meter": POWER.number, "commodity": "electricity", "unit": "l"
    }  # fmt: skip
    assert credits.all(BILLING) == []
    credits.begin(
        "h-1", BILLING, "a valve", counter=litres, meter=WATER.number, place="tcp://127.0.0.1/1"
    )
    (held,) = credits.all(BILLING)
    assert held.hold.meter == WATER.number


def test_a_clock_that_was_set_back_takes_no_holding_away(town: Town) -> None:
    credits = credits_of(town)
    begin(credits)
    town.clock.forward(hours=-1)
    ended = credits.end("e-1", BILLING, "moved", POWER.number)
    assert credits.all(BILLING) == []
    # What is answered is what stands on record: just behind the beginning.
    assert MeterWorks(SqlMeterWorks(town.store), town.clock).listed(BILLING)[0] == ended
    assert ended.at > START > town.clock()
    town.clock.forward(hours=-1)
    begin(credits, "h-2")
    (held,) = credits.all(BILLING)
    with pytest.raises(CreditHeld):
        begin(credits, "h-3")
    assert held.hold.meter == POWER.number


def ordered(works: MeterWorks, id: str, order: Order, **params: str) -> None:
    """Given and done."""
    warrant = Warrant("Noor", "technician", "its seal is broken")
    work = works.begin(id, warrant, order.value, params, meter=POWER.number)
    works.end(work, CommandRecord(order.value, {}, warrant, Outcome.DONE, "read_back", (), START))


def test_by_a_clock_that_was_set_back_who_cut_it_last_counts(town: Town) -> None:
    """Or by the clock of another machine, that stands behind: what somebody cut for another reason
    is not switched on again because the customer pays."""
    credits, works = credits_of(town), MeterWorks(SqlMeterWorks(town.store), town.clock)
    begin(credits)
    ordered(works, "w-1", Order.CUT, **FOR_CREDIT)
    assert not credits.cut_by_others(POWER.number)
    town.clock.forward(minutes=-10)
    ordered(works, "w-2", Order.CUT)
    assert credits.cut_by_others(POWER.number)
    assert [one.id for one in works.listed(BILLING, POWER.number)] == ["w-2", "w-1", "h-1"]
    ordered(works, "w-3", Order.CONNECT)
    assert not credits.cut_by_others(POWER.number)


def test_it_is_over_where_the_meter_is_taken_out(place: Path | str) -> None:
    town = Town(place, more_meters=1)
    try:
        credits = credits_of(town)
        begin(credits)
        town.service.vend(OPERATOR, request("v-1"))
        here = town.service.meter(BILLING, POWER.number)
        next_door = town.service.meter(BILLING, Drn.from_serial("01", 5000).number)
        spare = replace(here.meter, number=Drn.from_serial("01", 9000))
        with SqlActs(town.store).writing() as books:
            books.exchange(here.agreement.number, spare)
        assert credits.all(BILLING) == []
        assert credits.over(BILLING) == [POWER.number]
        with SqlActs(town.store).writing() as books:
            books.exchange(next_door.agreement.number, here.meter)
        # What the first house bought and used is nothing to the second.
        assert credits.all(BILLING) == []
        assert credits.over(BILLING) == [POWER.number]
        town.clock.forward(hours=1)
        begin(credits, "h-2")
        (held,) = credits.all(BILLING)
        assert held.file.agreement == replace(next_door.agreement, meter=POWER)
        assert credits.given(held) == 0
        assert credits.over(BILLING) == []
        with pytest.raises(CreditHeld):
            begin(credits, "h-3")
    finally:
        town.store.close()


def test_who_may(town: Town) -> None:
    credits = credits_of(town)
    for actor in (OPERATOR, TECHNICIAN, ADMIN):
        with pytest.raises(ActorNotAllowed):
            begin(credits, actor=actor)
        with pytest.raises(ActorNotAllowed):
            credits.end("h-1", actor, "none", POWER.number)
    with pytest.raises(ActorNotAllowed):
        credits.all(OPERATOR)
    with pytest.raises(MeterUnknown):
        credits.begin("h-1", BILLING, "x", counter=COUNTER, meter="07000090022", place="")


def test_a_class_is_that_of_the_tariff(town: Town) -> None:
    credits = credits_of(town)
    file = town.service.meter(BILLING, POWER.number)
    assert credits.grace(file) == (
        CustomerClass.DOMESTIC,
        Grace(Decimal(24), Decimal(6), Then.OFF),
    )
    file = town.service.meter(BILLING, WATER.number)
    assert credits.grace(file)[1] == Grace(Decimal(48), Decimal(1), Then.OFF)


def test_the_shipped_file_tells_every_class() -> None:
    graces = read_graces(SHIPPED)
    assert set(graces) == {(one, kind) for one in Commodity for kind in CustomerClass}
    # Public bodies are never cut off in the dark.
    assert {graces[one, CustomerClass.PUBLIC].then for one in Commodity} == {Then.ON}


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("format = 1", "format = 2", "format"),
        ('domestic = {hours = "24"', "domestic = {hours = 24", "electricity.domestic.hours"),
        ('domestic = {hours = "24"', 'domestic = {hours = "-1"', "electricity.domestic.hours"),
        ('then = "on"}      #', 'then = "maybe"}      #', "electricity.public.then"),
        ("temporary =", "guests =", "electricity.temporary"),
        ("[water]", "[gas]", "water"),
        ("[water]", "[water", ""),
    ],
)
def test_a_file_that_leaves_something_open_is_refused(
    tmp_path: Path, before: str, after: str, where: str
) -> None:
    text = SHIPPED.read_text("utf-8")
    assert before in text
    file = tmp_path / "graces.toml"
    file.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(GracesMalformed) as refused:
        read_graces(file)
    assert refused.value.where == where


def test_no_file_is_refused_as_well(tmp_path: Path) -> None:
    with pytest.raises(GracesMalformed):
        read_graces(tmp_path / "none.toml")
