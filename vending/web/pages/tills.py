"""The till that somebody stands at: the real one, or in practice one that is kept nowhere. Both
answer the same questions in the same words, so that the pages need not know which it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.responses import Response

from meters.quantities import Money

from ...accounting.adjustments import checked_reason
from ...drawer.counting import Count
from ...drawer.errors import NoShiftOpen, ShiftUnknown, XReportUnknown
from ...drawer.learning import ID, PracticeDrawer
from ...drawer.reports import ShiftReport
from ...drawer.shifts import MoveKind, Shift, checked_amount
from ...ledger import Chart
from .learning import keep
from .practice import drawer_here, learns
from .visitor import Visitor


class Till(Protocol):
    """What a clerk does there. Raises what `Drawers` raises."""

    def open(self, id: str, amount: Money) -> None: ...

    def move(self, kind: MoveKind, id: str, amount: Money, reason: str) -> None: ...

    def shift(self) -> Shift:
        """The one that is open here."""
        ...

    def x(self) -> ShiftReport:
        """The shift as it stands."""
        ...

    def take_x(self, id: str) -> ShiftReport: ...

    def x_report(self, id: str) -> ShiftReport:
        """One that was taken."""
        ...

    def x_reports(self, shift: str) -> list[ShiftReport]: ...

    def close(self, count: Count, shift: str) -> ShiftReport: ...

    def z(self, shift: str) -> ShiftReport: ...

    def remember(self, answer: Response) -> Response:
        """The answer, with what has to come back with the next question."""
        ...


def till_of(visit: Visitor) -> Till:
    """Where this person stands."""
    return PracticeTill(visit, drawer_here(visit)) if learns(visit) else RealTill(visit)


@dataclass(frozen=True, slots=True)
class RealTill:
    """Everything is booked, and stands in the trail."""

    visit: Visitor

    def open(self, id: str, amount: Money) -> None:
        self.visit.services.drawers.open(self.visit.who.actor, id, amount)

    def move(self, kind: MoveKind, id: str, amount: Money, reason: str) -> None:
        drawers = self.visit.services.drawers
        moves = {MoveKind.IN: drawers.cash_in, MoveKind.OUT: drawers.cash_out}
        moves[kind](self.visit.who.actor, id, amount, reason)

    def shift(self) -> Shift:
        return self.visit.services.drawers.shift(self.visit.who.actor).shift

    def x(self) -> ShiftReport:
        return self.visit.services.drawers.x(self.visit.who.actor)

    def take_x(self, id: str) -> ShiftReport:
        return self.visit.services.x_reports.take(self.visit.who.actor, id)

    def x_report(self, id: str) -> ShiftReport:
        return self.visit.services.x_reports.report(self.visit.who.actor, id)

    def x_reports(self, shift: str) -> list[ShiftReport]:
        return self.visit.services.x_reports.of_shift(self.visit.who.actor, shift)

    def close(self, count: Count, shift: str) -> ShiftReport:
        return self.visit.services.drawers.close(self.visit.who.actor, count, shift or None)

    def z(self, shift: str) -> ShiftReport:
        return self.visit.services.drawers.z(self.visit.who.actor, shift)

    def remember(self, answer: Response) -> Response:
        return answer


@dataclass(slots=True)
class PracticeTill:
    """Nothing is booked: the drawer goes back to the browser that it came from."""

    visit: Visitor
    drawer: PracticeDrawer | None

    def open(self, id: str, amount: Money) -> None:  # noqa: ARG002
        if self.drawer is None or self.drawer.count is not None:
            self.drawer = PracticeDrawer(self._now(), checked_amount(amount, least=0))

    def move(self, kind: MoveKind, id: str, amount: Money, reason: str) -> None:  # noqa: ARG002
        minor = checked_amount(amount)
        checked_reason(reason)
        self.drawer = self._open().moved(kind, minor, self._chart())

    def shift(self) -> Shift:
        return self._open().shift(self.visit.who.actor, self.visit.services.drawers.currency)

    def x(self) -> ShiftReport:
        return self._report(self._open())

    def take_x(self, id: str) -> ShiftReport:
        self.drawer = self._open().took_x(id)
        return self.x_report(ID)

    def x_report(self, id: str) -> ShiftReport:
        if id != ID:
            # A real one: it may be looked at, and its paper says TEST.
            return self.visit.services.x_reports.report(self.visit.who.actor, id)
        drawer = self.drawer
        if drawer is None or drawer.count is not None or not drawer.x_reports:
            raise XReportUnknown(id)
        return drawer.x_report(self.visit.who.actor, self._chart(), self._now())

    def x_reports(self, shift: str) -> list[ShiftReport]:
        if shift != ID:
            return self.visit.services.x_reports.of_shift(self.visit.who.actor, shift)
        return []

    def close(self, count: Count, shift: str) -> ShiftReport:  # noqa: ARG002
        self.drawer = self._open().closed(count, self._now())
        return self._report(self.drawer)

    def z(self, shift: str) -> ShiftReport:
        if shift != ID:
            # A real one: it may be looked at, and its paper says TEST.
            return self.visit.services.drawers.z(self.visit.who.actor, shift)
        if self.drawer is None or self.drawer.count is None:
            raise ShiftUnknown(shift)
        return self._report(self.drawer)

    def remember(self, answer: Response) -> Response:
        keep(answer, self.visit.request, self.visit.who, self.drawer)
        return answer

    def _open(self) -> PracticeDrawer:
        if self.drawer is None or self.drawer.count is not None:
            actor = self.visit.who.actor
            raise NoShiftOpen(actor.point or "", actor.terminal)
        return self.drawer

    def _report(self, drawer: PracticeDrawer) -> ShiftReport:
        return drawer.report(self.visit.who.actor, self._chart(), self._now())

    def _chart(self) -> Chart:
        return self.visit.services.service.ports.chart

    def _now(self) -> datetime:
        return self.visit.services.service.ports.clock()
