"""Who is the same person: rules that need two people compare people, not spellings. Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_EDGES = ("api:", "cli:")
"""What an edge puts before a name: the door that somebody came in by does not make two people."""


@lru_cache(maxsize=1024)
def person(name: str) -> str:
    """The name in the one form that people are compared by: without the edge in front, without
    regard to case, spacing, width of letters and invisible signs. Not for showing."""
    plain = spelt(name)
    # However often an edge was put in front: the form of a form is itself.
    while plain.startswith(_EDGES):
        for edge in _EDGES:
            plain = plain.removeprefix(edge).lstrip()
    return plain


def spelt(name: str) -> str:
    """The same with the edge in front: one text for a name, however it is written."""
    kept = "".join(
        c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf"
    )
    return " ".join(kept.split()).casefold()


def same_person(one: str, other: str) -> bool:
    """Whether two names, however written and from whichever terminal, mean one person."""
    return person(one) == person(other)
