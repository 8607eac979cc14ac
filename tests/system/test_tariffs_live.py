"""Two servers on one database, neither restarted: what two people decide at one of them prices
the sales of the other from its moment on."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.system.test_api_process import Server
from tests.vending.cli.support import Shell, town_shell
from tests.vending.support import POWER
from tests.vending.tariff.office import CODE, draft
from vending.tariffrules import NOTICE

pytestmark = pytest.mark.system

ASK_S = 0.05
LATEST_S = 60


def key(shell: Shell, name: str, role: str) -> str:
    scopes = [part for scope in ("read", "vend", "books") for part in ("--scope", scope)]
    seat = ("--point", "P1", "--terminal", name)
    made = shell.run("apikey", "create", name, "--role", role, *seat, *scopes, "--json")
    return str(made.json["api_key"])


def test_a_running_server_sells_by_the_new_version_from_its_moment(tmp_path: Path) -> None:
    shell = town_shell(tmp_path)
    layla, omar = key(shell, "layla", "billing"), key(shell, "omar", "supervisor")
    counter, office = Server(tmp_path), Server(tmp_path)
    try:
        with (
            counter.client(omar) as till,
            office.client(layla) as billing,
            office.client(omar) as chief,
        ):
            body = {"meter": POWER.number, "amount": "50.00"}
            before = till.post("/vends", json={**body, "vend_id": "before"}).json()
            begins = datetime.now(UTC).replace(microsecond=0) + NOTICE + timedelta(seconds=6)
            text = draft(begins=begins.isoformat())
            assert billing.post("/tariffs", json={"document": text}).status_code == 201
            done = chief.post(f"/tariffs/{CODE}/versions/2/approval", json={})
            assert done.json()["state"] == "approved"

            seen: list[tuple[datetime, datetime, int]] = []
            ends = time.monotonic() + LATEST_S
            while time.monotonic() < ends and not (seen and seen[-1][2] == 2):
                asked = datetime.now(UTC)
                quote = till.post("/quotes", json=body).json()
                seen.append((asked, datetime.now(UTC), quote["tariff_version"]))
                time.sleep(ASK_S)
            assert (seen[0][2], seen[-1][2]) == (1, 2)
            for asked, answered, version in seen:
                # Exactly at the moment: no answer from before it is by the new version, and none
                # that was asked after it is by the old one.
                assert version == 1 or answered >= begins
                assert version == 2 or asked < begins
            after = till.post("/vends", json={**body, "vend_id": "after"}).json()
            assert [sold["quote"]["tariff_version"] for sold in (before, after)] == [1, 2]
            again = till.post("/vends", json={**body, "vend_id": "before"}).json()
            assert again == {**before, "replayed": True}
            assert till.get("/ledger/verification").json()["ok"] is True
    finally:
        counter.stop()
        office.stop()
