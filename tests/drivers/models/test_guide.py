"""docs/meters.md tells of the maps as they are."""

from __future__ import annotations

import re
from pathlib import Path

from drivers.maps.model import Command, MeterMap, Register, Trust
from drivers.maps.reading import shipped_maps

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "meters.md"


def row(meter_map: MeterMap) -> str:
    """A model's line in the guide."""
    things: dict[str, Register | Command] = {**meter_map.registers, **meter_map.commands}
    open_ = dict.fromkeys(
        name.partition("[")[0] for name, one in things.items() if one.trust is Trust.UNVERIFIED
    )
    models = ", ".join(meter_map.models)
    who = models if meter_map.maker == "generic" else f"{meter_map.maker} {models}"
    cells = (
        f"`{meter_map.id}`",
        who,
        meter_map.protocol.value,
        meter_map.trust.value,
        ", ".join(f"`{name}`" for name in open_) or "-",
    )
    return f"| {' | '.join(cells)} |"


def test_the_table_of_models_is_what_the_maps_say() -> None:
    told = re.findall(r"^\| `[a-z0-9-]+` \|.*\|$", GUIDE.read_text("utf-8"), re.MULTILINE)
    told = [line for line in told if line.count(" | ") == 4]
    assert sorted(told) == sorted(map(row, shipped_maps()))
