"""What the API answers is what its description says, for errors, repeated sales and files, too: a
client that is made from the description finds there whatever it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator

from tests.vending.support import POWER, town
from tests.vending.web.support import PREFIX, Api, api_over

ITEMS = {"items": [{"meter": POWER.number, "amount": "50.00"}]}
FILES = {
    "hledger": "text/plain",
    "beancount": "text/plain",
    "csv": "text/csv",
    "sales-csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as running:
        yield running


def told(api: Api, method: str, path: str, answer: httpx2.Response) -> dict[str, Any]:
    """What the description says of an answer of this status and media type."""
    spec = api.get("/openapi.json").json()
    statuses = spec["paths"][PREFIX + path][method]["responses"]
    kinds = statuses[str(answer.status_code)]["content"]
    schema = kinds[answer.headers["content-type"].partition(";")[0]]["schema"]
    return {**schema, "components": spec["components"]}


def test_a_sale_and_the_same_again(api: Api) -> None:
    for path, body in (("/vends", ITEMS["items"][0]), ("/baskets", ITEMS)):
        for status in (201, 200):
            answer = api.post(path, {"vend_id": path[1:], **body})
            assert answer.status_code == status
            Draft202012Validator(told(api, "post", path, answer)).validate(answer.json())


def test_errors_of_every_kind(api: Api) -> None:
    asked = (
        ("get", "/vends/{vend_id}", "/vends/none", None, 404),
        ("post", "/vends", "/vends", {"vend_id": "v-1"}, 422),
        ("post", "/vends", "/vends", {"vend_id": "x" * 70_000}, 413),
        ("post", "/vends/{vend_id}/void", "/vends/v-2/void", {"reason": "Not asked for"}, 409),
        ("post", "/vends/{vend_id}/delivery", "/vends/v-2/delivery", None, 503),
        ("post", "/approvals/{id}/approval", "/approvals/f-1/approval", None, 409),
    )
    api.vend("v-2")
    free = {"meter": POWER.number, "units": "1"}
    request = {"id": "f-1", "act": "free_issue", "document": free, "reason": "A mourning house"}
    assert api.post("/approvals", request).status_code == 201
    for method, path, at, body, status in asked:
        answer = api.client.request(method, PREFIX + at, json=body)
        assert answer.status_code == status, answer.text
        Draft202012Validator(told(api, method, path, answer)).validate(answer.json())


def test_no_error_is_said_to_come_as_what_it_is_not(api: Api) -> None:
    for path, verbs in api.get("/openapi.json").json()["paths"].items():
        for verb, about in verbs.items():
            for status, answer in about["responses"].items():
                kinds = list(answer["content"])
                assert (kinds == ["application/problem+json"]) is (status >= "400"), (verb, path)
                assert all("schema" in kind for kind in answer["content"].values())


@pytest.mark.parametrize("name", sorted(FILES))
def test_files(api: Api, name: str) -> None:
    answer = api.get(f"/ledger/export/{name}")
    assert answer.headers["content-type"].partition(";")[0] == FILES[name]
    assert told(api, "get", "/ledger/export/{name}", answer)["format"] == "binary"


def test_which_methods_there_are(api: Api) -> None:
    for path, methods in (
        ("/approvals", "GET, POST"),
        ("/vends", "GET, POST"),
        ("/blocks/lifts", "POST"),
        ("/health", "GET, HEAD"),
    ):
        answer = api.client.request("DELETE", PREFIX + path)
        assert (answer.status_code, answer.headers["allow"]) == (405, methods)
        assert answer.json()["code"] == "request.method"


@pytest.mark.parametrize("method", ["get", "post", "head", "delete"])
def test_nobody_is_sent_elsewhere(api: Api, method: str) -> None:
    """A key and a body that follow would go wherever the answer says, and that is made of what the
    line between said of itself."""
    for path in ("/vends/", "/customers/10001/", "/nothing/"):
        answer = api.client.request(method, PREFIX + path, follow_redirects=False)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"
    # People who type an address are.
    page = api.client.get("/sign-in/", follow_redirects=False)
    assert page.status_code == 307
