"""Whether the variants of a register map can be told apart, lack what is there, and leave whole
what the rest of the map stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from .codec import NoValue, decode, encode, value_of
from .errors import RegisterContent
from .model import Command, IdentifyStep, MeterMap
from .variants import FIRMWARE, TELLING, Variant, fits, variant_of

Problem = tuple[str, str]

_SHOWN_BY = ("registers", "fc43")
"""Ways of telling in which a stand-in can say what it is told to."""
_OBJECTS = ("VendorName", "ProductCode", "Revision")
"""Of function 43."""


def broken_variants(meter_map: MeterMap) -> Iterator[Problem]:
    """Everything that is wrong with the variants of the map."""
    seen: set[str] = set()
    whole = [variant.name for variant in meter_map.variants if not variant.lacks]
    if FIRMWARE in meter_map.registers or FIRMWARE in meter_map.commands:
        yield "variant", f"{FIRMWARE} is what technicians confirm, and the name of nothing else"
    for variant in meter_map.variants:
        place = f"variant {variant.name}"
        if variant.name in seen:
            yield place, "stands twice"
        seen.add(variant.name)
        if variant.name in whole[1:]:
            yield place, f"lacks nothing, as {whole[0]}: one match can tell both"
        for problem in chain(
            _told(variant, meter_map), _lacking(variant, meter_map), _shown(variant, meter_map)
        ):
            yield place, problem


def _told(variant: Variant, meter_map: MeterMap) -> Iterator[str]:
    """By what it is recognised, and from where that is known."""
    if not variant.matches:
        yield "needs a model or a firmware to be told by"
    for role, match in variant.matches.items():
        if not _steps(meter_map, role):
            yield f"no identify step tells the {role}"
        if match.startswith("/"):
            try:
                re.compile(match.strip("/"))
            except re.error:
                yield f"{role} is no regular expression"
    for key in variant.sources:
        if key not in meter_map.sources:
            yield f"no source {key}"
    if not variant.sources:
        yield "source is missing"


def _lacking(variant: Variant, meter_map: MeterMap) -> Iterator[str]:
    """It lacks what the map has, and nothing that the rest of it stands on."""
    known = meter_map.registers.keys() | meter_map.commands.keys() | meter_map.repeats.keys()
    for name in variant.lacks:
        if name not in known or "[" in name:
            yield f"lacks {name}, and there is no such register or command"
    if len(set(variant.lacks)) != len(variant.lacks):
        yield "lacks a thing twice"
    for step in meter_map.identify:
        if step.method == "registers" and step.name in variant.absent:
            yield f"lacks {step.name}, by which it is recognised"
    for name, register in meter_map.registers.items():
        for needed in (register.unit_from, register.order_from):
            if needed in variant.absent and name not in variant.absent:
                yield f"lacks {needed}, which decides what {name} means"
    for command in meter_map.commands.values():
        lost = [name for name in needed_by(command) if name in variant.absent]
        if lost and command.name not in variant.absent:
            yield f"lacks {lost[0]}, which the command {command.name} needs"


def needed_by(command: Command) -> list[str]:
    """Registers that a command writes, reads or is proved by."""
    names = [str(step.args["register"]) for step in command.steps if "register" in step.args]
    if command.verify is not None:
        names.append(command.verify.register)
    if command.idempotency is not None:
        names.append(command.idempotency.register)
    return [full for name in names for full in (name, f"{name}[0]")]


def _shown(variant: Variant, meter_map: MeterMap) -> Iterator[str]:
    """Its stand-in is recognised as it, and as no variant before it."""
    if not variant.shows or any(not _steps(meter_map, role) for role in variant.matches):
        return
    asked = {role for one in meter_map.variants for role in one.matches}
    for role in TELLING:
        if role in asked and role not in variant.shows:
            yield f"shows must tell the {role} too, which variants are told by"
    for role, text in variant.shows.items():
        steps = _steps(meter_map, role)
        if len(steps) != 1:
            yield f"shows a {role}, which one identify step must tell"
            continue
        yield from _sayable(role, steps[0], text, meter_map)
    try:
        found = variant_of(meter_map.variants, variant.shows)
    except re.error:
        # Told above.
        return
    if found is None or found.name != variant.name:
        other = "none" if found is None else found.name
        yield f"what it shows is told as {other}"


def _sayable(role: str, step: IdentifyStep, text: str, meter_map: MeterMap) -> Iterator[str]:
    if step.method not in _SHOWN_BY:
        yield f"shows a {role}, which no stand-in tells by {step.method}"
    elif not fits(step.match, text):
        yield f"shows a {role} that its identify step does not take"
    elif step.method == "fc43":
        if step.name not in _OBJECTS or not text.isascii():
            yield f"shows a {role} that no stand-in tells: plain ASCII in {', '.join(_OBJECTS)}"
    elif step.name in meter_map.registers and not _kept(step.name, text, meter_map):
        yield f"shows a {role} that {step.name} cannot hold"


def _kept(name: str, text: str, meter_map: MeterMap) -> bool:
    register = meter_map.registers[name]
    try:
        return fits(text, str(decode(register, encode(register, value_of(register, text)))))
    except (NoValue, RegisterContent):
        return False


def _steps(meter_map: MeterMap, role: str) -> list[IdentifyStep]:
    return [step for step in meter_map.identify if step.role == role]
