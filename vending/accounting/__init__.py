"""Keeping the books: seals, adjustments by two people, closed periods, statements. Core: rules
and use cases over ports; the database, the command line and the API are elsewhere."""

from .adjustments import Adjustment, AdjustmentKind, AdjustmentState, Decision
from .bookkeeping import Bookkeeping
from .breakdown import BreakdownRow
from .closing import DailyClosing, DayClosed
from .daily import DailyCheck, Difference
from .holders import AccountHolders, HolderBalance
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
    "AccountHolders",
    "AccountStatement",
    "Adjustment",
    "AdjustmentKind",
    "AdjustmentState",
    "BalanceRow",
    "BookReports",
    "Bookkeeping",
    "BreakdownRow",
    "CustomerStatement",
    "DailyCheck",
    "DailyClosing",
    "DayClosed",
    "Decision",
    "Difference",
    "HolderBalance",
    "JournalView",
    "OperatorStatement",
    "PeriodAct",
    "PeriodActKind",
    "Taking",
    "TrialBalance",
]
