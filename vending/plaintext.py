"""Text that people type and others read: which signs of it can be kept. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from meters.errors import Invalid

_HIDDEN: Final = ("Cc", "Cs", "Zl", "Zp")
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of the text behind it: a paper or a screen would show other digits than
are kept. Single marks (U+200E, U+200F) and the joiners that languages need turn nothing."""


@dataclass(eq=False)
class TextNotKept(Invalid, code="text.not_kept"):
    """A text holds line breaks, control signs, or signs that turn the direction of writing."""

    field: str


def can_be_kept(text: str) -> bool:
    """Whether every sign of it is one that a database holds and a screen shows where it stands."""
    # Most texts are plain, and sales are many.
    if text.isascii() and text.isprintable():
        return True
    return not any(_unfit(sign) for sign in text)


def check_kept(field: str, *texts: str) -> None:
    """Raises TextNotKept."""
    if not all(map(can_be_kept, texts)):
        raise TextNotKept(field)


def in_one_line(text: str) -> str:
    """Without spaces around it; what cannot be kept is a space."""
    return " ".join("".join(" " if _unfit(sign) else sign for sign in text).split())


def visible(text: str) -> int:
    """How many signs of it somebody sees: marks of direction and joiners alone say nothing."""
    return sum(unicodedata.category(sign) != "Cf" for sign in text)


def _unfit(sign: str) -> bool:
    return sign in _TURNING or unicodedata.category(sign) in _HIDDEN


def printable(text: str) -> str:
    """`text` with bytes in it that are no text, as a damaged database has them, told by number."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
