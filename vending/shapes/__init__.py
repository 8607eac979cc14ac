"""The answers as JSON, the same for the API and for `--json` on the command line.

Money, energy and volume are `{"value": "12.3", "unit": "kWh"}`: a decimal as text, because a
JSON number is a float to most readers. Times are UTC.
"""

from .accounts import AccountEventOut, AccountOut, AccountsReportOut, RebuiltAccountsOut
from .acts import ApprovalIn, ExchangeIn, ExchangeOut, document_of
from .approvals import ApprovalOut, BlockEventOut, BlockOut, OutcomeOut
from .base import Measure, Name, Out
from .bookkeeping import AdjustmentOut, DayClosedOut, PeriodActOut, SealOut, TrialBalanceOut
from .books import (
    ApiKeyOut,
    EntryOut,
    LedgerReportOut,
    LogLineOut,
    MeterLogOut,
    ReadingOut,
    VendingKeyOut,
)
from .clock import ClockConfirmationOut, ClockOut
from .dailycheck import DailyCheckOut
from .deliveries import DeliveryOut
from .drawer import BankingOut, CashMoveOut, ShiftOut, ShiftReportOut
from .key_changes import CampaignOut, ConfirmationOut, KeyChangeOut, KeyChangesLeftOut, KeySetOut
from .listed import DebtsTakenOut, DebtTakenOut, ListedOut, ListedProblemOut, ListOut
from .operators import FloatOut, OperatorIn, OperatorOut, OperatorTermsIn, PointTermsIn
from .outbox import MessageOut, RunOut
from .parties import (
    CustomerFileOut,
    CustomerOut,
    LanguageIn,
    LanguageOut,
    MeterOut,
    PointOut,
)
from .quotes import BindingQuoteOut, ExplainedQuoteOut, LineOut, QuoteOut
from .registration import RegistrationIn, RegistrationOut
from .saleparts import VoidEventOut, VoidOut
from .sales import BasketOut, PreviewOut, ReceiptOut, SaleOut, SaleStatusOut
from .statements import AccountStatementOut, CustomerStatementOut, OperatorStatementOut, TakingOut
from .subledgers import AccountHoldersOut, BreakdownOut
from .tariffs import (
    ComparisonOut,
    RetirementOut,
    TariffDocumentOut,
    TariffOut,
    TariffVersionOut,
)

__all__ = [
    "AccountEventOut",
    "AccountHoldersOut",
    "AccountOut",
    "AccountStatementOut",
    "AccountsReportOut",
    "AdjustmentOut",
    "ApiKeyOut",
    "ApprovalIn",
    "ApprovalOut",
    "BankingOut",
    "BasketOut",
    "BindingQuoteOut",
    "BlockEventOut",
    "BlockOut",
    "BreakdownOut",
    "CampaignOut",
    "CashMoveOut",
    "ClockConfirmationOut",
    "ClockOut",
    "ComparisonOut",
    "ConfirmationOut",
    "CustomerFileOut",
    "CustomerOut",
    "CustomerStatementOut",
    "DailyCheckOut",
    "DayClosedOut",
    "DebtTakenOut",
    "DebtsTakenOut",
    "DeliveryOut",
    "EntryOut",
    "ExchangeIn",
    "ExchangeOut",
    "ExplainedQuoteOut",
    "FloatOut",
    "KeyChangeOut",
    "KeyChangesLeftOut",
    "KeySetOut",
    "LanguageIn",
    "LanguageOut",
    "LedgerReportOut",
    "LineOut",
    "ListOut",
    "ListedOut",
    "ListedProblemOut",
    "LogLineOut",
    "Measure",
    "MessageOut",
    "MeterLogOut",
    "MeterOut",
    "Name",
    "OperatorIn",
    "OperatorOut",
    "OperatorStatementOut",
    "OperatorTermsIn",
    "Out",
    "OutcomeOut",
    "PeriodActOut",
    "PointOut",
    "PointTermsIn",
    "PreviewOut",
    "QuoteOut",
    "ReadingOut",
    "RebuiltAccountsOut",
    "ReceiptOut",
    "RegistrationIn",
    "RegistrationOut",
    "RetirementOut",
    "RunOut",
    "SaleOut",
    "SaleStatusOut",
    "SealOut",
    "ShiftOut",
    "ShiftReportOut",
    "TakingOut",
    "TariffDocumentOut",
    "TariffOut",
    "TariffVersionOut",
    "TrialBalanceOut",
    "VendingKeyOut",
    "VoidEventOut",
    "VoidOut",
    "document_of",
]
