"""What a household, shop or pipe draws: pure functions of a seed and a moment.

Draw is piecewise constant over steps of five minutes, in whole micro-units (uW, or ul an hour), so
that its integral is an exact whole number: the same however often and in whatever order it is
asked, never falling. A draw that nobody asks costs a few words of memory and no time.

A day has one of a few shapes, made once for each kind of day and shared by everybody; a seed picks
which, and how large that day is. Moments are whole seconds since 1970 UTC, as meters measure once a
second.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cache
from itertools import accumulate
from typing import Final

STEP_S: Final = 300
DAY_S: Final = 86_400
MICRO: Final = 10**6
PER_UNIT: Final = 3600 * MICRO
"""Micro-units times seconds that make one Wh, or one litre."""

_STEPS: Final = DAY_S // STEP_S
_VARIANTS: Final = 24
_EPOCH: Final = date(1970, 1, 1).toordinal()
_MASK: Final = (1 << 64) - 1


class Use(Enum):
    """Who draws."""

    HOME = "home"
    SHOP = "shop"
    PUBLIC = "public"
    """Street lights, pumps: by night."""
    WATER = "water"
    FLAT = "flat"
    """Always the same: for tests and for people who do sums in their heads."""


class DayKind(Enum):
    WORKDAY = "workday"
    WEEKEND = "weekend"
    RAMADAN = "ramadan"
    HEAT = "heat"


@dataclass(frozen=True, slots=True)
class Seasons:
    """The calendar of a world. Days are local, by a fixed offset from UTC."""

    ramadan: tuple[tuple[date, date], ...] = ()
    """First and last days."""
    heat: tuple[tuple[date, date], ...] = ()
    weekend: frozenset[int] = frozenset({4, 5})
    """Friday and Saturday; Monday is 0."""
    offset_s: int = 3 * 3600

    def kind(self, day: int) -> DayKind:
        """Of the day so many days after 1970-01-01. A heat wave goes over everything."""
        when = date.fromordinal(_EPOCH + day)
        if any(first <= when <= last for first, last in self.heat):
            return DayKind.HEAT
        if any(first <= when <= last for first, last in self.ramadan):
            return DayKind.RAMADAN
        return DayKind.WEEKEND if when.weekday() in self.weekend else DayKind.WORKDAY


def _hours(told: str) -> tuple[int, ...]:
    """A day hour by hour, in per mille of the household's size."""
    return tuple(int(one) for one in told.split())


