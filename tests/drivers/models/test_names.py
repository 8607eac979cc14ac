"""The vocabulary: what is in it, and that the reader lets nothing else in."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from drivers.maps.errors import MapInvalid
from drivers.maps.names import NAMES, canonical, problem
from drivers.maps.reading import MAPS_FOLDER, read_map, shipped_ids, shipped_map

CANONICAL = [
    ("energy.active.import", "kWh"),
    ("energy.active.import.l3.t4", "kWh"),
    ("energy.reactive.export", "kvarh"),
    ("power.active.l1", "W"),
    ("power.apparent", "VA"),
    ("voltage.l1n", "V"),
    ("voltage.l3l1", "V"),
    ("current.n", "A"),
    ("pf.l2", ""),
    ("frequency", "Hz"),
    ("phase.sequence", ""),
    ("volume.net", "m3"),
    ("flow", "m3/h"),
    ("temperature.water", "C"),
    ("pressure", "bar"),
    ("pipe.state", ""),
    ("signal.quality", "%"),
    ("battery.voltage", "V"),
    ("account.balance", "money"),
    ("account.balance", "m3"),
    ("account.purchase_count", ""),
    ("supply.output", ""),
    ("clock", ""),
    ("meter.serial", ""),
    ("ct.ratio", ""),
    ("flag.magnet", ""),
    ("token_log.sequence[3]", ""),
]


@pytest.mark.parametrize(("name", "unit"), CANONICAL)
def test_a_canonical_name_with_its_unit_is_welcome(name: str, unit: str) -> None:
    assert problem(name, unit) == ""


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("energy.import", "kWh"),
        ("voltage", "V"),
        ("voltage.l4n", "V"),
        ("energy.active.import.l4", "kWh"),
        ("flag.ghost", ""),
        ("power.active", "kW"),
        ("energy.active.import", "Wh"),
        ("volume.forward", "l"),
        ("frequency", ""),
        ("pf", "%"),
    ],
)
def test_another_name_or_unit_is_not(name: str, unit: str) -> None:
    assert problem(name, unit) != ""


def test_no_name_means_two_things() -> None:
    for map_id in shipped_ids():
        for name in shipped_map(map_id).registers:
            plain = name.partition("[")[0]
            found = [one for one in NAMES if re.fullmatch(one.pattern, plain)]
            assert len(found) == 1, (name, [one.pattern for one in found])
            assert canonical(name) is found[0]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("name", "volts", "canonical"), ("unit", "kV", "its unit is"), ("unit", "", "its unit is")],
)
def test_the_reader_refuses_what_is_not_of_the_vocabulary(key: str, value: str, said: str) -> None:
    document: dict[str, Any] = tomllib.loads(
        (MAPS_FOLDER / "chint-dtsu666.toml").read_text("utf-8")
    )
    document["register"][1][key] = value
    with pytest.raises(MapInvalid, match=said):
        read_map(document, "chint-dtsu666")
