"""What the demo promises of itself: every verdict and every sum, kept and counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from ..shapes import Measure, ReadingOut


class Fact(NamedTuple):
    """Something that had to be so."""

    what: str
    ok: bool
    of: str
    """Vend id, where it is asked of every sale."""


@dataclass
class Checks:
    """Named yes-or-no facts in the order they were found."""

    facts: list[Fact] = field(default_factory=list)

    def that(self, what: str, ok: bool, of: str = "") -> bool:
        """Note a fact; its truth."""
        self.facts.append(Fact(what, ok, of))
        return ok

    @property
    def failed(self) -> list[Fact]:
        return [fact for fact in self.facts if not fact.ok]

    def shared(self) -> dict[str, list[Fact]]:
        """The same by what is said, in the order in which it was said first."""
        found: dict[str, list[Fact]] = {}
        for fact in self.facts:
            found.setdefault(fact.what, []).append(fact)
        return found

    @property
    def ok(self) -> bool:
        return bool(self.facts) and not self.failed


def number(measure: Measure) -> Fraction:
    """The exact number of a measure in its display unit."""
    return Fraction(measure.value)


def credited(before: ReadingOut, after: ReadingOut) -> Fraction:
    """What the meter was credited with between two readings, whatever it supplied meanwhile:
    the change of balance plus the change of the supply counter."""
    return (number(after.balance) - number(before.balance)) + (
        number(after.total_supplied) - number(before.total_supplied)
    )
