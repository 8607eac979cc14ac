"""The place a meter stands in: what flows through it, what switches it, whose credit it runs on.

Pure: the moment (whole seconds since 1970) is passed in, and one before the last counts as no time.
All sums are whole numbers, in micro-units times seconds, so that what flowed is always what was
counted, forward and reverse.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from .loads import MICRO, PER_UNIT

EVENT_LINES: Final = 40


class Flow(Protocol):
    """`loads.Draw`, or the sum of many."""

    def rate(self, at: int) -> int: ...

    def until(self, at: int) -> int: ...


@dataclass(slots=True)
class Switch:
    """A relay (no travel to speak of) or a motor valve (up to a minute)."""

    travel_s: int = 0
    closed: bool = True
    """Whether current or water can pass. A relay that is closed conducts."""
    target: bool = True
    since: int = 0
    """When it was last told to move."""
    stuck: bool = False
    """Acknowledges and never moves: welded, or jammed."""
    half: bool = False
    """Does not shut fully: half of the flow goes on."""

    def tell(self, closed: bool, now: int) -> None:
        self.target, self.since = closed, now

    @property
    def moves(self) -> bool:
        return self.target != self.closed and not self.stuck

    @property
    def there_at(self) -> int:
        return self.since + self.travel_s

    @property
    def state(self) -> str:
        """`open`, `closed`, `opening`, `closing` - of the contact or valve as people say it of
        supply: `closed` is connected for a relay."""
        if self.moves:
            return "closing" if self.target else "opening"
        return "closed" if self.closed else "open"


@dataclass(slots=True)
class Premises:
    """One metered place."""

    flow: Flow
    at: int
    switch: Switch = field(default_factory=Switch)
    forward: int = 0
    """Counted up to `at`, in micro-units times seconds."""
    reverse: int = 0
    balance: int | None = None
    """Credit that the meter holds, in micro-units times seconds; None: the head-end holds it."""
    extra: int = 0
    """Drawn besides, in micro-units: a leak."""
    passing: int = 1000
    """Per mille of the flow that the meter sees: a bypass leaves less, a neutral cut none."""
    backwards: bool = False
    reasons: frozenset[str] = frozenset()
    """Why the supply is off: `remote`, `credit`, `tamper`. It returns when none is left."""
    flags: frozenset[str] = frozenset()
    """`cover`, `magnet`, `phase_loss` ..., as the canonical names have them."""
    purchases: int = 0
    events: tuple[tuple[int, str], ...] = ()
    """The latest, oldest first."""
    dark: bool = False
    """No voltage on the feeder: nothing flows and the meter is dead."""

    def rate(self, now: int) -> int:
        """What flows now, in micro-units; negative if it flows backwards."""
        self.advance(now)
        rate = self._share(self.flow.rate(self.at) + self.extra)
        return -rate if self.backwards else rate

    def advance(self, now: int) -> None:
        """Let time pass: count what flows, move the switch, stop when the credit is used up."""
        while self.at < now:
            until = now
            if self.switch.moves:
                until = min(now, max(self.at, self.switch.there_at))
            if until > self.at:
                until = self._count(until)
            if self.switch.moves and self.at >= self.switch.there_at:
                self._arrive()

    def settle(self, now: int) -> None:
        """As `advance`, and finishes a movement that takes no time at all."""
        self.advance(now)
        if self.switch.moves and self.at >= self.switch.there_at:
            self._arrive()

    def connect(self, on: bool, now: int, reason: str = "remote") -> None:
        """Give or take a reason for the supply to be off, and let the switch follow."""
        self.settle(now)
        self.reasons = self.reasons - {reason} if on else self.reasons | {reason}
        self._follow()
        self.settle(now)

    def credit(self, amount: int, now: int) -> None:
        """Credit in whole Wh or litres more (less, if negative)."""
        self.settle(now)
        assert self.balance is not None
        self.balance += amount * PER_UNIT
        self.purchases += 1
        self.connect(self.balance > 0, now, "credit")

    def set_balance(self, amount: int, now: int) -> None:
        """Credit is so many Wh or litres from here on."""
        self.settle(now)
        self.balance = amount * PER_UNIT
        self.connect(amount > 0, now, "credit")

    def _share(self, rate: int) -> int:
        seen = 0 if self.dark else rate * self.passing // 1000
        if self.switch.closed:
            return seen
        return seen // 2 if self.switch.half else 0

    def _between(self, begin: int, end: int) -> int:
        # In this order: a draw remembers what it was last asked, which is the next `begin`.
        before = self.flow.until(begin)
        return self._share(self.flow.until(end) - before + self.extra * (end - begin))

    def _count(self, until: int) -> int:
        """Count up to `until`, or to the moment the credit ends; returns which."""
        begin = self.at
        drawn = self._between(begin, until)
        if self.balance is not None and not self.backwards and 0 < self.balance <= drawn:
            low, high = begin + 1, until
            while low < high:
                middle = (low + high) // 2
                if self._between(begin, middle) >= self.balance:
                    high = middle
                else:
                    low = middle + 1
            until, drawn = low, self.balance
        if self.backwards:
            self.reverse += drawn
        else:
            self.forward += drawn
            if self.balance is not None:
                self.balance -= drawn
        self.at = until
        if self.balance == 0 and "credit" not in self.reasons:
            self.reasons |= {"credit"}
            self._follow()
        return until

    def _follow(self) -> None:
        wanted = not self.reasons
        if self.switch.target != wanted:
            self.switch.tell(wanted, self.at)

    def _arrive(self) -> None:
        self.switch.closed = self.switch.target
        self.note("supply_on" if self.switch.closed else "supply_off")

    def flag(self, name: str, is_set: bool, now: int) -> None:
        """Set or clear a flag, and write it down."""
        self.settle(now)
        self.flags = self.flags | {name} if is_set else self.flags - {name}
        self.note(name if is_set else f"{name}_over")

    def note(self, event: str) -> None:
        """A line of the meter's event log."""
        self.events = (*self.events, (self.at, event))[-EVENT_LINES:]


def micro(amount: int) -> int:
    """W or litres an hour in millionths."""
    return amount * MICRO
