"""A receipt printer at a line: is it there and does it have paper, then once each paper.

What was begun is written down before its first byte. If the end of it was not seen, it is not
printed again by itself: two originals are worse than a look at the printer.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final, Protocol

from ..papers import WIDTHS
from .errors import CoverOpen, PaperOut, PrintedPerhaps, PrinterOff, PrintUnknown
from .escpos import (
    ASK_COVER,
    ASK_DONE,
    ASK_ONLINE,
    ASK_PAPER,
    COVER,
    DONE_WITHOUT_PAPER,
    OFFLINE,
    PAPER_END,
    picture,
    pulse,
)
from .journal import Journal, Printed
from .lines import Line, Open

_STATUS_S: Final = 1.0
"""Answers to real-time questions come at once or never."""
_DONE_S: Final = 30.0
"""The longest paper is out by then."""


class Device(Protocol):
    """Whatever puts a picture on paper."""

    @property
    def width(self) -> int:
        """Dots of a line."""
        ...

    def print(self, key: str, png: bytes, *, cash: bool = False) -> None:
        """Once per key. `cash`: the drawer is needed. Raises the errors of `errors.py`."""
        ...


class CashDrawer(Protocol):
    """The drawer that hangs on a receipt printer."""

    def open_drawer(self) -> None:
        """Raises PrinterOff."""
        ...


@dataclass(frozen=True, slots=True)
class EscPosPrinter:
    """One instance serves many threads, one paper at a time."""

    name: str
    line: Line
    journal: Journal
    width: int = WIDTHS[0]
    cash_drawer: bool = False
    _busy: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def print(self, key: str, png: bytes, *, cash: bool = False) -> None:
        """Raises PrinterOff, PaperOut, CoverOpen (nothing was printed), PrintUnknown (look), and
        PrintedPerhaps for a key whose end was not seen before."""
        data = picture(png, drawer=cash and self.cash_drawer)
        with self._busy:
            state = self.journal.state(key)
            if state is Printed.DONE:
                return
            if state is Printed.BEGUN:
                raise PrintedPerhaps(self.name)
            begun = False
            try:
                with self.line.open() as line:
                    talks = self._check(line)
                    if not self.journal.begin(key):
                        if self.journal.state(key) is Printed.DONE:
                            return
                        raise PrintedPerhaps(self.name)
                    begun = True
                    line.send(data)
                    if talks:
                        self._wait(line)
            except OSError:
                raise (PrintUnknown if begun else PrinterOff)(self.name) from None
            self.journal.finish(key)

    def open_drawer(self) -> None:
        """Without a paper. Raises PrinterOff."""
        with self._busy:
            try:
                with self.line.open() as line:
                    line.send(pulse())
            except OSError:
                raise PrinterOff(self.name) from None

    def _check(self, line: Open) -> bool:
        """Whether the printer answers at all; some lines carry nothing back. Raises PaperOut,
        CoverOpen."""
        for ask, bad, trouble in (
            (ASK_PAPER, PAPER_END, PaperOut),
            (ASK_COVER, COVER, CoverOpen),
            (ASK_ONLINE, OFFLINE, CoverOpen),
        ):
            line.send(ask)
            answer = line.receive(_STATUS_S)
            if not answer:
                return False
            if answer[-1] & bad:
                raise trouble(self.name)
        return True

    def _wait(self, line: Open) -> None:
        """Until everything is printed. Raises PrintUnknown: its end was not seen, or the roll may
        have been too short for it."""
        line.send(ASK_DONE)
        answer = line.receive(_DONE_S)
        if not answer or answer[-1] & DONE_WITHOUT_PAPER:
            raise PrintUnknown(self.name)
