"""The municipality's record: kept, told in the trail, and a logo that is nothing but a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from meters.account import Commodity
from meters.identity import Drn
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    SetClock,
    new_store,
    request,
    service,
    tariffs,
    town,
)
from tokens.sts import EncryptionAlgorithm
from vending.accounting.errors import ReasonMissing
from vending.logos import PNG, SVG, LogoUnusable, checked_logo
from vending.municipality import Municipality, MunicipalityFieldWrong, TownHall
from vending.parties import (
    Customer,
    Meter,
    Registration,
    ServicePoint,
    SupplyAgreement,
    TariffNotOffered,
)
from vending.permissions import ActorNotAllowed
from vending.samples import only_at
from vending.store import SqlStore
from vending.store.house import SqlHouse
from vending.store.municipality import SqlMunicipality
from vending.surroundings import sample_parties
from vending.tariff import TariffBook
from vending.tariff.errors import TariffEnding

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000a49444154789c63000100000500010d0a2db40000000049454e44ae426082"
)
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z" fill="url(#a)"/></svg>'
TOWN = Municipality(
    "بلدية الزيتونة", "Zaytouna Municipality", "شارع البلدية", "Town Street", "02-2222222",
    "562123456", "ILS", "16", ("electricity-domestic", "water-domestic"), checked_logo(DOT),
)  # fmt: skip


@pytest.fixture
def store(place: Path | str) -> Iterator[SqlStore]:
    made = new_store(place)
    yield made
    made.close()


@pytest.fixture
def hall(store: SqlStore) -> TownHall:
    return TownHall(SqlMunicipality(store), SetClock())


def test_it_is_kept_as_it_was_told(hall: TownHall, store: SqlStore) -> None:
    assert not hall.municipality().is_named
    hall.change(ADMIN, TOWN)
    assert hall.municipality() == TOWN
    with pytest.raises(ReasonMissing):
        hall.change(ADMIN, replace(TOWN, phone="02-3333333"), "new")
    hall.change(ADMIN, replace(TOWN, phone="02-3333333"), "new line")
    hall.change(ADMIN, replace(TOWN, phone="02-3333333"), "the same again")
    with SqlHouse(store).reading() as house:
        last, first = house.trail(0, 10, "municipality")
    assert first.before == ""
    assert last.reason == "new line"
    assert "02-2222222" in last.before
    assert "02-3333333" in last.after
    assert TOWN.logo is not None
    assert TOWN.logo.digest[:16] in last.after


def test_who_may_and_what_may_not_be_kept(hall: TownHall) -> None:
    with pytest.raises(ActorNotAllowed):
        hall.change(OPERATOR, TOWN)
    for wrong in ({"name_ar": " "}, {"address_en": "x" * 201}, {"vat": "x"}, {"phone": "\x00"}):
        with pytest.raises(MunicipalityFieldWrong):
            hall.change(ADMIN, replace(TOWN, **wrong))  # type: ignore[arg-type]
    assert not hall.municipality().is_named


def test_pictures_that_are_let_in() -> None:
    assert checked_logo(DOT).media == PNG
    assert checked_logo(DRAWING).media == SVG


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        DOT[:-20],
        DOT[:16] + (5000).to_bytes(4, "big") + DOT[20:],
        b"<svg>" + b" " * 300_000,
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        b'<html xmlns="http://www.w3.org/2000/svg"><svg/></html>',
        DRAWING.replace(b"<path", b"<script>1</script><path"),
        DRAWING.replace(b"<path", b'<path onclick="x()"'),
        DRAWING.replace(b"#a", b"//elsewhere/a"),
        DRAWING.replace(b"<path", b'<use href="//elsewhere/a"/><path'),
        DRAWING.replace(b"<path", b'<image href="data:,"/><path'),
        DRAWING.replace(b"<path", b"<style>@import 'x'</style><path"),
    ],
)
def test_pictures_that_are_not(data: bytes) -> None:
    with pytest.raises(LogoUnusable):
        checked_logo(data)


def at(tariff: str) -> Registration:
    """One more home, with its electricity at this tariff."""
    drn = Drn.from_serial("01", 7001)
    meter = Meter(drn, Commodity.ELECTRICITY, EncryptionAlgorithm.EA07, "123457", 1, 1)
    return Registration(
        customers=(Customer("30001", "سعاد", "Suad"),),
        service_points=(ServicePoint("S-30001", "الحي", "شارع 1"),),
        meters=(meter,),
        agreements=(
            SupplyAgreement("A-30001", "30001", "S-30001", drn, Commodity.ELECTRICITY, tariff),
        ),
    )


def test_new_agreements_are_at_tariffs_that_were_chosen(hall: TownHall, store: SqlStore) -> None:
    clock = SetClock()
    made = service(store, clock, offered=lambda: hall.municipality().tariffs)
    # Nothing is chosen: everything is.
    made.register(ADMIN, town())
    hall.change(ADMIN, replace(TOWN, tariffs=("electricity-commercial", "water-domestic")))
    with pytest.raises(TariffNotOffered) as refused:
        made.register(ADMIN, at("electricity-domestic"))
    assert refused.value.facts() == {"tariff": "electricity-domestic", "agreement": "A-30001"}
    made.register(ADMIN, at("electricity-commercial"))
    # Agreements that there are stay, and are sold to.
    assert made.vend(OPERATOR, request()).tokens


def test_no_new_agreement_is_at_a_tariff_that_ends(store: SqlStore) -> None:
    clock = SetClock()
    (flat,) = tariffs().versions("electricity-domestic")
    (water,) = tariffs().versions("water-domestic")
    end = clock.now + timedelta(days=30)
    book = TariffBook([replace(flat, retired_from=end), water])
    service(store, clock).register(ADMIN, town())
    made = service(store, clock, tariffs=book)
    with pytest.raises(TariffEnding) as refused:
        made.register(ADMIN, at("electricity-domestic"))
    assert refused.value.facts() == {"tariff": flat.code, "until": end.isoformat()}
    # Who is at it already buys as long as it holds.
    assert made.vend(OPERATOR, request()).tokens


def test_what_is_tried_out_is_what_was_chosen() -> None:
    all_of_them = sample_parties()
    assert only_at(all_of_them, ()) == all_of_them
    water = only_at(all_of_them, ("water-domestic",))
    assert {one.tariff for one in water.agreements} <= {"water-domestic"}
    assert {one.number for one in water.meters} == {one.meter for one in water.agreements}
    assert water.customers == all_of_them.customers


def test_the_currency_is_that_of_the_books(store: SqlStore) -> None:
    hall = TownHall(SqlMunicipality(store), SetClock(), "JOD")
    assert hall.municipality().currency == "JOD"
    assert hall.change(ADMIN, TOWN).currency == "JOD"
    assert hall.municipality().currency == "JOD"
