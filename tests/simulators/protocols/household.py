"""Values of a meter that a test holds in its hands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from drivers.maps.model import Access, Order, Register, Table
from meters.readings import Value
from simulators.protocols.values import NotAccepted

NOW = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 - as the meter shows it


class Household:
    """Keeps what it is given; `refuses` are names that it does not take."""

    def __init__(self, values: Mapping[str, Value], refuses: frozenset[str] = frozenset()) -> None:
        self.values = dict(values)
        self.clock = NOW
        self.puts: list[tuple[str, Value]] = []
        self._refuses = refuses

    def get(self, name: str) -> Value | None:
        return self.clock if name == "clock" else self.values.get(name)

    def put(self, name: str, value: Value) -> None:
        if name in self._refuses:
            raise NotAccepted
        self.puts.append((name, value))
        self.values[name] = value

    def now(self) -> datetime:
        return self.clock


def di(name: str, addr: str, type: str, **more: object) -> Register:
    """A register of DL/T 645, low byte first."""
    return Register(name, Table.DI, addr, type, order=Order.DCBA, **more)  # type: ignore[arg-type]


def obis(name: str, addr: str, type: str, **more: object) -> Register:
    return Register(name, Table.OBIS, addr, type, **more)  # type: ignore[arg-type]


def record(name: str, addr: str, type: str, **more: object) -> Register:
    """A register of M-Bus, low byte first, except that moments are kept as they are sent."""
    order = Order.ABCD if type.startswith("datetime") else Order.DCBA
    return Register(name, Table.RECORD, addr, type, order=order, **more)  # type: ignore[arg-type]


WRITABLE = Access.GUARDED
