"""The faults of one meter or line together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from .base import HONEST, Ask, Effect, Fault, Piece

HOOKS: Final = (
    "effect",
    "reply",
    "value",
    "raw",
    "said",
    "clock",
    "judged",
    "chatter",
    "admits",
)


class FaultSet:
    """The faults of one meter or line, by hook, so that asking costs nothing where none is."""

    __slots__ = ("_by_hook", "all")

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.all: tuple[Fault, ...] = tuple(faults)
        self._by_hook = {
            hook: tuple(
                one for one in self.all if getattr(type(one), hook) is not getattr(Fault, hook)
            )
            for hook in HOOKS
        }

    def __bool__(self) -> bool:
        return bool(self.all)

    def plus(self, fault: Fault) -> FaultSet:
        return FaultSet((*self.all, fault))

    def minus(self, fault: Fault) -> FaultSet:
        return FaultSet(one for one in self.all if one is not fault)

    def of(self, hook: str) -> tuple[Fault, ...]:
        """Those that have something to say at this hook."""
        return self._by_hook[hook]

    def effect(self, ask: Ask) -> Effect:
        """The first effect that is not honest."""
        for one in self._by_hook["effect"]:
            effect = one.effect(ask)
            if effect is not HONEST:
                return effect
        return HONEST

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        """Through all of them, one after the other."""
        for one in self._by_hook["reply"]:
            pieces = one.reply(pieces, ask)
        return pieces

    def clock(self, now: datetime) -> datetime:
        for one in self._by_hook["clock"]:
            now = one.clock(now)
        return now


NO_FAULTS: Final = FaultSet()
