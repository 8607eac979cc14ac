"""The register on both databases: what is written down is found and sold to, what is wrong is not
written, and the trail tells who corrected what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.account import Commodity
from meters.errors import RaseedError
from meters.identity import Drn
from meters.values import replace
from tests.vending.support import ADMIN, OPERATOR, SGC, TEST_KEY, SetClock, new_store, service, town
from tests.vending.support import request as sale_of
from tests.vending.support import security as module
from tokens.sts import EncryptionAlgorithm, KeyUnknown
from vending import trailed
from vending.accounting.errors import ReasonMissing
from vending.acts.errors import MeterDiffers
from vending.finding import Marks
from vending.parties import (
    Actor,
    Customer,
    CustomerUnknown,
    GatewayAddress,
    GatewayPlace,
    Meter,
    Registration,
    Role,
    ServicePoint,
    TariffNotOffered,
    VendingPoint,
)
from vending.people import TrailLine
from vending.people.recording import recorded
from vending.permissions import ActorNotAllowed
from vending.registry import NewService, NumberTaken, PartyFieldWrong, Register, reached_at
from vending.service import VendingService
from vending.store import SqlStore
from vending.store.house import SqlHouse, tell_acts
from vending.store.registry import SqlRegister
from vending.tariff import TariffMissing

LAYLA = Actor("layla", Role.BILLING)
SUAD = Customer("10003", "سعاد  العمري", "", "0599 123-456")
SUADS = Marks("", "٩٠٠ ٠٠٠ ٠٠٩", "C-77")
HOME = ServicePoint("S9", "الوسط", "شارع المدرسة 9")
NUMBER = Drn.from_serial("01", 9001)
WHY = "as on the paper"


@dataclass
class Hall:
    store: SqlStore
    service: VendingService
    register: Register
    offered: set[str]

    def trail(self) -> list[TrailLine]:
        with SqlHouse(self.store).reading() as house:
            return house.trail(0, 100)

    def told(self, act: str) -> list[tuple[str, str, dict[str, object], dict[str, object]]]:
        return [
            (line.actor, line.subject, json.loads(line.before or "{}"), json.loads(line.after))
            for line in self.trail()
            if line.act == act
        ]


@pytest.fixture
def hall(place: Path | str) -> Iterator[Hall]:
    store, clock = new_store(place), SetClock()
    tell_acts(store, clock)
    offered: set[str] = set()
    selling = service(store, clock, offered=lambda: offered)
    selling.register(ADMIN, town())
    register = recorded(
        Register(SqlRegister(store), selling.admitted, module().keys), trailed.PARTIES
    )
    yield Hall(store, selling, register, offered)
    store.close()


def meter(number: Drn = NUMBER, **other: object) -> Meter:
    plain = Meter(number, Commodity.ELECTRICITY, EncryptionAlgorithm.EA07, SGC, 1, 1)
    return replace(plain, **other)


def wanted(**other: object) -> NewService:
    plain = NewService("A-9", "10003", HOME, meter(), "electricity-domestic")
    return replace(plain, **other)


def test_a_customer_with_a_meter_can_be_sold_to(hall: Hall) -> None:
    assert hall.register.free_account(LAYLA) == "10003"
    file = hall.register.add_customer(LAYLA, SUAD, SUADS)
    assert (file.customer.name_ar, file.customer.phone) == ("سعاد العمري", "0599123456")
    assert (file.marks.national_id, file.marks.card) == ("900000009", "C-77")
    for text in ("سعاد عمري", "0599123456", "900000009", "10003"):
        ((found, files),) = hall.service.find(OPERATOR, text)
        assert (found.account, files) == ("10003", [])
    made = hall.register.add_service(LAYLA, wanted())
    assert made.since == "2026-11"
    assert hall.register.customer(LAYLA, "10003").places == (HOME,)
    sold = hall.service.vend(OPERATOR, replace(sale_of(), vend_id="v-9", meter=NUMBER.number))
    assert sold.tokens
    ((who, subject, _, after),) = hall.told("customer_added")
    assert (who, subject, after["national_id"]) == ("layla", "10003", "900000009")
    ((who, subject, _, after),) = hall.told("service_added")
    assert (who, subject, after["meter"], after["address"]) == (
        "layla",
        "A-9",
        NUMBER.number,
        HOME.address,
    )


def test_what_is_corrected_is_told_as_it_was_and_is(hall: Hall) -> None:
    hall.register.add_customer(LAYLA, SUAD, replace(SUADS, language="en"))
    with pytest.raises(ReasonMissing):
        hall.register.change_customer(LAYLA, replace(SUAD, phone="0598"), SUADS, " ")
    new = replace(SUAD, name_ar="سعاد العامري", phone="0598111222")
    changed = hall.register.change_customer(LAYLA, new, SUADS, WHY)
    # What they read is chosen elsewhere.
    assert changed.marks.language == "en"
    assert hall.service.find(OPERATOR, "العامري")
    assert not hall.service.find(OPERATOR, "العمري")
    ((_, subject, before, after),) = hall.told("customer_changed")
    assert subject == "10003"
    assert before == {"name_ar": "سعاد العمري", "phone": "0599123456"}
    assert after == {"name_ar": "سعاد العامري", "phone": "0598111222"}
    # The same again is no act.
    hall.register.change_customer(LAYLA, new, SUADS, WHY)
    assert len(hall.told("customer_changed")) == 1
    with pytest.raises(CustomerUnknown):
        hall.register.change_customer(LAYLA, replace(SUAD, account="77"), SUADS, WHY)


def test_a_place_is_corrected(hall: Hall) -> None:
    moved = ServicePoint("S1", "الوسط", "شارع المدرسة 14")
    hall.register.change_place(LAYLA, moved, WHY)
    hall.register.change_place(LAYLA, moved, WHY)
    assert hall.service.customer(ADMIN, "10001")[1][0].service_point == moved
    ((_, _, before, after),) = hall.told("place_changed")
    assert (before, after) == ({"address": "شارع المدرسة 4"}, {"address": "شارع المدرسة 14"})
    with pytest.raises(PartyFieldWrong):
        hall.register.change_place(LAYLA, replace(moved, code="S77"), WHY)


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"customer": "77"}, CustomerUnknown),
        ({"agreement": "A1"}, NumberTaken),
        ({"agreement": ""}, PartyFieldWrong),
        ({"agreement": "a b"}, PartyFieldWrong),
        ({"place": ServicePoint("S1", "x", "y")}, NumberTaken),
        ({"place": ServicePoint("S9", "", "y")}, PartyFieldWrong),
        ({"place": "S77"}, PartyFieldWrong),
        ({"meter": meter(Drn.from_serial("01", 1001))}, NumberTaken),
        ({"meter": meter(sgc="12345")}, PartyFieldWrong),
        ({"meter": meter(krn=0)}, PartyFieldWrong),
        ({"meter": meter(ti=100)}, PartyFieldWrong),
        ({"meter": meter(sgc="999999")}, KeyUnknown),
        ({"tariff": "nothing"}, TariffMissing),
        ({"tariff": "electricity-commercial"}, TariffNotOffered),
    ],
)
def test_a_service_that_is_not_written_down(
    hall: Hall, other: dict[str, object], error: type[RaseedError]
) -> None:
    hall.register.add_customer(LAYLA, SUAD, SUADS)
    hall.offered.add("electricity-domestic")
    lines = len(hall.trail())
    with pytest.raises(error):
        hall.register.add_service(LAYLA, wanted(**other))
    assert hall.service.customer(ADMIN, "10003")[1] == []
    assert len(hall.trail()) == lines


def test_a_meter_from_the_shelf_is_what_it_was(hall: Hall) -> None:
    hall.register.add_customer(LAYLA, SUAD, SUADS)
    hall.service.register(ADMIN, Registration(meters=(meter(),)))
    with pytest.raises(MeterDiffers):
        hall.register.add_service(LAYLA, wanted(meter=meter(ti=2)))
    hall.register.add_service(LAYLA, wanted(place="S1"))
    (file,) = hall.service.customer(ADMIN, "10003")[1]
    assert (file.meter.number, file.service_point.code) == (NUMBER, "S1")


def test_most_meters_are_the_pattern_of_the_next(hall: Hall) -> None:
    others = [meter(Drn.from_serial("01", 9100 + n), ti=3) for n in range(3)]
    hall.service.register(ADMIN, Registration(meters=tuple(others)))
    usual = hall.register.usual_meter(LAYLA, Commodity.ELECTRICITY)
    assert usual is not None
    assert (usual.krn, usual.ti) == (1, 3)


def test_a_point_is_an_administrators(hall: Hall) -> None:
    point = VendingPoint("P9", "نقطة", "Point", most_per_day=500_000, needs_shift=True)
    with pytest.raises(ActorNotAllowed):
        hall.register.add_point(LAYLA, point)
    hall.register.add_point(ADMIN, point)
    assert point in hall.service.points(ADMIN)
    with pytest.raises(NumberTaken):
        hall.register.add_point(ADMIN, point)
    for wrong in ({"code": "new"}, {"code": "x" * 21}, {"name_ar": ""}, {"most_per_sale": -1}):
        with pytest.raises(RaseedError):
            hall.register.add_point(ADMIN, replace(point, **{"code": "P10", **wrong}))
    assert len(hall.told("point_added")) == 1


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.TECHNICIAN, Role.AUDITOR])
def test_who_does_not_keep_it(hall: Hall, role: Role) -> None:
    actor = Actor("samir", role, "P1", "T1")
    for act in (
        lambda: hall.register.add_customer(actor, SUAD, SUADS),
        lambda: hall.register.change_customer(actor, SUAD, SUADS, WHY),
        lambda: hall.register.add_service(actor, wanted()),
        lambda: hall.register.change_place(actor, HOME, WHY),
        lambda: hall.register.customer(actor, "10001"),
        lambda: hall.register.free_account(actor),
    ):
        with pytest.raises(ActorNotAllowed):
            act()


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": "10001"},
        {"account": ""},
        {"account": "new"},
        {"account": "1/../2 3"},
        {"account": "x" * 31},
        {"name_ar": "  "},
        {"name_ar": "س" * 201},
        {"name_ar": "a\x00b"},
        {"name_ar": "12345678901234567890"},
        {"phone": "call me"},
        {"phone": "1" * 16},
    ],
)
def test_a_customer_who_is_not_written_down(hall: Hall, wrong: dict[str, str]) -> None:
    with pytest.raises((PartyFieldWrong, NumberTaken)):
        hall.register.add_customer(LAYLA, replace(SUAD, **wrong), SUADS)
    assert not hall.service.find(OPERATOR, "سعاد")


def test_where_a_meter_answers() -> None:
    assert reached_at("") is None
    assert reached_at(" ١٠.0.0.5:502/3 ") == GatewayAddress("10.0.0.5", 502, 3)
    assert reached_at("tcp://[::1]:502/3") == GatewayAddress("::1", 502, 3)
    # A Modbus unit, a DL/T 645 address, a secondary address of M-Bus.
    for station in ("7", "260305510012", "1234567824230107"):
        place = f"rtu-tcp://gw:4001/{station}"
        assert reached_at(place) == GatewayPlace(place)
    for wrong in ("gw", "gw:70000/1", "gw:502/0", "gw:502/248", "http://gw/1", "rtu-tcp://gw/1"):
        with pytest.raises(PartyFieldWrong):
            reached_at(wrong)


@given(st.text(max_size=60))
def test_any_text_is_a_place_or_is_refused(text: str) -> None:
    try:
        at = reached_at(text)
    except PartyFieldWrong:
        return
    assert at is None or reached_at(at.place) == at


def test_no_key_stands_anywhere(hall: Hall) -> None:
    hall.register.add_customer(LAYLA, SUAD, SUADS)
    hall.register.add_service(LAYLA, wanted())
    assert TEST_KEY.hex() not in str(hall.trail())
