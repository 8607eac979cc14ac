"""What the counts of a line tell a technician: which of the usual troubles it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

_SPOILT: Final = ("crc", "truncated", "noise", "byte_count", "garbled")
LEAST: Final = 8
"""Requests below which counts say nothing."""
SHARE: Final = 0.05
"""Of requests spoilt, above which a line is not what it should be: a sound one has one in ten
thousand."""


class Trouble(Enum):
    """What to look for."""

    NOBODY = "nobody"
    """Nothing ever answers: power, wires crossed (A and B), address, another protocol."""
    SETTINGS = "settings"
    """Something always comes and is never readable: another speed or parity."""
    SPOILT = "spoilt"
    """Some replies are spoilt: termination, bias, a star instead of a line; go to a lower speed."""
    CONFLICT = "conflict"
    """Two meters have one address."""
    JABBER = "jabber"
    """The line is never silent: somebody transmits all the time."""


def troubles(counts: Mapping[str, int]) -> list[Trouble]:
    """By the counts of `Bus.counts`, or of one meter: the worst first. Empty for a sound line, and
    as long as too little was asked."""
    ok = counts.get("ok", 0) + counts.get("declined", 0)
    spoilt = sum(counts.get(reason, 0) for reason in _SPOILT)
    conflict, busy = counts.get("conflict", 0), counts.get("busy", 0)
    silent = counts.get("timeout", 0)
    asked = ok + spoilt + conflict + silent + busy
    if asked < LEAST:
        return []
    found = []
    if busy > asked * SHARE:
        found.append(Trouble.JABBER)
    if conflict > asked * SHARE:
        found.append(Trouble.CONFLICT)
    if not ok and spoilt >= silent and spoilt:
        found.append(Trouble.SETTINGS)
    elif spoilt > asked * SHARE:
        found.append(Trouble.SPOILT)
    if silent == asked:
        found.append(Trouble.NOBODY)
    return found
