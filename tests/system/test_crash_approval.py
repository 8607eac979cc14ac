"""The power goes at any instant of an approval: approving again leaves the act done exactly once,
and what was not approved is never done."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from tests.system.chances import instants
from tests.system.crashpoints import CrashPoints, books_of, in_child
from tests.vending.approvals.support import (
    HUDA,
    KIOSK,
    LAYLA,
    NADIA,
    OMAR,
    SAMIR,
    WHY,
    Desk,
    approvals_over,
)
from tests.vending.support import ADMIN, SetClock, Town, chart, service
from vending.approvals import Approvals, ApprovalState, Blocks, Operators
from vending.sale import SaleReceipt
from vending.store import SqlStore, open_store
from vending.store.approvals import SqlPeople
from vending.store.schema import BOOKS

pytestmark = pytest.mark.system

ACTS = ("sell", "change", "lift")
WRITTEN = {
    "sell": {"entries": 1, "postings": 6, "sales": 1, "idempotency": 1, "receipts": 1, "tokens": 1},
    "change": {"attestations": 1},
    "lift": {"block_events": 1, "attestations": 1},
}
"""Rows that the act itself writes into the books."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three requests wait: one is done by a sale, two within their approval."""
    path = tmp_path_factory.mktemp("before") / "books.db"
    desk = Desk(Town(path))
    desk.operators.register(HUDA, KIOSK)
    desk.blocks.block(OMAR, "operator", "Samir", "Counted short three days running")
    desk.approvals.request(SAMIR, "sell", "sell", {"agorot": 4970}, WHY)
    desk.ask("change")
    desk.blocks.lift(OMAR, "lift", "operator", "Samir", WHY)
    desk.town.store.close()
    return path


def opened(path: Path) -> tuple[SqlStore, Approvals]:
    store, clock = open_store(path), SetClock()
    return store, approvals_over(store, service(store, clock), clock)


def child(path: Path, act: str, at: int | None) -> list[str]:
    """One approval in a process that dies at instant `at`."""
    points = CrashPoints(at)
    points.watch(Approvals, "approve")
    opened(path)[1].approve(NADIA, act)
    return points.log


def added(books: dict[str, int], rows: dict[str, int]) -> dict[str, int]:
    return {table: count + rows.get(table, 0) for table, count in books.items()}


@pytest.mark.parametrize("act", ACTS)
def test_killed_at_every_instant(act: str, before: Path, tmp_path: Path) -> None:
    def copied(name: str) -> Path:
        (tmp_path / name).mkdir()
        return Path(shutil.copy(before, tmp_path / name / "books.db"))

    output = tmp_path / "instants.txt"
    path = copied("undisturbed")
    assert in_child(lambda: "\n".join(child(path, act, None)), output) == 0
    names = output.read_text(encoding="utf-8").split("\n")
    commits = [at for at, name in enumerate(names, start=1) if name == "after COMMIT"]
    # Approved; and what is done behind it: done, and written down as done.
    assert len(commits) == (3 if act == "sell" else 1)
    empty = books_of(BOOKS, before)
    whole = books_of(BOOKS, path)
    # Each with its link of the attestations.
    approved = added(empty, {"approval_decisions": 1, "attestations": 1})
    acted = added(approved, WRITTEN[act])
    done_behind = {"approval_steps": 1, "attestations": 1} if act == "sell" else {}
    assert whole == added(acted, done_behind)

    for at in instants(names):
        name = names[at - 1]
        path = copied(str(at))
        assert in_child(lambda path=path, at=at: child(path, act, at)) == -signal.SIGKILL, name  # type: ignore[misc]
        decided, ended = at >= commits[0], at >= commits[-1]
        done = at >= commits[1] if act == "sell" else ended
        found = whole if ended else acted if done else approved if decided else empty
        assert books_of(BOOKS, path) == found, name

        store, approvals = opened(path)
        state = approvals.state(approvals.approval(LAYLA, act))
        waits = ApprovalState.NOT_DONE if decided else ApprovalState.PENDING
        assert state is (ApprovalState.APPROVED if ended else waits), name
        completed = approvals.approve(NADIA, act)
        assert completed.replayed == decided, name
        assert approvals.approve(NADIA, act).outcome == completed.outcome
        assert books_of(BOOKS, path) == whole, name
        assert service(store, SetClock()).verify(ADMIN).ok
        if act == "sell":
            assert isinstance(completed.outcome, SaleReceipt)
            assert completed.outcome.replayed == done
        people = SqlPeople(store)
        limit = Operators(people, approvals, chart()).operator(LAYLA, "Samir").credit_limit
        assert limit == (50_000 if act == "change" else 20_000)
        barred = Blocks(people, approvals, SetClock()).blocks(LAYLA)
        assert len(barred) == (0 if act == "lift" else 1)
        store.close()
