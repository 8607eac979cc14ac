"""Work by the clock, in the process of `raseed serve` (APScheduler)."""

from .closing import Closing
from .reconciling import reconcile_all, scheduler
from .sending import Sending

__all__ = ["Closing", "Sending", "reconcile_all", "scheduler"]
