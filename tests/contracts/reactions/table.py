"""The table of reactions, and how a reaction looks at what was read on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from drivers.opening import ModbusPlace
from meters.gateway import MeterUnreachable
from meters.readings import Quality, Reading

from ..standins import START, Standin

REACTIONS: Final[dict[str, Callable[[], None]]] = {}

ELECTRIC: Final = "eastron-sdm120"
RELAY: Final = "hiking-dds238"
VALVE: Final = "xintai-valve"
TWINS: Final = ("voltage.l1n", "current.l1", "power.active", "frequency")
"""Values that are far apart, so that one taken for another shows."""


def reaction(*faults: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """This is what the head-end makes of these faults."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        for name in faults:
            assert name not in REACTIONS, name
            REACTIONS[name] = function
        return function

    return register


def everything(standin: Standin) -> frozenset[str]:
    return frozenset(standin.map.registers) | frozenset(standin.map.commands)


def modbus(standin: Standin) -> ModbusPlace:
    assert isinstance(standin.place, ModbusPlace)
    return standin.place


def good_and_true(standin: Standin, readings: list[Reading]) -> int:
    """How many are GOOD; each of these must be the truth, within a meter's resolution."""
    good = [one for one in readings if one.quality is Quality.GOOD]
    for one in good:
        truth = standin.meter.get(one.name)
        assert isinstance(truth, Decimal)
        assert isinstance(one.value, Decimal)
        assert abs(one.value - truth) <= max(abs(truth) / 100, Decimal("0.6")), one
    return len(good)


def reasons(readings: list[Reading]) -> set[str]:
    return {one.reason for one in readings if one.quality is not Quality.GOOD}


def read_often(standin: Standin, times: int, names: tuple[str, ...] = TWINS) -> list[Reading]:
    device = standin.device(confirmed=everything(standin))
    found: list[Reading] = []
    for _ in range(times):
        try:
            found += device.read(names)
        except MeterUnreachable as error:
            found += [_unread(name, error.reason) for name in names]
        # The line itself rests as long as it says.
        standin.pause(1)
    return found


def _unread(name: str, reason: str) -> Reading:
    return Reading(name, None, "", "", Quality.BAD, reason, START, 0, "", "")


def resting_over(standin: Standin) -> None:
    standin.pause(301)
