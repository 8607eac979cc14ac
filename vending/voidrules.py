"""Who may take a sale back or give its money back, when, and out of which drawer; asked inside the
transaction that does it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from meters.quantities import Money

from .accounting.days import day_of
from .aftersale import Evidence
from .counter import ShiftNeeded
from .drawer.errors import CashShort
from .ledger import Chart, Posting
from .operators import TillShort
from .parties import Actor, Role
from .persons import same_person
from .ports import Reading
from .record import SaleRecord
from .voids import GoneUnproved, TakenOut, VoidNotAllowed


@dataclass(frozen=True, slots=True)
class GoneSale:
    """What the books know of a sale whose meter is out of use and cannot be read any more."""

    sold_at: datetime
    seen_at: datetime | None
    """When its digits were first seen by anybody: at the sale, unless they were held back. None:
    never."""
    is_settled: bool
    """Whether no push of its token is open or without an answer."""
    out: TakenOut | None
    """None: nobody has written down when and why it is out of use."""
    moved: bool
    """Whether what was left on the meter was moved to another one."""
    known_at: datetime | None
    """When something last told what was on the meter: a reading, a photo, a laboratory."""

    def seen_behind(self, moment: datetime) -> bool:
        """Whether nobody could type its token before this moment."""
        return self.seen_at is None or self.seen_at >= moment

    @property
    def seen_on_dead(self) -> bool:
        """Whether, by what was said of it, the meter was dead before its token could be typed."""
        since = None if self.out is None else self.out.down_since
        return since is not None and self.seen_behind(since)


@dataclass(frozen=True, slots=True)
class GoneRow:
    """One case of a sale to a meter that is out of use."""

    name: str
    """Kept with the void, or told as the reason why there is none."""
    holds: Callable[[GoneSale], bool]
    proves: bool
    """Whether the credit certainly did not enter the meter."""


GONE: Final = (
    # It may have come, and no log will ever tell.
    GoneRow("outcome_unknown", lambda sale: not sale.is_settled, False),
    # From then on the meter hung nowhere; it could have been typed into nothing.
    GoneRow(
        "seen_after",
        lambda sale: sale.out is not None and sale.seen_behind(sale.out.at),
        True,
    ),
    # The same, but that it was dead earlier than it was written down, two people say.
    GoneRow(
        "down_before",
        lambda sale: sale.seen_on_dead and sale.out is not None and sale.out.confirmed,
        True,
    ),
    GoneRow("down_unconfirmed", lambda sale: sale.seen_on_dead, False),
    # What was left on it was given to the new meter, and its units may be among that.
    GoneRow("moved_on", lambda sale: sale.moved, False),
    # A number of units, with its own in it or used up since: not which tokens were taken.
    GoneRow(
        "left_known",
        lambda sale: sale.known_at is not None and sale.known_at >= sale.sold_at,
        False,
    ),
    # Off the wall, and nothing more: until then anybody could type it.
    GoneRow("nothing_read", lambda _: True, False),
)
"""The first row that holds decides. Without proof, money goes back by two people (a refund)."""


def gone(sale: GoneSale) -> GoneRow:
    """The row of `GONE` that a sale falls under."""
    return next(row for row in GONE if row.holds(sale))


def gone_unproved(record: SaleRecord, row: GoneRow) -> GoneUnproved:
    """Why a sale of a row that proves nothing is not taken back."""
    return GoneUnproved(record.vend_id, record.meter, row.name)


def check_units(books: Reading, vend_id: str) -> None:
    """Units that were given back for a sale are with the customer; its money is not given back on
    top. Raises VoidNotAllowed."""
    if books.units_given_back(vend_id):
        raise VoidNotAllowed(vend_id, "units_refunded")


def check_point(actor: Actor, record: SaleRecord) -> None:
    """The money goes back out of the till that it came into. Raises VoidNotAllowed."""
    if actor.point != record.point:
        raise VoidNotAllowed(record.vend_id, "other_point")


def check_alone(
    books: Reading,
    actor: Actor,
    record: SaleRecord,
    evidence: Evidence,
    now: datetime,
    zone: tzinfo,
) -> None:
    """What one person may take back. An operator, only what they sold in the shift that is open;
    without shifts, what they sold today: the customer is still there, or hardly gone. Where
    nothing but the books speaks for it, a second pair of eyes: that a meter is gone is said by a
    supervisor who did not sell to it, and what had no token is taken back later by such a one.

    Raises VoidNotAllowed.
    """
    own = same_person(actor.name, record.operator)
    shift = books.open_shift(record.point, actor.terminal)
    at_hand = own and (None if shift is None else shift.id) == record.shift
    why = "other_shift"
    if at_hand and record.shift is None:
        at_hand, why = day_of(record.sold_at, zone) == day_of(now, zone), "other_day"
    if actor.role is Role.OPERATOR and not at_hand:
        raise VoidNotAllowed(record.vend_id, why)
    gone = evidence is Evidence.METER_GONE
    late = evidence is Evidence.NO_TOKEN and not at_hand
    if (gone or late) and (own or actor.role is Role.OPERATOR):
        raise VoidNotAllowed(record.vend_id, "needs_supervisor")


def check_drawer(
    books: Reading, actor: Actor, record: SaleRecord, postings: Sequence[Posting], chart: Chart
) -> None:
    """Cash leaves a drawer: where nothing is sold without a shift, none is given back without
    one, and no more than lies there; without one, no more than lies in the point's till. Raises
    ShiftNeeded, CashShort, TillShort."""
    till, point = chart.role("till").code, books.point(record.point)
    cash = -sum(p.amount for p in postings if p.account == till)
    if cash <= 0:
        return
    shift = books.open_shift(record.point, actor.terminal)
    if shift is None:
        if point is not None and point.needs_shift:
            raise ShiftNeeded(record.point, actor.terminal)
        if cash > books.balance(till, record.point, record.currency):
            raise TillShort(record.point, Money(cash, record.currency).to_text())
    elif cash > books.cash_in_drawer(shift.id, chart):
        raise CashShort(Money(cash, record.currency).to_text())
