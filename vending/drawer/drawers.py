"""Use cases of the drawer, over ports: open a shift, put cash in, take it out, look, count and
close, print again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from meters.quantities import Money

from ..accounting.adjustments import checked_reason
from ..clock import UNWATCHED, ClockGuard
from ..ground import OpenShift
from ..ledger import ChainHead, Chart, JournalEntry, chained, check_open
from ..outbox import OutboxPlan
from ..paperorders import PaperKind, PaperOrder, print_original
from ..parties import Actor, PointUnknown, Role
from ..people.recording import noted
from ..permissions import require
from ..ports import Clock
from ..tariff import CurrencyWrong
from .copies import copy_to_printer, next_copy
from .counting import Count
from .errors import (
    CashMoveIdReused,
    CashShort,
    CountDiffers,
    ShiftClosed,
)
from .ports import DrawerReading, DrawerStore, DrawerWriting, ShiftState
from .reports import ShiftReport, z_document, z_report
from .shifts import (
    CashMove,
    Close,
    MoveKind,
    Shift,
    ShiftFile,
    checked_amount,
    move_entry,
    new_id,
    over_short_entry,
)
from .tally import Tally, tally
from .which import check_free, check_own, closed_file, file_of, own_of, same_opening
from .x_report import for_eyes_of
from .x_reports import as_it_stands

OPENING = "Opening float"


class Drawers:
    """One instance serves many threads. A person acts at the point and terminal of the Actor; the
    drawer belongs to the terminal, the shift to the person who opened it. `outbox` says
    where the printers are."""

    def __init__(
        self,
        store: DrawerStore,
        chart: Chart,
        clock: Clock,
        guard: ClockGuard = UNWATCHED,
        outbox: OutboxPlan = OutboxPlan(),  # noqa: B008 - frozen
    ) -> None:
        self._store = store
        self._chart = chart
        self._clock = clock
        self._guard = guard
        self._outbox = outbox

    @property
    def currency(self) -> str:
        """Of all cash."""
        return self._chart.role("till").unit

    # Opening, cash in and out

    def open(self, actor: Actor, id: str, opening_float: Money) -> Shift:
        """Opens a shift at the actor's terminal with cash counted into the drawer, which comes
        from the safe; from here on sales there belong to it. The caller makes the id: the same
        opening again answers the shift that there is.

        Raises DrawerIdMalformed, IdInCapitals, CurrencyWrong, DrawerAmount, PointUnknown,
        ShiftIdReused, TerminalTaken, OperatorBusy, CashMoveIdReused, ClockWentBack, ClockRanAhead,
        PeriodClosed.
        """
        require(actor, "shift")
        new_id(id)
        amount = checked_amount(self._own(opening_float), least=0)
        point = actor.point or ""
        with self._store.writing() as books:
            now = self._clock()
            if not books.holder_exists("point", point):
                raise PointUnknown(point)
            found = books.shift(id)
            if found is not None:
                return same_opening(found.shift, actor, amount)
            check_free(books, actor)
            head = self._head(books, now)
            shift = Shift(
                id=id,
                number=books.last_shift_number(point) + 1,
                point=point,
                terminal=actor.terminal,
                operator=actor.name,
                opened_at=now,
                currency=self.currency,
                opening_float=amount,
            )
            move = CashMove(
                id, id, MoveKind.FLOAT, amount, OPENING, now, actor.name, head.number + 1
            )
            if amount and books.move(id) is not None:
                raise CashMoveIdReused(id)
            books.add_shift(shift)
            if amount:
                self._move(books, shift, move)
            return shift

    def cash_in(
        self, actor: Actor, id: str, amount: Money, reason: str, shift: str | None = None
    ) -> CashMove:
        """Puts cash from the safe into the drawer. Raises what `cash_out` does, but CashShort."""
        return self._cash(actor, MoveKind.IN, id, amount, reason, shift)

    def cash_out(
        self, actor: Actor, id: str, amount: Money, reason: str, shift: str | None = None
    ) -> CashMove:
        """Takes cash out of the drawer into the safe. The shift is the one named, or the one open
        at the actor's terminal. The caller makes the id: the same again answers the first.

        Raises DrawerIdMalformed, IdInCapitals, CurrencyWrong, DrawerAmount, ReasonMissing,
        ShiftUnknown, NoShiftOpen, ShiftNotYours, CashMoveIdReused, ShiftClosed, CashShort,
        ClockWentBack, ClockRanAhead, PeriodClosed.
        """
        return self._cash(actor, MoveKind.OUT, id, amount, reason, shift)

    def _cash(
        self, actor: Actor, kind: MoveKind, id: str, money: Money, why: str, named: str | None
    ) -> CashMove:
        require(actor, "shift")
        new_id(id)
        amount = checked_amount(self._own(money))
        reason = checked_reason(why)
        with self._store.writing() as books:
            now = self._clock()
            stored = books.move(id)
            if named is None and stored is not None:
                # Asked again after its shift was closed: there is no open one to look at.
                named = stored.shift
            file = file_of(books, actor, named)
            shift = file.shift
            check_own(actor, shift)
            head = books.chain_head()
            move = CashMove(id, shift.id, kind, amount, reason, now, actor.name, head.number + 1)
            if stored is not None:
                if not stored.same_request(move):
                    raise CashMoveIdReused(id)
                return stored
            if file.close is not None:
                raise ShiftClosed(shift.id)
            self._head(books, now)
            if kind is MoveKind.OUT and amount > self._tally(books, shift).expected:
                raise CashShort(money.to_text())
            self._move(books, shift, move)
            return move

    def _move(self, books: DrawerWriting, shift: Shift, move: CashMove) -> None:
        before = books.last_z(shift.point, shift.terminal, shift.number)
        self._book(books, move_entry(shift, move, before, self._chart))
        books.add_move(move)

    # Looking and closing

    def x(self, actor: Actor, shift: str | None = None) -> ShiftReport:
        """The shift as it stands, with no effect (`XReports.take` keeps one); an operator, who is
        going to count blind, is not told the cash that should be there.

        Raises ShiftUnknown, NoShiftOpen, ShiftNotYours, ShiftClosed (look at its Z report)."""
        require(actor, "read_shifts")
        with self._store.reading() as books:
            file = file_of(books, actor, shift)
            own = file.shift
            check_own(actor, own)
            if file.close is not None:
                raise ShiftClosed(own.id)
            standing = as_it_stands(books, own, self._chart, actor, self._clock())
            return for_eyes_of(standing, actor)

    def close(self, actor: Actor, count: Count, shift: str | None = None) -> ShiftReport:
        """Closes the shift on what was counted, books the difference to the cash that the books
        expect, and answers the Z report, which stands for ever and comes out of the printer where
        the actor is, if there is one. Closing again with the same count answers it again. A
        supervisor may close somebody else's shift; the report names both.

        Raises ShiftUnknown, NoShiftOpen, ShiftNotYours, CountDiffers, ClockWentBack,
        ClockRanAhead, PeriodClosed.
        """
        require(actor, "shift")
        with self._store.writing() as books:
            now = self._clock()
            file = file_of(books, actor, shift)
            own = file.shift
            check_own(actor, own)
            noted(subject=own.id)
            if file.close is not None:
                stored = z_report(file.close, file.copies)
                if stored.count != count:
                    raise CountDiffers(own.id)
                return stored
            head = self._head(books, now)
            standing = as_it_stands(books, own, self._chart, actor, now)
            taken = tuple(one.hash for one in books.x_reports(own.id))
            document = z_document(replace(standing, count=count, x_reports=taken))
            expected = standing.tally.expected
            close = Close(own.id, now, actor.name, expected, count.cash, None, document)
            entry = over_short_entry(own, close, standing.before, self._chart)
            if entry is not None:
                close = replace(close, entry=head.number + 1)
                self._book(books, entry)
            books.add_close(close)
            print_original(books, self._outbox, PaperOrder(PaperKind.Z, own.id, actor), now)
            return z_report(close)

    def z(self, actor: Actor, shift: str) -> ShiftReport:
        """The Z report of a closed shift. Raises ShiftUnknown, ShiftNotYours, ShiftStillOpen."""
        with self._store.reading() as books:
            return _z(books, actor, shift)

    def reprint(self, actor: Actor, shift: str) -> ShiftReport:
        """A copy of the Z report, numbered and recorded. Raises the errors of `z`."""
        order = PaperOrder(PaperKind.Z, shift, actor)
        with self._store.writing() as books:
            return next_copy(books, order, _z(books, actor, shift), self._clock())

    def send_copy(self, actor: Actor, shift: str) -> ShiftReport:
        """The same, out of the printer where the actor is. Raises also NoPrinter."""
        order = PaperOrder(PaperKind.Z, shift, actor)
        with self._store.writing() as books:
            original, now = _z(books, actor, shift), self._clock()
            return copy_to_printer(books, self._outbox, order, original, now)

    def shift(self, actor: Actor, shift: str | None = None) -> ShiftFile:
        """One shift, or the one open at the actor's terminal. Raises ShiftUnknown, NoShiftOpen,
        ShiftNotYours."""
        require(actor, "read_shifts")
        with self._store.reading() as books:
            file = file_of(books, actor, shift)
        check_own(actor, file.shift)
        return file

    def own_open(self, actor: Actor) -> OpenShift | None:
        """The shift that the actor has open, wherever; nobody needs a right to know that."""
        with self._store.reading() as books:
            return own_of(books.open_shifts(), actor)

    def shifts(
        self,
        actor: Actor,
        *,
        point: str | None = None,
        state: ShiftState | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[ShiftFile]:
        """Opened last first, those behind the shift `before`; an operator sees own ones. Raises
        PointUnknown."""
        require(actor, "read_shifts")
        operator = actor.name if actor.role is Role.OPERATOR else None
        with self._store.reading() as books:
            if point is not None and not books.holder_exists("point", point):
                raise PointUnknown(point[:20])
            return books.shifts(
                point=point, operator=operator, state=state, before=before, limit=limit
            )

    # Inside a transaction

    def _own(self, money: Money) -> Money:
        if money.currency != self.currency:
            raise CurrencyWrong(money.currency, self.currency)
        return money

    def _tally(self, books: DrawerReading, shift: Shift) -> Tally:
        return tally(books.shift_books([shift.id])[shift.id], self._chart)

    def _head(self, books: DrawerReading, now: datetime) -> ChainHead:
        """The end of the journal, if something may be booked now."""
        head = books.chain_head()
        self._guard.check(now, head, books)
        check_open(now, head)
        return head

    def _book(self, books: DrawerWriting, entry: JournalEntry) -> None:
        cached = self._chart.cached()
        posted = chained(entry, books.chain_head())
        books.book(posted, tuple(p for p in entry.postings if p.account in cached))
        self._guard.booked(entry.at)


def _z(books: DrawerReading, actor: Actor, shift: str) -> ShiftReport:
    require(actor, "read_shifts")
    file = closed_file(books, actor, shift)
    assert file.close is not None
    return z_report(file.close, file.copies)
