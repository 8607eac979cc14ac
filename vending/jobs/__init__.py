"""Work by the clock, in the process of `raseed serve` (APScheduler)."""

from .clockwork import scheduler
from .closing import Closing
from .forgetting import Forgetting
from .reconciling import Reconciling
from .sending import Sending

__all__ = ["Closing", "Forgetting", "Reconciling", "Sending", "scheduler"]
