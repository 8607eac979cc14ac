"""What drawers need from the store, as Protocols."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from enum import Enum
from typing import Protocol

from ..clock import ClockConfirmation
from ..ground import OpenShift
from ..ledger import ChainHead, PostedEntry, Posting
from ..paperorders import PaperKind, Queueing
from .banking import Banking
from .shifts import CashMove, Close, Shift, ShiftFile
from .tally import ShiftBooks
from .x_report import XReport


class ShiftState(Enum):
    """Which shifts to list."""

    OPEN = "open"
    CLOSED = "closed"
    WAITING = "waiting"
    """Closed and not banked, but those that left nothing (`banking.left_nothing`)."""


class DrawerReading(Protocol):
    """One consistent view of the books. Every method may raise the store's Unavailable."""

    def chain_head(self) -> ChainHead: ...

    def clock_confirmed(self) -> ClockConfirmation | None: ...

    def holder_exists(self, per: str, holder: str) -> bool:
        """Whether there is such a `point`."""
        ...

    def cached_balance(self, account: str, holder: str, unit: str) -> int:
        """Of one holder in an account whose balances are kept ready, debit positive."""
        ...

    def open_shifts(self) -> list[OpenShift]:
        """All of them: one for each terminal that is at work."""
        ...

    def shift(self, id: str) -> ShiftFile | None: ...

    def shifts(
        self,
        *,
        point: str | None = None,
        operator: str | None = None,
        state: ShiftState | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[ShiftFile]:
        """Opened last first; `before` is the id of a shift to go on behind."""
        ...

    def last_shift_number(self, point: str) -> int: ...

    def last_z(self, point: str, terminal: str, before: int) -> str:
        """Hash of the Z report of the last shift at this terminal below number `before`;
        `shifts.FIRST` if there is none."""
        ...

    def move(self, id: str) -> CashMove | None: ...

    def shift_books(self, shifts: Collection[str]) -> Mapping[str, ShiftBooks]:
        """What the books hold of these shifts, in few statements however many they are."""
        ...

    def x_report(self, id: str) -> XReport | None: ...

    def x_reports(self, shift: str) -> list[XReport]:
        """Those taken of a shift, by number."""
        ...

    def last_x_number(self, shift: str) -> int: ...

    def banked(self, point: str) -> set[str]:
        """Shifts of this point whose money has been banked."""
        ...

    def last_banking_number(self, point: str) -> int: ...

    def banking(self, id: str) -> Banking | None: ...

    def bankings(
        self, *, point: str | None = None, before: int | None = None, limit: int = 100
    ) -> list[Banking]:
        """Booked last first; those below entry number `before`."""
        ...


class DrawerWriting(DrawerReading, Queueing, Protocol):
    """One transaction with the sole right to write until it ends."""

    def book(self, posted: PostedEntry, cached: tuple[Posting, ...]) -> None:
        """Writes an entry behind `chain_head()`, moves the head, and the balances kept ready."""
        ...

    def add_shift(self, shift: Shift) -> None:
        """And takes its terminal."""
        ...

    def add_move(self, move: CashMove) -> None: ...

    def add_close(self, close: Close) -> None:
        """And gives its terminal back."""
        ...

    def add_x_report(self, report: XReport) -> None: ...

    def add_banking(self, banking: Banking) -> None: ...

    def add_print(self, kind: PaperKind, subject: str, copy: int, at: datetime, actor: str) -> None:
        """A copy of an X or Z report or a deposit slip."""
        ...


class DrawerStore(Protocol):
    """The books, for drawers."""

    def reading(self) -> AbstractContextManager[DrawerReading]: ...

    def writing(self) -> AbstractContextManager[DrawerWriting]:
        """Commits at the end of the block; any exception inside rolls everything back."""
        ...
