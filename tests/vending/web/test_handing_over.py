"""Delivery over the API, through the real driver, to simulated meters that misbehave."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.support import POWER, WATER
from vending.jobs import Forgetting, Reconciling, reconciling, scheduler

from .support import Api, api_over, api_with_meters, town_at

pytestmark = pytest.mark.system


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_with_meters(tmp_path) as running:
        yield running


def balance(api: Api, number: str) -> str:
    answer = api.post(f"/meters/{number}/readings")
    assert answer.status_code == 201, answer.text
    told: str = answer.json()["balance"]["value"]
    return told


def test_a_token_is_pushed_and_the_meter_holds_what_was_sold(api: Api) -> None:
    for vend_id, drn in (("v-1", POWER), ("v-2", WATER)):
        assert balance(api, drn.number) == "0"
        receipt = api.vend(vend_id, drn.number).json()
        delivery = api.post(f"/vends/{vend_id}/delivery").json()
        assert delivery["state"] == "delivered"
        assert delivery["verdict"] == {"name": "ACCEPT", "taken": True}
        assert balance(api, drn.number) == receipt["quote"]["quantity"]["value"]
    readings = api.get(f"/meters/{POWER}/readings").json()
    assert [row["balance"]["value"] for row in readings][-1] == "0"
    assert len(readings) == 2
    assert readings[0]["supplied"] is True
    assert readings[0]["last_result"] == "ACCEPT"


def test_delivering_again_pushes_nothing(api: Api) -> None:
    api.vend()
    first = api.post("/vends/v-1/delivery").json()
    assert api.post("/vends/v-1/delivery").json() == first
    assert api.post("/vends/v-1/reconciliation").json() == first


@pytest.mark.parametrize("fault", ["reply_lost", "hang_up"])
def test_a_lost_reply_is_unknown_then_reconciled_by_reading_back(api: Api, fault: str) -> None:
    receipt = api.vend().json()
    api.fault(POWER, fault)
    delivery = api.post("/vends/v-1/delivery").json()
    assert delivery["state"] == "unknown"
    assert delivery["verdict"] is None
    again = api.post("/vends/v-1/delivery", headers={"Accept-Language": "en"})
    assert (again.status_code, again.json()["code"]) == (409, "delivery.not_possible")
    assert "reconcile" in again.json()["detail"]
    settled = api.post("/vends/v-1/reconciliation").json()
    assert settled["state"] == "delivered"
    assert balance(api, POWER.number) == receipt["quote"]["quantity"]["value"]
    assert api.get("/vends/v-1").json()["delivery"]["state"] == "delivered"


def test_a_push_that_never_arrived_is_issued_again_and_can_be_pushed(api: Api) -> None:
    receipt = api.vend().json()
    api.fault(POWER, "write_lost")
    assert api.post("/vends/v-1/delivery").json()["state"] == "unknown"
    assert api.post("/vends/v-1/reconciliation").json()["state"] == "issued"
    assert api.post("/vends/v-1/delivery").json()["state"] == "delivered"
    assert balance(api, POWER.number) == receipt["quote"]["quantity"]["value"]


def first_of_two_in_doubt_is_silent(api: Api) -> None:
    """Both tokens were pushed, and nobody knows whether they were taken."""
    for vend_id, drn in (("v-1", POWER), ("v-2", WATER)):
        api.vend(vend_id, drn.number)
        api.fault(drn, "reply_lost")
        assert api.post(f"/vends/{vend_id}/delivery").json()["state"] == "unknown"
    api.fault(POWER, "silent")


def test_the_job_settles_what_is_unknown_and_skips_who_is_silent(api: Api) -> None:
    first_of_two_in_doubt_is_silent(api)
    job = Reconciling(api.parts.service)
    assert job.run() == 1
    assert api.get("/vends/v-1").json()["delivery"]["state"] == "unknown"
    assert api.get("/vends/v-2").json()["delivery"]["state"] == "delivered"
    api.fault(POWER, "none")
    assert job.run() == 1
    assert api.get("/vends/v-1").json()["delivery"]["state"] == "delivered"
    assert job.run() == 0
    assert api.get("/vends/v-1").json()["delivery"]["events"][-1]["actor"] == "job:reconcile"


def test_silent_meters_keep_nobody_waiting_however_many_they_are(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "MOST_AT_ONCE", 1)
    first_of_two_in_doubt_is_silent(api)
    assert Reconciling(api.parts.service).run() == 1
    assert api.get("/vends/v-2").json()["delivery"]["state"] == "delivered"


def test_the_scheduler_runs_the_job_alone_and_in_utc(api: Api) -> None:
    jobs = scheduler()
    Reconciling(api.parts.service).add_to(jobs, 60)
    Forgetting(api.parts.service).add_to(jobs)
    found = jobs.get_jobs()
    assert {job.id for job in found} == {"reconcile", "quotes"}
    for job in found:
        assert (job.coalesce, job.max_instances) == (True, 1)
    assert str(jobs.timezone) == "UTC"


def test_a_silent_meter_is_unreachable_and_the_sale_stays_issued(api: Api) -> None:
    api.vend()
    api.fault(POWER, "silent")
    answer = api.post("/vends/v-1/delivery", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (503, "meter.unreachable")
    assert "type the token" in answer.json()["detail"]
    assert api.get("/vends/v-1").json()["delivery"]["state"] == "issued"


def test_nobody_listening_is_unreachable(tmp_path: Path) -> None:
    with socket.socket() as taken:
        # Bound and not listening: a connection is refused, and nobody else gets the port.
        taken.bind(("127.0.0.1", 0))
        with api_over(tmp_path, town_at(taken.getsockname()[1])) as api:
            api.vend()
            answer = api.post("/vends/v-1/delivery")
            assert (answer.status_code, answer.json()["code"]) == (503, "meter.unreachable")
