"""Rows as what they stand for, where several readers need it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from ..accounting.periods import PeriodAct, PeriodActKind
from ..aftersale import Evidence, Void
from ..ledger import JournalEntry, PostedEntry, Posting


def void_of(row: Row[Any]) -> Void:
    """From the columns of voids, in their order."""
    return Void(**{**row._mapping, "evidence": Evidence(row.evidence)})


def act_of(row: Any) -> PeriodAct:
    """From the columns of period_acts, in their order."""
    return PeriodAct(row[0], row[1], PeriodActKind(row[2]), *row[3:])


def posted_of(row: Row[Any], postings: Iterable[Posting]) -> PostedEntry:
    """From the columns of entries, with its lines in their order."""
    entry = JournalEntry(
        at=row.at,
        kind=row.kind,
        cause=row.cause,
        actor=row.actor,
        point=row.point,
        content_hash=row.content_hash,
        postings=tuple(postings),
    )
    return PostedEntry(row.number, row.previous_hash, row.hash, entry)
