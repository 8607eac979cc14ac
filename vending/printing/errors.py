"""What can be in a printer's way, by what the clerk can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from meters.errors import RaseedError, Refused, Unavailable, Unknown


@dataclass(eq=False)
class PrinterOff(Unavailable, code="printer.off"):
    """It does not answer: off, unplugged, or another address. Nothing was printed."""

    printer: str


@dataclass(eq=False)
class PaperOut(Unavailable, code="printer.paper_out"):
    """It has no paper. Nothing was printed."""

    printer: str


@dataclass(eq=False)
class CoverOpen(Unavailable, code="printer.cover_open"):
    """Its cover is open, or it is switched to off line. Nothing was printed."""

    printer: str


@dataclass(eq=False)
class PrintUnknown(Unknown, code="printer.unknown"):
    """It went silent with the paper half sent: look whether it came out."""

    printer: str


@dataclass(eq=False)
class PrintedPerhaps(Refused, code="printer.perhaps"):
    """An earlier try may have come out, and one original is enough: look, and print a copy if there
    is none."""

    printer: str


TROUBLE: Final[Mapping[str, type[RaseedError]]] = {
    kind.code: kind for kind in (PrinterOff, PaperOut, CoverOpen, PrintUnknown, PrintedPerhaps)
}
"""By code, as the queue keeps it."""


def trouble(told: str, printer: str) -> RaseedError | None:
    """The error that a message of the queue tells of (`printer.paper_out: ...`), or None."""
    kind = next((TROUBLE[code] for code in TROUBLE if code in told), None)
    return None if kind is None else kind(printer)
