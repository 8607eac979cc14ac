"""Tampering and trouble at the premises: flags that the meter sets, flows that it sees wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..loads import MICRO
from ..trouble import Trouble
from .base import Fault, Layer
from .registry import fault


@dataclass(slots=True)
class Tampering(Fault):
    """Sets `flag`, and nothing else."""

    flag: ClassVar[str] = ""

    def trouble(self) -> Trouble:
        return Trouble(flags=self._flags())

    def _flags(self) -> frozenset[str]:
        return frozenset({self.flag} if self.flag else ())


@dataclass(slots=True)
class _TurnedRound(Tampering):
    """What is drawn is counted as given."""

    flag = "reverse"

    def trouble(self) -> Trouble:
        return Trouble(backwards=True, flags=self._flags())


@dataclass(slots=True)
class _SeesLess(Tampering):
    """The meter sees only `passing` per mille of what flows."""

    passing: int = 1000

    def __post_init__(self) -> None:
        if not 0 <= self.passing <= 1000:
            raise ValueError("passing is per mille, 0 to 1000")

    def trouble(self) -> Trouble:
        return Trouble(passing=self.passing, flags=self._flags())


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
class Magnet(_SeesLess):
    """A magnet on the case: the meter sees less."""

    flag = "magnet"
    passing: int = 300


@fault("reverse_current", Layer.TAMPER)
@dataclass(slots=True)
class ReverseCurrent(_TurnedRound):
    """Line and load are exchanged: what is drawn is counted as given."""


@fault("reverse_flow", Layer.TAMPER)
@dataclass(slots=True)
class ReverseFlow(_TurnedRound):
    """The water meter stands the wrong way round."""


@fault("neutral_missing", Layer.TAMPER)
@dataclass(slots=True)
class NeutralMissing(_SeesLess):
    """No neutral: voltages wander, and a single-phase meter counts nothing."""

    flag = "neutral"
    passing: int = 0


@fault("phase_missing", Layer.TAMPER)
@dataclass(slots=True)
class PhaseMissing(_SeesLess):
    """One phase is dead, and what hung on it draws nothing."""

    flag = "phase_loss"
    passing: int = 667

    def trouble(self) -> Trouble:
        return Trouble(flowing=self.passing, flags=self._flags())


@fault("phases_swapped", Layer.TAMPER)
@dataclass(slots=True)
class PhasesSwapped(Tampering):
    """The phases turn the wrong way."""

    flag = "reverse_phase"


@fault("bypass", Layer.TAMPER)
@dataclass(slots=True)
class Bypass(_SeesLess):
    """A wire around meter and switch: the meter sees a part of the load and says nothing, and the
    rest flows when the supply is off too."""

    passing: int = 400

    def trouble(self) -> Trouble:
        return Trouble(passing=self.passing, around=1000 - self.passing)


@fault("empty_pipe", Layer.TAMPER)
@dataclass(slots=True)
class EmptyPipe(Tampering):
    """Air instead of water."""

    flag = "empty"

    def trouble(self) -> Trouble:
        return Trouble(flowing=0, flags=self._flags())


@fault("leak", Layer.TAMPER)
@dataclass(slots=True)
class Leak(Tampering):
    """Water runs day and night, `rate` litres an hour of it."""

    flag = "leak"
    rate: int = 40

    def trouble(self) -> Trouble:
        return Trouble(extra=self.rate * MICRO, flags=self._flags())


@fault("battery_low", Layer.TAMPER)
@dataclass(slots=True)
class BatteryLow(Tampering):
    """The meter's battery is nearly empty."""

    flag = "battery"
