"""Commissioning checks: expressions of a register map, held to readings taken now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from meters.device import CheckResult
from meters.readings import Quality, Reading, Value

from ..maps.expressions import Expression, ExpressionWrong, expression
from ..maps.model import MeterMap
from .values import plain

DOUBTS = frozenset({"out_of_range", "unverified"})
"""Doubts that a check is there to settle: the reading counts for it all the same."""


def run_checks(
    map: MeterMap, read: Callable[[Sequence[str]], Mapping[str, Reading]]
) -> list[CheckResult]:
    """Each check of the map, in its order, on one set of readings. `holds` is None where a reading
    could not be had or is stale, or the expression comes to nothing (a division by zero)."""
    checks = [(check.name, expression(check.holds)) for check in map.checks]
    names = dict.fromkeys(name for _, one in checks for name in one.names)
    readings = read(list(names)) if names else {}
    return [_result(name, one, readings) for name, one in checks]


def _result(name: str, check: Expression, readings: Mapping[str, Reading]) -> CheckResult:
    missing = [one for one in check.names if not _usable(readings[one])]
    if missing:
        told = ", ".join(f"{one}: {readings[one].reason}" for one in missing)
        return CheckResult(name, None, told)
    values: dict[str, Value] = {}
    for one in check.names:
        value = readings[one].value
        assert value is not None
        values[one] = value
    seen = ", ".join(
        f"{one} = {plain(value)} {readings[one].unit}".rstrip() for one, value in values.items()
    )
    try:
        return CheckResult(name, check.holds(values), seen)
    except ExpressionWrong as error:
        return CheckResult(name, None, f"{error.problem}; {seen}")


def _usable(reading: Reading) -> bool:
    if reading.value is None or reading.quality is Quality.BAD:
        return False
    return reading.quality is not Quality.SUSPECT or reading.reason in DOUBTS
