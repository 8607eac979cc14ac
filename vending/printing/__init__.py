"""Receipt printers: pictures of papers over a line, each of them once."""

from .device import CashDrawer, Device, EscPosPrinter
from .errors import (
    TROUBLE,
    CoverOpen,
    PaperOut,
    PrintedPerhaps,
    PrinterOff,
    PrintUnknown,
    trouble,
)
from .journal import Journal, Printed
from .lines import DummyLine, FileLine, Line, NetworkLine, SerialLine

__all__ = [
    "TROUBLE",
    "CashDrawer",
    "CoverOpen",
    "Device",
    "DummyLine",
    "EscPosPrinter",
    "FileLine",
    "Journal",
    "Line",
    "NetworkLine",
    "PaperOut",
    "PrintUnknown",
    "Printed",
    "PrintedPerhaps",
    "PrinterOff",
    "SerialLine",
    "trouble",
]
