"""Papers over the pages: what a clerk gets with a session in a cookie."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from PIL import Image

from meters.quantities import Money
from meters.values import replace
from tests.vending.support import ADMIN, POWER, WATER, request, town
from tests.vending.test_municipality import DRAWING
from tests.vending.web.support import Api, api_over
from vending.drawer import BankRequest, checked_count
from vending.logos import SVG, Logo
from vending.municipality import Municipality
from vending.parties import Actor, Role
from vending.people import UserDraft
from vending.requests import BasketRequest, Credit
from vending.sale import Payment, SaleReceipt, Tender

pytestmark = pytest.mark.system

PASSWORD = "زيت وزعتر على السطح"
SAMIR = Actor("samir", Role.OPERATOR, "P1", "T1")
CHIEF = Actor("omar", Role.SUPERVISOR)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as made:
        made.client.headers.pop("Authorization")
        made.client.headers["Origin"] = "http://testserver"
        made.client.follow_redirects = False
        office = made.parts.office
        admin = office.begin(UserDraft("huda", Role.ADMINISTRATOR, "هدى", "Huda"), PASSWORD).actor(
            "T0"
        )
        for name in ("samir", "rana"):
            draft = UserDraft(name, Role.OPERATOR, name, name, point="P1")
            office.add(admin, draft, PASSWORD, must_change=False)
        sign_in(made, "samir", "T1")
        yield made


def sign_in(api: Api, name: str, terminal: str) -> None:
    form = {"name": name, "password": PASSWORD, "terminal": terminal, "next": "/"}
    assert api.client.post("/sign-in", data=form).status_code == 303


def sell(api: Api, vend_id: str = "v-1", **changes: Any) -> SaleReceipt:
    return api.parts.service.vend(SAMIR, replace(request(vend_id), **changes))


def ask(api: Api, path: str = "/counter/sales/v-1/paper", **form: str) -> str:
    """Where a printing leads to."""
    answer = api.client.post(path, data=form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def is_pdf(answer: httpx2.Response) -> bool:
    return answer.status_code == 200 and answer.content.startswith(b"%PDF-")


def test_the_original_then_copies_and_looking_again_is_no_copy(api: Api) -> None:
    sell(api)
    first = ask(api)
    assert parse_qs(urlsplit(first).query)["n"] == ["0"]
    original = api.client.get(first)
    assert is_pdf(original)
    assert original.headers["content-type"] == "application/pdf"
    assert original.headers["content-disposition"] == "inline; filename*=UTF-8''P1-000001.pdf"
    assert original.headers["cache-control"] == "no-store"
    assert api.client.get(first).content == original.content
    second = ask(api, language="en")
    assert parse_qs(urlsplit(second).query) == {"n": ["1"], "language": ["en"]}
    assert is_pdf(api.client.get(second))
    assert api.parts.service.what_became(SAMIR, "v-1").copies == 1


def test_as_a_picture_for_each_printer(api: Api) -> None:
    sell(api)
    path = ask(api, kind="png", width="384")
    for wanted, width in ((path, 384), (path.replace("384", "512"), 512), ("?kind=png", 576)):
        address = wanted if wanted.startswith("/") else f"/counter/sales/v-1/paper{wanted}"
        answer = api.client.get(address)
        assert answer.headers["content-type"] == "image/png"
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.width == width


def test_somebody_else_cannot_fetch_it_and_gets_a_copy(api: Api) -> None:
    sell(api)
    first = ask(api)
    sign_in(api, "rana", "T2")
    refused = api.client.get(first)
    assert refused.status_code == 409
    assert "paper.gone" in refused.text
    assert "n=1" in ask(api)


def test_a_paper_is_for_people_who_are_signed_in(api: Api) -> None:
    sell(api)
    first = ask(api)
    api.client.cookies.clear()
    for answer in (api.client.get(first), api.client.post("/counter/sales/v-1/paper")):
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")


def test_the_copy_on_the_screen_goes_onto_paper(api: Api) -> None:
    sell(api)
    shown = api.client.post("/counter/sales/v-1/copy")
    (link,) = set(re.findall(r'href="(/counter/sales/v-1/paper\?n=1)"', shown.text))
    assert is_pdf(api.client.get(link))
    assert api.parts.service.what_became(SAMIR, "v-1").copies == 1


def test_digits_stand_in_no_address_and_no_trail(api: Api) -> None:
    (token,) = sell(api).tokens
    first = ask(api)
    assert token.digits not in first
    assert api.client.get(first).headers.get("content-disposition", "").find(token.digits) < 0


def test_a_void_has_a_note(api: Api) -> None:
    sell(api, hold=True)
    assert api.client.get("/counter/sales/v-1/note").status_code == 409
    api.parts.service.void(SAMIR, "v-1", "الرقم خطأ")
    assert is_pdf(api.client.get("/counter/sales/v-1/note"))
    assert "/counter/sales/v-1/note" in api.client.get("/counter/sales/v-1").text
    assert api.client.post("/counter/sales/v-1/paper").status_code == 409


def test_the_till_on_paper(api: Api) -> None:
    drawers = api.parts.drawers
    assert api.client.get("/shift/x/x-1/paper").status_code == 404
    drawers.open(SAMIR, "s-1", Money(0))
    sell(api)
    assert ask(api, "/shift/x", id="x-1") == "/shift/x/x-1"
    link = 'href="/shift/x/x-1/paper?n={}"'
    assert link.format(0) in api.client.get("/shift/x/x-1").text
    original = api.client.get("/shift/x/x-1/paper")
    assert is_pdf(original)
    assert "P1-S0001-X1.pdf" in original.headers["content-disposition"]
    assert api.client.get("/shift/x/x-1/paper?n=1").status_code == 409, "no such copy"
    shown = api.client.post("/shift/x/x-1/copy")
    assert link.format(1) in shown.text
    assert is_pdf(api.client.get("/shift/x/x-1/paper?n=1"))
    assert api.client.get("/shift/x/x-1/paper").status_code == 409, "after a copy no original"
    drawers.close(SAMIR, checked_count([("50", 1)], [], "ILS"))
    assert is_pdf(api.client.get("/shift/s-1/z/paper"))
    assert api.client.get("/shift/s-1/z/paper?n=1").status_code == 409, "no such copy"
    shown = api.client.post("/shift/s-1/z/copy")
    assert 'href="/shift/s-1/z/paper?n=1"' in shown.text
    assert is_pdf(api.client.get("/shift/s-1/z/paper?n=1"))
    assert api.client.get("/shift/s-1/z/paper").status_code == 409, "after a copy no original"


def test_x_and_z_reports_are_unmarked_for_an_hour(api: Api) -> None:
    api.parts.drawers.open(SAMIR, "s-1", Money(0))
    api.parts.x_reports.take(SAMIR, "x-1")
    api.parts.drawers.close(SAMIR, checked_count([("50", 0)], [], "ILS"))
    api.clock.forward(minutes=61)
    sign_in(api, "samir", "T1")
    assert api.client.get("/shift/x/x-1/paper").status_code == 409
    assert api.client.get("/shift/s-1/z/paper").status_code == 409


def test_a_deposit_slip_and_its_copy(api: Api) -> None:
    api.parts.drawers.open(SAMIR, "s-1", Money(0))
    sell(api)
    api.parts.drawers.close(SAMIR, checked_count([("50", 1)], [], "ILS"))
    api.parts.bankings.bank(SAMIR, BankRequest("d-1", "P1"))
    assert is_pdf(api.client.get("/shift/banked/d-1/paper"))
    assert is_pdf(api.client.get(ask(api, "/shift/banked/d-1/paper", language="en")))
    assert api.client.get("/shift/banked/d-1/paper").status_code == 409


def test_closed_shifts_go_to_the_bank_from_a_page(api: Api) -> None:
    api.parts.drawers.open(SAMIR, "s-1", Money(0))
    sell(api)
    api.parts.drawers.close(SAMIR, checked_count([("50", 1)], [], "ILS"))
    page = api.client.get("/shift/banked").text
    assert 'name="shift:s-1"' in page
    (id,) = re.findall(r'name="id" value="([^"]+)"', page)
    form = {"id": id, "point": "P1", "reference": "bag 7"}
    nothing = api.client.post("/shift/banked", data=form)
    assert nothing.status_code == 422
    assert 'value="bag 7"' in nothing.text
    for _ in range(2):
        made = api.client.post("/shift/banked", data={**form, "shift:s-1": "yes"})
        assert made.headers["location"] == f"/shift/banked/{id}"
    shown = api.client.get(f"/shift/banked/{id}").text
    assert "P1-B0001" in shown
    assert "P1-S0001" in shown
    (link,) = set(re.findall(r'href="(/shift/banked/[^"]+/paper\?n=0)"', shown))
    assert is_pdf(api.client.get(link))
    assert is_pdf(api.client.get(ask(api, f"/shift/banked/{id}/paper")))
    assert "/paper?n=0" not in api.client.get(f"/shift/banked/{id}").text
    assert 'name="shift:s-1"' not in api.client.get("/shift/banked").text
    assert len(api.parts.bankings.bankings(SAMIR)) == 1


def test_what_came_by_card_goes_to_the_bank_from_a_page(api: Api) -> None:
    card = BasketRequest(
        "v-1",
        (Credit(POWER.number, Money.from_text("50.00")),),
        (Payment(Tender.CARD, Money.from_text("50.00"), "slip-1"),),
    )
    api.parts.service.vend_basket(SAMIR, card)
    page = api.client.get("/shift/banked").text
    assert 'name="amount:card"' in page
    assert 'name="amount:cash"' not in page
    (id,) = re.findall(r'name="id" value="([^"]+)"', page)
    form = {"id": id, "point": "P1", "reference": "statement 7"}
    for typed in ("", "0", "50.01", "x"):
        told = api.client.post("/shift/banked/amounts", data={**form, "amount:card": typed})
        assert told.status_code == 422, typed
        assert f'name="amount:card" inputmode="decimal" dir="ltr" value="{typed}"' in told.text
        assert 'value="statement 7"' in told.text
        assert f'value="{id}"' in told.text
    for _ in range(2):
        made = api.client.post("/shift/banked/amounts", data={**form, "amount:card": "٤٩٫٢٥"})
        assert made.headers["location"] == f"/shift/banked/{id}"
    assert "49.25" in api.client.get(f"/shift/banked/{id}").text
    # The provider kept its share: it lies there still, until the office books it.
    assert "0.75" in api.client.get("/shift/banked").text
    assert len(api.parts.bankings.bankings(SAMIR)) == 1


def test_a_clerk_banks_for_the_own_point_alone(api: Api) -> None:
    page = api.client.get("/shift/banked?point=P2").text
    assert "P2" not in page
    form = {"id": "b-1", "point": "P2", "shift:s-1": "yes"}
    assert api.client.post("/shift/banked", data=form).status_code == 422
    assert api.client.get("/shift/banked/b-1").status_code == 404


def test_a_slip_with_a_meters_new_key(api: Api) -> None:
    sell(api)
    assert "key-slip" not in api.client.get("/counter/sales/v-1").text
    assert api.client.post("/counter/sales/v-1/key-slip").status_code == 409
    api.parts.key_changes.plan(CHIEF, POWER.number, "Another tariff index", ti=2)
    assert sell(api, "v-2").key_tokens
    page = api.client.get("/counter/sales/v-2").text
    assert 'action="/counter/sales/v-2/key-slip"' in page
    for _ in range(2):
        path = ask(api, "/counter/sales/v-2/key-slip", language="en")
        assert is_pdf(api.client.get(path))
    # It is no printing of the receipt: the original is still to be had.
    assert parse_qs(urlsplit(ask(api, "/counter/sales/v-2/paper")).query)["n"] == ["0"]
    told = [one.subject for one in api.parts.office.trail(ADMIN) if one.act == "key_slip"]
    assert told == ["v-2", "v-2"]
    # Digits that are held back are not shown by it.
    api.parts.key_changes.plan(CHIEF, WATER.number, "Another tariff index", ti=2)
    sell(api, "v-3", meter=WATER.number, hold=True)
    assert api.client.post("/counter/sales/v-3/key-slip").status_code == 409


def test_papers_speak_the_customers_language(api: Api) -> None:
    sell(api)
    arabic = api.client.get(ask(api, kind="png")).content
    api.parts.languages.choose(SAMIR, "10001", "en")
    english = api.client.get("/counter/sales/v-1/paper?kind=png").content
    assert english != arabic
    assert english == api.client.get("/counter/sales/v-1/paper?kind=png&language=en").content
    assert arabic == api.client.get("/counter/sales/v-1/paper?kind=png&language=ar").content


def test_the_head_of_papers_is_the_record_as_it_stands(api: Api) -> None:
    sell(api)
    before = api.client.get(ask(api, kind="png")).content
    hall = api.parts.town_hall
    hall.change(ADMIN, Municipality("بلدية الزيتونة", "Zaytouna", message_ar="شكرًا لكم"))
    named = api.client.get("/counter/sales/v-1/paper?kind=png").content
    assert named != before
    hall.change(ADMIN, replace(hall.municipality(), logo=Logo(SVG, DRAWING)), "its arms")
    drawn = api.client.get("/counter/sales/v-1/paper?kind=png").content
    assert drawn != named
    head = api.parts.papers.letterhead()
    assert (head.name_ar, head.message_ar, head.logo) == ("بلدية الزيتونة", "شكرًا لكم", DRAWING)


def test_a_statement(api: Api) -> None:
    sell(api)
    page = api.client.get("/counter?account=10001").text
    (link, _) = re.findall(r'href="(/customers/10001/statement/[^"]+)"', page)
    assert is_pdf(api.client.get(link))
    assert is_pdf(api.client.get(f"{link}?first=2026-11-01&last=2026-11-30&language=en"))
    assert api.client.get(f"{link}?first=nonsense").status_code == 422
    assert api.client.get("/customers/10001/statement/A99").status_code == 404
