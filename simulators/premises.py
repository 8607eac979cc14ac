"""The place a meter stands in: what flows through it, what switches it, whose credit it runs on.

Pure: the moment (whole seconds since 1970) is passed in, and one before the last counts as no time.
All sums are whole numbers, in micro-units times seconds, so that what flowed is always what was
counted, forward and reverse.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from .loads import PER_UNIT
from .trouble import NO_TROUBLE, Trouble, together

EVENT_LINES: Final = 40


class Flow(Protocol):
    """`loads.Draw`, or `feeder.Feeder`: what would flow if nothing were wrong."""

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
    drawn: int = 0
    """What really flowed since the beginning, seen by the meter or not."""
    trouble: Trouble = NO_TROUBLE
    """All that is wrong here now."""
    reasons: frozenset[str] = frozenset()
    """Why the supply is off: `remote`, `credit`, `tamper`. It returns when none is left."""
    purchases: int = 0
    events: tuple[tuple[int, str], ...] = ()
    """The latest, oldest first."""
    _suffered: tuple[tuple[object, Trouble], ...] = field(default=(), repr=False)

    @property
    def dark(self) -> bool:
        return self.trouble.dark

    @property
    def flags(self) -> frozenset[str]:
        """What the meter has noticed of its troubles."""
        return self.trouble.flags

    def rate(self, now: int) -> int:
        """What the meter sees flow now, in micro-units; negative if it flows backwards."""
        self.advance(now)
        rate = self._seen(self.flow.rate(self.at) + self.trouble.extra)
        return -rate if self.trouble.backwards else rate

    def real_rate(self, now: int) -> int:
        """What really flows now, in micro-units, seen by the meter or not."""
        self.advance(now)
        return self._real(self.flow.rate(self.at) + self.trouble.extra)

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

    def suffer(self, who: object, trouble: Trouble, now: int) -> None:
        """From now on `who` makes this trouble, beside what others make."""
        self._now_is((*self._suffered, (who, trouble)), now)

    def recover(self, who: object, now: int) -> None:
        """What `who` made is over: things come right, where nobody else keeps them wrong."""
        self._now_is(tuple(one for one in self._suffered if one[0] is not who), now)

    def _now_is(self, suffered: tuple[tuple[object, Trouble], ...], now: int) -> None:
        self.settle(now)
        before, self._suffered = self.trouble, suffered
        after = self.trouble = together(trouble for _, trouble in suffered)
        self.switch.stuck, self.switch.half = after.stuck, after.half
        if after.dark is not before.dark:
            self.note("power_down" if after.dark else "power_up")
        for name in sorted(after.flags ^ before.flags):
            self.note(name if name in after.flags else f"{name}_over")
        # A switch that has come loose follows at once.
        self.settle(now)

    def _through(self, amount: int) -> int:
        """Of a draw: what goes through the switch."""
        trouble = self.trouble
        if trouble.dark:
            return 0
        amount = amount * trouble.flowing // 1000
        if self.switch.closed:
            return amount
        return amount // 2 if self.switch.half else 0

    def _seen(self, amount: int) -> int:
        return self._through(amount) * self.trouble.passing // 1000

    def _real(self, amount: int) -> int:
        around = 0 if self.trouble.dark else amount * self.trouble.around // 1000
        return max(self._through(amount), around)

    def _between(self, begin: int, end: int) -> int:
        """What is drawn, if nothing is wrong but a leak."""
        # In this order: a draw remembers what it was last asked, which is the next `begin`.
        before = self.flow.until(begin)
        return self.flow.until(end) - before + self.trouble.extra * (end - begin)

    def _count(self, until: int) -> int:
        """Count up to `until`, or to the moment the credit ends; returns which."""
        begin, backwards = self.at, self.trouble.backwards
        wanted = self._between(begin, until)
        seen = self._seen(wanted)
        if self.balance is not None and not backwards and 0 < self.balance <= seen:
            low, high = begin + 1, until
            while low < high:
                middle = (low + high) // 2
                if self._seen(self._between(begin, middle)) >= self.balance:
                    high = middle
                else:
                    low = middle + 1
            until, seen = low, self.balance
            wanted = self._between(begin, until)
        self.drawn += self._real(wanted)
        if backwards:
            self.reverse += seen
        else:
            self.forward += seen
            if self.balance is not None:
                self.balance -= seen
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

    def note(self, event: str) -> None:
        """A line of the meter's event log."""
        self.events = (*self.events, (self.at, event))[-EVENT_LINES:]
