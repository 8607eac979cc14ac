"""The faults of payment meters that a person sets at the keypad, by name and one number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .base import HONEST, Ask, Effect, Fault, Layer
from .registry import FaultInvalid, fault, make

WRITE_MULTIPLE: Final = 16


@fault("reply_lost", Layer.PREPAID)
@dataclass(slots=True)
class ReplyLost(Fault):
    """The next `number` writes are executed and never answered."""

    number: float = 1
    on_write: Effect = field(default=Effect(reply=False), init=False, repr=False)

    def __post_init__(self) -> None:
        _not_negative(self.number)

    def effect(self, ask: Ask) -> Effect:
        if ask.function != WRITE_MULTIPLE or self.number < 1:
            return HONEST
        self.number -= 1
        self.hit("write executed, reply lost")
        return self.on_write


@fault("hang_up", Layer.PREPAID)
@dataclass(slots=True)
class HangUp(ReplyLost):
    """The next `number` writes are executed, then the connection is dropped."""

    on_write: Effect = field(default=Effect(reply=False, hang_up=True), init=False, repr=False)


@fault("write_lost", Layer.PREPAID)
@dataclass(slots=True)
class WriteLost(ReplyLost):
    """The next `number` writes vanish: not executed, not answered."""

    on_write: Effect = field(default=Effect(execute=False, reply=False), init=False, repr=False)


@fault("silent", Layer.METER)
@dataclass(slots=True)
class Silent(Fault):
    """The next `number` requests of any kind are neither executed nor answered: a menu is open on
    the display, a battery meter sleeps."""

    number: float = float("inf")

    def __post_init__(self) -> None:
        _not_negative(self.number)

    def effect(self, ask: Ask) -> Effect:
        if self.number < 1:
            return HONEST
        self.number -= 1
        self.hit("silent")
        return Effect(execute=False, reply=False)


@fault("slow", Layer.METER)
@dataclass(slots=True)
class Slow(Fault):
    """Every reply waits `number` real seconds, up to `jitter_s` more by chance, and holds up the
    requests behind it."""

    number: float = 0.5
    jitter_s: float = 0.0

    def __post_init__(self) -> None:
        _not_negative(self.number)
        _not_negative(self.jitter_s)

    def effect(self, ask: Ask) -> Effect:
        delay = self.number + (self.chance.random() * self.jitter_s if self.jitter_s else 0.0)
        self.hit("slow")
        return Effect(delay_s=delay)


AT_KEYPAD: Final[Mapping[str, type[Fault]]] = {
    kind.name: kind for kind in (ReplyLost, HangUp, WriteLost, Silent, Slow)
}


def fault_named(name: str, number: str = "") -> Fault | None:
    """A fresh fault, or None for `none`. Raises FaultInvalid."""
    if name == "none":
        return None
    if name not in AT_KEYPAD:
        raise FaultInvalid(name[:40], f"one of none, {', '.join(AT_KEYPAD)}")
    try:
        made = make(name, {"number": number} if number else {})
    except FaultInvalid:
        raise FaultInvalid(name, "needs a number of zero or more") from None
    made.bind("keypad")
    return made


def _not_negative(number: float) -> None:
    if not number >= 0:
        raise ValueError("needs a number of zero or more")
