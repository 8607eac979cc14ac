"""The drawer, from opening to the bank: shifts with float, cash moves, blind counts, X and Z
reports, deposit slips. Core: rules and use cases over ports."""

from .banking import Banking, BankRequest, Beneficiary
from .bankings import Bankings
from .counting import (
    DENOMINATIONS,
    OTHER_TENDERS,
    Count,
    checked_count,
    checked_pieces,
    checked_slips,
)
from .deposits import DepositPlace, Deposits
from .drawers import Drawers
from .ports import DrawerStore, ShiftState
from .reports import ShiftReport, TenderResult
from .shifts import CashMove, Close, MoveKind, Shift, ShiftFile
from .tally import Tally, tally
from .x_report import XReport
from .x_reports import XReports

__all__ = [
    "DENOMINATIONS",
    "OTHER_TENDERS",
    "BankRequest",
    "Banking",
    "Bankings",
    "Beneficiary",
    "CashMove",
    "Close",
    "Count",
    "DepositPlace",
    "Deposits",
    "DrawerStore",
    "Drawers",
    "MoveKind",
    "Shift",
    "ShiftFile",
    "ShiftReport",
    "ShiftState",
    "Tally",
    "TenderResult",
    "XReport",
    "XReports",
    "checked_count",
    "checked_pieces",
    "checked_slips",
    "tally",
]
