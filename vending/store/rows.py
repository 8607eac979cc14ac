"""Rows as what they stand for, where several readers need it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from ..sale import Evidence, Void


def void_of(row: Row[Any]) -> Void:
    """From the columns of voids, in their order."""
    return Void(**{**row._mapping, "evidence": Evidence(row.evidence)})
