"""Giving up quotes that nobody can use any more, every hour."""

from __future__ import annotations

import logging
from typing import Final

from apscheduler.schedulers.background import (  # type: ignore[import-untyped]
    BackgroundScheduler,
)

from meters.errors import Unavailable, Unknown

from ..service import VendingService
from .clockwork import add_job

log = logging.getLogger("raseed.jobs")

EVERY_SECONDS: Final = 3600


class Forgetting:
    """A job on a scheduler."""

    def __init__(self, service: VendingService) -> None:
        self._service = service

    def add_to(self, jobs: BackgroundScheduler) -> None:
        add_job(jobs, "quotes", EVERY_SECONDS, self.run)

    def run(self) -> None:
        try:
            forgotten = self._service.forget_quotes()
        except (Unavailable, Unknown) as error:
            log.warning("quotes not given up: %s", error.code)
        else:
            log.info("%d old quotes given up", forgotten)