_HOME_WORK = _hours(
    "240 200 180 170 190 300 520 620 480 400 380 400"
    " 450 480 460 480 560 700 950 1150 1200 1000 650 380"
)
_HOME_END = _hours(
    "300 250 220 200 200 240 330 480 620 700 720 760"
    " 800 760 700 680 720 850 1050 1200 1250 1100 800 500"
)
# The meal before dawn, the quiet afternoon, the long evening after sunset.
_HOME_RAMADAN = _hours(
    "700 750 900 1000 600 300 240 260 300 340 360 400"
    " 450 520 650 850 1150 1300 1150 1100 1150 1100 1000 850"
)
# Air conditioning all day and most of the night.
_HOME_HEAT = _hours(
    "900 850 800 750 700 720 850 1000 1150 1300 1450 1600"
    " 1750 1850 1900 1850 1750 1650 1700 1750 1700 1500 1250 1050"
)
_SHOP = _hours(
    "150 150 150 150 150 160 200 400 900 1100 1150 1200"
    " 1150 1000 1050 1150 1200 1200 1150 1050 900 600 300 180"
)
_SHOP_END = tuple(part * 6 // 10 for part in _SHOP)
_SHOP_RAMADAN = (*_SHOP[20:24], *_SHOP[0:8], *_SHOP[8:20])
_PUBLIC = (1000,) * 5 + (600,) + (60,) * 12 + (700,) + (1000,) * 5
_WATER = _hours(
    "120 60 40 30 60 350 900 1300 1000 700 600 650"
    " 800 750 500 450 550 800 1100 1250 1000 700 450 250"
)
_WATER_RAMADAN = _hours(
    "500 450 700 1100 500 150 150 200 300 400 500 600"
    " 800 800 700 900 1200 1000 1100 1000 900 800 700 600"
)

_HOURS: Final[Mapping[Use, Mapping[DayKind, Sequence[int]]]] = {
    Use.HOME: {
        DayKind.WORKDAY: _HOME_WORK,
        DayKind.WEEKEND: _HOME_END,
        DayKind.RAMADAN: _HOME_RAMADAN,
        DayKind.HEAT: _HOME_HEAT,
    },
    Use.SHOP: {
        DayKind.WORKDAY: _SHOP,
        DayKind.WEEKEND: _SHOP_END,
        DayKind.RAMADAN: _SHOP_RAMADAN,
        DayKind.HEAT: tuple(part * 13 // 10 for part in _SHOP),
    },
    Use.PUBLIC: dict.fromkeys(DayKind, _PUBLIC),
    Use.WATER: {
        DayKind.WORKDAY: _WATER,
        DayKind.WEEKEND: tuple(part * 11 // 10 for part in _WATER),
        DayKind.RAMADAN: _WATER_RAMADAN,
        DayKind.HEAT: tuple(part * 14 // 10 for part in _WATER),
    },
    Use.FLAT: dict.fromkeys(DayKind, (1000,) * 24),
}
# Least and most of a step in per mille of its hour, and how often nothing flows.
_LUMPS: Final[Mapping[Use, tuple[int, int, int]]] = {
    Use.HOME: (550, 1550, 0),
    Use.SHOP: (850, 1150, 0),
    Use.PUBLIC: (980, 1020, 0),
    Use.WATER: (300, 3200, 550),
    Use.FLAT: (1000, 1000, 0),
}


Day = tuple[tuple[tuple[int, ...], tuple[int, ...]], int]
"""A day's shape (steps in per mille, and their running sum), and its size in per mille."""


@cache
def _shape(use: Use, kind: DayKind, variant: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The steps of a day in per mille, and their running sum (one entry more)."""
    chance = random.Random(f"{use.value} {kind.value} {variant}")  # noqa: S311 - not for secrets
    least, most, idle = _LUMPS[use]
    steps = tuple(
        0
        if idle and chance.randrange(1000) < idle
        else _HOURS[use][kind][step * 24 // _STEPS] * chance.randint(least, most) // 1000
        for step in range(_STEPS)
    )
    return steps, tuple(accumulate(steps, initial=0))


def mix(*numbers: int) -> int:
    """64 well-spread bits of the numbers, the same in every run (splitmix64)."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state + number * 0xBF58476D1CE4E5B9 + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


@dataclass(slots=True)
class Draw:
    """What one place draws, from the day of `since` on (second since 1970)."""

    seed: int
    use: Use
    size: int
    """W, or litres an hour: about the largest usual hour."""
    since: int
    seasons: Seasons = field(default_factory=Seasons)
    _memo: tuple[int, int] | None = field(default=None, repr=False, compare=False)
    """The day last asked for, and all that had been drawn when it began."""
    _shown: tuple[int, Day] | None = field(default=None, repr=False, compare=False)
    _told: tuple[int, int] | None = field(default=None, repr=False, compare=False)

    def rate(self, at: int) -> int:
        """Draw at a moment, in millionths of W or litres an hour."""
        day, second = divmod(at + self.seasons.offset_s, DAY_S)
        if at < self.since:
            return 0
        (steps, _), factor = self._day(day)
        return steps[second // STEP_S] * factor * self.size

    def until(self, at: int) -> int:
        """All that was drawn up to a moment, in micro-units times seconds (PER_UNIT make one
        Wh or litre); counts from the beginning of `since`'s day, zero before."""
        if self._told is not None and self._told[0] == at:
            return self._told[1]
        day, second = divmod(max(at, self.since) + self.seasons.offset_s, DAY_S)
        (steps, sums), factor = self._day(day)
        whole, part = divmod(second, STEP_S)
        within = sums[whole] * STEP_S + steps[whole] * part
        total = self._before(day) + within * factor * self.size
        self._told = (at, total)
        return total

    def reached(self, total: int, most: int) -> int | None:
        """The first moment, not after `most`, when `until` is at least `total`; None if it is
        not by then."""
        low, high = self.since, most
        if self.until(high) < total:
            return None
        while low < high:
            middle = (low + high) // 2
            if self.until(middle) >= total:
                high = middle
            else:
                low = middle + 1
        return low

    def _day(self, day: int) -> Day:
        if self._shown is None or self._shown[0] != day:
            self._shown = (day, self._made(day))
        return self._shown[1]

    def _made(self, day: int) -> Day:
        chance = mix(self.seed, day)
        variant = chance % _VARIANTS
        if self.use is Use.FLAT:
            return _shape(self.use, DayKind.WORKDAY, 0), 1000
        return _shape(self.use, self.seasons.kind(day), variant), 700 + (chance >> 8) % 601

    def _before(self, day: int) -> int:
        first = (self.since + self.seasons.offset_s) // DAY_S
        start, total = self._memo or (first, 0)
        if start > day:
            start, total = first, 0
        for one in range(start, day):
            (_, sums), factor = self._made(one)
            total += sums[-1] * STEP_S * factor * self.size
        self._memo = (day, total)
        return total
