"""What the API refuses: wrong vends, bodies and addresses are told why, and change nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from meters.identity import Drn
from tests.vending.support import POWER, town
from vending.messages import Language, validation_words

from .support import PREFIX, Api, api_over

STRANGER = Drn.from_serial("01", 77)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One for all: nothing here changes anything."""
    with api_over(tmp_path_factory.mktemp("api"), town()) as running:
        yield running


# What is typed wrong, the status and code that answer it, and a word that says what to do.
BAD_VENDS = [
    ({"meter": POWER.number[:-1] + str(9 - int(POWER.number[-1]))}, 422, "meter.check_digit"),
    ({"meter": "1234567890123456789"}, 422, "meter.number_length"),
    ({"meter": "O1234567890"}, 422, "digits.not_digits"),
    ({"meter": STRANGER.number}, 404, "meter.unknown"),
    ({"amount": "0"}, 422, "vend.amount_not_positive"),
    ({"amount": "-5"}, 422, "vend.amount_not_positive"),
    ({"amount": "0.01"}, 422, "vend.amount_too_low"),
    ({"amount": "99999999"}, 422, "vend.amount_too_high"),
    ({"amount": "9" * 60}, 422, "money.too_much"),
    ({"amount": "50.001"}, 422, "quantity.too_fine"),
    ({"amount": "1,000"}, 422, "quantity.not_a_number"),
    ({"amount": "1e3"}, 422, "quantity.not_a_number"),
    ({"amount": "NaN"}, 422, "quantity.not_a_number"),
    ({"amount": "خمسون"}, 422, "quantity.not_a_number"),
    ({"amount": "10", "currency": "USD"}, 422, "vend.currency"),
    ({"amount": "10", "currency": "GBP"}, 422, "vend.currency"),
    ({"vend_id": "no spaces"}, 422, "vend.id_malformed"),
    ({"vend_id": ""}, 422, "vend.id_malformed"),
    ({"vend_id": "5B0A4C2E-9D51-4A53-8F0E-2F3F0F6F7F10"}, 422, "id.in_capitals"),
    ({"vend_id": "5b0a4c2e9d514a538f0e2f3f0f6f7F10"}, 422, "id.in_capitals"),
    ({"tender": "gold"}, 422, "vend.tender_unknown"),
    ({"tender": "mixed"}, 422, "vend.tender_unknown"),
    ({"amount": None, "units": "10", "tender": "mixed"}, 422, "vend.tender_unknown"),
    (
        {"tender": "card", "payments": [{"tender": "cash", "amount": "50.00"}]},
        422,
        "basket.tender_beside_payments",
    ),
    ({"payments": [{"tender": "cash", "amount": "20000000000.00"}]}, 422, "payment.too_large"),
    ({"payments": [{"tender": "cash", "amount": "9" * 40}]}, 422, "money.too_much"),
    ({"amount": 50}, 422, "request.invalid"),
    ({"amount": 50.5}, 422, "request.invalid"),
    ({"ammount": "50"}, 422, "request.invalid"),
    ({"meter": None}, 422, "request.invalid"),
    ({"hold": "yes"}, 422, "request.invalid"),
    ({"hold": 1}, 422, "request.invalid"),
]


METER: dict[str, object] = {"meter": POWER.number}
WRONG_FIELDS: list[tuple[str, dict[str, object], str, str]] = [
    ("/quotes", METER, "body", "amount_or_units"),
    ("/quotes", {**METER, "amount": "5", "units": "5"}, "body", "amount_or_units"),
    ("/vends", {**METER, "vend_id": "v-9"}, "body", "amount_or_units"),
    ("/quotes", {**METER, "amount": "5", "binding": 1}, "body.binding", "bool_type"),
    ("/baskets", {"vend_id": "v-9", "items": []}, "body.items", "too_short"),
    ("/baskets", {"vend_id": "v-9", "items": {}}, "body.items", "list_type"),
    ("/shifts/s-1/close", {"pieces": []}, "body.pieces", "dict_type"),
    ("/shifts/s-1/close", {"pieces": dict.fromkeys(map(str, range(31)), 1)}, "", "too_long"),
    ("/agreements/A1/exchanges", {"down_since": "2026-11-01T08:00:00"}, "", "timezone_aware"),
    ("/agreements/A1/exchanges", {"down_since": "yesterday"}, "", "datetime_from_date_parsing"),
    ("/agreements/A1/exchanges", {"down_since": []}, "", "datetime_type"),
]


@pytest.mark.parametrize(("path", "body", "field", "problem"), WRONG_FIELDS)
def test_a_wrong_field_says_what_it_should_be(
    api: Api, path: str, body: dict[str, object], field: str, problem: str
) -> None:
    for language in Language:
        headers = {"Accept-Language": language.value}
        told = api.post(path, body, headers=headers).json()["errors"]
        (found,) = [one for one in told if one["problem"] == problem]
        assert found["field"] == field or not field
        assert found["detail"] != validation_words("made_up", language)


