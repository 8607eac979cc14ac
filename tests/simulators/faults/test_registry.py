"""Every fault is tested, told in the guide, and refused where it makes no sense."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from simulators.faults import FAULTS, FaultInvalid, fault_named, make
from simulators.faults.data import matches
from simulators.faults.registry import seconds
from tests.simulators.meters import bench


def test_none_is_forgotten() -> None:
    """Every registered fault stands in a test beside this one."""
    others = set(Path(__file__).parent.glob("test_*.py")) - {Path(__file__)}
    told = "".join(file.read_text(encoding="utf-8") for file in others)
    assert [name for name in FAULTS if f'"{name}"' not in told] == []


def test_a_scenario_can_say_every_parameter() -> None:
    """`at`, `for`, `target` and `name` of a scenario's row are not the fault's own."""
    for name, kind in FAULTS.items():
        told = {one.name for one in dataclasses.fields(kind) if one.init}
        assert not told & {"at", "for", "target", "name"}, name


def test_faults_that_make_no_sense() -> None:
    for name, parameters in (
        ("gremlins", {}),
        ("late", {"colour": "red"}),
        ("late", {"by_s": "soon"}),
        ("late", {"by_s": True}),
        ("bit_noise", {"rate": "2"}),
        ("junk", {"before": "xyz"}),
        ("collision", {"how": "sideways"}),
        ("word_order", {"order": "ACBD"}),
        ("not_available", {"mark": "none"}),
        ("rollover", {"size": "1", "margin": "2"}),
        ("plateau", {"step": "0"}),
        ("clock_reset", {"to": "2000-01-01T00:00:00+00:00"}),
        ("token_result", {"result": "fine"}),
        ("segmented", {"size": 0}),
        ("silent", {"number": "-1"}),
        ("ignores_function", {"functions": "six"}),
    ):
        with pytest.raises(FaultInvalid):
            make(name, parameters)
    with pytest.raises(FaultInvalid):
        fault_named("drift")


def test_times_and_patterns() -> None:
    assert [seconds(one) for one in ("350ms", "2s", "1h30m", "1d", "-5m")] == [
        0.35, 2, 5400, 86400, -300,
    ]  # fmt: skip
    for text in ("5", "m", "5 m", "1e3s"):
        with pytest.raises(ValueError, match=text):
            seconds(text)
    register = bench().map.registers["voltage.l1n"]
    assert [matches(one, register) for one in ("*", "voltage.*", "voltage.l1n", "volt")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_the_guide_tells_every_fault_and_its_parameters() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "simulators.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in guide.splitlines() if line.startswith("| `")}
    for name, kind in FAULTS.items():
        told = rows[name].rpartition(" | ")[2]
        for parameter in dataclasses.fields(kind):
            assert f"`{parameter.name}`" in told or not parameter.init, (name, parameter.name)
