"""The register as pages, without script: a customer and a meter from nothing to the first sale,
corrections, another tariff by two people, and vending points."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from meters.identity import Drn
from tests.vending.support import POWER
from tests.vending.web.pages_support import (
    PASSWORD,
    House,
    Visit,
    form,
    forms,
    give_second_factor,
    house_over,
    let_in,
)
from vending.parties import Actor, Role
from vending.people import UserDraft

pytestmark = pytest.mark.system

NUMBER = Drn.from_serial("01", 9001).number
ARABIC = "".join("٠١٢٣٤٥٦٧٨٩"[int(digit)] for digit in NUMBER)
WHY = "as on the paper"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_over(tmp_path) as house:
        office = house.api.parts.office
        for name, role in (
            ("nadia", Role.BILLING),
            ("rami", Role.SUPERVISOR),
            ("wafa", Role.AUDITOR),
        ):
            draft = UserDraft(name, role, "اسم", name.title(), language="en")
            office.add(house.boss, draft, PASSWORD, must_change=False)
        give_second_factor(house, "huda", "rami")
        yield house


def registered(visit: Visit) -> httpx2.Response:
    """A new customer with a meter, from the page of customers on."""
    assert "/customers/new" in visit.get("/customers").text
    page = visit.get("/customers/new")
    assert form(page, "/customers/new").fields["account"] == "10003"
    named = {"name_ar": "سعاد العمري", "phone": "٠٥٩٩ ١٢٣ ٤٥٦", "language": "en"}
    page = visit.send(page, "/customers/new", **named)
    assert page.url.path == "/customers/10003/meter"
    typed = {"meter": ARABIC, "quarter": "الوسط", "address": "شارع 9"}
    return visit.send(page, "/customers/10003/meter", tariff="electricity-domestic", **typed)


def test_a_new_customer_up_to_the_first_sale(house: House) -> None:
    page = registered(let_in(house, "nadia"))
    assert page.url.path == "/customers/10003"
    assert NUMBER in page.text
    assert "0599123456" in page.text
    parts = house.api.parts
    assert parts.languages.of("10003") == "en"
    file = parts.service.meter(house.boss, NUMBER)
    assert (file.agreement.number, file.service_point.code) == ("10003-1", "SP-10003-1")
    # Key data as most meters here have them.
    assert file.meter.key.key == parts.service.meter(house.boss, POWER.number).meter.key.key
    clerk = house.visit("maya")
    clerk.send(clerk.get("/shift"), "/shift/open", float="100")
    page = clerk.get(f"/counter?find={NUMBER}")
    preview = clerk.send(page, "/counter/preview", **{f"amount:{NUMBER}": "50"})
    assert clerk.send(preview, "/counter/sell").status_code == 200
    assert house.sales() == 1


def test_what_is_wrong_is_told_and_what_was_typed_stays(house: House) -> None:
    visit = let_in(house, "nadia")
    page = visit.get("/customers/new")
    wrong = visit.send(page, "/customers/new", account="10001", name_ar="سعاد")
    assert wrong.status_code == 422
    assert "is taken" in wrong.text
    assert form(wrong, "/customers/new").fields["name_ar"] == "سعاد"
    page = visit.get("/customers/10001/meter")
    mistyped = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
    for meter, told in ((mistyped, "check digit"), (POWER.number, "is taken")):
        wrong = visit.send(
            page, "/customers/10001/meter", meter=meter, tariff="electricity-domestic"
        )
        assert wrong.status_code == 422
        assert told in wrong.text
        assert form(wrong, "/customers/10001/meter").fields["meter"] == meter


def test_data_are_corrected_with_a_reason(house: House) -> None:
    visit = let_in(house, "nadia")
    page = visit.get("/customers/10001/change")
    assert visit.send(page, "/customers/10001/change", phone="0598111222").status_code == 422
    done = visit.send(page, "/customers/10001/change", phone="0598111222", reason=WHY)
    assert "0598111222" in done.text
    moved = visit.send(page, "/customers/10001/place", address="شارع 14", reason=WHY)
    assert "شارع 14" in moved.text
    trail = let_in(house, "wafa").get("/trail?subject=10001")
    assert "0599000001" in re.findall(r"<del>(.*?)</del>", trail.text)[0]


def test_a_tariff_that_ends_is_offered_to_nobody(house: House) -> None:
    visit, code = let_in(house, "nadia"), "electricity-public"
    pages = ("/customers/10001", "/customers/10001/meter")
    assert all(code in visit.get(page).text for page in pages)
    chief = Actor("omar", Role.SUPERVISOR)
    house.api.parts.tariff_desk.retire(chief, code, None, "Nobody is at it any more")
    assert not any(code in visit.get(page).text for page in pages)


def test_another_tariff_is_two_peoples(house: House) -> None:
    visit = let_in(house, "nadia")
    page = visit.get("/customers/10001")
    asked = visit.send(
        page, "/customers/10001/tariff", tariff="electricity-commercial", reason="A shop now"
    )
    assert asked.status_code == 200
    assert "Waits for a second person" in asked.text
    # Why, is not the clerk's to know.
    assert "A shop now" not in house.visit("maya").get("/customers/10001").text
    # Sent twice, it is asked for once.
    again = visit.send(
        page, "/customers/10001/tariff", tariff="electricity-commercial", reason="A shop now"
    )
    assert again.status_code == 200
    boss = let_in(house, "rami")
    told = boss.get("/approvals").text
    assert all(one in told for one in ("10001", "tariff now", "electricity-domestic"))
    (path,) = {one.action for one in forms(boss.get("/approvals")) if "/approve" in one.action}
    assert boss.post(path, {}).status_code == 200
    file = house.api.parts.service.meter(house.boss, POWER.number)
    assert file.agreement.tariff == "electricity-commercial"
    refused = visit.send(page, "/customers/10001/tariff", tariff="nothing", reason="A shop")
    assert refused.status_code == 422


@pytest.mark.parametrize("name", ["maya", "wafa"])
def test_who_does_not_keep_the_register_is_offered_none_of_it(house: House, name: str) -> None:
    visit = let_in(house, name)
    for path in ("/customers", "/customers/10001"):
        page = visit.get(path).text
        for address in ("/customers/new", "/meter", "/change", "/tariff"):
            assert f'{address}"' not in page
    for path in ("/customers/new", "/customers/10001/meter", "/customers/10001/change"):
        assert visit.get(path).status_code == 403
        assert visit.post(path, {"reason": WHY}).status_code == 403
    asked = visit.post(
        "/customers/10001/tariff",
        {"id": "x", "agreement": "A1", "tariff": "electricity-commercial", "reason": WHY},
    )
    assert asked.status_code == 422
    assert not house.api.parts.approvals.pending(house.boss)


def test_points(house: House) -> None:
    boss = let_in(house, "huda")
    page = boss.get("/points")
    named = {"code": "P9", "name_ar": "نقطة", "name_en": "Point", "most_per_sale": "٥٠٠"}
    made = boss.send(page, "/points", **named, needs_shift="")
    assert made.status_code == 200
    assert "P9" in made.text
    assert "500.00" in made.text
    assert boss.send(page, "/points", **named).status_code == 422
    asked = boss.send(
        made, "/points/P9/limits", most_per_sale="", most_per_day="2000", reason=WHY, needs_shift=""
    )
    assert asked.url.path == "/approvals"
    assert "the limit per day" in asked.text
    assert "set." not in asked.text
    (one,) = house.api.parts.approvals.pending(house.boss)
    assert one.document["set"] == {"most_per_sale": None, "most_per_day": "2000"}
    clerk = house.visit("maya").get("/points")
    assert not [one for one in forms(clerk) if one.action.startswith("/points")]
