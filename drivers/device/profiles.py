"""Load profiles, where a protocol has them: a link that reads them says so by this shape."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Protocol, runtime_checkable

from meters.device import Interval


@runtime_checkable
class ProfileLink(Protocol):
    """A Link that is also this reads the meter's load profile."""

    def profile(self, begin: datetime, end: datetime, zone: tzinfo) -> list[Interval]:
        """Intervals that end within (begin, end], oldest first, gaps left as gaps; the meter's own
        times are of `zone`. Raises MeterUnreachable."""
        ...
