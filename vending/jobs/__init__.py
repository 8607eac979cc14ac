"""Work by the clock, in the process of `raseed serve` (APScheduler)."""

from .reconciling import reconcile_all, scheduler
from .sending import Sending

__all__ = ["Sending", "reconcile_all", "scheduler"]
