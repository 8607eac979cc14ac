"""Settling deliveries whose outcome is not known, every minute."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from apscheduler.schedulers.background import (  # type: ignore[import-untyped]
    BackgroundScheduler,
)

from meters.errors import RaseedError, Refused, Unavailable

from ..aftersale import SaleState
from ..parties import Actor, Role
from ..service import VendingService
from .clockwork import add_job

log = logging.getLogger("raseed.jobs")

ACTOR = Actor("job:reconcile", Role.TECHNICIAN)
MOST_AT_ONCE = 100
"""Listed in one question to the books."""
MOST_SECONDS: Final = 60
"""After that no further meter is asked in a run: a quarter without a line would fill hours, and
what is in doubt since would wait for it."""
MOST_SKIPPED: Final = 64
"""Runs without a question, at most: an hour, if they come every minute."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A delivery that was asked for, and stayed in doubt."""

    skipped: int
    """How many runs later it is asked for again."""
    due: int
    """That run."""


class Reconciling:
    """A job on a scheduler, for one process: two would ask each meter twice.

    Each delivery in doubt is asked for once a run, those that were never asked for first, the
    oldest of them first. One that stays in doubt is asked for again in the next run, then after
    two, four and so on, so that silent meters keep nobody waiting, however many they are.
    """

    def __init__(
        self, service: VendingService, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._service = service
        self._seconds = seconds
        self._ending = threading.Event()
        self._runs = 0
        self._doubts: dict[str, _Doubt] = {}

    def add_to(self, jobs: BackgroundScheduler, every_seconds: int) -> None:
        add_job(jobs, "reconcile", every_seconds, self.run)

    def end(self) -> None:
        """No further meter is asked; the one that is being asked is waited for."""
        self._ending.set()

    def run(self) -> int:
        """How many were settled."""
        began = self._seconds()
        self._runs += 1
        try:
            waiting = self._unsettled()
        except Unavailable as error:
            log.warning("deliveries not listed: %s", error.code)
            return 0
        # What was settled otherwise is forgotten.
        self._doubts = {one: self._doubts[one] for one in waiting if one in self._doubts}
        settled = 0
        for vend_id in self._due(waiting):
            if self._ending.is_set() or self._seconds() - began >= MOST_SECONDS:
                break
            settled += self._settles(vend_id)
        return settled

    def _due(self, waiting: list[str]) -> list[str]:
        fresh = [one for one in waiting if one not in self._doubts]
        again = [one for one in self._doubts if self._doubts[one].due <= self._runs]
        return fresh + sorted(again, key=lambda one: self._doubts[one].due)

    def _settles(self, vend_id: str) -> bool:
        try:
            delivery = self._service.reconcile(ACTOR, vend_id)
        except (Unavailable, Refused) as error:
            log.info("%s waits: %s", vend_id, error.code)
        except RaseedError as error:
            log.warning("%s is not settled: %s", vend_id, error)
        else:
            log.info("%s is %s", vend_id, delivery.state.value)
            if delivery.state is not SaleState.UNKNOWN:
                self._doubts.pop(vend_id, None)
                return True
        before = self._doubts.get(vend_id)
        skipped = 1 if before is None else min(2 * before.skipped, MOST_SKIPPED)
        self._doubts[vend_id] = _Doubt(skipped, self._runs + skipped)
        return False

    def _unsettled(self) -> list[str]:
        """All of them, listed before any is settled: one that stays in doubt gets another place."""
        found = page = self._service.unsettled(ACTOR, limit=MOST_AT_ONCE)
        while page:
            page = self._service.unsettled(ACTOR, after=page[-1], limit=MOST_AT_ONCE)
            found = found + page
        return found
