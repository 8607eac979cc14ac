"""Who may give a meter which command: a table of roles, from least to most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..maps.model import Command

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


SELF_AUTHORISED: Final = frozenset({"push_token"})
"""A token is its own authority: the meter judges it, and whoever holds it may enter it."""


def may(role: str, command: Command) -> bool:
    """Whether a role may give a command. A name nobody knows may nothing, and opens nothing."""
    least = command.role
    by_danger = LEAST_BY_DANGER.get(command.danger, "")
    if command.name in SELF_AUTHORISED:
        by_danger = least
    needed = max(RANKS.get(one, len(RANKS)) for one in (least, by_danger))
    return RANKS.get(role, -1) >= needed
