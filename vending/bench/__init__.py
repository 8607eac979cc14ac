"""`raseed bench NAME`: measured figures next to what limits them and what is promised."""

from .registry import NAMES, BenchUnknown, run_bench
from .runner import Figure, Size

__all__ = ["NAMES", "BenchUnknown", "Figure", "Size", "run_bench"]
