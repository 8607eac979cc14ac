"""Rows as what they stand for, where several readers need it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from ..accounting.periods import PeriodAct, PeriodActKind
from ..aftersale import Evidence, Void


def void_of(row: Row[Any]) -> Void:
    """From the columns of voids, in their order."""
    return Void(**{**row._mapping, "evidence": Evidence(row.evidence)})


def act_of(row: Any) -> PeriodAct:
    """From the columns of period_acts, in their order."""
    return PeriodAct(row[0], row[1], PeriodActKind(row[2]), *row[3:])
