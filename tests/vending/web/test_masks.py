"""What an agent, who sells on a deposit and is not of the municipality, may learn of its customers:
no answer of the API and no page tells a name, a telephone or an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from meters.quantities import Money
from tests.vending.support import ADMIN, POWER, town
from tests.vending.web.pages_support import PASSWORD, Visit
from tests.vending.web.support import ALL_SCOPES, PREFIX, Api, api_over
from vending.api_keys import ApiScope
from vending.operators import Operator, Settlement
from vending.outbox import Message, Topic
from vending.parties import Actor, Role
from vending.people import UserDraft
from vending.requests import BasketRequest, Credit
from vending.store.writing import SqlWriting

SECRETS = ("Samira", "Awwad", "سميرة", "عواد", "0599000001", "شارع المدرسة")
KNOWN = {
    "account": "10001",
    "agreement": "A1",
    "number": POWER.number,
    "meter": POWER.number,
    "vend_id": "v-1",
    "code": "kiosk",
    "which": "A1",
    "holder": "A1",
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as api:
        kiosk = Operator("kiosk", "كشك", "Kiosk", Settlement.DEPOSIT, credit_limit=100_000)
        api.parts.operators.register(ADMIN, kiosk)
        yield api


def queue_text(api: Api) -> None:
    """An SMS for the customer, as a sale would queue it."""
    message = Message("sms:v-1", Topic.SMS, "v-1", "0599000001", "{}")
    with api.store.writing() as books:
        assert isinstance(books, SqlWriting)
        books.queue([message], api.clock())


def test_an_agent_is_one_at_every_terminal(api: Api) -> None:
    """The same deposit, credit and masks for each key of theirs."""
    seller = frozenset({ApiScope.READ, ApiScope.VEND})
    second = api.key("kiosk-2", Role.OPERATOR, seller, "P1", "K2", person="kiosk")
    api.client.headers["Authorization"] = f"Bearer {second}"
    assert api.get("/customers/10001").json()["phone"] == "•••001"
    assert api.vend("v-1", amount="600.00").json()["operator"] == "api:kiosk"
    assert api.vend("v-2", amount="600.00").json()["code"] == "operator.float_used_up"


def test_no_search_tells_an_agent_what_is_masked(api: Api) -> None:
    """Who knows a whole number or name finds its customer; nobody finds it out sign by sign."""
    text = api.key("kiosk", Role.OPERATOR, ALL_SCOPES, "P1")
    service, agent = api.parts.service, Actor("api:kiosk", Role.OPERATOR, "P1", "K1")
    api.client.headers["Authorization"] = f"Bearer {text}"

    def found(search: str) -> set[tuple[str, ...]]:
        """By both ways in."""
        listed = api.get("/customers", params={"search": search}).json()
        meant = service.find(agent, search)
        return {tuple(one["account"] for one in listed), tuple(one.account for one, _ in meant)}

    whole = ("10001", "0599000001", "599000001", "٠٥٩٩٠٠٠٠٠١", "samira", "AWWAD samira", "عواد")
    assert {search: found(search) for search in whole} == {key: {("10001",)} for key in whole}
    parts = (
        "1000",
        "001",
        "0001",
        "9000001",
        "99000001",
        "5990000",
        "S",
        "Sami",
        "Samira A",
        "عوا",
    )
    assert {search: found(search) for search in parts} == {key: {()} for key in parts}
    clerk = replace(agent, name="Samir")
    assert [one.account for one in service.customers(clerk, "Sami")] == ["10001"]


def test_the_core_masks_prices_and_rehearsals_too(api: Api) -> None:
    service, agent = api.parts.service, Actor("api:kiosk", Role.OPERATOR, "P1", "K1")
    item = Credit(POWER.number, Money.from_text("50.00"))
    rehearsal = service.rehearse(agent, BasketRequest("b-1", (item,)))
    told = repr(service.priced(agent, item)) + repr(rehearsal)
    assert not [secret for secret in SECRETS if secret in told]
    clerk = replace(agent, name="Samir")
    assert "Samira" in repr(service.priced(clerk, item))


def test_no_answer_of_the_api_tells_who_a_customer_is(api: Api) -> None:
    text = api.key("kiosk", Role.OPERATOR, ALL_SCOPES, "P1")
    paths = [
        path for path, verbs in api.get("/openapi.json").json()["paths"].items() if "get" in verbs
    ]
    boss = api.client.headers["Authorization"]
    api.client.headers["Authorization"] = f"Bearer {text}"
    assert api.vend().status_code == 201
    queue_text(api)
    answered = set()
    for path in paths:
        filled = re.sub(r"{(\w+)}", lambda found: KNOWN.get(found[1], "1"), path)
        answer = api.client.get(filled)
        assert not [one for one in SECRETS if one in answer.text], path
        if answer.is_success:
            answered.add(path.removeprefix(PREFIX))
    assert {
        "/customers/{account}",
        "/meters/{number}",
        "/vends/{vend_id}",
        "/outbox",
        "/accounts/{agreement}",
        "/agreements/{agreement}/statement",
    } <= answered, sorted(answered)
    # The municipality's own people are told.
    api.client.headers["Authorization"] = boss
    assert "Samira" in api.get("/customers/10001").text
    assert "0599000001" in api.get("/outbox").text


def test_no_act_on_a_debt_tells_who_owes_it(api: Api) -> None:
    """What an agent may do to an account answers it as a look at it would, also when it is asked
    for twice."""
    debt = {"name_ar": "ذمم", "name_en": "Arrears", "amount": "150.00", "percent": "25"}
    owed = {"code": "arrears", "reason": "From the old ledger", "source": "Bill 2025/114", **debt}
    text = api.key("kiosk", Role.OPERATOR, ALL_SCOPES, "P1")
    agent = {"Authorization": f"Bearer {text}"}
    assert api.post("/accounts/A1/debts", owed).status_code == 201
    until = api.clock().date() + timedelta(days=1)
    for id, act, more in (
        ("p-1", "postponement", {"until": until.isoformat()}),
        ("e-1", "postponement/end", {}),
        ("d-1", "dispute", {}),
    ):
        body = {"id": id, "reason": "Ill this month", **more}
        for _ in range(2):
            answer = api.post(f"/accounts/A1/debts/arrears/{act}", body, headers=agent)
            assert answer.status_code == 201, answer.text
            assert not [one for one in SECRETS if one in answer.text], act
            assert answer.json()["name"]["en"] == "S••• A•••"
    # The municipality's own people are told.
    settled = {"id": "s-1", "reason": "The bill is right", "outcome": "rejected"}
    told = api.post("/accounts/A1/debts/arrears/dispute/settlement", settled)
    assert "Samira" in told.text


def test_no_page_tells_it_either(api: Api) -> None:
    office = api.parts.office
    boss = office.begin(UserDraft("huda", Role.ADMINISTRATOR, "هدى", "Huda"), PASSWORD)
    draft = UserDraft("kiosk", Role.OPERATOR, "كشك", "Kiosk", "P1", "en")
    office.add(boss.actor("setup"), draft, PASSWORD, must_change=False)
    visit = Visit(api)
    assert visit.sign_in("kiosk").status_code == 200
    page = visit.get("/counter?find=10001")
    preview = visit.send(page, "/counter/preview", **{f"amount:{POWER.number}": "50"})
    sold = visit.send(preview, "/counter/sell")
    assert sold.status_code == 200
    paths = (
        "/counter/last",
        "/customers/10001",
        "/customers/10001/statement",
        "/faults/new?account=10001",
        "/",
    )
    for answer in (page, preview, sold, *map(visit.get, paths)):
        assert answer.status_code == 200
        assert not [one for one in SECRETS if one in answer.text], answer.url
