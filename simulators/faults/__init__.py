"""Everything that can be broken on purpose; importing this registers all of it."""

from . import clocks, data, gateway, meter, prepaid, site, tamper, wire  # noqa: F401 - they register
from .base import HONEST, Effect, Fault
from .counted import HangUp, ReplyLost, Silent, Slow, WriteLost, fault_named
from .registry import FAULTS, FaultInvalid, make
from .sets import FaultSet

__all__ = [
    "FAULTS",
    "HONEST",
    "Effect",
    "Fault",
    "FaultInvalid",
    "FaultSet",
    "HangUp",
    "ReplyLost",
    "Silent",
    "Slow",
    "WriteLost",
    "fault_named",
    "make",
]
