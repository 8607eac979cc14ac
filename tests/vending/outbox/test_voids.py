"""Whoever heard of a sale over a webhook hears that it was taken back or refunded: queued once, in
the transaction of the void, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vending.acts.support import CHIEF, CLERK, NEXT_DOOR, WHY, Office, P, office_at
from vending.outbox import OutboxPlan, Topic
from vending.outbox_ports import NotSent
from vending.outbox_worker import Outbox
from vending.sending import HttpPoster
from vending.sending.webhooks import WebhookSender, WebhookTarget
from vending.store.outbox import SqlOutbox
from vending.voids import GivenBackBefore, TokenTaken

from .support import JOB, receiving

pytestmark = pytest.mark.system

TWO_HOOKS = OutboxPlan(sms=True, webhooks=("erp", "gis"))


@pytest.fixture
def office(place: Path | str) -> Iterator[Office]:
    with office_at(place, TWO_HOOKS) as made:
        yield made


def keys(office: Office, vend_id: str) -> set[str]:
    """Of all that is queued about a sale's void."""
    found = SqlOutbox(office.town.store).messages(subject=vend_id)
    told = [one.message.key for one in found if one.message.key.startswith("voided:")]
    assert len(told) == len(set(told))
    return set(told)


def heard(office: Office) -> list[tuple[str, Any]]:
    """Webhook id and body of everything that is due for `erp`, in the order of its arrival."""
    with receiving() as receiver:
        poster = HttpPoster(5)
        target = WebhookTarget(receiver.url("/hook"), b"s" * 24)
        hooks = WebhookSender(poster, {"erp": target})
        worker = Outbox(SqlOutbox(office.town.store), {Topic.WEBHOOK: hooks}, office.town.clock)
        worker.deliver_due(JOB, topics=[Topic.WEBHOOK])
        poster.close()
        return [(one.headers["webhook-id"], one.json) for one in receiver.got]


def of_void(told: list[tuple[str, Any]]) -> Any:
    (body,) = (body for key, body in told if key.startswith("voided:"))
    return body


def test_a_void_is_told_once(office: Office) -> None:
    receipt = office.sell("v-1")
    assert keys(office, "v-1") == set()
    void = office.service.void(CLERK, "v-1", WHY)
    both = {"voided:erp:v-1", "voided:gis:v-1"}
    assert keys(office, "v-1") == both
    # Asked again it is the same void, and by another person none.
    assert office.service.void(CLERK, "v-1", WHY) == void
    with pytest.raises(GivenBackBefore):
        office.service.void(CHIEF, "v-1", "Another reason")
    assert keys(office, "v-1") == both

    told = heard(office)
    assert [key for key, _ in told] == ["webhook:erp:v-1", "voided:erp:v-1"]
    assert heard(office) == []
    body = of_void(told)
    assert body == {
        "type": "sale.voided",
        "timestamp": void.at.isoformat(),
        "data": {
            "vend_id": "v-1",
            "receipt": "P1-000001",
            "kind": "credit",
            "account": "10001",
            "agreement": "A1",
            "meter": P,
            "point": "P1",
            "sold_at": receipt.sold_at.isoformat().replace("+00:00", "Z"),
            "at": void.at.isoformat().replace("+00:00", "Z"),
            "evidence": "not_in_log",
            "given_back": {"value": "50.00", "unit": "ILS"},
            "replaced_by": None,
            "journal_entry": void.entry,
        },
    }
    text = json.dumps(body, ensure_ascii=False)
    customer = receipt.buyer
    for secret in (receipt.tokens[0].digits, customer.name_ar, customer.name_en, WHY, CLERK.name):
        assert secret not in text
    # What was told of the sale stays as it was told.
    assert dict(told)["webhook:erp:v-1"]["type"] == "sale.completed"


def test_a_refund_by_two_people_is_told_when_it_is_done(office: Office) -> None:
    office.sell("v-1")
    office.ask("M-1", "void_refund", sale="v-1")
    assert keys(office, "v-1") == set()
    office.approve("M-1")
    assert keys(office, "v-1") == {"voided:erp:v-1", "voided:gis:v-1"}
    # Carried out a second time, as after an answer that was lost.
    office.service.refund(CHIEF, "v-1", CLERK.name, WHY, "M-1")
    assert len(keys(office, "v-1")) == 2
    body = of_void(heard(office))
    assert (body["type"], body["data"]["evidence"]) == ("sale.refunded", "refund")
    assert body["data"]["given_back"] == {"value": "50.00", "unit": "ILS"}


def test_a_sale_for_the_wrong_meter_tells_what_it_was_replaced_by(office: Office) -> None:
    office.sell_held("v-1")
    office.ask("C-1", "correction", sale="v-1", meter=NEXT_DOOR.number)
    office.approve("C-1")
    told = heard(office)
    body = of_void(told)
    assert (body["type"], body["data"]["given_back"]) == ("sale.voided", None)
    anew = body["data"]["replaced_by"]
    assert dict(told)[f"webhook:erp:{anew}"]["data"]["meter"] == NEXT_DOOR.number


def test_what_is_not_voided_tells_nothing(office: Office) -> None:
    office.sell("v-1")
    office.type_in("v-1")
    with pytest.raises(TokenTaken):
        office.service.void(CHIEF, "v-1", WHY)
    assert keys(office, "v-1") == set()


def test_queued_with_the_void_or_not_at_all(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.sell("v-1")

    def full(*_: object) -> None:
        raise NotSent("outbox", "no room")

    with monkeypatch.context() as broken:
        broken.setattr("vending.store.writing.insert_messages", full)
        with pytest.raises(NotSent):
            office.service.void(CLERK, "v-1", WHY)
    assert office.service.what_became(CLERK, "v-1").void is None
    office.service.void(CLERK, "v-1", WHY)
    assert len(keys(office, "v-1")) == 2


@pytest.mark.parametrize("plan", [OutboxPlan(), OutboxPlan(sms=True)], ids=["none", "sms"])
def test_without_webhooks_nothing_is_queued(place: Path | str, plan: OutboxPlan) -> None:
    with office_at(place, plan) as here:
        here.sell("v-1")
        queued = len(SqlOutbox(here.town.store).messages())
        here.service.void(CLERK, "v-1", WHY)
        assert len(SqlOutbox(here.town.store).messages()) == queued
