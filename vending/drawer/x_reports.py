"""Use cases of X reports, over ports: take one of an open shift, look at those that were taken, and
print them again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ..clock import UNWATCHED, ClockGuard
from ..ledger import Chart
from ..outbox import OutboxPlan
from ..paperorders import PaperKind, PaperOrder, print_original
from ..parties import Actor
from ..people.recording import noted
from ..permissions import require
from ..ports import Clock
from .copies import copy_to_printer, next_copy
from .errors import ShiftClosed, XReportIdReused, XReportUnknown
from .ports import DrawerReading, DrawerStore
from .reports import ShiftReport
from .shifts import Shift, known_id, new_id
from .tally import tally
from .which import check_own, file_of
from .x_report import for_eyes_of, kept, told_to


class XReports:
    """One instance serves many threads. Whoever may look at a shift may take its X report: an
    operator of own shifts, without the cash that should be there. `outbox` says where the printers
    are."""

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

    def take(self, actor: Actor, id: str, shift: str | None = None) -> ShiftReport:
        """An X report of the shift that is named, or of the one open at the actor's terminal: the
        next number within the shift, with the sums as they stand, kept for ever. It comes out of
        the printer where the actor is, if there is one. The caller makes the id: the same again
        answers the first.

        Raises DrawerIdMalformed, IdInCapitals, ShiftUnknown, NoShiftOpen, ShiftNotYours,
        XReportIdReused, ShiftClosed (look at its Z report), ClockWentBack, ClockRanAhead.
        """
        require(actor, "read_shifts")
        new_id(id)
        with self._store.writing() as books:
            now = self._clock()
            stored = books.x_report(id)
            if shift is None and stored is not None:
                # Asked again after its shift was closed: there is no open one to look at.
                shift = stored.shift
            file = file_of(books, actor, shift)
            own = file.shift
            check_own(actor, own)
            if stored is not None:
                if stored.shift != own.id:
                    raise XReportIdReused(id)
                return told_to(stored, actor)
            if file.close is not None:
                raise ShiftClosed(own.id)
            head = books.chain_head()
            self._guard.check(now, head, books)
            seen = for_eyes_of(as_it_stands(books, own, self._chart, actor, now), actor)
            made = replace(seen, id=id, number=books.last_x_number(own.id) + 1)
            books.add_x_report(kept(made, head.number))
            noted(after={"report": made.code})
            print_original(books, self._outbox, _order(actor, id), now)
            return made

    def report(self, actor: Actor, id: str) -> ShiftReport:
        """One that was taken. Raises DrawerIdMalformed, XReportUnknown, ShiftNotYours."""
        with self._store.reading() as books:
            return _known(books, actor, id)

    def of_shift(self, actor: Actor, shift: str) -> list[ShiftReport]:
        """All that were taken of a shift, by number. Raises DrawerIdMalformed, ShiftUnknown,
        ShiftNotYours."""
        require(actor, "read_shifts")
        with self._store.reading() as books:
            own = file_of(books, actor, shift).shift
            check_own(actor, own)
            return [told_to(one, actor) for one in books.x_reports(own.id)]

    def reprint(self, actor: Actor, id: str) -> ShiftReport:
        """A copy, numbered and recorded. Raises the errors of `report`."""
        with self._store.writing() as books:
            return next_copy(books, _order(actor, id), self._noted(books, actor, id), self._clock())

    def send_copy(self, actor: Actor, id: str) -> ShiftReport:
        """The same, out of the printer where the actor is. Raises also NoPrinter."""
        with self._store.writing() as books:
            original, now = self._noted(books, actor, id), self._clock()
            return copy_to_printer(books, self._outbox, _order(actor, id), original, now)

    def _noted(self, books: DrawerReading, actor: Actor, id: str) -> ShiftReport:
        found = _known(books, actor, id)
        noted(after={"report": found.code})
        return found


def as_it_stands(
    books: DrawerReading, shift: Shift, chart: Chart, actor: Actor, now: datetime
) -> ShiftReport:
    """An open shift with all its sums, whoever asks."""
    held = books.shift_books([shift.id])[shift.id]
    before = books.last_z(shift.point, shift.terminal, shift.number)
    return ShiftReport(shift, now, actor.name, held.moves, tally(held, chart), before)


def _known(books: DrawerReading, actor: Actor, id: str) -> ShiftReport:
    require(actor, "read_shifts")
    found = books.x_report(known_id(id))
    if found is None:
        raise XReportUnknown(id)
    told = told_to(found, actor)
    check_own(actor, told.shift)
    return told


def _order(actor: Actor, id: str) -> PaperOrder:
    return PaperOrder(PaperKind.X, id, actor)
