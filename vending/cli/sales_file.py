"""A list of sales as a spreadsheet saves it (CSV): one sale per row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from meters.errors import Invalid, RaseedError
from meters.identity import meter_from_text
from meters.quantities import Money, decimal_from_text

from ..listed import Listed
from ..requests import Allowance, BasketRequest, Credit, DebtPayment, Item, Units
from ..sale import Payment
from .sale_options import one_way, tender_of

COLUMNS: Final = ("vend_id", "kind", "meter", "amount", "units", "debt", "tender", "reference")
"""What may stand in the first row; the first and the third must."""
_NEEDED: Final = ("vend_id", "meter")
MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 4 * 1024 * 1024
_SEPARATORS: Final = ";\t,"
"""What spreadsheets put between cells, as the machine's language has it; in this order, because a
comma may stand within a name."""


@dataclass(eq=False)
class SalesFileUnusable(Invalid, code="vend.file_unusable"):
    """The file of a list cannot be read."""

    path: str
    reason: str


@dataclass(eq=False)
class SalesFileColumns(Invalid, code="vend.file_columns"):
    """The first row names columns that are not known, twice, or not those that are needed."""

    wrong: list[str]
    columns: list[str]


@dataclass(eq=False)
class SalesFileTooLong(Invalid, code="vend.file_too_long"):
    """A list of more rows than are sold in one go."""

    most: int


@dataclass(eq=False)
class RowCells(Invalid, code="vend.row_cells"):
    """A row has more cells than there are columns."""


@dataclass(eq=False)
class RowKind(Invalid, code="vend.row_kind"):
    """A row is of no kind that can be sold from a list: credit, allowance, payment."""

    kind: str


@dataclass(eq=False)
class RowAsks(Invalid, code="vend.row_asks"):
    """A row says too little or too much for its kind: these cells are to be filled, and these to be
    left empty."""

    fill: list[str]
    empty: list[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One sale of the file."""

    line: int
    """As an editor counts, the first row is 1."""
    vend_id: str
    asked: Listed


def read_sales(path: Path, currency: str) -> list[Row]:
    """All rows, each with what it asks for or what is wrong with it. Raises SalesFileUnusable,
    SalesFileColumns, SalesFileTooLong."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise SalesFileUnusable(str(path), error.strerror or "OSError") from None
    except UnicodeDecodeError:
        raise SalesFileUnusable(str(path), "UTF-8") from None
    if len(raw) > MOST_BYTES:
        raise SalesFileTooLong(MOST_ROWS)
    try:
        rows = list(_rows(text, currency))
    except csv.Error as error:
        raise SalesFileUnusable(str(path), str(error)[:80]) from None
    if len(rows) > MOST_ROWS:
        raise SalesFileTooLong(MOST_ROWS)
    return rows


def _rows(text: str, currency: str) -> Iterator[Row]:
    head = text.partition("\n")[0]
    separator = next((one for one in _SEPARATORS if one in head), ",")
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    columns = [cell.strip().lower() for cell in next(reader, [])]
    _check(columns)
    for cells in reader:
        filled = [cell.strip() for cell in cells]
        if not any(filled):
            continue
        row = dict.fromkeys(columns, "") | dict(zip(columns, filled, strict=False))
        try:
            if any(filled[len(columns) :]):
                raise RowCells()
            asked: Listed = _basket(row, currency)
        except RaseedError as error:
            asked = error
        yield Row(reader.line_num, row["vend_id"], asked)


def _check(columns: list[str]) -> None:
    strange = [name for name in columns if name not in COLUMNS or columns.count(name) > 1]
    missing = [name for name in _NEEDED if name not in columns]
    if strange or missing:
        wrong = dict.fromkeys((*strange, *missing))
        raise SalesFileColumns([name[:20] for name in wrong][:10], list(COLUMNS))


def _basket(row: Mapping[str, str], currency: str) -> BasketRequest:
    """Raises RowKind, RowAsks, NotANumber, TooFine, TenderUnknown, VendIdMalformed, TextNotKept and
    the errors of meter numbers."""
    meter_from_text(row["meter"])
    row = {name: row.get(name, "") for name in COLUMNS}
    item = _item(row, currency)
    tender, reference = row["tender"], row["reference"]
    if not reference:
        return BasketRequest(row["vend_id"], (item,), tender=one_way(tender or None))
    if not row["amount"] or not tender:
        raise RowAsks(["amount", "tender"], [])
    paid = Payment(tender_of(tender), Money.from_text(row["amount"], currency), reference)
    return BasketRequest(row["vend_id"], (item,), (paid,))


def _item(row: Mapping[str, str], currency: str) -> Item:
    kind, meter = row["kind"] or "credit", row["meter"]
    if kind == "allowance":
        _filled(row, [], ["amount", "units", "debt", "tender", "reference"])
        return Allowance(meter)
    if kind == "payment":
        _filled(row, ["amount"], ["units"])
        return DebtPayment(meter, Money.from_text(row["amount"], currency), row["debt"])
    if kind != "credit":
        raise RowKind(kind[:20])
    if row["units"]:
        _filled(row, ["units"], ["amount", "debt"])
        decimal_from_text(row["units"])
        return Credit(meter, Units(row["units"]))
    _filled(row, ["amount"], ["debt"])
    return Credit(meter, Money.from_text(row["amount"], currency))


def _filled(row: Mapping[str, str], fill: list[str], empty: list[str]) -> None:
    if not all(row[name] for name in fill) or any(row[name] for name in empty):
        raise RowAsks(fill, empty)
