"""Who may give a meter which command: a table of roles, from least to most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RANKS: Final[Mapping[str, int]] = {
    "operator": 0,
    "billing": 1,
    "technician": 2,
    "supervisor": 3,
    "administrator": 4,
}
"""Of the house's roles. A command names the least that may give it; who stands above may too."""

LEAST_BY_DANGER: Final[Mapping[str, str]] = {
    "none": "operator",
    "bus": "technician",
    "supply": "technician",
    "credit": "billing",
    "erase": "administrator",
}
"""Below this a register map cannot put a command of that danger, whatever role it names: a map is
data from outside, and a slip in one must not hand the erasing of counters to everybody."""


def may(role: str, least: str, danger: str) -> bool:
    """Whether a role may give a command of this danger that asks for `least`. A name nobody knows
    may nothing, and opens nothing."""
    needed = max(
        RANKS.get(least, len(RANKS)), RANKS.get(LEAST_BY_DANGER.get(danger, ""), len(RANKS))
    )
    return RANKS.get(role, -1) >= needed
