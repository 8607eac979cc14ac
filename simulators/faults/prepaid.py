"""Faults of prepayment: tokens judged wrongly, answers that lie, supply that does not obey."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from drivers.maps.model import Register
from meters.readings import Value
from meters.verdicts import TokenResult

from ..trouble import Trouble
from .base import HONEST, Ask, Effect, Fault, Layer
from .registry import fault

_SILENT: Final = Effect(execute=False, reply=False)


@fault("token_result", Layer.PREPAID)
@dataclass(slots=True)
class TokenJudged(Fault):
    """The next `number` tokens get this result, whatever they are: used_error, old_error,
    crc_error (another key), overflow_error (meter full), key_expired_error ..."""

    result: str = "used_error"
    number: float = 1

    def __post_init__(self) -> None:
        if self.result.upper() not in TokenResult.__members__:
            known = ", ".join(name.lower() for name in TokenResult.__members__)
            raise ValueError(f"result must be one of {known}")

    def judged(self, digits: str) -> int | None:
        if self.number < 1:
            return None
        self.number -= 1
        self.hit(self.result)
        return int(TokenResult[self.result.upper()])


@fault("phantom_ack", Layer.PREPAID)
@dataclass(slots=True)
class PhantomAck(Fault):
    """The next `number` top-ups are lost in the meter, and acknowledged."""

    number: float = 1

    def effect(self, ask: Ask) -> Effect:
        if not ask.is_write or self.number < 1:
            return HONEST
        self.number -= 1
        self.hit("top-up lost, acknowledged")
        return Effect(pretend=True)


@fault("relay_welded", Layer.PREPAID)
@dataclass(slots=True)
class RelayWelded(Fault):
    """Orders are acknowledged and the contact stays where it is: the load goes on."""

    def trouble(self) -> Trouble:
        return Trouble(stuck=True)


@fault("valve_stuck", Layer.PREPAID)
@dataclass(slots=True)
class ValveStuck(Fault):
    """The valve does not move, and says that it is faulty."""

    def trouble(self) -> Trouble:
        return Trouble(stuck=True, flags=frozenset({"valve"}))


@fault("valve_half", Layer.PREPAID)
@dataclass(slots=True)
class ValveHalf(Fault):
    """The valve stops half-way when it closes: half of the flow goes on."""

    def trouble(self) -> Trouble:
        return Trouble(half=True)


@fault("relay_chatter", Layer.PREPAID)
@dataclass(slots=True)
class RelayChatter(Fault):
    """Around zero credit the relay goes on and off, every `every_s` seconds."""

    every_s: float = 2.0

    def value(self, register: Register, value: Value | None, now: int) -> Value | None:
        is_off = int(now / max(self.every_s, 1)) % 2 == 1
        if register.name.startswith("supply.") and register.enum and is_off:
            self.hit(register.name)
            words = list(register.enum.values())
            return words[1 - words.index(str(value))] if str(value) in words[:2] else value
        if register.name.startswith(("current.", "power.")) and is_off:
            return Decimal(0)
        return value


@fault("link_down", Layer.PREPAID)
@dataclass(slots=True)
class LinkDown(Fault):
    """The meter cannot be reached while its credit is held by the head-end; it goes on metering."""

    def effect(self, ask: Ask) -> Effect:
        self.hit("unreachable")
        return _SILENT
