"""What is told of an exchange, and what is made of it: how much was left, by a reading or by what
somebody says, and what is kept of the meter that is put in. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from meters.account import MeterAccount
from meters.identity import Drn
from meters.quantities import Energy
from simulators.direct import DirectGateway
from tests.vending.acts.support import CLERK, FRESH, RAMI, WHY, Office, P, new_meter, put_in
from tests.vending.support import POWER, WATER
from tokens.sts import BaseDate, EncryptionAlgorithm
from vending.acts import Exchanged, NewMeter, Source
from vending.acts.errors import DownSinceWrong, SeenAlive, UnitsAndSource
from vending.approvals.errors import ApprovalIdReused, DocumentHoldsToken
from vending.parties import GatewayAddress, GatewayPlace, PartyExists
from vending.requests import Units


def read_as(office: Office, monkeypatch: pytest.MonkeyPatch, left: int) -> None:
    """The old meter is read, and says that so many Wh are left on it."""
    read = DirectGateway.read_account

    def told(gateway: DirectGateway) -> MeterAccount:
        return replace(read(gateway), balance=Energy(left))

    with monkeypatch.context() as patch:
        patch.setattr(DirectGateway, "read_account", told)
        office.service.read_account(RAMI, P)


@pytest.mark.parametrize(
    ("left", "units"),
    [
        # It lent its customer something: there is nothing to move, and nothing to take off.
        (-5_000, "0"),
        (99, "0"),
        (100, "0.1"),
        # The field of a token holds these two, and nothing between them.
        (2_000_399, "1999.4"),
        (2_000_400, "2000.4"),
        # The most that a token carries.
        (10**10, "1820162.4"),
    ],
)
def test_what_a_reading_says_was_left(
    office: Office, monkeypatch: pytest.MonkeyPatch, left: int, units: str
) -> None:
    read_as(office, monkeypatch, left)
    put_in(office, Source.READING)
    (request,) = office.approvals.waiting(CLERK)
    assert request.document["units"] == units
    office.approve("X-1")
    office.check()


@pytest.mark.parametrize("source", Source)
def test_nobody_is_believed_that_less_than_nothing_was_left(office: Office, source: Source) -> None:
    office.service.read_account(RAMI, P)
    with pytest.raises(UnitsAndSource) as error:
        put_in(office, source, "-0.1")
    assert error.value.source == source.value
    assert office.service.meter(CLERK, P).agreement.number == "A1"
    assert office.approvals.waiting(CLERK) == []


def test_a_reading_may_say_that_nothing_was_left(office: Office) -> None:
    office.service.read_account(RAMI, P)
    put_in(office, Source.READING, "0")
    assert office.approve("X-1")["units"] == "0"


def test_no_digits_of_a_token_are_kept_as_a_model(office: Office) -> None:
    told = replace(new_meter(), model="1234 5678 9012 3456 7890")
    with pytest.raises(DocumentHoldsToken):
        office.exchanges.exchange(RAMI, "X-1", "A1", told, Source.NONE, WHY)
    assert office.service.meter(CLERK, P).agreement.number == "A1"
    assert office.approvals.waiting(CLERK) == []


def test_a_meter_that_hangs_elsewhere_is_named(office: Office) -> None:
    with pytest.raises(PartyExists) as error:
        office.exchanges.exchange(RAMI, "X-1", "A1", new_meter(WATER), Source.NONE, WHY)
    assert (error.value.what, error.value.row) == ("meters", WATER.number)


@pytest.mark.parametrize(("told", "kept"), [("", "raseed-payment"), ("other-model", "other-model")])
def test_of_a_meter_from_the_shelf_the_model_is_known(office: Office, told: str, kept: str) -> None:
    put_in(office, Source.NONE)
    office.town.clock.forward(minutes=3)
    for number, model in ((POWER, "raseed-payment"), (FRESH, told)):
        again = replace(new_meter(number), model=model)
        made = office.exchanges.exchange(RAMI, f"X-{number}", "A1", again, Source.NONE, WHY)
        office.town.clock.forward(minutes=3)
    assert (made.file.meter.number, made.file.meter.model) == (FRESH, kept)


NEXT_SHELF = Drn.from_serial("01", 7002)
PLACE = GatewayAddress("127.0.0.1", 502, 7)
TOLD = replace(new_meter(), gateway=PLACE, base_date=BaseDate.BASE_2014, ken=104)


def ask(
    office: Office,
    new: NewMeter = TOLD,
    agreement: str = "A1",
    source: Source = Source.PHOTO,
    reason: str = WHY,
    units: str = "1.0",
    down: timedelta | None = None,
) -> Exchanged:
    since = None if down is None else office.town.clock() - down
    return office.exchanges.exchange(
        RAMI, "X-1", agreement, new, source, reason, Units(units), since
    )


@pytest.mark.parametrize(
    "change",
    [
        {"new": replace(TOLD, gateway=None)},
        {"new": replace(TOLD, gateway=replace(PLACE, host="127.0.0.2"))},
        {"new": replace(TOLD, gateway=replace(PLACE, port=503))},
        {"new": replace(TOLD, gateway=replace(PLACE, unit_id=8))},
        {"new": replace(TOLD, gateway=GatewayPlace("rtu-tcp://127.0.0.1:502/7"))},
        {"new": replace(TOLD, base_date=None)},
        {"new": replace(TOLD, ken=None)},
        {"new": replace(TOLD, ken=105)},
        {"new": replace(TOLD, model="other-model")},
        {"new": replace(TOLD, ea=EncryptionAlgorithm.EA11)},
        {"new": replace(TOLD, ti=2)},
        {"new": replace(TOLD, krn=2)},
        {"new": replace(TOLD, sgc="600675")},
        {"new": replace(TOLD, number=NEXT_SHELF)},
        {"agreement": "A3"},
        {"source": Source.LAB},
        {"reason": "The display is broken"},
        {"units": "1"},
        {"down": timedelta(minutes=1)},
    ],
    ids=str,
)
def test_one_id_stands_for_one_exchange_in_every_part(
    office: Office, change: dict[str, object]
) -> None:
    office.town.clock.forward(minutes=3)
    made = ask(office)
    with pytest.raises(ApprovalIdReused):
        ask(office, **change)  # type: ignore[arg-type]
    assert ask(office) == made


def test_what_is_written_down_is_what_requests_of_before_have(office: Office) -> None:
    """A repetition of one that was made before base dates and expiry numbers were known must equal
    it: where they are not told, nothing is said of them."""
    plain = {
        "new_meter": FRESH.number,
        "ea": "07",
        "sgc": new_meter().sgc,
        "krn": 1,
        "ti": 1,
        "model": "raseed-payment",
    }
    told = {"gateway": "127.0.0.1:502/7", "base_date": 2014, "ken": 104, "told": "1.0"}
    seat = replace(RAMI, point="P1", terminal="T7")
    first = office.exchanges.exchange(seat, "X-0", "A3", TOLD, Source.PHOTO, WHY, Units("1.0"))
    assert first.request.document["exchange"] == {**plain, **told}
    assert (first.request.point, first.request.terminal) == ("P1", "T7")
    third = new_meter(NEXT_SHELF)
    second = office.exchanges.exchange(RAMI, "X-1", "A1", third, Source.NONE, WHY)
    nothing = {"new_meter": NEXT_SHELF.number, "gateway": None, "told": None}
    assert second.request.document["exchange"] == {**plain, **nothing}


def test_places_of_other_lines_are_told_apart(office: Office) -> None:
    place = GatewayPlace("rtu-tcp://127.0.0.1:502/7")
    made = ask(office, replace(TOLD, gateway=place))
    assert made.file.meter.gateway == place
    assert ask(office, replace(TOLD, gateway=place)) == made
    with pytest.raises(ApprovalIdReused):
        ask(office, replace(TOLD, gateway=GatewayPlace("rtu-tcp://127.0.0.1:502/8")))


def test_a_meter_was_not_dead_before_it_was_hung_there(office: Office) -> None:
    put_in(office, Source.NONE)
    hung = office.town.clock()
    office.town.clock.forward(minutes=3)
    back = new_meter(POWER)

    def exchange(minutes: int) -> None:
        """Down again, dead since so many minutes behind the moment when it was taken down first."""
        since = hung + timedelta(minutes=minutes)
        office.exchanges.exchange(RAMI, "X-3", "A1", new_meter(), Source.NONE, WHY, None, since)

    office.exchanges.exchange(RAMI, "X-2", "A1", back, Source.NONE, WHY)
    office.town.clock.forward(minutes=3)
    for minutes in (-1, 0):
        with pytest.raises(DownSinceWrong) as error:
            exchange(minutes)
        assert error.value.down_since == hung + timedelta(minutes=minutes)
    exchange(5)
    assert office.service.meter(CLERK, FRESH.number).agreement.number == "A1"


def test_a_meter_may_have_died_this_moment_but_not_before_it_answered(office: Office) -> None:
    office.service.read_account(RAMI, P)
    answered = office.town.clock()
    office.town.clock.forward(minutes=3)
    before = answered - timedelta(minutes=1)
    with pytest.raises(SeenAlive) as error:
        put_in(office, Source.NONE, down_since=before)
    refused = error.value
    assert (refused.meter, refused.down_since, refused.seen_at) == (P, before, answered)
    # `put_in` takes three minutes.
    put_in(office, Source.NONE, down_since=office.town.clock() + timedelta(minutes=3))
    assert office.service.meter(CLERK, FRESH.number).agreement.number == "A1"
