"""Every shipped map against what the sources say, typed a second time and compared field by field:
a slip of the finger in one of the two shows here, without a meter."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from drivers.maps.model import MeterMap, Protocol, Register
from drivers.maps.reading import shipped_ids, shipped_map

from .typed import IN_OURS, NUMBERS, TYPED

OURS = "raseed-payment"
"""Our own meter: the map is the source."""


def lines(map_id: str) -> Iterator[list[str]]:
    for line in TYPED[map_id].strip().splitlines():
        yield line.split()


ROWS = [(map_id, *line) for map_id in TYPED for line in lines(map_id)]


@pytest.mark.parametrize(("map_id", "name", "number", "type_", "order", "scale", "unit"), ROWS)
def test_a_register_is_what_its_source_says(
    map_id: str, name: str, number: str, type_: str, order: str, scale: str, unit: str
) -> None:
    register = shipped_map(map_id).registers[name]
    ours, factor = IN_OURS.get(unit, (unit.replace("~", ""), "1"))
    # Where another register decides, the source's unit is one of those it can be.
    own = ours if ours in {unit for unit, _ in register.units.values()} else register.unit
    told = (register.addr, register.type, register.order.value, register.scale, own)
    typed = (address(map_id, number), type_, order, Decimal(scale) * Decimal(factor), ours)
    assert told == typed


def address(map_id: str, number: str) -> int | str:
    match NUMBERS.get(map_id):
        case "decimal from 1":
            return int(number) - 1
        case "text":
            return number.replace("_", " ")
        case _:
            return int(number, 16)


def test_every_model_is_typed() -> None:
    assert set(shipped_ids()) == {*TYPED, OURS}


@pytest.mark.parametrize("map_id", sorted(TYPED))
def test_every_reading_that_could_be_billed_is_typed(map_id: str) -> None:
    """Counters and credit are all here; of the rest at least what the sources list."""
    typed = {name.partition("[")[0] for name, *_ in lines(map_id)}
    meter_map = shipped_map(map_id)
    left = {
        name.partition("[")[0]
        for name, register in meter_map.registers.items()
        if could_be_billed(register)
    }
    assert left - typed == set()


def could_be_billed(register: Register) -> bool:
    return register.name.startswith(("energy.", "volume.", "account.")) and not (
        # Rates and phases of the resettable kind repeat a pattern that the typed ones prove.
        register.name.startswith("energy.reactive.") or "resettable" in register.name
    )


@pytest.mark.parametrize("map_id", shipped_ids())
def test_every_register_has_a_source_that_the_map_names(map_id: str) -> None:
    meter_map = shipped_map(map_id)
    for register in meter_map.registers.values():
        assert register.sources, register.name
        assert set(register.sources) <= set(meter_map.sources), register.name


@pytest.mark.parametrize("map_id", shipped_ids())
def test_no_source_is_named_for_nothing(map_id: str) -> None:
    meter_map = shipped_map(map_id)
    used = {key for register in meter_map.registers.values() for key in register.sources}
    used |= {key for command in meter_map.commands.values() for key in command.sources}
    used |= {golden.source for golden in meter_map.golden}
    assert set(meter_map.sources) - used == set()


@pytest.mark.parametrize("map_id", shipped_ids())
def test_what_is_settled_by_two_sources_names_two(map_id: str) -> None:
    for register in shipped_map(map_id).registers.values():
        if register.trust.value == "two-sources":
            assert len(register.sources) > 1, register.name


def test_every_modbus_model_has_a_frame_that_decodes() -> None:
    """The reader holds golden frames to the map; here only that each model has one."""
    bare = [m.id for m in modbus_maps() if not m.golden]
    assert bare == []


def modbus_maps() -> list[MeterMap]:
    maps = [shipped_map(map_id) for map_id in shipped_ids()]
    return [meter_map for meter_map in maps if meter_map.protocol is Protocol.MODBUS]
