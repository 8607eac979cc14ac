"""Keeping the books: seals, adjustments by two people, closed periods, statements. Core: rules
and use cases over ports; the database, the command line and the API are elsewhere."""

from .adjustments import Adjustment, AdjustmentKind, AdjustmentState, Decision
from .bookkeeping import Bookkeeping
from .closing import DailyClosing, DayClosed
from .daily import DailyCheck, Difference
from .periods import BalanceRow, PeriodAct, PeriodActKind
from .reports import BookReports, JournalView
from .statements import (
    AccountStatement,
    CustomerStatement,
    OperatorStatement,
    Taking,
    TrialBalance,
)

__all__ = [
    "AccountStatement",
    "Adjustment",
    "AdjustmentKind",
    "AdjustmentState",
    "BalanceRow",
    "BookReports",
    "Bookkeeping",
    "CustomerStatement",
    "DailyCheck",
    "DailyClosing",
    "DayClosed",
    "Decision",
    "Difference",
    "JournalView",
    "OperatorStatement",
    "PeriodAct",
    "PeriodActKind",
    "Taking",
    "TrialBalance",
]
