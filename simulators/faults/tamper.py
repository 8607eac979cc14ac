"""Tampering and trouble at the premises: flags that the meter sets, flows that it sees wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..loads import MICRO
from ..premises import Premises
from .base import Fault, Layer, fault


@dataclass(slots=True)
class Tampering(Fault):
    """Sets `flag`, and lets the meter see only `passing` per mille of what flows."""

    flag: ClassVar[str] = ""
    backwards: ClassVar[bool] = False

    def seen(self) -> int:
        """Per mille of the flow that the meter still sees."""
        return 1000

    def begin(self, place: Premises, now: int) -> None:
        place.settle(now)
        place.passing = self.seen()
        if self.backwards:
            place.backwards = True
        if self.flag:
            place.flag(self.flag, True, now)
        self.hit("began")

    def end(self, place: Premises, now: int) -> None:
        place.settle(now)
        place.passing = 1000
        if self.backwards:
            place.backwards = False
        if self.flag:
            place.flag(self.flag, False, now)


@fault("cover_open", Layer.TAMPER)
@dataclass(slots=True)
class CoverOpen(Tampering):
    """Somebody opened the meter's cover."""

    flag = "cover"


@fault("terminal_open", Layer.TAMPER)
@dataclass(slots=True)
class TerminalOpen(Tampering):
    """Somebody opened the terminal cover."""

    flag = "terminal"


@fault("magnet", Layer.TAMPER)
@dataclass(slots=True)
class Magnet(Tampering):
    """A magnet on the case: the meter sees less."""

    flag = "magnet"
    passing: int = 300

    def seen(self) -> int:
        return self.passing


@fault("reverse_current", Layer.TAMPER)
@dataclass(slots=True)
class ReverseCurrent(Tampering):
    """Line and load are exchanged: what is drawn is counted as given."""

    flag = "reverse"
    backwards = True


@fault("reverse_flow", Layer.TAMPER)
@dataclass(slots=True)
class ReverseFlow(Tampering):
    """The water meter stands the wrong way round."""

    flag = "reverse"
    backwards = True


@fault("neutral_missing", Layer.TAMPER)
@dataclass(slots=True)
class NeutralMissing(Tampering):
    """No neutral: voltages wander, and a single-phase meter counts nothing."""

    flag = "neutral"
    passing: int = 0

    def seen(self) -> int:
        return self.passing


@fault("phase_missing", Layer.TAMPER)
@dataclass(slots=True)
class PhaseMissing(Tampering):
    """One phase is dead."""

    flag = "phase_loss"
    passing: int = 667

    def seen(self) -> int:
        return self.passing


@fault("phases_swapped", Layer.TAMPER)
@dataclass(slots=True)
class PhasesSwapped(Tampering):
    """The phases turn the wrong way."""

    flag = "reverse_phase"


@fault("bypass", Layer.TAMPER)
@dataclass(slots=True)
class Bypass(Tampering):
    """A wire around the meter: it sees a part of the load and says nothing."""

    passing: int = 400

    def seen(self) -> int:
        return self.passing


@fault("empty_pipe", Layer.TAMPER)
@dataclass(slots=True)
class EmptyPipe(Tampering):
    """Air instead of water."""

    flag = "empty"

    def seen(self) -> int:
        return 0


@fault("leak", Layer.TAMPER)
@dataclass(slots=True)
class Leak(Tampering):
    """Water runs day and night, `rate` litres an hour of it."""

    flag = "leak"
    rate: int = 40

    def begin(self, place: Premises, now: int) -> None:
        Tampering.begin(self, place, now)
        place.extra += self.rate * MICRO

    def end(self, place: Premises, now: int) -> None:
        Tampering.end(self, place, now)
        place.extra -= self.rate * MICRO


@fault("battery_low", Layer.TAMPER)
@dataclass(slots=True)
class BatteryLow(Tampering):
    """The meter's battery is nearly empty."""

    flag = "battery"
