"""What it costs: tariffs as data, and `quote`, which prices a payment without any effect.

`quote` answers lines that explain themselves; `explain` says why; `settled` gives the account
after the sale; `shares_of` says where the money belongs; `binding` makes a quote a promise.
`LiveTariffs` is the book that follows what people decide while the program runs.
"""

from .binding import BindingQuote, QuoteInputs, binding, still_binds
from .booking import Share, shares_of
from .charges import MonthlyCharge, OneOffFee, PercentCharge, UnitCharge
from .errors import (
    AmountNotPositive,
    AmountTooHigh,
    AmountTooLow,
    ChargeUnknown,
    CurrencyWrong,
    MoreThanOwed,
    NotOwed,
    QuoteChanged,
    QuoteExpired,
    QuoteIdMalformed,
    QuoteIdReused,
    QuoteMissing,
    TariffActivationPast,
    TariffCommodity,
    TariffCurrency,
    TariffMalformed,
    TariffMissing,
    TariffNeedsHistory,
    TariffNotDraft,
    TariffOwnApproval,
    UnitsNotCarried,
)
from .explain import Reason, explain
from .files import ShippedVersion, parse_draft, parse_tariffs, read_shipped, read_tariffs
from .kept import kept_line, line_from
from .labels import Label
from .live import LiveTariffs
from .months import Month
from .paying import free_left, owed, pay_owed, unpaid
from .prices import BlockPrice, FlatPrice, SeasonalPrice
from .pricing import quote
from .quotes import Limited, LineKind, Quote, QuoteLine
from .recovery import Debt, Instalment, Percentage, Postponed, Protection
from .rounding import Rounding, rounded, rounded_fraction
from .settled import settled
from .state import AccountState, ChargeState, FeeDue, MonthUse, QuoteRequest
from .support import FreeUnits, Subsidy
from .tariffs import CustomerClass, Tariff, TariffBook, TariffState
from .vat import NO_VAT, Vat, VatMode

__all__ = [
    "NO_VAT",
    "AccountState",
    "AmountNotPositive",
    "AmountTooHigh",
    "AmountTooLow",
    "BindingQuote",
    "BlockPrice",
    "ChargeState",
    "ChargeUnknown",
    "CurrencyWrong",
    "CustomerClass",
    "Debt",
    "FeeDue",
    "FlatPrice",
    "FreeUnits",
    "Instalment",
    "Label",
    "Limited",
    "LineKind",
    "LiveTariffs",
    "Month",
    "MonthUse",
    "MonthlyCharge",
    "MoreThanOwed",
    "NotOwed",
    "OneOffFee",
    "PercentCharge",
    "Percentage",
    "Postponed",
    "Protection",
    "Quote",
    "QuoteChanged",
    "QuoteExpired",
    "QuoteIdMalformed",
    "QuoteIdReused",
    "QuoteInputs",
    "QuoteLine",
    "QuoteMissing",
    "QuoteRequest",
    "Reason",
    "Rounding",
    "SeasonalPrice",
    "Share",
    "ShippedVersion",
    "Subsidy",
    "Tariff",
    "TariffActivationPast",
    "TariffBook",
    "TariffCommodity",
    "TariffCurrency",
    "TariffMalformed",
    "TariffMissing",
    "TariffNeedsHistory",
    "TariffNotDraft",
    "TariffOwnApproval",
    "TariffState",
    "UnitCharge",
    "UnitsNotCarried",
    "Vat",
    "VatMode",
    "binding",
    "explain",
    "free_left",
    "kept_line",
    "line_from",
    "owed",
    "parse_draft",
    "parse_tariffs",
    "pay_owed",
    "quote",
    "read_shipped",
    "read_tariffs",
    "rounded",
    "rounded_fraction",
    "settled",
    "shares_of",
    "still_binds",
    "unpaid",
]
