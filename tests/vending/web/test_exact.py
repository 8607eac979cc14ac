"""What an address does not know is refused, never passed over: a misspelt filter would list
everything, and a field that nobody reads would be lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import Query
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from meters.errors import RaseedError
from tests.vending.support import POWER, town
from vending.web.errors import FieldRepeated
from vending.web.exact import ExactRoute, check_said_once

from .support import PREFIX, Api, api_over

ENGLISH = {"Accept-Language": "en"}
JSON = {"Content-Type": "application/json"}
VERBS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One for all: nothing here changes anything."""
    with api_over(tmp_path_factory.mktemp("exact"), town()) as running:
        yield running


@pytest.fixture(scope="module")
def described(api: Api) -> dict[str, Any]:
    told: dict[str, Any] = api.get("/openapi.json").json()
    return told


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Verb, path with something in its places, description."""
    return [
        (verb, path.replace("{number}", "1").replace("{", "").replace("}", ""), told)
        for path, verbs in described["paths"].items()
        for verb, told in verbs.items()
        if verb in VERBS
    ]


def queried(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        one["name"]: one["schema"] for one in told.get("parameters", ()) if one["in"] == "query"
    }


def test_no_address_passes_over_a_parameter_it_does_not_know(
    api: Api, described: dict[str, Any]
) -> None:
    asked = operations(described)
    assert len(asked) > 90
    for verb, path, told in asked:
        answer = api.client.request(verb, f"{path}?metre=1", headers=ENGLISH)
        problem = answer.json()
        assert answer.status_code == 422, (verb, path, problem)
        known = list(queried(told))
        if known:
            assert problem["code"] == "request.parameter_unknown"
            assert problem["facts"] == {"names": ["metre"], "known": known}
            assert ", ".join(known) in problem["detail"]
        else:
            assert problem["code"] == "request.no_parameters"
        assert "metre" in problem["detail"]


def test_no_address_takes_one_of_two_values(api: Api, described: dict[str, Any]) -> None:
    several = []
    for verb, path, told in operations(described):
        for name, schema in queried(told).items():
            answer = api.client.request(verb, f"{path}?{name}=1&{name}=2")
            if any(one.get("type") == "array" for one in (schema, *schema.get("anyOf", ()))):
                several.append((path, name))
                assert answer.json()["code"] != "request.parameter_repeated"
                continue
            assert answer.status_code == 422, (verb, path, name)
            assert answer.json()["code"] == "request.parameter_repeated"
            assert answer.json()["facts"] == {"names": [name]}
    assert several == [(f"{PREFIX}/key-changes", "state")]


def test_every_list_is_still_asked_by_its_own_parameters(api: Api) -> None:
    for path in (
        f"/vends?meter={POWER.number}&limit=5",
        "/key-changes?state=planned&state=issued&from=123457/1",
        "/ledger/takings?from=2026-11-01&to=2026-11-30&point=P1",
        "/approvals?waiting=true&limit=3",
        "/health?",
    ):
        assert api.get(path).status_code == 200, path


@pytest.mark.parametrize("address", ["/vends", "/baskets"])
def test_a_sale_with_a_query_sells_nothing(api: Api, address: str) -> None:
    item = {"meter": POWER.number, "amount": "50.00"}
    body = {"vend_id": "q-1", **({"items": [item]} if address == "/baskets" else item)}
    for language, word in (("en", "takes no parameters"), ("ar", "لا يأخذ هذا العنوان")):
        answer = api.post(f"{address}?hold=true", body, headers={"Accept-Language": language})
        assert (answer.status_code, answer.json()["code"]) == (422, "request.no_parameters")
        assert word in answer.json()["detail"]
    assert api.get("/vends/q-1").status_code == 404


def test_several_strange_names_are_told_at_once_and_not_without_end(api: Api) -> None:
    many = "&".join(f"x{number}=1" for number in range(50))
    names = api.get(f"/vends?{many}&limit=1").json()["facts"]["names"]
    assert names == [f"x{number}" for number in range(10)]
    assert len(api.get(f"/vends?{'x' * 5000}=1").json()["facts"]["names"][0]) == 60


def test_what_could_be_a_token_or_a_key_is_not_repeated(api: Api) -> None:
    token = "1234 5678 9012 3456 7890"
    behind = "x" * 45 + token
    for secret in (token, behind, "rsk_0123456789abcdef"):
        told = api.get("/vends", params={secret: "1"}).text
        assert "1234" not in told
        assert "rsk_" not in told
        assert "***" in told


def objects(schema: Any, described: dict[str, Any], seen: set[str]) -> Iterator[dict[str, Any]]:
    """Every kind of object that a body of this schema can hold."""
    if isinstance(schema, list):
        for one in schema:
            yield from objects(one, described, seen)
    elif isinstance(schema, dict):
        name = schema.get("$ref")
        if isinstance(name, str) and name not in seen:
            seen.add(name)
            found = described["components"]["schemas"][name.rsplit("/", 1)[-1]]
            yield from objects(found, described, seen)
        if schema.get("type") == "object":
            yield schema
        for below in schema.values():
            yield from objects(below, described, seen)


def test_no_body_passes_over_a_field_it_does_not_know(described: dict[str, Any]) -> None:
    seen: set[str] = set()
    found = [
        one
        for _, _, told in operations(described)
        for one in objects(told.get("requestBody", {}), described, seen)
    ]
    assert len(found) > 40
    # Either these fields and no other, or a table with keys of the caller's, which its act checks;
    # so does the act that a request for an approval names with its document.
    loose = [one for one in found if one.get("additionalProperties", True) is True]
    assert {one.get("title") for one in loose} == {"Document"}


@pytest.mark.parametrize(
    ("act", "document"),
    [
        ("lift_block", {"kind": "meter", "subject": POWER.number}),
        ("change_operator", {"code": "samir", "set": {}}),
        ("change_point", {"code": "P1", "set": {"needs_shift": True}}),
        ("change_tariff", {"agreement": "A1", "tariff": "water-2026"}),
    ],
)
def test_a_document_of_an_act_holds_nothing_more(
    api: Api, act: str, document: dict[str, Any]
) -> None:
    body = {"id": f"d-{act}", "act": act, "reason": "Tested for what is too much"}
    answer = api.post("/approvals", {**body, "document": {**document, "more": "1"}})
    assert (answer.status_code, answer.json()["code"]) == (422, "approval.document_malformed")
    assert answer.json()["facts"] == {"act": act, "field": "more", "problem": "extra_forbidden"}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/approvals/A-1/approval", ["body.note"]),
        ("/ledger/adjustments/A-1/approval", ["body.note"]),
        ("/vends/v-1/reprints", ["body.note"]),
    ],
)
def test_a_field_sent_to_who_reads_none_is_refused(api: Api, path: str, fields: list[str]) -> None:
    answer = api.post(path, {"note": "seen"}, headers=ENGLISH)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    assert answer.json()["facts"] == {"fields": fields}
    assert answer.json()["errors"][0]["detail"] == "unknown name, perhaps misspelt"
    assert api.get("/ledger/verification").json()["entries"] == 0


@pytest.mark.parametrize("body", [b"note=seen", b"[1]", b'"seen"', b"{", b"\xff", b"[" * 50_000])
def test_a_body_of_another_kind_is_refused_there_too(api: Api, body: bytes) -> None:
    answer = api.client.post(f"{PREFIX}/vends/v-1/reprints", content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


@pytest.mark.parametrize("body", [b"", b"{}", b" null\n"])
def test_a_body_that_says_nothing_is_none(api: Api, body: bytes) -> None:
    answer = api.client.post(f"{PREFIX}/vends/v-1/reprints", content=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "vend.unknown")


def test_no_address_takes_one_of_two_fields_of_the_same_name(
    api: Api, described: dict[str, Any]
) -> None:
    asked = [(verb, path) for verb, path, told in operations(described) if "requestBody" in told]
    assert len(asked) > 30
    for verb, path in asked:
        answer = api.client.request(
            verb, path, content=b'{"amount": 1, "amount": 1}', headers={**ENGLISH, **JSON}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "request.field_repeated"), path
        assert answer.json()["facts"] == {"names": ["amount"]}


@pytest.mark.parametrize("address", ["/vends", "/baskets", "/quotes"])
def test_of_two_amounts_none_is_sold(api: Api, address: str) -> None:
    item = f'"meter": "{POWER.number}", "amount": "50.00", "amount": "500.00"'
    body = f'"vend_id": "r-1", "items": [{{{item}}}]' if address == "/baskets" else item
    content = f'{{"vend_id": "r-1", {body}}}' if address == "/vends" else f"{{{body}}}"
    for language, word in (("en", "more than once"), ("ar", "أكثر من مرة")):
        headers = {**JSON, "Accept-Language": language}
        answer = api.client.post(f"{PREFIX}{address}", content=content.encode(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "request.field_repeated")
        assert word in answer.json()["detail"]
    assert api.get("/vends/r-1").status_code == 404


class Pairs(dict[str, Any]):
    """An object of JSON with these pairs, however often a name is among them."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    def items(self) -> Any:
        return self.pairs


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda below: (
        st.lists(below, max_size=3)
        | st.lists(st.tuples(st.sampled_from("abcd"), below), max_size=3).map(Pairs)
    ),
    max_leaves=12,
)


