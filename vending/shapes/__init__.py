"""The answers as JSON, the same for the API and for `--json` on the command line.

Money, energy and volume are `{"value": "12.3", "unit": "kWh"}`: a decimal as text, because a
JSON number is a float to most readers. Times are UTC.
"""

from .accounts import AccountEventOut, AccountOut, AccountsReportOut, RebuiltAccountsOut
from .acts import ApprovalIn, ExchangeIn, ExchangeOut, document_of
from .approvals import ApprovalOut, BlockEventOut, BlockOut, OutcomeOut
from .base import Measure, Name, Out
from .bookkeeping import (
    AccountStatementOut,
    AdjustmentOut,
    CustomerStatementOut,
    DailyCheckOut,
    OperatorStatementOut,
    PeriodActOut,
    SealOut,
    TakingOut,
    TrialBalanceOut,
)
from .books import ApiKeyOut, EntryOut, LedgerReportOut, ReadingOut, VendingKeyOut
from .drawer import BankingOut, CashMoveOut, ShiftOut, ShiftReportOut
from .key_changes import CampaignOut, ConfirmationOut, KeyChangeOut, KeyChangesLeftOut
from .operators import FloatOut, OperatorIn, OperatorOut, OperatorTermsIn, PointTermsIn
from .outbox import MessageOut, RunOut
from .parties import CustomerFileOut, CustomerOut, MeterOut, PointOut
from .registration import RegistrationIn, RegistrationOut
from .sales import (
    BasketOut,
    BindingQuoteOut,
    DeliveryOut,
    ExplainedQuoteOut,
    LineOut,
    QuoteOut,
    ReceiptOut,
    SaleOut,
    SaleStatusOut,
    VoidOut,
)
from .tariffs import (
    ComparisonOut,
    RetirementOut,
    TariffDocumentOut,
    TariffOut,
    TariffVersionOut,
)

__all__ = [
    "AccountEventOut",
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
    "CampaignOut",
    "CashMoveOut",
    "ComparisonOut",
    "ConfirmationOut",
    "CustomerFileOut",
    "CustomerOut",
    "CustomerStatementOut",
    "DailyCheckOut",
    "DeliveryOut",
    "EntryOut",
    "ExchangeIn",
    "ExchangeOut",
    "ExplainedQuoteOut",
    "FloatOut",
    "KeyChangeOut",
    "KeyChangesLeftOut",
    "LedgerReportOut",
    "LineOut",
    "Measure",
    "MessageOut",
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
    "VoidOut",
    "document_of",
]
