"""`raseed serve` as a real process whose machine has the wrong time, which `faketime` makes it.
That moves the steady clock along, so a leap while it serves is tried with clocks passed in
(`test_clock_steps.py`)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx2
import pytest

from tests.system.test_api_process import Server, town_shell_run, vend
from tests.vending.cli.support import town_shell

FAKETIME: Final = shutil.which("faketime")
LIBRARIES: Final = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(FAKETIME is None or not LIBRARIES, reason="faketime is not installed"),
]


@contextmanager
def serving(folder: Path, key: str, offset: str = "+0") -> Iterator[httpx2.Client]:
    """A server that is started with its clock set forward by so much."""
    running = Server(folder, LD_PRELOAD=str(LIBRARIES[0]), FAKETIME=offset)
    try:
        with running.client(key) as client:
            yield client
    finally:
        if running.process.poll() is None:
            assert running.stop() == 0


def test_started_by_a_wrong_clock_it_sells_nothing_and_by_the_right_one_at_once(
    tmp_path: Path,
) -> None:
    town_shell(tmp_path)
    made = town_shell_run(
        tmp_path,
        *("apikey", "create", "till", "--role", "supervisor", "--point", "P1", "--terminal", "T1"),
        *("--scope", "read", "--scope", "vend", "--scope", "approve"),
    )
    key = str(made["api_key"])
    with serving(tmp_path, key) as client:
        assert vend(client, "before").status_code == 201
    with serving(tmp_path, key, "+60d") as client:
        refused = vend(client, "wrong")
        assert (refused.status_code, refused.json()["code"]) == (409, "clock.ran_ahead")
        shown = client.get("/clock").json()
        assert shown["ahead_seconds"] // 86_400 == 60
        # What was sold is answered all the same.
        assert vend(client, "before").status_code == 200
        assert client.get("/vends/wrong").status_code == 404
    with serving(tmp_path, key) as client:
        assert client.get("/clock").json()["refused"] is None
        assert vend(client, "after").status_code == 201
    with serving(tmp_path, key, "+9d") as client:
        assert vend(client, "holidays").json()["code"] == "clock.ran_ahead"
        confirmed = client.post("/clock/confirmations", json={"reason": "Eid: closed"})
        assert confirmed.status_code == 201
        assert vend(client, "holidays").status_code == 201
        assert client.get("/ledger/verification").json()["ok"]
