"""One table from an error's kind to HTTP status and exit code, and an error told in words.

This is the only place that knows either number; the API and the command line both ask here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from meters.errors import Broken, Invalid, RaseedError, Refused, Unavailable, Unknown
from meters.quantities import Money, Quantity

from .masking import masked, masked_fact
from .messages import Language, phrase, words_for


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of error is answered."""

    name: str
    status: int
    exit_code: int


KINDS: dict[type[RaseedError], Kind] = {
    Invalid: Kind("invalid", 422, 2),
    Refused: Kind("refused", 409, 3),
    Unavailable: Kind("unavailable", 503, 4),
    Unknown: Kind("unknown", 502, 5),
    Broken: Kind("broken", 500, 70),
}

STATUS_BY_CODE = {
    "caller.unknown": 401,
    "caller.scope_missing": 403,
    "actor.not_allowed": 403,
    "request.no_such_address": 404,
    "request.method": 405,
    "request.too_large": 413,
}
"""Where HTTP has a number of its own for the case."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as it is told to a caller: stable code and facts, and words in one language."""

    code: str
    kind: str
    status: int
    exit_code: int
    title: str
    detail: str
    facts: dict[str, Any]


def kind_of(error: RaseedError) -> Kind:
    """Which of the five kinds an error is."""
    for kind, row in KINDS.items():
        if isinstance(error, kind):
            return row
    raise TypeError(f"{type(error).__name__} is of no kind")


def status_of(error: RaseedError) -> int:
    """The HTTP status: by code, else 404 for an unknown party, else by kind."""
    if error.code in STATUS_BY_CODE:
        return STATUS_BY_CODE[error.code]
    if isinstance(error, Invalid) and error.code.endswith(".unknown"):
        return 404
    return kind_of(error).status


def problem_of(error: RaseedError, language: Language) -> Problem:
    """Everything an edge needs to answer an error."""
    kind = kind_of(error)
    return Problem(
        code=error.code,
        kind=kind.name,
        status=status_of(error),
        exit_code=kind.exit_code,
        title=phrase(f"kind_{kind.name}", language),
        detail=masked(words_for(error, language)),
        facts={name: masked_fact(plain(value)) for name, value in error.facts().items()},
    )


def plain(value: Any) -> Any:
    """A fact as JSON can hold it: quantities and money as decimal text with unit."""
    if isinstance(value, Money):
        return {"value": value.to_text(), "unit": value.currency}
    if isinstance(value, Quantity):
        return {"value": value.to_text(), "unit": value.display_unit}
    if isinstance(value, Enum):
        # A verdict's number is our own meter's; its name is the standard's.
        return value.name if isinstance(value, int) else value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value if isinstance(value, int | str | bool | None) else str(value)
