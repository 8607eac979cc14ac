"""Variants of a family: how they are told apart, and which maps of them are refused."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.maps.errors import MapInvalid
from drivers.maps.model import MeterMap
from drivers.maps.reading import read_map, shipped_maps
from drivers.maps.variants import fits, variant_of

from .everything import everything
from .probes import PLAIN, document

CODE: dict[str, Any] = {
    "name": "meter.code", "table": "holding", "addr": 1, "type": "ascii(4)", "kind": "identity",
}  # fmt: skip
VERSION: dict[str, Any] = {
    "name": "meter.firmware", "table": "holding", "addr": 4, "type": "u16", "kind": "identity",
}  # fmt: skip
LOG: dict[str, Any] = {
    "name": "event_log.code", "table": "holding", "addr": 40, "type": "u16",
    "repeat": {"count": 3, "stride": 1},
}  # fmt: skip
FLOW = PLAIN | {"name": "flow", "addr": 20, "unit": "m3/h", "access": "r", "kind": "instant"}
COMMAND: dict[str, Any] = {
    "name": "set_volume",
    "role": "supervisor",
    "danger": "credit",
    "params": {"volume": "decimal"},
    "steps": [{"write": {"register": "volume.forward", "value": "$volume"}}],
}
STEPS = [
    {"method": "registers", "role": "model", "name": "meter.code", "match": "/^P/"},
    {"method": "registers", "role": "firmware", "name": "meter.firmware"},
]
SMALL: dict[str, Any] = {
    "name": "small",
    "model": "P1",
    "firmware": "/^1/",
    "lacks": ["flow", "event_log.code"],
    "shows": {"model": "P1", "firmware": "12"},
}
LARGE: dict[str, Any] = {"name": "large", "model": "/P[12]/"}


def family(*variants: dict[str, Any], **parts: Any) -> MeterMap:
    rows = variants or (SMALL, LARGE)
    known = {"identify": STEPS, "command": [COMMAND], "variant": list(rows), **parts}
    return read_map(document(PLAIN, FLOW, CODE, VERSION, LOG, **known), "probe")


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"model": "P1", "firmware": "12"}, "small"),
        ({"model": "P1", "firmware": "21"}, "large"),
        ({"model": "P1"}, "large"),
        ({"model": "P2", "firmware": "12"}, "large"),
        ({"model": "P3", "firmware": "12"}, ""),
        ({}, ""),
    ],
)
def test_the_first_variant_that_fits_counts(told: dict[str, str], name: str) -> None:
    found = variant_of(family().variants, told)
    assert (found.name if found else "") == name


def test_what_a_variant_lacks_has_full_names() -> None:
    small, large = family().variants
    assert small.absent == {"flow", *(f"event_log.code[{i}]" for i in range(3))}
    assert (large.absent, large.sources) == (frozenset(), ("sheet",))
    made = read_map(everything(), "probe").variants[0]
    assert made.matches == {"model": "P1", "firmware": "/^1[0-9]$/"}
    assert {"set_unit_id", "token_log.sequence[2]"} < made.absent


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"model": None, "firmware": None}, "a model or a firmware"),
        ({"model": "/(/"}, "model is no regular expression"),
        ({"lacks": ["pressure"]}, "there is no such"),
        ({"lacks": ["event_log.code[0]"]}, "fits none|cannot read"),
        ({"lacks": ["flow", "flow"]}, "twice"),
        ({"lacks": ["meter.code"]}, "by which it is recognised"),
        ({"lacks": ["volume.forward"]}, "which the command set_volume needs"),
        ({"source": ["hearsay"]}, "no source hearsay"),
        ({"source": []}, "source is missing"),
        ({"shows": {"model": "P1"}}, "shows must tell the firmware too"),
        ({"shows": {"model": "P2", "firmware": "12"}}, "is told as large"),
        ({"shows": {"model": "P1", "firmware": "2"}}, "is told as large"),
        ({"shows": {"model": "X1", "firmware": "12"}}, "identify step does not take"),
        ({"shows": {"model": "P1", "firmware": "1.x"}}, "cannot hold"),
        ({"shows": {"model": "P1", "firmware": "1", "serial": "3"}}, "unknown key serial"),
        ({"shows": {}}, "at least 1"),
        ({"lacks": []}, "lacks nothing, as small"),
        ({"since": "2018"}, "unknown key since"),
    ],
)
def test_variants_that_contradict_the_map(changes: dict[str, Any], problem: str) -> None:
    row = {key: value for key, value in (SMALL | changes).items() if value is not None}
    with pytest.raises(MapInvalid, match=problem) as told:
        family(row, LARGE)
    assert told.value.place.startswith("variant ")


def test_what_decides_a_unit_is_lacked_with_what_it_decides() -> None:
    made = everything()
    made["variant"][0]["lacks"] = ["meter.energy_prefix"]
    with pytest.raises(MapInvalid, match="decides what energy"):
        read_map(made, "probe")
    made["variant"][0]["lacks"] += ["energy.active.import"]
    read_map(made, "probe")


def test_a_variant_is_told_by_what_some_step_tells() -> None:
    for role, steps in (("firmware", STEPS[:1]), ("model", STEPS[1:])):
        with pytest.raises(MapInvalid, match=f"no identify step tells the {role}"):
            family(identify=steps)
    with pytest.raises(MapInvalid, match="stands twice"):
        family(SMALL, SMALL)
    # A stand-in says what it keeps in registers, and the objects of function 43.
    for step in ({"method": "header", "name": "medium"}, {"method": "fc43", "name": "0x80"}):
        with pytest.raises(MapInvalid, match="no stand-in"):
            family(identify=[{"role": "model", **step}, STEPS[1]])


def test_every_shipped_variant_can_be_stood_in_for() -> None:
    for meter_map in shipped_maps():
        assert all(variant.shows for variant in meter_map.variants), meter_map.id


@pytest.mark.parametrize(
    ("match", "text", "holds"),
    [
        ("", "x", True),
        ("x", "x", True),
        ("0x20", "32", True),
        ("/^a/", "ab", True),
        ("/^a/", "ba", False),
        ("x", "", False),
        ("/", "/", True),
    ],
)
def test_what_a_match_wants(match: str, text: str, holds: bool) -> None:
    assert fits(match, text) is holds
