"""X reports that were taken of an open shift: what is kept of one, and what of it whom is told.
Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from ..ledger import canonical_json, canonical_time
from ..parties import Actor, Role
from .reports import ShiftReport, report_fields, report_from


@dataclass(frozen=True, slots=True)
class XReport:
    """An X report as it is kept."""

    id: str
    """Made by the caller."""
    shift: str
    number: int
    """1, 2, ... without gaps within its shift."""
    at: datetime
    actor: str
    """Who took it."""
    after_entry: int
    """Number of the last journal entry before it: what its sums hold."""
    document: str
    """What was on the paper, canonical JSON (`x_document`): of a blind one without the cash."""
    copies: int = 0
    """How many copies have been printed."""

    @property
    def hash(self) -> str:
        """SHA-256 over every field but the copies: what the Z report of its shift holds of it."""
        fields = (
            self.id,
            self.shift,
            self.number,
            canonical_time(self.at),
            self.actor,
            self.after_entry,
            self.document,
        )
        return sha256(canonical_json(fields)).hexdigest()


def kept(report: ShiftReport, after_entry: int) -> XReport:
    """The report, which has its id and number, as it is kept."""
    return XReport(
        report.id,
        report.shift.id,
        report.number,
        report.at,
        report.actor,
        after_entry,
        x_document(report),
    )


def x_document(report: ShiftReport) -> str:
    """An X report as it was on the paper."""
    told = {
        **report_fields(report),
        "id": report.id,
        "number": report.number,
        "taken_at": canonical_time(report.at),
        "taken_by": report.actor,
        "blind": report.blind,
    }
    return canonical_json(told).decode("ascii")


def told_to(taken: XReport, actor: Actor) -> ShiftReport:
    """The report as it was taken, with the same figures at any later time. An operator is never
    told the cash of one that somebody else may see whole: it would be known before the count. One
    that was taken blind is blind for everybody."""
    data: dict[str, Any] = json.loads(taken.document)
    made = report_from(
        data,
        at=datetime.fromisoformat(data["taken_at"]),
        actor=data["taken_by"],
        id=data["id"],
        number=data["number"],
        blind=data["blind"],
        copies=taken.copies,
    )
    return for_eyes_of(made, actor)


def for_eyes_of(report: ShiftReport, actor: Actor) -> ShiftReport:
    """An X report as this person may see it: blind for an operator."""
    if report.blind or actor.role is not Role.OPERATOR:
        return report
    return replace(report, tally=report.tally.blinded(), blind=True)
