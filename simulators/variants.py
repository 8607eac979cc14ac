"""A model's register map as the stand-in of one of its variants has it: without what the variant
lacks, and telling of itself what the variant tells."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from drivers.maps.codec import encode, value_of
from drivers.maps.errors import RegisterContent
from drivers.maps.model import Behaviour, IdentifyStep, MeterMap
from drivers.maps.variants import Variant

T = TypeVar("T")

_OBJECTS: Final = "device_identification"


def as_variant(meter_map: MeterMap, name: str = "", firmware: str = "") -> MeterMap:
    """The map of a stand-in: of the variant of this name, of the first that a stand-in can be if
    none is named, the map itself if there is no such variant. `firmware` is told in place of the
    variant's or the model's own."""
    variant = _chosen(meter_map, name)
    told = {} if variant is None else dict(variant.shows)
    if firmware:
        told["firmware"] = firmware
    steps = [step for step in meter_map.identify if step.role in told]
    if variant is None and not steps:
        return meter_map
    absent: frozenset[str] = frozenset() if variant is None else variant.absent
    lacks = () if variant is None else variant.lacks
    objects = meter_map.quirks.get(_OBJECTS)
    shown = {step.name: told[step.role] for step in steps if step.method == "fc43"}
    kept = {
        step.name: Behaviour("const", {"value": told[step.role]})
        for step in steps
        if step.method == "registers"
    }
    return replace(
        meter_map,
        registers=_without(meter_map.registers, absent),
        repeats=_without(meter_map.repeats, lacks),
        commands=_without(meter_map.commands, absent),
        behaviours={**meter_map.behaviours, **kept},
        quirks={
            **meter_map.quirks,
            _OBJECTS: {**(objects if isinstance(objects, Mapping) else {}), **shown},
        },
    )


def unsayable(meter_map: MeterMap, name: str, firmware: str) -> str:
    """Why there can be no stand-in of this variant that tells this firmware; empty if there can."""
    shown = [variant.name for variant in meter_map.variants if variant.shows]
    if name and name not in shown:
        known = ", ".join(shown) or "none"
        return f"{meter_map.id} has no variant {name[:40]} that is told here; it has {known}"
    if not firmware:
        return ""
    steps = [step for step in meter_map.identify if step.role == "firmware"]
    if len(steps) != 1 or not _says(meter_map, steps[0], firmware):
        return f"{meter_map.id} cannot tell the firmware {firmware[:40]}"
    return ""


def _says(meter_map: MeterMap, step: IdentifyStep, text: str) -> bool:
    if step.method == "fc43":
        return text.isascii()
    if step.method != "registers":
        return False
    register = meter_map.registers[step.name]
    try:
        encode(register, value_of(register, text))
    except RegisterContent:
        return False
    return True


def _chosen(meter_map: MeterMap, name: str) -> Variant | None:
    return next(
        (one for one in meter_map.variants if one.shows and name in ("", one.name)),
        None,
    )


def _without(rows: Mapping[str, T], names: Collection[str]) -> dict[str, T]:
    return {name: row for name, row in rows.items() if name not in names}
