"""The fault catalogue against the driver, on a virtual clock: for every fault of the simulators
what the head-end must make of it. A row is a function; the name says which fault it is about."""

from . import clocks, data, heldcredit, meter, sites, supply, wire
from .table import REACTIONS, TWINS, everything, good_and_true, read_often, reasons

__all__ = [
    "REACTIONS",
    "TWINS",
    "clocks",
    "data",
    "everything",
    "good_and_true",
    "heldcredit",
    "meter",
    "read_often",
    "reasons",
    "sites",
    "supply",
    "wire",
]
