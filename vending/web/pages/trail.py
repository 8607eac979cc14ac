"""The audit trail: who did what, from what to what, and why; and whether it is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from ...finding import western
from ...people import TrailLine
from .showing import shown
from .visitor import Filled, Visiting, Visitor

router = APIRouter(prefix="/trail", include_in_schema=False)

A_PAGE: Final = 50
_LAST: Final = 2**53


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that a line tells: what it was, what it is."""

    name: str
    before: str
    after: str


@router.get("")
def trail(visit: Visiting, by: str = "", subject: str = "", before: int = 0) -> Response:
    """Latest first; of one person, or about one subject."""
    return _trail(visit, by, subject, before)


@router.post("/verify")
def verify(visit: Visiting, form: Filled) -> Response:
    """Reads the whole trail and says whether each line follows from the one before."""
    checked = visit.services.office.verify_trail(visit.who.actor)
    return _trail(visit, form["by"], form["subject"], 0, checked=checked)


def _trail(
    visit: Visitor, by: str, subject: str, before: int, *, checked: object = None
) -> Response:
    lines = visit.services.office.trail(
        visit.who.actor,
        before=before if 0 < before < _LAST else 0,
        limit=A_PAGE,
        subject=western(subject.strip()[:200]),
        by=western(by.strip()[:60]),
    )
    return shown(
        visit,
        "office/trail.html",
        lines=[(line, list(changes(line))) for line in lines],
        by=by,
        subject=subject,
        more=lines[-1].number if len(lines) == A_PAGE else 0,
        checked=checked,
    )


def changes(line: TrailLine) -> Iterator[Changed]:
    """What a line tells, name by name: what stayed is left out."""
    before, after = _document(line.before), _document(line.after)
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        told = Changed(name, _text(old), _text(new))
        if told.before != told.after:
            yield told


def _document(text: str) -> dict[str, Any]:
    """What a line holds, flat: of a thing within a thing the last name is enough."""
    return dict(_flat(json.loads(text) if text else {}))


def _flat(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value)
        else:
            yield name, value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)
