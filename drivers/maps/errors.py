"""What can be wrong with register maps and with what registers hold."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Broken, Invalid


@dataclass(eq=False)
class MapInvalid(Broken, code="meter_map.invalid"):
    """A register map contradicts itself. `map` is its file's name, `place` a register, command or
    key in it, such as `register voltage.l1n` or `limits.write_fc`."""

    map: str
    place: str
    problem: str


@dataclass(eq=False)
class MapUnknown(Invalid, code="meter_map.unknown"):
    """No register map of this name is shipped."""

    map: str


@dataclass(eq=False)
class RegisterContent(Broken, code="meter_map.content"):
    """A register holds, or was given, something its type cannot mean. The content itself is not
    told: a token or a password may stand there."""

    register: str
    problem: str
