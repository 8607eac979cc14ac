"""Who may take a sale back or give its money back, when, and out of which drawer; asked inside the
transaction that does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from meters.quantities import Money

from .accounting.days import day_of
from .counter import ShiftNeeded
from .drawer.errors import CashShort
from .ledger import Chart, Posting
from .parties import Actor, Role
from .persons import same_person
from .ports import Reading
from .record import SaleRecord
from .sale import Evidence
from .voids import VoidNotAllowed


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
    one, and no more than lies there. Raises ShiftNeeded, CashShort."""
    till, point = chart.role("till").code, books.point(record.point)
    cash = -sum(p.amount for p in postings if p.account == till)
    if cash <= 0:
        return
    shift = books.open_shift(record.point, actor.terminal)
    if shift is None:
        if point is not None and point.needs_shift:
            raise ShiftNeeded(record.point, actor.terminal)
    elif cash > books.cash_in_drawer(shift.id, chart):
        raise CashShort(Money(cash, record.currency).to_text())
