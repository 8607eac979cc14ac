"""Keeping the books: seals, adjustments by two people, closed periods, statements. Core: rules
and use cases over ports; the database, the command line and the API are elsewhere."""

from .adjustments import Adjustment, AdjustmentKind, AdjustmentState, Decision
from .bookkeeping import Bookkeeping
from .periods import BalanceRow, PeriodAct, PeriodActKind
from .reports import BookReports, JournalView
from .statements import (
    AccountStatement,
    CustomerStatement,
    DailyCheck,
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
    "Decision",
    "JournalView",
    "PeriodAct",
    "PeriodActKind",
    "Taking",
    "TrialBalance",
]
