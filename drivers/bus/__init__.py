"""One line, one owner: whose turn it is, how long to wait for whom, who is left alone for a while,
and what was seen on the line."""

from .bus import Bus, MeterState
from .timing import Manners, Pace

__all__ = ["Bus", "Manners", "MeterState", "Pace"]
