"""What a model may be asked for, told by its register map and not by guessing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from meters.device import Capability

from ..maps.model import MeterMap

BY_COMMAND: Final[Mapping[str, Capability]] = {
    "set_clock": Capability.SET_CLOCK,
    "push_token": Capability.PUSH_TOKEN,
    "add_credit": Capability.ADD_CREDIT,
    "set_thresholds": Capability.THRESHOLDS,
    "set_low_threshold": Capability.THRESHOLDS,
    "open_supply": Capability.OPEN_SUPPLY,
    "close_supply": Capability.CLOSE_SUPPLY,
    "arm_supply": Capability.ARM_SUPPLY,
    "set_unit_id": Capability.SET_UNIT_ID,
    "set_line": Capability.SET_LINE,
    "set_baud": Capability.SET_LINE,
}
BY_REGISTER: Final[Mapping[str, Capability]] = {
    "clock": Capability.READ_CLOCK,
    "account.balance": Capability.ACCOUNT,
    "supply.output": Capability.READ_SUPPLY,
    "supply.state": Capability.READ_SUPPLY,
    "event_log.time": Capability.EVENTS,
    "event_log.time[0]": Capability.EVENTS,
}


def capabilities(
    map: MeterMap,
    *,
    profile: bool = False,
    lacks: Collection[str] = (),
    read_only: bool = False,
) -> frozenset[Capability]:
    """Of a model; `profile` says that its protocol reads load profiles. Of one meter of it: less
    what its variant lacks, and without anything that writes if it is only read."""
    readable = set(readable_names(map, lacks))
    commands = set() if read_only else map.commands.keys() - set(lacks)
    found = {Capability.READ} if readable else set()
    found |= {can for name, can in BY_REGISTER.items() if name in readable}
    found |= {can for name, can in BY_COMMAND.items() if name in commands}
    if map.identify:
        found.add(Capability.IDENTIFY)
    if map.checks:
        found.add(Capability.WIRING)
    if flag_registers(map, lacks):
        found.add(Capability.FLAGS)
    if profile:
        found.add(Capability.PROFILE)
    return frozenset(found)


def readable_names(map: MeterMap, lacks: Collection[str] = ()) -> list[str]:
    """Registers that can be read, full names, less what a variant lacks."""
    return [
        name
        for name, register in map.registers.items()
        if register.access.readable and name not in lacks
    ]


def flag_registers(map: MeterMap, lacks: Collection[str] = ()) -> list[str]:
    """Registers that tell flags: one each (`flag.magnet`), or many as bits of a status."""
    return [
        name
        for name in readable_names(map, lacks)
        if name.startswith("flag.") or (map.registers[name].bits and not name.startswith("sts."))
    ]
