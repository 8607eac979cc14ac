"""`raseed bench NAME`: measured figures next to what limits them and what is promised."""

from .registry import NAMES, BenchUnknown, run_bench
from .runner import Figure

__all__ = ["NAMES", "BenchUnknown", "Figure", "run_bench"]
