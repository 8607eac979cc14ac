"""Faults a stand-in meter can be told to have: small named classes, one row each in FAULTS.

A fault decides, for a request's Modbus function, what becomes of it. Only faults that a test
or the demo needs are here; adding one is a class and a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from meters.errors import Invalid

from .wire import WRITE_MULTIPLE


@dataclass(eq=False)
class FaultInvalid(Invalid, code="simulator.fault_invalid"):
    """No fault of this name, or its number makes no sense."""

    fault: str
    problem: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to one request. The default is an honest meter."""

    execute: bool = True
    reply: bool = True
    hang_up: bool = False
    """Drop the connection instead of replying."""
    delay_s: float = 0.0
    """Real seconds between executing and replying."""


HONEST: Final = Effect()


class Fault(Protocol):
    """A meter's fault; it may count what it has hit."""

    def effect(self, function: int) -> Effect: ...


class ReplyLost:
    """The next `number` writes are executed and never answered."""

    effect_on_write = Effect(reply=False)

    def __init__(self, number: float) -> None:
        self.left = number

    def effect(self, function: int) -> Effect:
        if function != WRITE_MULTIPLE or self.left < 1:
            return HONEST
        self.left -= 1
        return self.effect_on_write


class HangUp(ReplyLost):
    """The next `number` writes are executed, then the connection is dropped."""

    effect_on_write = Effect(reply=False, hang_up=True)


class WriteLost(ReplyLost):
    """The next `number` writes vanish: not executed, not answered."""

    effect_on_write = Effect(execute=False, reply=False)


class Silent:
    """The next `number` requests of any kind are neither executed nor answered."""

    def __init__(self, number: float) -> None:
        self.left = number

    def effect(self, function: int) -> Effect:  # noqa: ARG002
        if self.left < 1:
            return HONEST
        self.left -= 1
        return Effect(execute=False, reply=False)


class Slow:
    """Every reply waits `number` real seconds, and holds up the requests behind it."""

    def __init__(self, number: float) -> None:
        self.effect_always = Effect(delay_s=number)

    def effect(self, function: int) -> Effect:  # noqa: ARG002
        return self.effect_always


# Name, class, the number it takes if none is given.
FAULTS: Final[Mapping[str, tuple[Callable[[float], Fault], float]]] = {
    "reply_lost": (ReplyLost, 1),
    "hang_up": (HangUp, 1),
    "write_lost": (WriteLost, 1),
    "silent": (Silent, float("inf")),
    "slow": (Slow, 0.5),
}


def fault_named(name: str, number: str = "") -> Fault | None:
    """A fresh fault, or None for `none`. Raises FaultInvalid."""
    if name == "none":
        return None
    if name not in FAULTS:
        raise FaultInvalid(name[:40], f"one of none, {', '.join(FAULTS)}")
    make, default = FAULTS[name]
    try:
        value = float(number) if number else default
    except ValueError:
        value = -1.0
    if not value >= 0:
        raise FaultInvalid(name, "needs a number of zero or more")
    return make(value)
