"""The answers as JSON, the same for the API and for `--json` on the command line.

Money, energy and volume are `{"value": "12.3", "unit": "kWh"}`: a decimal as text, because a
JSON number is a float to most readers. Times are UTC.
"""

from .accounts import AccountEventOut, AccountOut, AccountsReportOut, RebuiltAccountsOut
from .base import Measure, Name, Out
from .bookkeeping import (
    AccountStatementOut,
    AdjustmentOut,
    CustomerStatementOut,
    DailyCheckOut,
    PeriodActOut,
    SealOut,
    TakingOut,
    TrialBalanceOut,
)
from .books import ApiKeyOut, EntryOut, LedgerReportOut, ReadingOut, VendingKeyOut
from .parties import CustomerFileOut, CustomerOut, MeterOut, PointOut
from .registration import RegistrationIn, RegistrationOut
from .sales import (
    DeliveryOut,
    ExplainedQuoteOut,
    LineOut,
    QuoteOut,
    ReceiptOut,
    SaleOut,
    SaleStatusOut,
)

__all__ = [
    "AccountEventOut",
    "AccountOut",
    "AccountStatementOut",
    "AccountsReportOut",
    "AdjustmentOut",
    "ApiKeyOut",
    "CustomerFileOut",
    "CustomerOut",
    "CustomerStatementOut",
    "DailyCheckOut",
    "DeliveryOut",
    "EntryOut",
    "ExplainedQuoteOut",
    "LedgerReportOut",
    "LineOut",
    "Measure",
    "MeterOut",
    "Name",
    "Out",
    "PeriodActOut",
    "PointOut",
    "QuoteOut",
    "ReadingOut",
    "RebuiltAccountsOut",
    "ReceiptOut",
    "RegistrationIn",
    "RegistrationOut",
    "SaleOut",
    "SaleStatusOut",
    "SealOut",
    "TakingOut",
    "TrialBalanceOut",
    "VendingKeyOut",
]
