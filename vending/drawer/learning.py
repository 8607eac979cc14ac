"""A drawer to practise with: opened, filled by sales that are not booked, counted and closed, with
the same sums and reports as a real one. It is kept nowhere but with whoever practises. Pure.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from meters.quantities import Money

from ..ground import BookedSale
from ..ledger import Chart
from ..parties import Actor
from ..sale import Tender
from .counting import Count
from .errors import CashShort
from .reports import ShiftReport
from .shifts import FIRST, CashMove, MoveKind, Shift
from .tally import Counted, ShiftBooks, Sum, Tally, tally
from .x_report import for_eyes_of

ID: Final = "practice"
"""Of every such shift; its number is 0, and no real one has that."""
_LATEST: Final = 8
"""So many sales and X reports are known again when their form comes again."""


@dataclass(frozen=True, slots=True)
class PracticeDrawer:
    """Money in minor units."""

    opened_at: datetime
    opening_float: int
    cash_in: int = 0
    cash_out: int = 0
    counts: tuple[Counted, ...] = ()
    sums: tuple[Sum, ...] = ()
    latest: tuple[str, ...] = ()
    """Ids of the forms that were done last: what they did is done once."""
    x_reports: int = 0
    """How many were taken. None is kept: what is shown of one are the sums as they stand."""
    closed_at: datetime | None = None
    count: Count | None = None

    def sold(self, booked: Sequence[BookedSale]) -> PracticeDrawer:
        """With what a sale would have booked; the same sale again adds nothing."""
        if not booked or booked[0].record.vend_id in self.latest:
            return self
        counts = Counter({(c.void, c.kind): c.number for c in self.counts})
        sums = Counter({(s.void, s.kind, s.account, s.unit): s.amount for s in self.sums})
        for sale in booked:
            kind = sale.record.kind
            counts[False, kind] += 1
            for account, _, unit, amount in sale.entry.entry.postings:
                sums[False, kind, account, unit] += amount
        return replace(
            self,
            counts=tuple(Counted(*key, number) for key, number in counts.items()),
            sums=tuple(Sum(*key, amount) for key, amount in sums.items() if amount),
            latest=(*self.latest, booked[0].record.vend_id)[-_LATEST:],
        )

    def moved(self, kind: MoveKind, amount: int, chart: Chart) -> PracticeDrawer:
        """With cash put in or taken out. Raises CashShort."""
        if kind is MoveKind.IN:
            return replace(self, cash_in=self.cash_in + amount)
        if amount > self.tally(chart).expected:
            raise CashShort(Money(amount, chart.role("till").unit).to_text())
        return replace(self, cash_out=self.cash_out + amount)

    def took_x(self, id: str) -> PracticeDrawer:
        """With one more X report; the same form again takes none."""
        if id in self.latest:
            return self
        latest = (*self.latest, id)[-_LATEST:]
        return replace(self, x_reports=self.x_reports + 1, latest=latest)

    def closed(self, count: Count, now: datetime) -> PracticeDrawer:
        """Closed on what was counted."""
        return replace(self, count=count, closed_at=now)

    def tally(self, chart: Chart) -> Tally:
        """The sums, as of a real shift."""
        moves = tuple(
            CashMove(ID, ID, kind, amount, "", self.opened_at, "", 0)
            for kind, amount in (
                (MoveKind.FLOAT, self.opening_float),
                (MoveKind.IN, self.cash_in),
                (MoveKind.OUT, self.cash_out),
            )
        )
        return tally(ShiftBooks(moves, self.counts, self.sums), chart)

    def shift(self, actor: Actor, currency: str) -> Shift:
        """As a report tells it."""
        point, terminal = actor.point or "", actor.terminal
        return Shift(
            ID, 0, point, terminal, actor.name, self.opened_at, currency, self.opening_float
        )

    def report(self, actor: Actor, chart: Chart, now: datetime) -> ShiftReport:
        """The shift as it stands, blind for a clerk as ever; once it is closed, the Z report."""
        sums, shift = self.tally(chart), self.shift(actor, chart.role("till").unit)
        if self.count is None or self.closed_at is None:
            return for_eyes_of(ShiftReport(shift, now, actor.name, (), sums, FIRST), actor)
        return ShiftReport(shift, self.closed_at, actor.name, (), sums, FIRST, self.count)

    def x_report(self, actor: Actor, chart: Chart, now: datetime) -> ShiftReport:
        """The X report that was taken last, with the sums as they stand now."""
        return replace(self.report(actor, chart, now), id=ID, number=self.x_reports)

    def to_text(self) -> str:
        """Short enough to be carried along; `drawer_from` reads it."""
        count = self.count
        told = [
            int(self.opened_at.timestamp()),
            self.opening_float,
            self.cash_in,
            self.cash_out,
            [[one.kind, one.number] for one in self.counts],
            [[one.kind, one.account, one.unit, one.amount] for one in self.sums],
            self.latest,
            self.x_reports,
            None if self.closed_at is None else int(self.closed_at.timestamp()),
            None if count is None else count.pieces,
            [] if count is None else [[tender.value, amount] for tender, amount in count.slips],
        ]
        return json.dumps(told, separators=(",", ":"))


def drawer_from(text: str, now: datetime) -> PracticeDrawer | None:
    """The drawer that `to_text` was given; None for any other text: it comes from a browser, and
    the worst that a forged one does is to teach its owner wrong sums."""
    zone = now.tzinfo
    try:
        data: Any = json.loads(text)
        opened, opening, cash_in, cash_out, counts, sums, latest, taken, *rest = data
        closed, pieces, slips = rest
        made = PracticeDrawer(
            opened_at=datetime.fromtimestamp(_whole(opened), zone),
            opening_float=_whole(opening),
            cash_in=_whole(cash_in),
            cash_out=_whole(cash_out),
            counts=tuple(Counted(False, str(kind), _whole(number)) for kind, number in counts),
            sums=tuple(
                Sum(False, str(kind), str(account), str(unit), _whole(amount))
                for kind, account, unit, amount in sums
            ),
            latest=tuple(map(str, latest)),
            x_reports=_whole(taken),
        )
        if closed is None:
            return made
        told = Count(
            tuple((_whole(face), _whole(number)) for face, number in pieces),
            tuple((Tender(tender), _whole(amount)) for tender, amount in slips),
        )
        return made.closed(told, datetime.fromtimestamp(_whole(closed), zone))
    except (ValueError, TypeError, OverflowError, OSError, RecursionError):
        return None


def _whole(number: object) -> int:
    if type(number) is not int or abs(number) > 10**13:
        raise ValueError
    return number
