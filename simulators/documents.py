"""Reading what people write about worlds: every key is known, of its type, or it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meters.errors import Invalid

_MISSING: Any = object()


@dataclass(eq=False)
class WorldInvalid(Invalid, code="simulator.world_invalid"):
    """The world file is wrong at `place`. Never quotes a key."""

    place: str
    problem: str


class Place:
    """One JSON object: its keys are taken one by one, and none may be left over."""

    def __init__(self, name: str, value: object) -> None:
        if not isinstance(value, dict):
            raise WorldInvalid(name, "must be an object")
        self.name = name
        self._left = dict(value)

    def take(self, key: str, kinds: type | tuple[type, ...], default: Any = _MISSING) -> Any:
        if key not in self._left:
            if default is _MISSING:
                raise WorldInvalid(self.name, f"{key} is missing")
            return default
        value = self._left.pop(key)
        allowed = kinds if isinstance(kinds, tuple) else (kinds,)
        if type(value) not in allowed and not (value is None and default is None):
            names = " or ".join(kind.__name__ for kind in allowed)
            raise WorldInvalid(self.name, f"{key} must be of type {names}")
        return value

    def rest(self) -> dict[str, Any]:
        """Everything that is left, taken."""
        left, self._left = self._left, {}
        return left

    def end(self) -> None:
        if self._left:
            raise WorldInvalid(self.name, f"unknown key {sorted(self._left)[0][:40]}")
