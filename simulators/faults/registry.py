"""Faults by name, and their parameters as people write them: text or numbers, times as `350ms`,
`2s`, `5m`, `1h30m`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeVar, get_type_hints

from meters.errors import Invalid

from .base import Fault, Layer


@dataclass(eq=False)
class FaultInvalid(Invalid, code="simulator.fault_invalid"):
    """No fault of this name, or its number makes no sense."""

    fault: str
    problem: str


FAULTS: Final[dict[str, type[Fault]]] = {}
"""Every fault there is, by name."""

_F = TypeVar("_F", bound=type[Fault])


def fault(name: str, layer: Layer) -> Callable[[_F], _F]:
    """Registers a fault class."""

    def register(kind: _F) -> _F:
        assert name not in FAULTS, name
        kind.name, kind.layer = name, layer
        FAULTS[name] = kind
        return kind

    return register


_TIME: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SECONDS: Final = {
    "ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600),
    "d": Decimal(86400),
}  # fmt: skip


def seconds(text: str) -> float:
    """`350ms`, `2s`, `5m`, `1h30m` as seconds. Raises ValueError."""
    rest = text.strip().removeprefix("-")
    if not rest or _TIME.sub("", rest):
        raise ValueError(text)
    total = sum(Decimal(number) * _SECONDS[unit] for number, unit in _TIME.findall(rest))
    return float(-total if text.strip().startswith("-") else total)


def make(name: str, parameters: Mapping[str, object]) -> Fault:
    """A fresh fault. Raises FaultInvalid for an unknown name or parameter, or a value that its
    type cannot mean."""
    if name not in FAULTS:
        raise FaultInvalid(name[:40], f"one of {', '.join(sorted(FAULTS))}")
    kind = FAULTS[name]
    hints = get_type_hints(kind)
    known = {one.name: hints[one.name] for one in dataclasses.fields(kind) if one.init}
    values: dict[str, Any] = {}
    for key, value in parameters.items():
        if key not in known:
            raise FaultInvalid(name, f"has no {key[:40]}; it takes {', '.join(known) or 'none'}")
        try:
            values[key] = _read(known[key], key, value)
        except (ValueError, TypeError):
            raise FaultInvalid(name, f"{key} cannot be {str(value)[:40]}") from None
    try:
        return kind(**values)
    except ValueError as error:
        raise FaultInvalid(name, str(error)) from None


def _read(kind: Any, key: str, value: object) -> object:
    if kind is bool:
        if not isinstance(value, bool):
            raise TypeError
        return value
    if isinstance(value, bool):
        raise TypeError
    if kind is float:
        if key.endswith("_s") and isinstance(value, str):
            return seconds(value)
        return float(str(value))
    if kind is int:
        return value if isinstance(value, int) else int(str(value), 0)
    if kind is str:
        return str(value)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError
    return tuple(value)