def repeats(value: Any) -> bool:
    if isinstance(value, Pairs):
        names = [name for name, _ in value.pairs]
        return len(names) > len(set(names)) or any(repeats(one) for _, one in value.pairs)
    return isinstance(value, list) and any(repeats(one) for one in value)


@given(VALUES)
def test_json_passes_exactly_if_no_object_in_it_says_a_name_twice(value: Any) -> None:
    told = False
    try:
        check_said_once(json.dumps(value).encode())
    except FieldRepeated:
        told = True
    assert told == repeats(value)


def _endpoint(
    one: str = "", both: list[str] = Query(()), last: str = Query("", alias="to")
) -> None:
    """Declares two parameters that count once, and one that may be given often."""


ROUTE = ExactRoute("/x", _endpoint, methods=["GET"])
NAMES = st.one_of(st.sampled_from(["one", "both", "to", "last", "One", "to "]), st.text(max_size=5))


@given(st.lists(st.tuples(NAMES, st.text(max_size=5)), max_size=6))
def test_a_query_passes_exactly_if_each_name_is_known_and_as_often_as_it_counts(
    pairs: list[tuple[str, str]],
) -> None:
    names = [name for name, _ in pairs]
    strange = set(names) - {"one", "both", "to"}
    repeated = any(names.count(name) > 1 for name in ("one", "to"))
    query = urlencode(pairs, errors="replace").encode("ascii")
    told = ""
    try:
        ROUTE.check_parameters(Request({"type": "http", "headers": [], "query_string": query}))
    except RaseedError as error:
        told = error.code
    if strange:
        assert told == "request.parameter_unknown"
    else:
        assert told == ("request.parameter_repeated" if repeated else "")
