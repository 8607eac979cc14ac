"""Which delivery in doubt the job asks for, and when. (Real meters: `web/test_handing_over.py`.)"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import pytest

from meters.errors import Unavailable
from vending.aftersale import SaleState
from vending.jobs import Reconciling, reconciling
from vending.jobs.reconciling import MOST_SECONDS, MOST_SKIPPED
from vending.parties import Actor
from vending.service import VendingService

PATIENCE_S = 3


class Silence(Unavailable, code="test.silence"):
    """The meter does not answer."""


@dataclass
class Field:
    """Deliveries in doubt, in their order, and who answers. As much of the service as the job
    asks."""

    waiting: list[str]
    answering: set[str] = field(default_factory=set)
    now: float = 0.0
    asked: list[str] = field(default_factory=list)

    def unsettled(self, _: Actor, *, after: str = "", limit: int) -> list[str]:
        first = self.waiting.index(after) + 1 if after else 0
        return self.waiting[first : first + limit]

    def reconcile(self, _: Actor, vend_id: str) -> object:
        self.asked.append(vend_id)
        if vend_id not in self.answering:
            self.now += PATIENCE_S
            raise Silence
        self.waiting.remove(vend_id)
        return SimpleNamespace(state=SaleState.DELIVERED)

    def job(self) -> Reconciling:
        return Reconciling(cast(VendingService, self), lambda: self.now)

    def asks(self, job: Reconciling) -> list[str]:
        """In one run."""
        self.asked = []
        job.run()
        return self.asked


def test_who_stays_silent_is_asked_less_and_less_often() -> None:
    town = Field(["v-1"])
    job = town.job()
    asked_in = [run for run in range(1, 300) if town.asks(job)]
    assert asked_in[:8] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert {b - a for a, b in pairwise(asked_in[7:])} == {MOST_SKIPPED}


def test_who_was_never_asked_comes_first() -> None:
    town = Field(["v-1", "v-2"])
    job = town.job()
    town.asks(job)
    town.waiting += ["v-3", "v-4"]
    assert town.asks(job) == ["v-3", "v-4", "v-1", "v-2"]


def test_a_quarter_without_a_line_keeps_nobody_waiting_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconciling, "MOST_AT_ONCE", 7)
    silent = [f"v-{number}" for number in range(100)]
    town = Field(silent.copy())
    job = town.job()
    in_a_run = MOST_SECONDS // PATIENCE_S
    assert town.asks(job) == silent[:in_a_run]
    # The next run goes on from there; and what is in doubt since is asked for before it is over.
    assert town.asks(job) == silent[in_a_run : 2 * in_a_run]
    town.waiting.append("fresh")
    town.answering.add("fresh")
    seen = [town.asks(job) for _ in range(5)]
    assert "fresh" in seen[3]
    assert town.waiting == silent
    # And the silent ones leave room for each other.
    runs = [town.asks(job) for _ in range(400)]
    assert max(map(len, runs)) <= in_a_run
    assert set(silent) == {one for asked in runs[-MOST_SKIPPED - 10 :] for one in asked}


def test_settled_by_somebody_else_it_begins_anew() -> None:
    town = Field(["v-1"])
    job = town.job()
    for _ in range(4):
        town.asks(job)
    town.waiting = []
    assert town.asks(job) == []
    town.waiting = ["v-1"]
    assert town.asks(job) == ["v-1"]


def test_it_ends_between_two_meters() -> None:
    town = Field(["v-1", "v-2"])
    job = town.job()
    job.end()
    assert town.asks(job) == []
