"""Stand-ins of a model's variants, as a scenario asks for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from drivers.maps.reading import shipped_map
from simulators.building import Builder
from simulators.documents import WorldInvalid
from simulators.mapped import MappedMeter
from simulators.scenario import parse_scenario
from simulators.variants import as_variant, unsayable

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
MODEL = "schneider-iem3155"
ASKS = b"\x0e\x01\x00"
"""Function 43: the basic objects."""


def stood(**row: Any) -> list[MappedMeter]:
    line = {"name": "n", "meter": [{"model": MODEL, "use": "shop", **row}]}
    scenario = parse_scenario({"line": [line]}, NOW)
    return Builder(scenario, NOW.timestamp).line(scenario.lines[0]).meters


def told(meter: MappedMeter) -> bytes:
    reply = meter.pdu(43, ASKS)
    assert reply is not None
    return reply


def test_the_first_variant_stands_where_none_is_named() -> None:
    (meter,) = stood()
    assert b"METSEIEM3155" in told(meter)
    assert meter.get("energy.active.export") is not None


def test_a_variant_tells_itself_and_has_no_more_than_it_has() -> None:
    first, second = stood(variant="basic", firmware="9.9", count=2)
    assert b"METSEIEM3150" in told(first)
    assert b"9.9" in told(first)
    for name in ("energy.active.export", "power.reactive"):
        assert first.get(name) is None
    # 3207: the export, alone.
    assert first.pdu(3, bytes.fromhex("0c870004")) == b"\x83\x02"
    assert first.get("energy.active.import") is not None
    # What was worked out of the map is shared by all meters of a kind.
    assert first.layout is second.layout
    assert first.layout is not stood()[0].layout


@pytest.mark.parametrize(
    "row",
    [
        {"variant": "gold"},
        {"variant": "basic", "model": "eastron-sdm120"},
        {"firmware": "9.٩"},
        {"firmware": "1.x", "model": "eastron-sdm120"},
        {"firmware": "70000", "model": "eastron-sdm120"},
        {"firmware": "1", "model": "hiking-dds238"},
        {"variant": 3},
    ],
)
def test_what_no_stand_in_can_be_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(WorldInvalid, match="line 1 meter 1"):
        stood(**row)


def test_a_firmware_in_a_register() -> None:
    (meter,) = stood(model="eastron-sdm120", firmware="259")
    assert str(meter.get("meter.firmware")) == "259"
    assert unsayable(shipped_map("eastron-sdm120"), "", "259") == ""


def test_a_map_without_variants_stands_as_it_is() -> None:
    plain = shipped_map("eastron-sdm120")
    assert as_variant(plain) is plain
