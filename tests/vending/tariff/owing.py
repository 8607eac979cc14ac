"""A tariff of two versions with monthly charges and a fee, and an account that owes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from meters.quantities import Energy, Money
from vending.tariff import (
    AccountState,
    ChargeState,
    Debt,
    Instalment,
    Label,
    Month,
    MonthUse,
    Percentage,
    Quote,
    QuoteRequest,
    Tariff,
    TariffBook,
    parse_tariffs,
    quote,
)

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MONTH = Month(2026, 11)
NAME = Label("دين", "Debt")

FILE = """
code = "t"
commodity = "electricity"
currency = "ILS"
customer_class = "domestic"
name_ar = "ت"
name_en = "T"
[[versions]]
version = 1
drafted_by = "A"
approved_by = "B"
approved_at = 2025-12-15T10:00:00+02:00
active_from = 2026-01-01T00:00:00+02:00
most_per_sale = "5000.00"
price = { rule = "flat", rate = "0.50", rounding = "half_up" }
vat = { percent = "0", rounding = "half_up" }
charges = [
  { rule = "monthly", code = "meter", name_ar = "ع", name_en = "M", amount = "5.00", book = "f" },
  { rule = "monthly", code = "lamp", name_ar = "ل", name_en = "L", amount = "1.00", book = "l" },
  { rule = "once", code = "seal", name_ar = "خ", name_en = "S", amount = "9.00", book = "o" },
]
[[versions]]
version = 2
drafted_by = "A"
approved_by = "B"
approved_at = 2026-09-15T10:00:00+02:00
active_from = 2026-10-01T00:00:00+03:00
most_per_sale = "5000.00"
price = { rule = "flat", rate = "0.50", rounding = "half_up" }
vat = { percent = "0", rounding = "half_up" }
charges = [
  { rule = "monthly", code = "meter", name_ar = "ع", name_en = "M", amount = "7.00", book = "f" },
  { rule = "once", code = "seal", name_ar = "خ", name_en = "S", amount = "9.00", book = "o" },
]
"""
TARIFF = TariffBook(parse_tariffs(FILE, "t")).active("t", NOW)
CLEAR = AccountState(
    Money(0),
    MonthUse(MONTH, Energy(0)),
    charges=(ChargeState("meter", MONTH, Money(0)),),
)


def sold(state: AccountState, paid: int, tariff: Tariff = TARIFF, at: datetime = NOW) -> Quote:
    return quote(tariff, QuoteRequest(Money(paid)), state, at)


def taken(sale: Quote) -> dict[str, int]:
    return {line.code: line.amount.minor for line in sale.lines if line.left is not None}


def debt(code: str, owed: int, priority: int, percent: str = "", instalment: int = 0) -> Debt:
    rule = Percentage(percent) if percent else Instalment(Money(instalment))
    return Debt(code, NAME, Money(owed), priority, rule)
