"""Credit that the house holds for a meter that holds none itself: whether the supply is to be on,
and what is done about it while the meter cannot be reached.

A meter that is reached is switched by what it has truly counted. One that is not reached cannot be
switched by anybody but a person at its door, and nobody knows what it counts: then the customer's
class decides how much longer it may go on beyond the credit, and what follows (`Grace`). No order
is ever made of a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Final

from .account import Commodity
from .readings import Reading

_MICROSECONDS = 3_600_000_000
"""Of an hour."""
UNITS: Final[Mapping[Commodity, Mapping[str, Decimal]]] = {
    Commodity.ELECTRICITY: {"kWh": Decimal(1), "Wh": Decimal("0.001")},
    Commodity.WATER: {"m3": Decimal(1), "l": Decimal("0.001")},
}
"""What a counter may count in; the first is what credit is told in."""


class Then(Enum):
    """What becomes of the supply of an unreached meter when its grace is over."""

    ON = "on"
    """It stays on (fails open): a clinic, a pump. What it draws is owed."""
    OFF = "off"
    """It is to be cut off (fails closed): by hand, or as soon as it is reached."""


@dataclass(frozen=True, slots=True)
class Grace:
    """How far beyond its credit a meter may go while it cannot be reached: until one of both limits
    is passed. Limits of 0 grant nothing."""

    hours: Decimal
    """From the moment that its credit ended."""
    units: Decimal
    """kWh or m3."""
    then: Then


@dataclass(frozen=True, slots=True)
class Hold:
    """One meter whose credit the house holds, as it is on record."""

    meter: str
    counter: Reading
    """Where it stood when the holding began."""


@dataclass(frozen=True, slots=True)
class LastSeen:
    """What is known of a meter since it was last read, and of what was bought for it until now."""

    at: datetime
    left: Decimal
    """Bought less counted, kWh or m3; below 0: more was used than bought."""
    per_hour: Decimal
    """What flowed in an hour lately, 0 or more."""
    flows: bool | None
    """Whether the supply was on; None if the model does not tell."""
    cut: bool
    """Whether the last order that was given was to cut it off for its credit, and it has not been
    seen to flow since."""
    unsure: bool = False
    """Nobody knows whether that order was carried out."""

    @property
    def is_off(self) -> bool:
        """So far as anybody knows."""
        return self.cut and not self.unsure if self.flows is None else not self.flows

    @property
    def may_be_off(self) -> bool:
        """Also if nobody knows whether it was carried out."""
        return self.cut if self.flows is None else not self.flows


class Standing(Enum):
    """How a meter stands."""

    SUPPLIED = "supplied"
    """Credit is left, so far as is known."""
    USED_UP = "used_up"
    """None is left: the supply is off, or is to be."""
    OFF_OTHERWISE = "off_otherwise"
    """Credit is left and the supply is off, and it was not cut for its credit: whoever cut it
    decides."""
    GRACE = "grace"
    """Not reached, the credit at its end, and within what its class is granted."""
    GRANTED = "granted"
    """Not reached and past its grace; its class stays supplied."""
    OVERDUE = "overdue"
    """Not reached and past its grace; it is to be cut off."""
    STRANDED = "stranded"
    """Not reached, cut for its credit, and paid for since: somebody must switch it on by hand."""


class Order(Enum):
    """What the supply is to be told."""

    CUT = "close_supply"
    CONNECT = "open_supply"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What holds now."""

    standing: Standing
    left: Decimal
    """Of the credit; of a meter that is not reached, by what it used to draw."""
    order: Order | None = None
    """To be given now. Only a meter that is reached is given one."""
    ended: datetime | None = None
    """When the credit of a meter that is not reached came to its end."""

    @property
    def needs_visit(self) -> bool:
        """Somebody must go there: nothing else reaches it."""
        return self.standing in (Standing.OVERDUE, Standing.STRANDED)


def reached(seen: LastSeen) -> Judgement:
    """Of a meter that was read just now, by a reading that nobody doubts."""
    if seen.left <= 0:
        return Judgement(Standing.USED_UP, seen.left, None if seen.is_off else Order.CUT)
    if not seen.may_be_off:
        return Judgement(Standing.SUPPLIED, seen.left)
    if not seen.cut:
        return Judgement(Standing.OFF_OTHERWISE, seen.left)
    return Judgement(Standing.SUPPLIED, seen.left, Order.CONNECT)


def unreached(seen: LastSeen, grace: Grace, now: datetime) -> Judgement:
    """Of a meter that does not answer, or whose answer is doubted."""
    # Of one that may be off and is paid for, nobody may say that it has its supply.
    if seen.is_off or (seen.unsure and seen.left > 0):
        if seen.left <= 0:
            return Judgement(Standing.USED_UP, seen.left)
        return Judgement(Standing.STRANDED if seen.cut else Standing.OFF_OTHERWISE, seen.left)
    left = seen.left - seen.per_hour * _hours(now - seen.at)
    if left > 0:
        return Judgement(Standing.SUPPLIED, left)
    ended = seen.at
    if seen.left > 0:
        ended += timedelta(microseconds=int(seen.left / seen.per_hour * _MICROSECONDS))
    if -left < grace.units and _hours(now - ended) < grace.hours:
        return Judgement(Standing.GRACE, left, ended=ended)
    after = Standing.GRANTED if grace.then is Then.ON else Standing.OVERDUE
    return Judgement(after, left, ended=ended)


def _hours(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / _MICROSECONDS
