"""Who may ask the API for what: keys, their scopes, and the role behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count

import pytest
from fastapi.testclient import TestClient

from tests.vending.support import POWER, town
from vending.api_keys import ApiScope
from vending.parties import Role

from .support import ALL_SCOPES, PREFIX, Api, api_over

TELLER = (ApiScope.VEND, ApiScope.BOOKS)
"""Either will do."""
SCOPES_NEEDED: list[tuple[str, str, ApiScope | tuple[ApiScope, ...]]] = [
    ("GET", "/customers", ApiScope.READ),
    ("GET", "/customers/10001", ApiScope.READ),
    ("PUT", "/customers/10001/language", ApiScope.VEND),
    ("GET", "/meters", ApiScope.READ),
    ("GET", f"/meters/{POWER}", ApiScope.READ),
    ("GET", "/points", ApiScope.READ),
    ("POST", "/quotes", ApiScope.READ),
    ("POST", "/vends", ApiScope.VEND),
    ("POST", "/baskets", ApiScope.VEND),
    ("POST", "/baskets/preview", ApiScope.VEND),
    ("POST", "/vends/many", ApiScope.VEND),
    ("GET", "/baskets/v-1", ApiScope.READ),
    ("GET", "/baskets/last", ApiScope.READ),
    ("POST", "/baskets/v-1/reprints", ApiScope.VEND),
    ("GET", "/vends", ApiScope.READ),
    ("GET", "/vends/last", ApiScope.READ),
    ("GET", "/vends/unsettled", ApiScope.READ),
    ("GET", "/vends/v-1", ApiScope.READ),
    ("POST", "/vends/v-1/showing", ApiScope.VEND),
    ("POST", "/vends/v-1/void", ApiScope.VEND),
    ("POST", "/vends/v-1/reprints", ApiScope.VEND),
    ("POST", "/vends/v-1/delivery", ApiScope.METER),
    ("POST", "/vends/v-1/reconciliation", ApiScope.METER),
    ("GET", "/vends/v-1/entries", ApiScope.READ),
    ("POST", f"/meters/{POWER}/readings", ApiScope.METER),
    ("GET", f"/meters/{POWER}/readings", ApiScope.READ),
    ("GET", f"/meters/{POWER}/token-log", ApiScope.METER),
    ("GET", "/ledger/verification", ApiScope.READ),
    ("POST", "/registrations", ApiScope.REGISTER),
    ("GET", "/outbox", ApiScope.READ),
    ("POST", "/outbox/7/retry", ApiScope.VEND),
    ("POST", "/outbox/7/give-up", ApiScope.VEND),
    ("GET", "/ledger/seals", ApiScope.BOOKS),
    ("POST", "/ledger/seals", ApiScope.BOOKS),
    ("GET", "/ledger/check", ApiScope.BOOKS),
    ("GET", "/ledger/balances", ApiScope.BOOKS),
    ("GET", "/ledger/accounts/1010:P1", ApiScope.BOOKS),
    ("GET", "/agreements/A1/statement", ApiScope.BOOKS),
    ("GET", "/operators/Samir/statement", ApiScope.READ),
    ("GET", "/ledger/takings", ApiScope.BOOKS),
    ("GET", "/ledger/accounts/1010/holders", ApiScope.BOOKS),
    ("GET", "/ledger/breakdown", ApiScope.BOOKS),
    ("GET", "/ledger/entries/1", ApiScope.BOOKS),
    ("GET", "/ledger/adjustments", ApiScope.BOOKS),
    ("POST", "/ledger/adjustments", ApiScope.BOOKS),
    ("POST", "/ledger/write-offs", ApiScope.BOOKS),
    ("POST", "/ledger/reversals", ApiScope.BOOKS),
    ("POST", "/ledger/adjustments/ADJ-1/approval", ApiScope.BOOKS),
    ("POST", "/ledger/adjustments/ADJ-1/void", ApiScope.BOOKS),
    ("GET", "/ledger/periods", ApiScope.BOOKS),
    ("POST", "/ledger/checks", ApiScope.BOOKS),
    ("POST", "/ledger/periods", ApiScope.BOOKS),
    ("POST", "/ledger/periods/2026-10/reopening", ApiScope.BOOKS),
    ("GET", "/ledger/export/hledger", ApiScope.BOOKS),
    ("GET", "/key-changes", ApiScope.READ),
    ("GET", "/key-changes/left", ApiScope.READ),
    ("POST", "/key-changes/campaigns", ApiScope.REGISTER),
    ("POST", "/key-changes/base-dates", ApiScope.REGISTER),
    ("POST", "/key-changes/cancellations", ApiScope.REGISTER),
    ("POST", "/key-changes/confirmations", ApiScope.METER),
    ("GET", f"/meters/{POWER}/key-changes", ApiScope.READ),
    ("POST", f"/meters/{POWER}/key-changes", ApiScope.REGISTER),
    ("POST", f"/meters/{POWER}/key-changes/cancellation", ApiScope.REGISTER),
    ("POST", f"/meters/{POWER}/key-changes/entered", ApiScope.METER),
    ("POST", f"/meters/{POWER}/key-changes/tokens", ApiScope.VEND),
    ("POST", f"/meters/{POWER}/key-changes/push", ApiScope.METER),
    ("POST", f"/meters/{POWER}/key-changes/confirmation", ApiScope.METER),
    ("GET", "/approvals", ApiScope.READ),
    ("POST", "/approvals", ApiScope.APPROVE),
    ("GET", "/approvals/ADJ-1", ApiScope.READ),
    ("POST", "/approvals/ADJ-1/approval", ApiScope.APPROVE),
    ("POST", "/approvals/ADJ-1/refusal", ApiScope.APPROVE),
    ("POST", "/approvals/ADJ-1/withdrawal", ApiScope.APPROVE),
    ("POST", "/agreements/A1/exchanges", ApiScope.METER),
    ("GET", "/blocks", ApiScope.READ),
    ("POST", "/blocks", ApiScope.APPROVE),
    ("GET", "/blocks/events", ApiScope.READ),
    ("POST", "/blocks/lifts", ApiScope.APPROVE),
    ("GET", "/operators", ApiScope.READ),
    ("POST", "/operators", ApiScope.REGISTER),
    ("GET", "/operators/Samir", ApiScope.READ),
    ("GET", "/operators/Samir/float", ApiScope.READ),
    ("POST", "/operators/Samir/changes", ApiScope.APPROVE),
    ("POST", "/points/P1/changes", ApiScope.APPROVE),
    ("GET", "/tariffs", ApiScope.READ),
    ("POST", "/tariffs", ApiScope.BOOKS),
    ("GET", "/tariffs/water-domestic/versions", ApiScope.READ),
    ("GET", "/tariffs/water-domestic/versions/1", ApiScope.READ),
    ("POST", "/tariffs/water-domestic/versions/1/approval", ApiScope.BOOKS),
    ("POST", "/tariffs/water-domestic/versions/1/rejection", ApiScope.BOOKS),
    ("POST", "/tariffs/water-domestic/versions/1/preview", ApiScope.READ),
    ("POST", "/tariffs/water-domestic/retirement", ApiScope.BOOKS),
    ("POST", "/tariffs/water-domestic/comparison", ApiScope.READ),
    ("GET", "/shifts", TELLER),
    ("POST", "/shifts", TELLER),
    ("GET", "/shifts/S-1", TELLER),
    ("GET", "/shifts/S-1/x", TELLER),
    ("GET", "/shifts/S-1/x-reports", TELLER),
    ("POST", "/shifts/S-1/x-reports", TELLER),
    ("GET", "/x-reports/X-1", TELLER),
    ("POST", "/x-reports/X-1/copies", TELLER),
    ("POST", "/shifts/S-1/cash-in", TELLER),
    ("POST", "/shifts/S-1/cash-out", TELLER),
    ("POST", "/shifts/S-1/close", TELLER),
    ("GET", "/shifts/S-1/z", TELLER),
    ("POST", "/shifts/S-1/z/copies", TELLER),
    ("GET", "/bankings", TELLER),
    ("POST", "/bankings", TELLER),
    ("GET", "/bankings/B-1", TELLER),
    ("POST", "/bankings/B-1/copies", TELLER),
    ("POST", "/operators/rana/deposits", ApiScope.BOOKS),
    ("GET", "/accounts/A1", ApiScope.READ),
    ("GET", "/accounts/A1/events", ApiScope.READ),
    ("POST", "/accounts/A1/debts", ApiScope.BOOKS),
    ("POST", "/accounts/A1/debts/arrears/postponement", TELLER),
    ("POST", "/accounts/A1/debts/arrears/postponement/end", TELLER),
    ("POST", "/accounts/A1/debts/arrears/dispute", TELLER),
    ("POST", "/accounts/A1/debts/arrears/dispute/settlement", ApiScope.BOOKS),
    ("POST", "/accounts/A1/debts/arrears/write-down", ApiScope.BOOKS),
    ("POST", "/accounts/A1/fees", ApiScope.BOOKS),
    ("POST", "/accounts/A1/fees/arrears/waiver", ApiScope.BOOKS),
    ("GET", "/ledger/verification/accounts", ApiScope.READ),
    ("POST", "/ledger/verification/accounts/rebuilding", ApiScope.BOOKS),
    ("GET", "/clock", ApiScope.READ),
    ("POST", "/clock/confirmations", ApiScope.APPROVE),
]
PARAMETERS = {
    "arrears": "{code}",
    "v-1": "{vend_id}",
    "10001": "{account}",
    "1010:P1": "{account}",
    "1010": "{account}",
    POWER.number: "{number}",
    "A1": "{agreement}",
    "ADJ-1": "{id}",
    "7": "{id}",
    "2026-10": "{month}",
    "hledger": "{name}",
    "Samir": "{code}",
    "P1": "{code}",
    "water-domestic": "{code}",
    "1": "{number}",
    "S-1": "{shift}",
    "X-1": "{report}",
    "B-1": "{banking}",
    "rana": "{operator}",
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One for all: what is done to it decides no answer here."""
    with api_over(tmp_path_factory.mktemp("api"), town()) as running:
        yield running


