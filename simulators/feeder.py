"""What flows at the head of a site: everything that everybody behind it draws, seen by their meters
or not, and what is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

LOSSES: Final = 80
"""Per mille of what is drawn: cables that warm up, pipes that leak, and what nobody meters."""


class Behind(Protocol):
    """Somebody behind the feeder: `premises.Premises`, or a payment meter with its own relay."""

    @property
    def drawn(self) -> int:
        """All that has flowed so far, in micro-units times seconds."""
        ...

    def advance(self, now: int) -> None: ...

    def real_rate(self, now: int) -> int:
        """What flows now, in micro-units."""
        ...


@dataclass(slots=True)
class Feeder:
    """A `premises.Flow` for the meter at the head. Whoever asks it goes forward in time, as the
    premises of that meter do; it lets the time pass for everybody behind it."""

    places: Sequence[Behind]
    """May still grow while a town is built."""
    at: int
    """When everybody began: nothing has flowed before."""
    losses: int = LOSSES
    _total: int = field(default=0, repr=False)
    """What has flowed up to `at`."""

    def rate(self, at: int) -> int:
        """What flows at a moment, in millionths of W or litres an hour."""
        return self._with_losses(sum(place.real_rate(at) for place in self.places))

    def until(self, at: int) -> int:
        """All that has flowed up to a moment, in micro-units times seconds."""
        if at > self.at:
            # Remembered, because meters that are asked in between are ahead of it.
            self.at = at
            for place in self.places:
                place.advance(at)
            self._total = self._with_losses(sum(place.drawn for place in self.places))
        return self._total

    def _with_losses(self, amount: int) -> int:
        return amount * (1000 + self.losses) // 1000
