"""Variants of a model family: members of one register map that are told apart by what they say of
themselves, and that do not have everything that the map tells.

What a variant lacks is not asked for, not shown by its stand-in, and nothing that could be billed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

TELLING: Final = ("model", "firmware")
"""Roles of identify steps that a variant can be told by, as its own keys are called."""
FIRMWARE: Final = "firmware"
"""What a technician names who confirms that a firmware that no variant knows behaves as the map
says. (No register is called so.)"""


@dataclass(frozen=True, slots=True)
class Variant:
    """One of a family. `model` and `firmware` are matches, as those of an identify step, against
    what the meter tells in that role; the one that is empty is not looked at."""

    name: str
    model: str = ""
    firmware: str = ""
    lacks: tuple[str, ...] = ()
    """Registers and commands that it does not have, as the map writes them: a repeated register
    by the name before its index."""
    absent: frozenset[str] = frozenset()
    """The same with full names: each place of a repeated register."""
    shows: Mapping[str, str] = field(default_factory=dict)
    """By role, what a stand-in of this variant tells of itself."""
    sources: tuple[str, ...] = ()
    notes: str = ""

    @property
    def matches(self) -> dict[str, str]:
        """By role, what it must be told as."""
        return {role: match for role in TELLING if (match := getattr(self, role))}

    def fits(self, told: Mapping[str, str]) -> bool:
        """Whether a meter that tells this of itself, by role, is of this variant."""
        return all(fits(match, told.get(role, "")) for role, match in self.matches.items())


def variant_of(variants: Sequence[Variant], told: Mapping[str, str]) -> Variant | None:
    """The first that fits what a meter tells of itself."""
    return next((variant for variant in variants if variant.fits(told)), None)


def fits(match: str, text: str) -> bool:
    """Whether a text is what an identify step or a variant wants: anything, this very text (numbers
    by their value, `0x20` is `32`), or a regular expression between slashes that is found in it."""
    if not match:
        return True
    if len(match) > 1 and match.startswith("/") and match.endswith("/"):
        return re.search(match[1:-1], text) is not None
    return match == text or (_number(match) is not None and _number(match) == _number(text))


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None
