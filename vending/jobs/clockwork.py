"""The scheduler of `raseed serve`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

from apscheduler.schedulers.background import (  # type: ignore[import-untyped]
    BackgroundScheduler,
)


def scheduler() -> BackgroundScheduler:
    """Without jobs; the caller starts it and shuts it down."""
    return BackgroundScheduler(timezone=UTC)


def add_job(
    jobs: BackgroundScheduler,
    name: str,
    every_seconds: int,
    run: Callable[..., Any],
    args: Sequence[Any] = (),
) -> None:
    """After a pause the missed runs are one run, and a slow run is never overtaken."""
    jobs.add_job(
        run,
        "interval",
        seconds=every_seconds,
        args=args,
        id=name,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
