"""The end of a tariff is decided, and an agreement is put at it, at the same instant: whichever
comes second is refused, also where another process decided, and whatever each had looked at before.
On both databases; nothing here waits for a clock or a thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from meters.account import Commodity
from meters.errors import RaseedError
from meters.values import replace
from tests.vending.support import ADMIN, chart, town
from vending.accounts import TariffMoves, account_acts
from vending.approvals import Approvals
from vending.parties import Registration
from vending.registry import NewService, Register
from vending.samples import Samples, only_lasting
from vending.store.accounts import SqlAccounts
from vending.store.approvals import SqlPeople
from vending.store.registry import SqlRegister
from vending.store.samples import SqlSamples
from vending.store.tariffs import SqlTariffs
from vending.surroundings import sample_parties

from .office import LAYLA, NADIA, OMAR, Office, draft

NEW = "electricity-workshop"
MORE = town(1)
"""A third meter with its agreement."""
AGREEMENT = replace(MORE.agreements[2], tariff=NEW)
WHY = "The council has decided so"


@dataclass
class Crossing:
    """Two processes on one database, and a tariff that nobody is at yet."""

    decides: Office
    places: Office
    """Has looked at the tariffs before, and does not look again by itself."""

    def decide(self) -> None:
        """The other one's end of it."""
        self.decides.desk.retire(OMAR, NEW, None, WHY)

    def at_it(self) -> int:
        with SqlTariffs(self.decides.store).reading() as rows:
            return rows.agreements_at(NEW)


@pytest.fixture
def crossing(place: Path | str) -> Iterator[Crossing]:
    decides = Office(place)
    decides.approved(draft(1, code=NEW))
    decides.clock.forward(days=60)
    places = Office(place, decides.clock, founds=False)
    yield Crossing(decides, places)
    places.close()
    decides.close()


Door = Callable[[Office], None]
"""Puts an agreement at the tariff."""


def by_registration(office: Office) -> None:
    office.service.register(ADMIN, Registration(meters=MORE.meters[2:], agreements=(AGREEMENT,)))


def at_the_desk(office: Office) -> None:
    desk = Register(SqlRegister(office.store), office.service.admitted, tuple)
    place = replace(MORE.service_points[0], code="S-new")
    meter = MORE.meters[2]
    desk.add_service(LAYLA, NewService("A-new", MORE.customers[0].account, place, meter, NEW))


def approvals_at(office: Office) -> Approvals:
    moves = TariffMoves(SqlAccounts(office.store), office.tariffs, chart(), office.clock)
    return Approvals(SqlPeople(office.store), account_acts(moves), office.clock)


def ask(office: Office) -> None:
    document = {"agreement": "A1", "tariff": NEW}
    approvals_at(office).request(LAYLA, "M-1", "change_tariff", document, WHY)


def approve(office: Office) -> None:
    approvals_at(office).approve(NADIA, "M-1")


def by_two_people(office: Office) -> None:
    ask(office)
    approve(office)


DOORS: dict[str, Door] = {
    "registration": by_registration,
    "desk": at_the_desk,
    "approval": by_two_people,
}


def first(monkeypatch: pytest.MonkeyPatch, office: Office, act: Callable[[], None]) -> None:
    """`act` is done when this process asks for the writer's place: behind whatever it has looked
    at without it, and before it has it."""
    begin: Any = office.store.writing
    acts = [act]

    def writing(**options: Any) -> AbstractContextManager[Any]:
        if acts:
            acts.pop()()
        return begin(**options)  # type: ignore[no-any-return]

    monkeypatch.setattr(office.store, "writing", writing)


@pytest.mark.parametrize("door", DOORS)
def test_whoever_has_not_looked_since_is_told_by_the_transaction(
    crossing: Crossing, door: str
) -> None:
    assert crossing.places.tariffs.lasting(NEW, crossing.places.clock()).code == NEW
    crossing.decide()
    # What this process holds says so no longer than a second; the books say so at once.
    assert crossing.places.tariffs.lasting(NEW, crossing.places.clock()).code == NEW
    with pytest.raises(RaseedError) as refused:
        DOORS[door](crossing.places)
    assert refused.value.code == "tariff.ending"
    assert crossing.at_it() == 0


@pytest.mark.parametrize("door", ["registration", "desk"])
def test_an_end_that_is_decided_between_look_and_write_counts(
    crossing: Crossing, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    first(monkeypatch, crossing.places, crossing.decide)
    with pytest.raises(RaseedError) as refused:
        DOORS[door](crossing.places)
    assert refused.value.code == "tariff.ending"
    assert crossing.at_it() == 0


def test_an_end_that_is_decided_between_the_two_people_counts(
    crossing: Crossing, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(crossing.places)
    first(monkeypatch, crossing.places, crossing.decide)
    with pytest.raises(RaseedError) as refused:
        approve(crossing.places)
    assert refused.value.code == "tariff.ending"
    assert crossing.at_it() == 0


def test_an_end_that_is_decided_in_the_same_process_counts(
    crossing: Crossing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Committed, and not yet in the book that everybody here prices by."""
    office = crossing.decides
    reload = office.tariffs.reload
    monkeypatch.setattr(office.tariffs, "reload", lambda: None)
    crossing.decide()
    for door in DOORS.values():
        with pytest.raises(RaseedError) as refused:
            door(office)
        assert refused.value.code == "tariff.ending"
    reload()
    assert crossing.at_it() == 0


@pytest.mark.parametrize("door", DOORS)
def test_who_is_there_first_keeps_the_tariff(
    crossing: Crossing, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    first(monkeypatch, crossing.decides, lambda: DOORS[door](crossing.places))
    with pytest.raises(RaseedError) as refused:
        crossing.decide()
    assert (refused.value.code, refused.value.facts()["agreements"]) == ("tariff.in_use", 1)
    assert crossing.at_it() == 1


def test_a_version_that_says_its_own_end_crosses_no_agreement_either(crossing: Crossing) -> None:
    """Also the follower that is taken back, and the one that is approved meanwhile."""
    ends = "retired_from = 2027-06-01T00:00:00+03:00"
    crossing.decides.approved(draft(2, begins="2027-03-01T00:00:00+02:00", code=NEW, more=ends))
    for door in DOORS.values():
        with pytest.raises(RaseedError) as refused:
            door(crossing.places)
        assert refused.value.code == "tariff.ending"
    # What follows is seen as soon.
    crossing.decides.approved(draft(3, begins="2027-06-01T00:00:00+03:00", code=NEW))
    by_registration(crossing.places)
    assert crossing.at_it() == 1


def test_nothing_is_tried_out_at_a_tariff_that_ends(crossing: Crossing) -> None:
    office = crossing.places
    made = Samples(
        SqlSamples(office.store),
        lambda rows: only_lasting(
            moved_to_new(sample_parties()), office.tariffs.seen_by(rows), office.clock()
        ),
        office.clock,
    )
    crossing.decide()
    kinds = [kind for kind, _ in made.add(ADMIN)]
    assert crossing.at_it() == 0
    assert kinds.count("agreement") == kinds.count("meter") > 0


def moved_to_new(registration: Registration) -> Registration:
    """Those for electricity."""
    agreements = tuple(
        replace(one, tariff=NEW) if one.commodity is Commodity.ELECTRICITY else one
        for one in registration.agreements
    )
    return replace(registration, agreements=agreements)
