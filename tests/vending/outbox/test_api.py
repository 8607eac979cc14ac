"""The outbox through the API."""

from __future__ import annotations

from pathlib import Path

from tests.vending.support import OPERATOR, request, town
from tests.vending.web.support import Api, api_over
from vending.api_keys import ApiScope
from vending.outbox import messages_of
from vending.parties import Role
from vending.store.outbox import insert_messages

from .support import HOOK, PHONE, SMS


def queued(api: Api) -> str:
    """A sale whose SMS and webhook wait; its digits."""
    receipt = api.parts.service.vend(OPERATOR, request())
    with api.store.writing() as books:
        for plan in (SMS, HOOK):
            insert_messages(books._db, messages_of(receipt, PHONE, plan), api.clock())
    return receipt.tokens[0].digits


def test_look_retry_and_give_up(tmp_path: Path) -> None:
    with api_over(tmp_path, town()) as api:
        digits = queued(api)
        answer = api.get("/outbox")
        assert digits not in answer.text
        hook, sms = answer.json()
        assert (sms["key"], sms["target"], sms["state"]) == ("sms:v-1", "0599000001", "waiting")
        assert api.get("/outbox", params={"topic": "sms", "state": "waiting"}).json() == [sms]
        assert api.get("/outbox", params={"before": hook["id"], "sale": "v-1"}).json() == [sms]
        assert api.get("/outbox", params={"limit": 1}).json() == [hook]
        for wrong in ({"topic": "fax"}, {"state": "lost"}, {"limit": 0}, {"before": 2**63}):
            assert api.get("/outbox", params=wrong).status_code == 422

        path = f"/outbox/{sms['id']}"
        gone = api.post(f"{path}/give-up", {"reason": "Wrong number"})
        assert (gone.status_code, gone.json()["state"]) == (200, "given_up")
        assert gone.json()["last_error"] == "api:till: Wrong number"
        again = api.post(f"{path}/retry").json()
        assert (again["state"], again["attempts"]) == ("waiting", 0)
        assert api.post(f"{path}/give-up", {}).status_code == 422
        blank = api.post(f"{path}/give-up", {"reason": " "})
        assert (blank.status_code, blank.json()["code"]) == (422, "outbox.reason_missing")
        missing = api.post("/outbox/99/retry")
        assert (missing.status_code, missing.json()["code"]) == (404, "outbox.unknown")

        seller = api.key("samir", Role.OPERATOR, frozenset({ApiScope.VEND}), "P1")
        headers = {"Authorization": f"Bearer {seller}"}
        assert api.post(f"{path}/retry", headers=headers).status_code == 200
        refused = api.post(f"{path}/give-up", {"reason": "x"}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "actor.not_allowed")
