"""Whose turn it is on a line: the most urgent first, and among equals who came first.

Callers wait for their turn and then work in their own thread. That keeps one owner at any moment
as well as a thread of the line's own would, and there is nothing to start, to stop or to lose.
"""

from __future__ import annotations

import heapq
from threading import Condition


class Turnstile:
    """Lets one through at a time."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: list[tuple[int, int]] = []
        self._arrived = 0
        self._taken = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._changed:
            return len(self._waiting)

    def take(self, priority: int) -> None:
        """Waits for the turn, which `give` ends. Lower numbers go first. Who has the turn must not
        ask for another."""
        with self._changed:
            if not self._taken and not self._waiting:
                self._taken = True
                return
            ticket = (priority, self._arrived)
            self._arrived += 1
            heapq.heappush(self._waiting, ticket)
            try:
                while self._taken or self._waiting[0] != ticket:
                    self._changed.wait()
                self._taken = True
            finally:
                # Also when the wait was interrupted: nobody waits behind a ticket that is gone.
                self._waiting.remove(ticket)
                heapq.heapify(self._waiting)
                self._changed.notify_all()

    def give(self) -> None:
        """The turn is over: the next one goes."""
        with self._changed:
            self._taken = False
            if self._waiting:
                self._changed.notify_all()
