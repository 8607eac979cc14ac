"""Ids that callers make, so that what they ask for twice happens once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from meters.errors import Invalid

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-?)(?:[0-9A-Fa-f]{4}\1){3}[0-9A-Fa-f]{12}")


@dataclass(eq=False)
class IdInCapitals(Invalid, code="id.in_capitals"):
    """A UUID with capital letters. Programs and databases take both spellings for one UUID and
    write small letters; we tell ids apart by every letter. Asked for again in the other spelling,
    it would be done twice."""


def sought_id(text: str, malformed: Callable[[int], Invalid]) -> str:
    """The id of something that may be there: 1 to 64 letters, digits and `. _ : -`. Raises what
    `malformed` makes of its length."""
    if not _ID.fullmatch(text):
        raise malformed(len(text))
    return text


def new_id(text: str, malformed: Callable[[int], Invalid]) -> str:
    """The id of what is asked for, the first time or again. Raises IdInCapitals, too."""
    sought_id(text, malformed)
    if text != text.lower() and _UUID.fullmatch(text):
        raise IdInCapitals()
    return text
