"""What a sale queues, in its own transaction: by the plan, to who can be reached, and nothing that
carries digits before they may be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from meters.quantities import Money
from tests.vending.cli.support import town_shell
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    WATER,
    SetClock,
    new_store,
    request,
    service,
    town,
)
from vending.outbox import OutboxPlan
from vending.parties import GatewayAddress
from vending.requests import BasketRequest, Credit
from vending.service import VendingService
from vending.store import SqlStore, open_store
from vending.store.outbox import SqlOutbox

PLAN = OutboxPlan(sms=True, push=True, printers={"P1": "till"}, webhooks=("erp",))
BOTH = (Credit(POWER.number, Money(5_000)), Credit(WATER.number, Money(2_000)))


@dataclass
class Counter:
    store: SqlStore
    service: VendingService

    def queued(self) -> set[str]:
        """Keys."""
        return {one.message.key for one in SqlOutbox(self.store).messages()}


@pytest.fixture
def here(place: Path | str) -> Iterator[Counter]:
    """The electricity meter answers somewhere, the water meter nowhere."""
    store = new_store(place)
    selling = service(store, SetClock(), outbox=PLAN)
    parties = town()
    power, *others = parties.meters
    reached = replace(power, gateway=GatewayAddress("meter.example", 502, 1))
    selling.register(ADMIN, replace(parties, meters=(reached, *others)))
    yield Counter(store, selling)
    store.close()


def test_each_sale_of_a_basket(here: Counter) -> None:
    here.service.vend_basket(OPERATOR, BasketRequest("b-1", BOTH))
    expected = {f"{topic}:b-1" for topic in ("sms", "print", "push", "webhook:erp")}
    expected |= {f"{topic}:b-1+2" for topic in ("sms", "print", "webhook:erp")}
    assert here.queued() == expected
    here.service.vend_basket(OPERATOR, BasketRequest("b-1", BOTH))
    here.service.reprint(OPERATOR, "b-1")
    assert here.queued() == expected


@pytest.mark.parametrize("see", ["show", "reprint"])
def test_held_digits_go_out_once_they_are_seen(here: Counter, see: str) -> None:
    here.service.vend_basket(OPERATOR, BasketRequest("b-1", BOTH, hold=True))
    before = {"webhook:erp:b-1", "webhook:erp:b-1+2"}
    assert here.queued() == before
    for _ in range(2):
        getattr(here.service, see)(OPERATOR, "b-1")
        assert here.queued() == before | {"sms:b-1", "print:b-1", "push:b-1"}


def test_the_settings_say_what_a_sale_queues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RASEED_OUTBOX__SMS", "true")
    monkeypatch.setenv("RASEED_OUTBOX__SMS_FOLDER", str(tmp_path / "sms"))
    shell = town_shell(tmp_path)
    told = shell.run("vend", POWER.number, "50", "--id", "v-1", "--point", "P1")
    assert told.code == 0, told.err
    store = open_store(tmp_path / "raseed.db")
    assert {one.message.key for one in SqlOutbox(store).messages()} == {"sms:v-1"}
    store.close()


def test_nothing_is_queued_for_a_sale_that_is_refused(here: Counter) -> None:
    here.service.vend_many([(OPERATOR, request("v-1", amount="0.01"))])
    assert here.queued() == set()