KeyOf = Callable[[Role, frozenset[ApiScope]], str]


@pytest.fixture(scope="module")
def key_of(api: Api) -> KeyOf:
    """The text of a key with this role and these scopes."""

    @cache
    def made(role: Role, scopes: frozenset[ApiScope]) -> str:
        return api.key(f"key-{next(numbers)}", role, scopes, "P1")

    numbers = count()
    return made


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer rsk_" + "0" * 64, "Basic abc", "Bearer rsk_xyz", "Bearer é"],
)
def test_without_a_valid_key_nothing_is_answered(api: Api, header: str | None) -> None:
    sent = {} if header is None else {b"Authorization": header.encode("utf-8")}
    stranger = TestClient(api.client.app, raise_server_exceptions=False)
    for path in ("/customers", f"/meters/{POWER}", "/vends/v-1", "/ledger/verification"):
        answer = stranger.get(PREFIX + path, headers=sent)
        assert (answer.status_code, answer.json()["code"]) == (401, "caller.unknown")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert stranger.get(f"{PREFIX}/health").status_code == 200


@pytest.mark.parametrize(("method", "path", "needed"), SCOPES_NEEDED)
def test_each_endpoint_needs_its_scope(
    api: Api, key_of: KeyOf, method: str, path: str, needed: ApiScope | tuple[ApiScope, ...]
) -> None:
    body = {"vend_id": "v-1", "meter": POWER.number, "amount": "50.00"}
    if path == "/quotes":
        del body["vend_id"]
    sent = body if method == "POST" and path in ("/quotes", "/vends") else None
    role = Role.SUPERVISOR
    if needed is ApiScope.REGISTER or path.endswith("/rebuilding"):
        sent, role = {}, Role.ADMINISTRATOR
    enough = needed if isinstance(needed, tuple) else (needed,)
    others = key_of(Role.SUPERVISOR, ALL_SCOPES - {*enough})
    headers = {"Authorization": f"Bearer {others}"}
    answer = api.client.request(method, PREFIX + path, json=sent, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "caller.scope_missing")
    for scope in enough:
        alone = key_of(role, frozenset({scope}))
        headers = {"Authorization": f"Bearer {alone}"}
        answer = api.client.request(method, PREFIX + path, json=sent, headers=headers)
        assert answer.status_code not in (401, 403)


def test_every_endpoint_is_in_that_table(api: Api) -> None:
    spec = api.get("/openapi.json").json()
    offered = {(verb.upper(), path) for path, verbs in spec["paths"].items() for verb in verbs}
    tried = {
        (method, PREFIX + "/".join(PARAMETERS.get(part, part) for part in path.split("/")))
        for method, path, _ in SCOPES_NEEDED
    }
    assert offered - tried == {("GET", f"{PREFIX}/health")}
