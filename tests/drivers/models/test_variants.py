"""Every variant that a shipped map tells: its stand-in is recognised as it, declines what it lacks,
and reads as the rest of its family."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from drivers.maps.model import Protocol
from drivers.maps.reading import shipped_map, shipped_maps
from meters.device import Capability
from meters.readings import Quality
from tests.contracts.standins import in_memory, served

VARIANTS = [(one.id, variant.name) for one in shipped_maps() for variant in one.variants]


@pytest.mark.parametrize(("map_id", "name"), VARIANTS)
def test_a_stand_in_is_recognised_and_read(map_id: str, name: str) -> None:
    meter_map = shipped_map(map_id)
    (variant,) = [one for one in meter_map.variants if one.name == name]
    standin = in_memory(map_id, variant=name)
    device = standin.device()
    found = device.identify()
    assert (found.variant, device.is_read_only) == (name, False)
    readable = [one for one, row in meter_map.registers.items() if row.access.readable]
    readings = {one.name: one for one in device.read(readable)}
    bad = {one for one, reading in readings.items() if reading.quality is Quality.BAD}
    assert bad == variant.absent & readings.keys()
    assert {readings[one].reason for one in bad} <= {"missing"}
    for one in bad:
        register = meter_map.registers[one]
        assert standin.meter.get(one) is None
        if meter_map.protocol is Protocol.MODBUS:
            asked = struct.pack(">HH", register.span[0], register.words)
            assert standin.meter.pdu(3, asked) == bytes([0x83, 2]), one


def test_a_zero_in_the_place_of_a_counter_that_is_not_there_is_never_billed() -> None:
    """A driver that does not know variants reads the place of the export within a block, where this
    stand-in, as meters do, fills what it does not keep with zeros."""
    standin = in_memory("schneider-iem3155", variant="basic")
    name = "energy.active.export"
    blind = replace(standin, map=replace(standin.map, variants=()))
    (zero,) = blind.device().read([name])
    assert (zero.quality, zero.value) == (Quality.GOOD, Decimal(0))
    (told,) = standin.device().read([name])
    assert (told.quality, told.value, told.reason) == (Quality.BAD, None, "missing")


@pytest.mark.system
@pytest.mark.parametrize(("map_id", "name"), VARIANTS)
def test_the_same_over_a_real_line(map_id: str, name: str) -> None:
    meter_map = shipped_map(map_id)
    (variant,) = [one for one in meter_map.variants if one.name == name]
    how = "rtu-tcp" if meter_map.protocol is Protocol.MODBUS else "tcp"
    with served(map_id, how, variant=name) as standin:
        device = standin.device()
        assert device.identify().variant == name
        assert Capability.READ in device.capabilities
        readable = [one for one, row in meter_map.registers.items() if row.access.readable]
        bad = {one.name for one in device.read(readable) if one.quality is Quality.BAD}
        assert bad == variant.absent & set(readable)


def test_the_name_on_the_front() -> None:
    for variant, front in (("full", "iEM3155"), ("basic", "iEM3150"), ("", "iEM3155")):
        assert in_memory("schneider-iem3155", variant=variant).device().identify().model == front
    # As other makers write theirs into what they tell.
    assert in_memory("gavazzi-em340").device().identify().model == "EM340-DIN"
    assert in_memory("gavazzi-em24").device().identify().model == "EM24-DIN AV2"


def test_the_basic_models_of_schneider_lack_what_the_manual_says() -> None:
    # Typed from the manual's words: "not applicable to iEM3150, iEM3250 and iEM3350".
    full, basic = shipped_map("schneider-iem3155").variants
    assert basic.absent == {
        "energy.active.export", "energy.reactive.import", "energy.reactive.export",
        "power.reactive",
    }  # fmt: skip
    codes = {"METSEIEM3155": full, "A9MEM3255": None, "METSEIEM3350": basic, "iEM3250": basic}
    for code, wanted in codes.items():
        fitting = [one for one in (full, basic) if one.fits({"model": code})]
        assert fitting == ([wanted] if wanted else []), code


def test_a_sweep_asks_who_answers_no_more_often_than_it_must() -> None:
    standin = in_memory("schneider-iem3155", variant="basic")
    assert standin.memory is not None
    sent = standin.memory.sent
    device = standin.device(identity_every=timedelta(minutes=15))

    def sweep_round() -> tuple[int, int]:
        """How often it asked who answers, and how often anything at all."""
        before = len(sent)
        (reading,) = device.read(["energy.active.import"])
        assert reading.quality is Quality.GOOD
        frames = sent[before:]
        return sum(frame[1] == 43 for frame in frames), len(frames)

    first = sweep_round()
    assert first[0] == 2
    for _ in range(3):
        for _ in range(14):
            standin.pause(60)
            # The counter, and the clock along with it.
            assert sweep_round() == (0, 2)
        standin.pause(60)
        assert sweep_round() == first
