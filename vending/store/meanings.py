"""What the rows of each table stand for: read so, one that is damaged raises.

Values of the wrong kind are found without it (`damage.py`); here is what only a reader knows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from meters.account import Commodity
from meters.quantities import Money

from ..accounting.adjustments import AdjustmentKind, AdjustmentState, read_lines
from ..accounting.periods import PeriodActKind
from ..aftersale import Evidence, SaleState
from ..approvals.approval import ApprovalState, StepState
from ..drawer.shifts import MoveKind
from ..keychanges.changes import KeyChangeState
from ..ledger import SealContent
from ..operators import Settlement
from ..record import QUANTITIES, SaleRecord, receipt_of
from ..voids import given_of
from . import schema as t
from .parties import meter_of

Meaning = Callable[[Mapping[str, Any]], object]
"""Reads a row as what it stands for, and raises where it stands for nothing."""

_SALE = [c.name for c in t.sales.columns]


def _sale(row: Mapping[str, Any]) -> None:
    fields = {name: row[name] for name in _SALE}
    receipt_of(SaleRecord(input_hash="", receipt_number=0, tokens=(), **fields))


def _trail(row: Mapping[str, Any]) -> None:
    for name in ("before", "after"):
        if row[name]:
            dict(json.loads(row[name]))


def _decision(row: Mapping[str, Any]) -> None:
    if ApprovalState(row["state"]) is ApprovalState.APPROVED and row["note"]:
        json.loads(row["note"])


def _object(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


def _currency(name: str) -> Money:
    return Money(0, name)


def _each(**readers: Callable[[Any], object]) -> Meaning:
    """Of a table whose columns stand for something one by one."""
    return lambda row: [read(row[name]) for name, read in readers.items()]


_METER: Final = [c.name for c in t.meters.columns]
MEANINGS: Final[Mapping[str, Meaning]] = {
    "meters": lambda row: meter_of([row[name] for name in _METER]),
    "agreements": _each(commodity=Commodity),
    "operators": _each(settlement=Settlement),
    "sales": _sale,
    "tokens": lambda row: not row["unit"] or QUANTITIES[row["unit"]],
    "voids": _each(evidence=Evidence, document=given_of),
    "delivery_events": _each(state=SaleState),
    "adjustments": _each(kind=AdjustmentKind, lines=read_lines),
    "decisions": _each(state=AdjustmentState),
    "approvals": _each(document=_object),
    "approval_decisions": _decision,
    "approval_steps": _each(state=StepState),
    "period_acts": _each(act=PeriodActKind),
    "seals": _each(document=SealContent.read),
    "accounts": _each(document=_object),
    "shifts": _each(currency=_currency),
    "cash_moves": _each(kind=MoveKind),
    "shift_closes": _each(document=_object),
    "x_reports": _each(document=_object),
    "bankings": _each(currency=_currency, document=_object),
    "key_change_events": _each(state=KeyChangeState),
    "trail": _trail,
}
"""By table."""
