"""A list of sales: one sale per row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from meters.errors import Invalid
from meters.identity import meter_from_text
from meters.quantities import Money, decimal_from_text

from ..requests import Allowance, BasketRequest, Credit, DebtPayment, Item, Units
from ..sale import Payment
from .lists import Row, read_list
from .sale_options import one_way, tender_of

COLUMNS: Final = ("vend_id", "kind", "meter", "amount", "units", "debt", "tender", "reference")
NEEDED: Final = ("vend_id", "meter")


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


def read_sales(path: Path, currency: str) -> list[Row[BasketRequest]]:
    """All rows. Raises the errors of `read_list`; a row may hold RowKind, RowAsks, NotANumber,
    TooFine, TenderUnknown, VendIdMalformed, IdInCapitals, TextNotKept and the errors of meter
    numbers."""
    return read_list(path, COLUMNS, NEEDED, lambda cells: _basket(cells, currency))


def _basket(cells: Mapping[str, str], currency: str) -> BasketRequest:
    meter_from_text(cells["meter"])
    item = _item(cells, currency)
    vend_id, tender, reference = cells["vend_id"], cells["tender"], cells["reference"]
    if not reference:
        return BasketRequest(vend_id, (item,), tender=one_way(tender or None))
    if not cells["amount"] or not tender:
        raise RowAsks(["amount", "tender"], [])
    paid = Payment(tender_of(tender), Money.from_text(cells["amount"], currency), reference)
    return BasketRequest(vend_id, (item,), (paid,))


def _item(cells: Mapping[str, str], currency: str) -> Item:
    kind, meter = cells["kind"] or "credit", cells["meter"]
    if kind == "allowance":
        _filled(cells, [], ["amount", "units", "debt", "tender", "reference"])
        return Allowance(meter)
    if kind == "payment":
        _filled(cells, ["amount"], ["units"])
        return DebtPayment(meter, Money.from_text(cells["amount"], currency), cells["debt"])
    if kind != "credit":
        raise RowKind(kind[:20])
    if cells["units"]:
        _filled(cells, ["units"], ["amount", "debt"])
        decimal_from_text(cells["units"])
        return Credit(meter, Units(cells["units"]))
    _filled(cells, ["amount"], ["debt"])
    return Credit(meter, Money.from_text(cells["amount"], currency))


def _filled(cells: Mapping[str, str], fill: list[str], empty: list[str]) -> None:
    if not all(cells[name] for name in fill) or any(cells[name] for name in empty):
        raise RowAsks(fill, empty)
