"""The power goes at any instant of a batch, on both databases: all of its sales happened or none,
and whoever asks again with their vend id gets exactly one."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.databases import Postgres, counted, new_place
from tests.system.chances import instants
from tests.system.crashpoints import CrashPoints, in_child, wait_for
from tests.system.installation import Answer, Api, Installation, NoAnswer
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    WATER,
    SetClock,
    Town,
    request,
    service,
)
from vending.parties import Actor
from vending.sale import SaleReceipt, VendRequest
from vending.service import VendingService
from vending.store import open_store

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

EAST = replace(OPERATOR, point="P2")
SOLD = 11
ROWS = dict.fromkeys(("entries", "sales", "idempotency", "receipts", "tokens"), SOLD)


def orders(run: int) -> list[tuple[Actor, VendRequest]]:
    """Sales and one that is refused; enough for PostgreSQL to write some while others are made."""
    return [
        (OPERATOR, request(f"v{run}-1", WATER, "30")),
        (EAST, request(f"v{run}-2")),
        (OPERATOR, request(f"v{run}-3", WATER, "0.01")),
        *[(OPERATOR, request(f"v{run}-{i}", WATER, "30")) for i in range(4, SOLD + 2)],
    ]


def opened(place: Path | str) -> VendingService:
    return service(open_store(place, busy_timeout_s=30), SetClock())


def child(place: Path | str, run: int, at: int | None) -> list[str]:
    points = CrashPoints(at)
    points.watch(VendingService, "vend_many")
    opened(place).vend_many(orders(run))
    return points.log


def test_killed_at_every_instant_of_a_batch(kind: str, place: Path | str, tmp_path: Path) -> None:
    here = Town(place)
    # A forked child must not share our connections.
    here.store.close()
    output = tmp_path / "instants.txt"
    assert in_child(lambda: "\n".join(child(place, 0, None)), output) == 0
    names = output.read_text(encoding="utf-8").split("\n")
    assert names[-1] == "after COMMIT"
    # On PostgreSQL two trips: what it stands on, and what is booked; some of that is begun before.
    assert len(names) > (15 if kind == "sqlite" else 11)
    assert any("begun" in name for name in names) == (kind == "postgresql")

    for at in instants(names):
        name = names[at - 1]
        before = counted(tuple(ROWS), place)
        whole = {table: count + ROWS[table] for table, count in before.items()}
        assert in_child(lambda at=at: child(place, at, at)) == -signal.SIGKILL, name  # type: ignore[misc]
        happened = name == "after COMMIT"
        # A server may notice only now that its client is dead: until then it holds the chain.
        answers = here.service.vend_many(orders(at))
        receipts = [one for one in answers if isinstance(one, SaleReceipt)]
        assert len(receipts) == SOLD == len(answers) - 1, name
        assert {receipt.replayed for receipt in receipts} == {happened}, name
        assert counted(tuple(ROWS), place) == whole, name
        report = here.service.verify(ADMIN)
        assert report.ok, (name, report.problem)
        here.store.close()


CALLERS = 6


def dying(at: int) -> None:
    """In the API process: it dies at this instant of its sales."""
    CrashPoints(at).watch(VendingService, "vend_many")


def ask(here: Installation, api: Api) -> list[Answer | None]:
    """One sale of each caller, all at once; None for whoever got no answer."""

    def vend(caller: int) -> Answer | None:
        try:
            return here.caller(api).vend(request(f"v-{caller}", WATER, "30"))
        except NoAnswer:
            return None

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(vend, range(CALLERS)))


@pytest.mark.parametrize("at", [1, 9, 17, 25, 28])
def test_the_api_killed_while_many_callers_wait(
    kind: str, server: Postgres | None, tmp_path: Path, at: int
) -> None:
    place = tmp_path / "unused" if server is None else new_place(kind, tmp_path, server)
    here = Installation(tmp_path / "data", place)

    with here.serving(before=lambda: dying(at)) as api:
        before = ask(here, api)
        # Where all shared one commit there were fewer points to die at: then it dies after it.
        os.kill(api.pid, signal.SIGKILL)
        assert wait_for(api.pid) == -signal.SIGKILL
    with here.serving() as api:
        after = ask(here, api)
        again = ask(here, api)
    for first, second, third in zip(before, after, again, strict=True):
        assert second is not None
        assert third is not None
        assert second.status in (200, 201)
        assert third.status == 200
        assert third.digits == second.digits
        if first is not None:
            assert (first.status, second.status) == (201, 200)
            assert first.digits == second.digits
    with here.opened() as raseed:
        report = raseed.service.verify(ADMIN)
        assert (report.ok, report.entries) == (True, CALLERS), report.problem
        numbers = sorted(receipt.number for receipt in raseed.service.sales(OPERATOR))
        assert numbers == list(range(1, CALLERS + 1))
