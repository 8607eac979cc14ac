"""Faults of a whole site: many meters at once, which are one event and not hundreds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..trouble import Trouble
from .base import Ask, Effect, Fault, Layer
from .registry import fault

_DEAD: Final = Effect(execute=False, reply=False)


@fault("power_cut", Layer.SITE)
@dataclass(slots=True)
class PowerCut(Fault):
    """The feeder is dead. When it is over the meters boot one after the other, `stagger_s`
    apart."""

    restarts = True
    stagger_s: float = 0.5

    def effect(self, ask: Ask) -> Effect:
        self.hit("dead")
        return _DEAD

    def trouble(self) -> Trouble:
        return Trouble(dark=True)

    def lingers(self, order: int) -> float:
        return self.stagger_s * order


@fault("brownout", Layer.SITE)
@dataclass(slots=True)
class Brownout(PowerCut):
    """A cut so short that every meter restarts at once."""

    stagger_s: float = 0.0
