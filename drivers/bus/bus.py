"""The owner of one line, whatever goes over it: Modbus, or a conversation of another protocol.

    bus = Bus(RtuLine(channel, "line"), "line", clock, sleep)
    bus.ask("7", manners, Priority.BILLING, lambda line, pace, seen: line.ask(request, pace, seen))

Requests of all meters on the line take turns, the urgent ones first; each meter is paced as its
model wants and waited for as long as it usually takes; one that does not answer rests.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Generic, Protocol, TypeVar, cast

from ..conversation import Witness
from ..lines import Declined, LineBusy, LineDown, NoReply, Resting
from ..link import Priority
from .capture import Captured, Ring
from .health import Health
from .timing import Latency, Manners, Pace
from .turnstile import Turnstile

L = TypeVar("L")
T = TypeVar("T")
Job = Callable[[L, Pace, Witness], T]
"""Does one exchange on the line, at this pace, showing its frames to the witness."""

_GATEWAY_SAYS: Final = frozenset({"exception_10", "exception_11"})
"""The gateway answers, and says that the meter does not."""
_AT_ONCE: Final = Priority.COMMISSIONING
"""Somebody is waiting for the answer, and for what is this urgent or more a resting meter is asked
all the same."""


class Heard(Protocol):
    """What a job's result may tell about the exchange."""

    @property
    def latency_s(self) -> float: ...

    @property
    def late(self) -> bool: ...

    @property
    def noise(self) -> int: ...


@dataclass(frozen=True, slots=True)
class MeterState:
    """How one meter does, as the line sees it."""

    unit: str
    failures: int
    """In a row."""
    rests_s: float
    reply_s: float
    counts: Mapping[str, int]
    """`ok`, `declined`, `late`, `noise` (bytes), and NoReply by its reason: `timeout`, `crc` ..."""


@dataclass(slots=True)
class _Meter:
    latency: Latency
    health: Health = field(default_factory=Health)
    counts: Counter[str] = field(default_factory=Counter)
    last: float = float("-inf")


class Bus(Generic[L]):
    """One line and its meters. Any thread may ask."""

    def __init__(
        self,
        line: L,
        address: str,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """`clock` and `sleep` go by the line's monotonic seconds."""
        self.address = address
        self.counts: Counter[str] = Counter()
        """Of the whole line: those of its meters, and `down`, `busy`, `resting`."""
        self._line = line
        self._clock = clock
        self._sleep = sleep
        self._turnstile = Turnstile()
        self._ring = Ring(clock)
        self._meters: dict[str, _Meter] = {}
        self._lock = Lock()

    def ask(
        self,
        unit: str,
        manners: Manners,
        priority: Priority,
        job: Job[L, T],
        witness: Witness | None = None,
        listen_s: float = 0.0,
    ) -> T:
        """Does the job when its turn has come and returns what it returns. Raises what it raises,
        and Resting (nothing was sent) for a meter that has not answered for a while, unless
        somebody waits for the answer. A job must not ask the bus again."""
        meter = self._meter(unit, manners)
        self._may_ask(unit, meter, priority)
        self._turnstile.take(priority)
        try:
            # Others may have found it silent while we waited.
            self._may_ask(unit, meter, priority)
            if (early := meter.last + manners.gap_s - self._clock()) > 0:
                self._sleep(early)
            pace = Pace(manners.gap_s, meter.latency.reply_s, manners.worst_s, listen_s)
            try:
                result = job(self._line, pace, self._ring.witness(unit, witness))
            except Exception as error:
                self._failed(meter, error)
                raise
            else:
                self._answered(meter, result)
                return result
            finally:
                meter.last = self._clock()
        finally:
            self._turnstile.give()

    def state(self) -> list[MeterState]:
        """How every meter that was ever asked does."""
        now = self._clock()
        with self._lock:
            meters = dict(self._meters)
        return [
            MeterState(
                unit,
                meter.health.failures,
                meter.health.rests_s(now),
                meter.latency.reply_s,
                dict(meter.counts),
            )
            for unit, meter in meters.items()
        ]

    def frames(self) -> list[Captured]:
        """The latest frames of the line, oldest first, secrets blanked."""
        return list(self._ring.latest())

    def close(self, let_go: Callable[[L], None]) -> None:
        """Calls `let_go` with the line when nobody uses it."""
        self._turnstile.take(Priority.REST)
        try:
            let_go(self._line)
        finally:
            self._turnstile.give()

    def _meter(self, unit: str, manners: Manners) -> _Meter:
        with self._lock:
            if unit not in self._meters:
                self._meters[unit] = _Meter(Latency(manners.worst_s))
            meter = self._meters[unit]
            meter.latency.worst_s = manners.worst_s
            return meter

    def _may_ask(self, unit: str, meter: _Meter, priority: Priority) -> None:
        if not meter.health.failures:
            return
        rest = meter.health.rests_s(self._clock())
        if rest > 0 and priority > _AT_ONCE:
            self.counts["resting"] += 1
            raise Resting(self.address, unit, math.ceil(rest))

    def _answered(self, meter: _Meter, result: object) -> None:
        meter.health.answered()
        self._count(meter, "ok")
        # Asking for the attribute is twenty times quicker than isinstance with a protocol.
        if hasattr(result, "latency_s"):
            heard = cast(Heard, result)
            meter.latency.answered(heard.latency_s)
            if heard.late:
                self._count(meter, "late")
            if heard.noise:
                self._count(meter, "noise", heard.noise)

    def _failed(self, meter: _Meter, error: Exception) -> None:
        match error:
            case NoReply(reason=reason):
                self._count(meter, reason)
                if reason != "dropped":
                    meter.health.failed(self._clock())
                    meter.latency.missed()
            case Declined(reason=reason):
                self._count(meter, "declined")
                if reason in _GATEWAY_SAYS:
                    meter.health.failed(self._clock())
                else:
                    meter.health.answered()
            case LineDown():
                self.counts["down"] += 1
            case LineBusy():
                self.counts["busy"] += 1

    def _count(self, meter: _Meter, what: str, many: int = 1) -> None:
        meter.counts[what] += many
        self.counts[what] += many
