"""Ids that callers make, so that an act asked for again is done once: the one rule for all of them.
Pure.

Whoever begins something under an id checks it with `check_new`. Whoever looks up what there is
checks its shape alone: older ones may be written in any way.
"""

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
    the same would be done twice."""


def check_shape(id: str, malformed: Callable[[int], Invalid]) -> None:
    """1 to 64 letters, digits and `. _ : -`. Raises what `malformed` makes of the length."""
    if not _ID.fullmatch(id):
        raise malformed(len(id))


def check_new(id: str, malformed: Callable[[int], Invalid]) -> None:
    """An id that something may begin under. Raises what `check_shape` does, or IdInCapitals."""
    check_shape(id, malformed)
    if id != id.lower() and _UUID.fullmatch(id):
        raise IdInCapitals()
