"""What must not be shown wherever text of callers is repeated: in a log line or an error.

A token put where a meter number belongs, or an API key where an id belongs, is still money or
a secret. Nothing of ours has runs of twenty digits but tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from meters.errors import Invalid

MASK: Final = "***"
_SECRET: Final = re.compile(r"(?:\d[ \t\u00a0._-]{0,3}){19,}\d|rsk_[0-9A-Za-z]*", re.IGNORECASE)


@dataclass(eq=False)
class ReasonHoldsToken(Invalid, code="reason.holds_token"):
    """A reason is kept for ever and read by many: no token's digits are written into it."""


def check_no_secret(reason: str) -> None:
    """Raises ReasonHoldsToken."""
    if masked(reason) != reason:
        raise ReasonHoldsToken()


@dataclass(eq=False)
class ReferenceHoldsToken(Invalid, code="reference.holds_token"):
    """A reference is printed and exported: no token's digits are written into it."""


def check_references(*references: str) -> None:
    """Raises ReferenceHoldsToken."""
    if any(masked(one) != one for one in references):
        raise ReferenceHoldsToken()


def masked(text: str) -> str:
    """`text` with everything that could be a whole token or an API key replaced."""
    return _SECRET.sub(MASK, text)


def masked_fact(value: Any) -> Any:
    """A fact of an error, masked through lists and objects."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list):
        return [masked_fact(item) for item in value]
    if isinstance(value, dict):
        return {name: masked_fact(item) for name, item in value.items()}
    return value
