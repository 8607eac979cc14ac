"""Work by the clock, in the process of `raseed serve` (APScheduler)."""

from .reconciling import reconcile_all, scheduler

__all__ = ["reconcile_all", "scheduler"]
