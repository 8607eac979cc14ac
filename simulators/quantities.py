"""What a meter measures at its premises, by the canonical names of the register maps.

One `Moment` holds what is true in one second; every quantity of it follows from the draw, so that a
plausibility check that holds in the field (V times I is S, the phases add up) holds here. Values
are exact decimals in W, Wh, V, A, Hz, litres, litres an hour, bar; `in_unit` turns them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Final

from .loads import MICRO, PER_UNIT, STEP_S, mix
from .premises import Premises

_MILLI: Final = PER_UNIT // 1000
_NOTHING: Final = Decimal(0)
_BATTERY: Final = {False: Decimal("3.6"), True: Decimal("3.1")}

# A unit's size in the units that a Moment speaks.
_UNITS: Final = {
    "kW": Decimal(1000), "kVA": Decimal(1000), "kvar": Decimal(1000), "MW": Decimal(10**6),
    "kWh": Decimal(1000), "kVAh": Decimal(1000), "kvarh": Decimal(1000), "MWh": Decimal(10**6),
    "m3": Decimal(1000), "m3/h": Decimal(1000), "kV": Decimal(1000), "mA": Decimal("0.001"),
    "money": Decimal(1000), "mV": Decimal("0.001"), "MPa": Decimal(10), "kPa": Decimal("0.01"),
}  # fmt: skip


def in_unit(value: Decimal, unit: str) -> Decimal:
    """From the units of a Moment (W, Wh, V, A, l, l/h) into another of the same quantity."""
    size = _UNITS.get(unit)
    return value if size is None else value / size


def unit_size(unit: str) -> Decimal | None:
    """What a value of a Moment is divided by to come into this unit; None: by nothing."""
    return _UNITS.get(unit)


def base_of(value: Decimal, unit: str) -> Decimal:
    """The inverse of `in_unit`."""
    return value * _UNITS.get(unit, Decimal(1))


class Moment:
    """One second at one meter."""

    __slots__ = ("_seed", "_step", "forward", "now", "pf", "phases", "place", "rate", "reverse")

    def __init__(self, place: Premises, seed: int, phases: int, now: int) -> None:
        self.place = place
        self.now = now
        self.rate = place.rate(now)
        self.forward = place.forward
        self.reverse = place.reverse
        self.phases = phases
        self._seed = seed
        self._step = now // STEP_S
        self.pf = 880 + mix(seed, self._step, 1) % 110
        """Per mille."""

    def share(self, phase: int) -> int:
        """Of phase 1..3 in the load, per mille."""
        if self.phases == 1:
            return 1000 if phase == 1 else 0
        first = 300 + mix(self._seed, 2) % 100
        second = 280 + mix(self._seed, 3) % 80
        return (first, second, 1000 - first - second)[phase - 1]

    def voltage(self, phase: int) -> Decimal:
        """Phase to neutral, in tenths of a volt."""
        if self.place.dark or phase > self.phases:
            return _NOTHING
        if "phase_loss" in self.place.flags and phase == min(2, self.phases):
            return _NOTHING
        if "neutral" in self.place.flags:
            return Decimal((1985, 2584, 2391)[phase - 1]) / 10
        return Decimal(2270 + mix(self._seed, self._step, 10 + phase) % 71) / 10

    def watts(self, phase: int = 0) -> Decimal:
        """Active power of a phase, or of all; negative when it flows backwards."""
        if phase and not self.voltage(phase):
            return _NOTHING
        if not phase and self.phases > 1:
            return sum((self.watts(one) for one in (1, 2, 3)), _NOTHING)
        rate = self.rate * self.share(phase) // 1000 if phase else self.rate
        return Decimal(rate // 1000) / (MICRO // 1000)

    def apparent(self, phase: int = 0) -> Decimal:
        return Decimal(int(abs(self.watts(phase)) * 10**6) // self.pf) / 1000

    def reactive(self, phase: int = 0) -> Decimal:
        across = math.isqrt(10**6 - self.pf**2)
        return Decimal(int(abs(self.watts(phase)) * across * 1000) // self.pf) / 1000

    def current(self, phase: int) -> Decimal:
        volts = self.voltage(phase)
        return Decimal(int(1000 * self.apparent(phase) / volts)) / 1000 if volts else _NOTHING

    def factor(self) -> Decimal:
        return Decimal(self.pf if self.rate >= 0 else -self.pf) / 1000

    def frequency(self) -> Decimal:
        if self.place.dark:
            return _NOTHING
        return Decimal(49960 + mix(self._step, 4) % 81) / 1000

    def counted(self, reverse: bool = False, per_mille: int = 1000) -> Decimal:
        """Wh or litres counted, to the thousandth."""
        total = self.reverse if reverse else self.forward
        return Decimal(total * per_mille // 1000 // _MILLI) / 1000

    def flow(self) -> Decimal:
        """Litres an hour."""
        return Decimal(self.rate // 1000) / (MICRO // 1000)

    def noise(self, salt: int, least: int, most: int, per: int) -> Decimal:
        """A slow wandering figure between least/per and most/per."""
        return Decimal(least + mix(self._seed, self._step, salt) % (most - least + 1)) / per


Quantity = Callable[[Moment], Decimal]


def _phase(text: str | None) -> int:
    return int(text) if text else 0


def _line_voltage_of(one: int, two: int) -> Quantity:
    def between(at: Moment) -> Decimal:
        a, b = at.voltage(one), at.voltage(two)
        # 120 degrees apart: the root of a2 + b2 + ab, to the tenth of a volt.
        return Decimal(math.isqrt(int(100 * (a * a + b * b + a * b)))) / 10

    return between


def _tariff(m: re.Match[str]) -> Quantity:
    """Two tariffs share what is counted, 60 to 40; more of them stay at zero."""
    reverse, phase, tariff = m[1] == "export", _phase(m[2]), int(m[3] or 0)
    part = {0: 1000, 1: 600, 2: 400}.get(tariff, 0)

    def energy(at: Moment) -> Decimal:
        return at.counted(reverse, part * (at.share(phase) if phase else 1000) // 1000)

    return energy


# Canonical names by pattern; the first that fits makes the quantity.
_TABLE: Final[tuple[tuple[str, Callable[[re.Match[str]], Quantity]], ...]] = (
    (r"power\.active(?:\.l([123]))?", lambda m: lambda at: at.watts(_phase(m[1]))),
    (r"power\.reactive(?:\.l([123]))?", lambda m: lambda at: at.reactive(_phase(m[1]))),
    (r"power\.apparent(?:\.l([123]))?", lambda m: lambda at: at.apparent(_phase(m[1]))),
    (r"voltage\.l([123])l([123])", lambda m: _line_voltage_of(int(m[1]), int(m[2]))),
    (r"voltage(?:\.l([123])n?)?", lambda m: lambda at: at.voltage(_phase(m[1]) or 1)),
    (r"voltage\.mean_ll", lambda _: _line_voltage_of(1, 2)),
    (r"voltage\..*", lambda _: lambda at: at.voltage(1)),
    (r"current\.l([123])", lambda m: lambda at: at.current(int(m[1]))),
    (r"current\.n", lambda _: lambda at: at.current(1) / 10 if at.phases > 1 else at.current(1)),
    (
        r"current(?:\.sum|\.total)?",
        lambda _: lambda at: sum((at.current(one + 1) for one in range(at.phases)), Decimal(0)),
    ),
    (
        r"current\..*",
        lambda _: (
            lambda at: (
                sum((at.current(1 + one) for one in range(at.phases)), Decimal(0)) / at.phases
            )
        ),
    ),
    (r"pf(?:\.l([123]))?", lambda _: lambda at: at.factor()),
    (r"angle.*", lambda _: lambda at: Decimal(round(math.degrees(math.acos(at.pf / 1000))))),
    (r"frequency", lambda _: lambda at: at.frequency()),
    (r"thd\..*", lambda _: lambda at: at.noise(8, 10, 40, 10)),
    (r"demand\.active\.export.*", lambda _: lambda at: max(_NOTHING, -at.watts())),
    (r"demand\.(?:power|active).*", lambda _: lambda at: abs(at.watts())),
    (r"demand\.current.*", lambda _: lambda at: at.current(1)),
    (r"demand\..*", lambda _: lambda at: abs(at.watts())),
    (r"energy\.active\.(import|export)(?:\.l([123]))?(?:\.t([1-9]))?", _tariff),
    (
        r"energy\.active(?:\.total|\.sum)?(?:\.l([123]))?(?:\.t([1-9]))?",
        lambda m: (
            lambda at: (
                at.counted(
                    False,
                    {None: 1000, "1": 600, "2": 400}.get(m[2], 0)
                    * (at.share(_phase(m[1])) if m[1] else 1000)
                    // 1000,
                )
                + (at.counted(True) if not m[1] and not m[2] else 0)
            )
        ),
    ),
    (
        r"energy\.(reactive|apparent|charge)\.export.*",
        lambda _: lambda at: at.counted(True, 330),
    ),
    (
        r"energy\.reactive.*?(?:\.l([123]))?(?:\.t([1-9]))?",
        lambda m: (
            lambda at: (
                at.counted(False, 330 * (at.share(_phase(m[1])) or 0) // 1000)
                if m[1]
                else at.counted(False, 330)
            )
        ),
    ),
    (r"energy\.apparent.*", lambda _: lambda at: at.counted(False, 1060)),
    (r"charge.*|energy\..*", lambda _: lambda at: at.counted(False, 4)),
    (r"volume\.(?:forward|net)\.fraction", lambda _: lambda at: at.counted() % 1000),
    (r"volume\.reverse\.fraction", lambda _: lambda at: at.counted(True) % 1000),
    (r"volume\.forward.*", lambda _: lambda at: at.counted()),
    (r"volume\.reverse.*", lambda _: lambda at: at.counted(True)),
    (r"operating\.time", lambda _: lambda at: Decimal(at.now % 10**8)),
    (r"volume(?:\.net)?.*", lambda _: lambda at: at.counted() - at.counted(True)),
    (r"flow", lambda _: lambda at: at.flow()),
    (r"temperature.*", lambda _: lambda at: at.noise(5, 180, 240, 10)),
    (r"pressure", lambda _: lambda at: at.noise(6, 25, 45, 10)),
    (r"velocity", lambda _: lambda at: abs(at.flow()) / 5000),
    (r"sound\.speed", lambda _: lambda at: at.noise(9, 14800, 14950, 10)),
    (r"signal\.quality", lambda _: lambda at: at.noise(7, 88, 97, 1)),
    (r"battery\.voltage", lambda _: lambda at: _BATTERY["battery" in at.place.flags]),
)


@cache
def quantity(name: str) -> Quantity | None:
    """How the value of this name follows from a Moment; None for names that are no quantities."""
    for pattern, make in _TABLE:
        if match := re.fullmatch(pattern, name):
            return make(match)
    return None
