"""Working off the outbox, every few seconds, one job for each topic: a gateway that does not answer
keeps no printer waiting."""

from __future__ import annotations

import logging
import threading

from apscheduler.schedulers.background import (  # type: ignore[import-untyped]
    BackgroundScheduler,
)

from meters.errors import RaseedError

from ..outbox import Topic
from ..outbox_worker import Outbox
from ..parties import Actor, Role
from .clockwork import add_job

log = logging.getLogger("raseed.jobs")

ACTOR = Actor("job:outbox", Role.TECHNICIAN)
MOST_AT_ONCE = 200


class Sending:
    """Jobs on a scheduler. Several processes may run them over one queue."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._ending = threading.Event()

    def add_to(self, jobs: BackgroundScheduler, every_seconds: int) -> None:
        """One job for each topic."""
        for topic in Topic:
            add_job(jobs, f"outbox_{topic.value}", every_seconds, self.run, (topic,))

    def run(self, topic: Topic) -> int:
        """Sends what is due of one topic; how many attempts were made."""
        try:
            done = self._outbox.deliver_due(
                ACTOR,
                MOST_AT_ONCE,
                topics=(topic,),
                going=lambda: not self._ending.is_set(),
            )
        except RaseedError as error:
            log.warning("outbox of %s waits: %s", topic.value, error.code)
            return 0
        return done.attempts

    def end(self) -> None:
        """No further message is begun; the one under way is finished."""
        self._ending.set()