@pytest.mark.parametrize(("wrong", "status", "code"), BAD_VENDS)
def test_a_wrong_vend_is_told_why_and_changes_nothing(
    api: Api, wrong: dict[str, object], status: int, code: str
) -> None:
    body = {"vend_id": "v-9", "meter": POWER.number, "amount": "50.00", **wrong}
    answer = api.post("/vends", body, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:raseed:error:{code}"
    assert problem["status"] == status
    assert problem["title"]
    # Every message ends in what to do next.
    assert len(problem["detail"]) > 30
    assert "Traceback" not in answer.text
    assert api.get("/ledger/verification").json()["entries"] == 0
    arabic = api.post("/vends", body)
    assert arabic.headers["content-language"] == "ar"
    assert arabic.json()["detail"] != problem["detail"]
    assert arabic.json()["facts"] == problem["facts"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/customers/999", "customer.unknown"),
        (f"/meters/{STRANGER}", "meter.unknown"),
        ("/vends/never-sold", "vend.unknown"),
        ("/nothing/here", "request.no_such_address"),
    ],
)
def test_what_is_not_there_is_404(api: Api, path: str, code: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, code)


@pytest.mark.parametrize(
    "path",
    [
        "/bankings?before=",
        "/key-changes?after=",
        f"/meters/{POWER.number}/key-changes?before=",
        f"/meters/{POWER.number}/readings?before=",
        "/blocks/events?before=",
        "/vends?before=",
        "/outbox?before=",
    ],
)
def test_a_number_that_no_database_counts_to_is_a_mistake_of_the_input(api: Api, path: str) -> None:
    answer = api.get(f"{path}{2**63}")
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


def test_a_wrong_body_names_each_field_in_the_callers_language(api: Api) -> None:
    body = {"meter": 5, "extra": "secret-value", "postpone": [{"debt": "old"}]}
    problem = api.post("/quotes", body, headers={"Accept-Language": "en"}).json()
    assert {one["field"]: one["problem"] for one in problem["errors"]} == {
        "body.meter": "string_type",
        "body.extra": "extra_forbidden",
        "body.postpone.0.reason": "missing",
    }
    assert "secret-value" not in json.dumps(problem)
    arabic = api.post("/quotes", body).json()
    assert {one["detail"] for one in arabic["errors"]} >= {"هذا الحقل مطلوب"}


def test_a_wrong_item_of_a_basket_is_told_of_its_own_kind(api: Api) -> None:
    def told(**item: object) -> dict[str, str]:
        problem = api.post("/baskets", {"vend_id": "b-9", "items": [item]}).json()
        return {one["field"]: one["problem"] for one in problem["errors"]}

    assert told(kind="gift", meter=POWER.number) == {"body.items.0": "union_tag_invalid"}
    assert told(kind="payment", meter=POWER.number) == {"body.items.0.payment.amount": "missing"}
    assert told(amount="5") == {"body.items.0.credit.meter": "missing"}


@pytest.mark.parametrize("address", ["/vends", "/quotes"])
def test_a_body_without_an_end_is_a_wrong_input_everywhere(api: Api, address: str) -> None:
    answer = api.client.post(
        f"{PREFIX}{address}", content=b"[" * 50_000, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[1, 2]", b'"text"', b"[" * 5000, b""])
def test_a_body_that_is_not_our_json_is_told_so(api: Api, body: bytes) -> None:
    answer = api.client.post(
        f"{PREFIX}/vends", content=body, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text


def test_a_huge_body_is_refused_before_it_is_read(api: Api) -> None:
    answer = api.client.post(f"{PREFIX}/vends", content=b" " * 100_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


def test_a_method_that_is_not_offered(api: Api) -> None:
    answer = api.client.delete(f"{PREFIX}/vends/v-1")
    assert (answer.status_code, answer.json()["code"]) == (405, "request.method")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ar"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("ar;q=0.5, en;q=0.4", "ar"),
        ("ar;q=0.4, en;q=0.5", "en"),
        ("fr, en;q=0.1", "en"),
        ("fr", "ar"),
        ("*;q=x,,;;", "ar"),
    ],
)
def test_words_are_in_the_callers_language(api: Api, header: str, language: str) -> None:
    answer = api.get("/customers/999", headers={"Accept-Language": header})
    assert answer.headers["content-language"] == language


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 60_000])
def test_the_status_in_the_body_is_that_of_the_answer(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = api.client.post(f"{PREFIX}/vends", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.json()["status"] == answer.status_code
