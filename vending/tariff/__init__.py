"""What it costs: tariffs as data, and `quote`, which prices a payment without any effect."""

from .errors import (
    AmountNotPositive,
    AmountTooHigh,
    AmountTooLow,
    CurrencyWrong,
    TariffCommodity,
    TariffMalformed,
    TariffMissing,
)
from .pricing import quote
from .quotes import Quote, QuoteLine
from .rounding import Rounding, rounded, rounded_fraction
from .tariffs import FlatPrice, Tariff, TariffBook, Vat, parse_tariffs, read_tariffs

__all__ = [
    "AmountNotPositive",
    "AmountTooHigh",
    "AmountTooLow",
    "CurrencyWrong",
    "FlatPrice",
    "Quote",
    "QuoteLine",
    "Rounding",
    "Tariff",
    "TariffBook",
    "TariffCommodity",
    "TariffMalformed",
    "TariffMissing",
    "Vat",
    "parse_tariffs",
    "quote",
    "read_tariffs",
    "rounded",
    "rounded_fraction",
]
