"""The tables of CSV and XLSX: their columns, and rows of text and decimals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from ..accounting import JournalView
from ..messages import Language
from .plain import amount_text, local_day, local_time, shown_unit

Cell = str | Decimal
"""Numbers that are no amounts (meters, receipts, entries) are text: nobody adds them up, and a
spreadsheet would take away their zeros."""

JOURNAL: Final = (
    "entry",
    "day",
    "time",
    "kind",
    "cause",
    "actor",
    "point",
    "ledger_account",
    "name",
    "holder",
    "debit",
    "credit",
    "unit",
    "head",
)
TENDERS: Final = ("cash", "card", "cheque", "wallet", "transfer")
SALES: Final = (
    "entry",
    "day",
    "time",
    "receipt",
    "point",
    "operator",
    "tender",
    "account",
    "agreement",
    "meter",
    "amount",
    "net",
    "vat",
    "balance_after",
    "currency",
    "units",
    "unit",
    "kind",
    "sale_kind",
    *TENDERS,
    "rounding",
    "commission",
    "on_deposit",
    "reference",
)
BALANCES: Final = ("ledger_account", "name", "opening", "debit", "credit", "closing", "unit")


def journal(view: JournalView, language: Language) -> Iterator[tuple[Cell, ...]]:
    """One row for each posting."""
    names = _names(view, language)
    for posted in view.entries():
        entry = posted.entry
        for line in entry.postings:
            amount = _decimal(abs(line.amount), line.unit)
            nothing = Decimal(0)
            yield (
                str(posted.number),
                local_day(entry.at, view.zone),
                local_time(entry.at, view.zone),
                entry.kind,
                entry.cause,
                entry.actor,
                entry.point,
                line.account,
                names[line.account],
                line.holder,
                amount if line.amount > 0 else nothing,
                amount if line.amount < 0 else nothing,
                shown_unit(line.unit),
                posted.hash,
            )


def sales(view: JournalView, tender_said: Callable[[str], str] = str) -> Iterator[tuple[Cell, ...]]:
    """One row for each sale, and one for each void and refund, where money and units are below
    zero: the sums are those of the ledger. A reference stands behind its way of paying, as
    `tender_said` says it."""
    for row in view.sales():
        paid: dict[str, int] = {}
        for tender, amount in row.taken.parts:
            paid[tender] = paid.get(tender, 0) + amount
        yield (
            str(row.entry),
            local_day(row.at, view.zone),
            local_time(row.at, view.zone),
            row.receipt,
            row.point,
            row.operator,
            row.tender,
            row.customer,
            row.agreement,
            row.meter,
            _decimal(row.paid, row.currency),
            _decimal(row.net, row.currency),
            _decimal(row.vat, row.currency),
            "" if row.balance is None else _decimal(row.balance, row.currency),
            row.currency,
            _decimal(row.quantity, row.unit),
            shown_unit(row.unit),
            row.kind,
            row.sale_kind,
            *(_decimal(paid.get(tender, 0), row.currency) for tender in TENDERS),
            _decimal(row.taken.rounding, row.currency),
            _decimal(row.taken.commission, row.currency),
            "yes" if row.taken.on_deposit else "",
            "; ".join(f"{tender_said(tender)} {told}" for tender, told in row.taken.references),
        )


def balances(view: JournalView, language: Language) -> Iterator[tuple[Cell, ...]]:
    """One row for each account that was used."""
    names = _names(view, language)
    for row in view.balances.rows:
        yield (
            row.account,
            names[row.account],
            _decimal(row.opening, row.unit),
            _decimal(row.debit, row.unit),
            _decimal(row.credit, row.unit),
            _decimal(row.closing, row.unit),
            shown_unit(row.unit),
        )


_FORMULA: Final = re.compile(
    "[\t\r\n]|[\\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[-=+@\uff1d\uff0b\uff0d\uff20]"
)
"""Blanks and direction marks before its sign are passed over by some, and signs of full width are
read as plain ones."""


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might take this text for a formula and run it."""
    return _FORMULA.match(text) is not None


def _decimal(amount: int, unit: str) -> Decimal:
    return Decimal(amount_text(amount, unit))


def _names(view: JournalView, language: Language) -> dict[str, str]:
    arabic = language is Language.ARABIC
    return {a.code: a.name_ar if arabic else a.name_en for a in view.chart.accounts()}
