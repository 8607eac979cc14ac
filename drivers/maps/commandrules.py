"""Whether the commands of a register map can be carried out: they name what is there, write what
may be written, and give values that fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .codec import encode, value_of
from .errors import RegisterContent
from .model import Access, Command, MeterMap, Protocol, Register, Step

Problem = tuple[str, str]

IMPLICIT = {"old"}
"""Parameters that every command has: the unit id that the meter answers at so far."""
_COUNTED = {"counter", "next"}
"""And those of a command with `idempotency`: what its counter says, and is to say after it."""

_RAW_PART = re.compile(r"(?:[0-9a-f]{2})+|\$[a-z][a-z0-9_]*(?::u8|:u16|:u32)?")


def broken_commands(meter_map: MeterMap) -> Iterator[Problem]:
    """Everything that is wrong with the commands of the map."""
    for command in meter_map.commands.values():
        for problem in _command(command, meter_map):
            yield f"command {command.name}", problem


def _command(command: Command, meter_map: MeterMap) -> Iterator[str]:
    for key in command.sources:
        if key not in meter_map.sources:
            yield f"no source {key}"
    used: set[str] = set()
    for number, step in enumerate(command.steps, start=1):
        for problem in _step(step, meter_map, used):
            yield f"step {number}: {problem}"
    writes = any(step.what in ("write", "unlock") for step in command.steps)
    if writes and meter_map.protocol is Protocol.MODBUS and not meter_map.limits.write_fc:
        yield "the meter takes no writes (limits.write_fc)"
    if command.verify is not None:
        yield from _compared(command.verify.register, command.verify.equals, meter_map, used)
        if command.verify.poll_s > command.verify.within_s:
            yield "verify: poll_s is above within_s"
    if command.idempotency is not None:
        yield from _readable(command.idempotency.register, meter_map)
    implicit = IMPLICIT | (_COUNTED if command.idempotency is not None else set())
    for name in sorted(used - command.params.keys() - implicit):
        yield f"no parameter {name}"
    for name in sorted(command.params.keys() - used):
        yield f"parameter {name} is never used"


def _step(step: Step, meter_map: MeterMap, used: set[str]) -> Iterator[str]:
    args = step.args
    match step.what:
        case "write" | "unlock":
            yield from _write(args, meter_map, used)
        case "read":
            yield from _readable(str(args["register"]), meter_map)
        case "expect":
            yield from _compared(str(args["register"]), str(args["equals"]), meter_map, used)
        case "assert_silent":
            used |= _named(str(args["unit"]))
        case "identify_at":
            units = args["units"]
            if isinstance(units, tuple):
                used.update(*(_named(unit) for unit in units))


def _write(args: Mapping[str, object], meter_map: MeterMap, used: set[str]) -> Iterator[str]:
    name = str(args["register"])
    register = meter_map.registers.get(name)
    if register is None or register.access is Access.READ:
        yield f"no writable register {name}"
        return
    if "raw" in args:
        parts = str(args["raw"]).split()
        if not all(_RAW_PART.fullmatch(part) for part in parts):
            yield "raw is hex and $parameters"
        for part in parts:
            used |= _named(part.partition(":")[0])
        return
    used |= _named(str(args["value"]))
    yield from _literal(register, str(args["value"]))


def _compared(name: str, equals: str, meter_map: MeterMap, used: set[str]) -> Iterator[str]:
    problems = list(_readable(name, meter_map))
    yield from problems
    used |= _named(equals)
    register = meter_map.registers.get(name)
    if register is not None and not problems:
        yield from _literal(register, equals)


def _readable(name: str, meter_map: MeterMap) -> Iterator[str]:
    # A repeated register is read whole, by the name before its index.
    register = meter_map.registers.get(name) or meter_map.registers.get(f"{name}[0]")
    if register is None or not register.access.readable:
        yield f"no readable register {name}"


def _literal(register: Register, text: str) -> Iterator[str]:
    if text.startswith("$"):
        return
    try:
        encode(register, value_of(register, text))
    except RegisterContent as error:
        yield f"{text!r} cannot stand in {register.name}: {error.problem}"


def _named(text: str) -> set[str]:
    """The parameter that `$name` asks for."""
    return {text[1:]} if text.startswith("$") else set()
