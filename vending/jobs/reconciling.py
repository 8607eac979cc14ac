"""Settling deliveries whose outcome is not known, every minute; and giving up old quotes."""

from __future__ import annotations

import logging
from datetime import UTC

from apscheduler.schedulers.background import (  # type: ignore[import-untyped]
    BackgroundScheduler,
)

from meters.errors import RaseedError, Refused, Unavailable, Unknown

from ..parties import Actor, Role
from ..service import VendingService

log = logging.getLogger("raseed.jobs")

ACTOR = Actor("job:reconcile", Role.TECHNICIAN)
MOST_AT_ONCE = 100
"""Listed in one question to the books."""


def scheduler(service: VendingService, every_seconds: int) -> BackgroundScheduler:
    """A scheduler that reconciles; the caller starts and shuts it down.

    For one process only: two of them would ask each meter twice.
    """
    jobs = BackgroundScheduler(timezone=UTC)
    jobs.add_job(
        reconcile_all,
        "interval",
        seconds=every_seconds,
        args=(service,),
        id="reconcile",
        # After a pause the missed runs are one run, and a slow run is never overtaken.
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    jobs.add_job(
        forget_quotes,
        "interval",
        hours=1,
        args=(service,),
        id="quotes",
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    return jobs


def forget_quotes(service: VendingService) -> None:
    """Gives up quotes that nobody can use any more."""
    try:
        forgotten = service.forget_quotes()
    except (Unavailable, Unknown) as error:
        log.warning("quotes not given up: %s", error.code)
    else:
        log.info("%d old quotes given up", forgotten)


def reconcile_all(service: VendingService) -> int:
    """Reconcile each unsettled delivery once; how many were settled.

    A meter that does not answer waits for the next run and never keeps others waiting.
    """
    settled = 0
    try:
        waiting = _unsettled(service)
    except Unavailable as error:
        log.warning("deliveries not listed: %s", error.code)
        return 0
    for vend_id in waiting:
        try:
            delivery = service.reconcile(ACTOR, vend_id)
        except (Unavailable, Refused) as error:
            log.info("%s waits: %s", vend_id, error.code)
        except RaseedError as error:
            log.warning("%s is not settled: %s", vend_id, error)
        else:
            log.info("%s is %s", vend_id, delivery.state.value)
            settled += delivery.state.value != "unknown"
    return settled


def _unsettled(service: VendingService) -> list[str]:
    """All of them, listed before any is settled: one that stays in doubt gets another place."""
    found = page = service.unsettled(ACTOR, limit=MOST_AT_ONCE)
    while page:
        page = service.unsettled(ACTOR, after=page[-1], limit=MOST_AT_ONCE)
        found = found + page
    return found
