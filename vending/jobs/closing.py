"""Once a day, after midnight: yesterday is checked and sealed."""

from __future__ import annotations

import logging
from typing import Final

from apscheduler.schedulers.background import (  # type: ignore[import-untyped]
    BackgroundScheduler,
)

from meters.errors import RaseedError

from ..accounting import DailyClosing, DayClosed
from ..parties import Actor, Role
from .clockwork import add_job

log = logging.getLogger("raseed.jobs")

ACTOR = Actor("job:closing", Role.BILLING)
EVERY_SECONDS: Final = 600
"""How often it is asked what is due: a server that was down at midnight makes up for it."""
MOST_DAYS: Final = 31
"""How many missed days are made up for in one run: counters share the machine with the checks of a
month, not with those of a year."""


class Closing:
    """A job on a scheduler, for one process."""

    def __init__(self, closing: DailyClosing) -> None:
        self._closing = closing
        self._unkept: set[str] = set()
        """Days whose check no seal can keep; told once."""

    def add_to(self, jobs: BackgroundScheduler) -> None:
        add_job(jobs, "closing", EVERY_SECONDS, self.run)

    def run(self) -> list[DayClosed]:
        """Checks and seals what is due, the first day first, at most MOST_DAYS; the next run goes
        on from there. A difference is an error in the log, and stays with the seal; what keeps it
        from being checked is tried again the next time."""
        done: list[DayClosed] = []
        try:
            due = [day for day in self._closing.due(ACTOR) if day not in self._unkept]
            for day in due[:MOST_DAYS]:
                done.append(self._close(day))
            if later := due[MOST_DAYS:]:
                log.warning(
                    "%d missed days are still to be checked, from %s on", len(later), later[0]
                )
        except RaseedError as error:
            log.error("the day is not checked: %s", error.code)
        return done

    def _close(self, day: str) -> DayClosed:
        closed = self._closing.close(ACTOR, day)
        for one in closed.check.differences:
            what = f"{one.what} {one.where}".strip()
            log.error("%s does not agree: %s is %d, not %d", day, what, one.found, one.expected)
        if closed.check.ok:
            log.info("%s agrees: %d sales", day, closed.check.sales)
        if closed.seal is None:
            self._unkept.add(day)
            log.warning("%s is not sealed by its check: a later state is sealed", day)
        else:
            log.info("%s is sealed: %s", day, closed.seal.code)
        return closed
