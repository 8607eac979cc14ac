"""What the use cases of the people who keep the books stand on."""

from __future__ import annotations

from datetime import tzinfo

from ..clock import UNWATCHED, ClockGuard
from ..ledger import Chart
from ..ports import Clock
from .ports import BooksStore


class Keeping:
    """The books, their accounts and the time. `zone` is the clock on the wall of the office: days
    and months begin and end by it."""

    def __init__(
        self,
        store: BooksStore,
        chart: Chart,
        clock: Clock,
        zone: tzinfo,
        guard: ClockGuard = UNWATCHED,
    ) -> None:
        self._store = store
        self._chart = chart
        self._clock = clock
        self._zone = zone
        self._guard = guard
