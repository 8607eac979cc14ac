"""Reads the worked tables of a guide and works them out with the engine.

A table belongs to the tariff above it: a `toml` block with the rules of one version, or of several
(what every file has besides is filled in here), or a mention of a shipped file,
`config/tariffs/<name>.toml`. A `toml` block with `[account]` says what the account owes; it holds
until the next tariff.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from meters.errors import RaseedError
from meters.quantities import Money, Quantity
from vending.tariff import (
    AccountState,
    ChargeState,
    Debt,
    FeeDue,
    Instalment,
    Label,
    LineKind,
    Month,
    MonthUse,
    Percentage,
    Postponed,
    Quote,
    QuoteRequest,
    Tariff,
    TariffBook,
    parse_tariffs,
    quote,
    read_tariffs,
)

CONFIG = Path(__file__).parents[3] / "config" / "tariffs"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
INPUTS = {
    "Date",
    "Bought this month",
    "Free taken",
    "Counted through",
    "Carried before",
    "Pays",
    "Wants",
}

NAMED = """
code = "worked"
commodity = "{commodity}"
currency = "ILS"
customer_class = "domestic"
name_ar = "مثال"
name_en = "Example"
"""
SIGNED = """[[versions]]
version = {version}
drafted_by = "Billing office"
approved_by = "Finance director"
approved_at = 2025-12-15T10:00:00+02:00
most_per_sale = "5000.00"
"""
BEGUN = "active_from = 2026-01-01T00:00:00+02:00\n"
HEAD = NAMED + SIGNED.format(version=1) + BEGUN
"""What stands before the rules of a tariff with one version."""


@dataclass(frozen=True)
class Row:
    """One row: the cells by heading, and what it is worked out with."""

    line: int
    cells: dict[str, str]
    tariff: Tariff
    account: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return _moment(self.cells)


@cache
def shipped() -> Any:
    return read_tariffs(CONFIG)


def rows(guide: Path) -> Iterator[Row]:
    book: TariffBook | None = None
    code = "worked"
    account: dict[str, Any] = {}
    headings: list[str] = []
    block: list[str] | None = None
    for number, line in enumerate(guide.read_text("utf-8").splitlines(), start=1):
        if block is not None:
            if line != "```":
                block.append(line)
                continue
            text = "\n".join(block)
            if "[account]" in text:
                account = tomllib.loads(text)["account"]
            elif text.count("[[versions]]") != 1:
                # One alone shows what a file looks like: no table follows it.
                book, code, account = _book(text, number), "worked", {}
            block = None
        elif line == "```toml":
            block = []
        elif found := re.search(r"`config/tariffs/([a-z-]+)\.toml`", line):
            book, code, account = shipped(), found[1], {}
        if not line.startswith("|"):
            headings = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not headings:
            headings = cells
        elif set(line) - set("|-: ") and {"Pays", "Wants"} & set(headings):
            assert book is not None, number
            said = dict(zip(headings, cells, strict=True))
            yield Row(number, said, book.active(code, _moment(said)), account)


def _moment(cells: dict[str, str]) -> datetime:
    day = cells.get("Date")
    return datetime.fromisoformat(f"{day}T10:00:00+00:00") if day else NOW


def _book(text: str, number: int) -> TariffBook:
    """Keys of a version itself come before its tables."""
    several = text.split("[[versions]]\n")[1:]
    versions = several or [BEGUN + text]
    commodity = "water" if "# water" in text else "electricity"
    whole = NAMED.format(commodity=commodity)
    for place, version in enumerate(versions, start=1):
        whole += SIGNED.format(version=place) + version + "\n"
    return TariffBook(parse_tariffs(whole, f"line {number}"))


def worked(row: Row) -> dict[str, str]:
    """The cells of the row's answers as the engine has them."""
    asked = [name for name in row.cells if name not in INPUTS]
    try:
        priced = quote(row.tariff, _request(row), _state(row), row.now)
    except RaseedError as error:
        facts = error.facts()
        told = facts.get("least") or facts.get("most") or ""
        if "below" in facts:
            told = f"{facts['below']} or {facts['above']}"
        first = f"refused: `{error.code}` {told}".strip()
        return {name: first if place == 0 else "" for place, name in enumerate(asked)}
    return {name: _answer(priced, name) for name in asked}


def _answer(priced: Quote, name: str) -> str:
    if name == "Units":
        return priced.quantity.to_text()
    if name == "To pay":
        return priced.tendered.to_text()
    if name == "Price":
        return _sum(priced, lambda line: line.kind is LineKind.UNITS)
    if name == "VAT":
        return priced.vat.to_text()
    if name == "Taken in all":
        return priced.total.to_text()
    if name == "Carried after":
        return priced.balance_after.to_text()
    found = re.fullmatch(r"`([a-z0-9-]+)`( left)?|Block ([1-9])", name)
    assert found, f"no such column: {name}"
    code, left, block = found.groups()
    if left:
        lines = [one for one in priced.lines if one.code == code and one.left is not None]
        return lines[0].left.to_text() if lines and lines[0].left is not None else "0.00"
    if block:
        return _sum(priced, lambda line: line.block == int(block))
    return _sum(priced, lambda line: line.code == code and line.kind is not LineKind.TAX)


def _sum(priced: Quote, chosen: Any) -> str:
    return Money(sum(line.amount.minor for line in priced.lines if chosen(line))).to_text()


def _request(row: Row) -> QuoteRequest:
    if "Wants" in row.cells:
        return QuoteRequest(_units(row, "Wants"))
    return QuoteRequest(Money.from_text(row.cells["Pays"]))


def _units(row: Row, name: str) -> Quantity:
    return row.tariff.commodity.quantity.from_text(row.cells.get(name) or "0")


def _state(row: Row) -> AccountState:
    account, tariff = row.account, row.tariff
    month = Month.of(row.now)
    through = row.cells.get("Counted through")
    used = tuple((s.code, _units(row, "Free taken")) for s in tariff.supports[:1])
    return AccountState(
        balance=Money.from_text(row.cells.get("Carried before") or "0"),
        use=MonthUse(month, _units(row, "Bought this month"), used),
        charges=tuple(
            ChargeState(
                c.sum.heading.code, Month.from_text(through) if through else month, Money(0)
            )
            for c in tariff.monthly_charges
        ),
        fees=tuple(FeeDue(code) for code in account.get("fees", ())),
        debts=tuple(_debt(debt) for debt in account.get("debts", ())),
    )


def _debt(debt: dict[str, Any]) -> Debt:
    until = debt.get("postponed_until")
    return Debt(
        code=debt["code"],
        label=Label(debt["name_ar"], debt["name_en"]),
        owed=Money.from_text(debt["owed"]),
        priority=debt["priority"],
        recovery=(
            Percentage(debt["percent"])
            if "percent" in debt
            else Instalment(Money.from_text(debt["instalment"]))
        ),
        disputed=debt.get("disputed", ""),
        postponed=None if until is None else Postponed(until, debt["reason"]),
    )
