"""The world file: what it must say, and who may read it."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from simulators.documents import WorldInvalid
from simulators.faults import Slow
from simulators.world import WorldUnprotected, parse_world, read_world

from .support import ELECTRICITY, KEY_HEX, START, WATER, meter_row, world


def written(path: Path, document: Any, mode: int = 0o600) -> Path:
    path.write_text(json.dumps(document))
    path.chmod(mode)
    return path


def test_a_world_is_read(tmp_path: Path) -> None:
    document = world(
        meter_row(1, ELECTRICITY, credit=5, load=7, power_limit=50, tamper=True),
        meter_row(
            2, WATER, commodity="water", ea="11", sgc=None, fault={"name": "slow", "number": 0.5}
        ),
    ) | {"keypad": {"port": 5020}}
    read = read_world(written(tmp_path / "world.json", document))
    assert (read.start, read.keypad_port) == (START, 5020)
    first, second = read.gateways["north"].meters
    meter = first.build(START)
    assert meter.reasons == {"tamper"}
    assert (meter.memory.balance, meter.memory.credited, meter.load) == (5, 5, 7)
    assert (meter.memory.power_limit_w, meter.memory.acceptance.key_type) == (50, 2)
    assert second.memory.acceptance.sgc is None
    assert isinstance(second.fault, Slow)
    assert KEY_HEX["07"] not in repr(read)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o700, 0o400])
def test_a_world_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "world.json", world(), mode)
    if not os.access(path, os.R_OK):
        pytest.skip("this user cannot read the file at all")
    with pytest.raises(WorldUnprotected) as told:
        read_world(path)
    assert told.value.facts() == {"mode": f"{mode:04o}", "wanted": "0600"}


def test_files_that_are_no_world(tmp_path: Path) -> None:
    with pytest.raises(WorldInvalid):
        read_world(tmp_path / "absent.json")
    path = tmp_path / "world.json"
    path.write_text("{")
    path.chmod(0o600)
    with pytest.raises(WorldInvalid) as told:
        read_world(path)
    assert told.value.problem == "is not JSON"


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("unit", 0, "unit"),
        ("unit", True, "unit"),
        ("drn", "60000000013", "meter.check_digit"),
        ("commodity", "gas", "commodity"),
        ("commodity", ["water"], "commodity"),
        ("decoder_key", "xyz", "hex"),
        ("decoder_key", "0011", "keys.length"),
        ("ea", "13", "ea must be one of 07, 09, 11"),
        ("ea", KEY_HEX["07"], "ea must be one of"),
        ("ea", "09", "keys.algorithm_unverified"),
        ("krn", 10, "krn must be 1 to 9"),
        ("ken", 256, "ken"),
        ("key_type", 4, "key_type"),
        ("sgc", "12", "sgc"),
        ("credit", -1, "credit"),
        ("credit", 10**12, "credit"),
        ("load", -1, "load"),
        ("load", 1.5, "load"),
        ("fault", {"name": "gremlins"}, "gremlins"),
        ("fault", {"name": "slow", "much": 1}, "much"),
        ("colour", "red", "colour"),
    ],
)
def test_a_wrong_meter_is_named_and_its_key_is_not(key: str, value: Any, problem: str) -> None:
    document = world(meter_row(1, ELECTRICITY) | {key: value})
    with pytest.raises(WorldInvalid) as told:
        parse_world(document)
    assert problem in str(told.value)
    assert "north" in told.value.place
    assert KEY_HEX["07"] not in str(told.value)


def test_every_needed_key_is_needed() -> None:
    for key in meter_row(1, ELECTRICITY):
        document = copy.deepcopy(world(meter_row(1, ELECTRICITY)))
        del document["gateways"]["north"]["meters"][0][key]
        if key == "sgc":
            parse_world(document)
            continue
        with pytest.raises(WorldInvalid) as told:
            parse_world(document)
        assert key in told.value.problem


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"gateways": []},
        {"gateways": {"north": []}},
        {"gateways": {}, "start": "yesterday"},
        {"gateways": {}, "start": "2026-03-01T08:00:00"},
        {"gateways": {}, "keypad": {"port": 70000}},
        {"gateways": {}, "keypad": {"prot": 1}},
        {"gateways": {}, "speed": 5},
        world(meter_row(1, ELECTRICITY), meter_row(1, WATER)),
        world(meter_row(1, ELECTRICITY), meter_row(2, ELECTRICITY)),
    ],
)
def test_worlds_that_contradict_themselves(document: Any) -> None:
    with pytest.raises(WorldInvalid):
        parse_world(document)
