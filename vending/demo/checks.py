"""What the demo promises of itself: every verdict and every sum, kept and counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from ..shapes import Measure, ReadingOut


@dataclass
class Checks:
    """Named yes-or-no facts in the order they were found."""

    facts: list[tuple[str, bool]] = field(default_factory=list)

    def that(self, what: str, ok: bool) -> bool:
        """Note a fact; its truth."""
        self.facts.append((what, ok))
        return ok

    @property
    def failed(self) -> list[str]:
        return [what for what, ok in self.facts if not ok]

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
