"""What can be wrong at a metered place, and how several troubles at once add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Final

_WHOLE: Final = 1000


@dataclass(frozen=True, slots=True)
class Trouble:
    """What one fault does to a place for as long as it lasts. Shares are per mille."""

    flowing: int = _WHOLE
    """Of the draw that is left: a dead phase takes its part away, air in a pipe all of it."""
    passing: int = _WHOLE
    """Of what flows that the meter sees."""
    around: int = 0
    """Of the draw that goes by meter and switch, and flows when the supply is off too."""
    backwards: bool = False
    """The meter is connected the wrong way round."""
    extra: int = 0
    """Drawn besides, in micro-units: a leak."""
    dark: bool = False
    """No voltage on the feeder: nothing flows and the meter is dead."""
    stuck: bool = False
    """The switch acknowledges and never moves: welded, or jammed."""
    half: bool = False
    """The switch does not shut fully: half of the flow goes on."""
    flags: frozenset[str] = frozenset()
    """What the meter notices: `cover`, `magnet`, `phase_loss` ..., as the canonical names have
    it."""

    def beside(self, other: Trouble) -> Trouble:
        """Both at once."""
        return Trouble(
            self.flowing * other.flowing // _WHOLE,
            self.passing * other.passing // _WHOLE,
            max(self.around, other.around),
            # Turned round twice is the right way round.
            self.backwards is not other.backwards,
            self.extra + other.extra,
            self.dark or other.dark,
            self.stuck or other.stuck,
            self.half or other.half,
            self.flags | other.flags,
        )


NO_TROUBLE: Final = Trouble()


def together(troubles: Iterable[Trouble]) -> Trouble:
    """All of them at once."""
    return reduce(Trouble.beside, troubles, NO_TROUBLE)
