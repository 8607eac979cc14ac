"""Many meters at once: what each has counted and holds, line by line.

Lines do not wait for each other; the meters of one take turns, and one that does not answer rests
(`bus/health.py`), so that it holds up the others but once. Devices and lines are kept from one
round to the next: what a meter has taught by refusing, and how long it takes, is known then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meters.errors import RaseedError
from meters.gateway import MeterUnreachable
from meters.readings import Quality, Reading

from .device.mapped import MappedDevice
from .device.settings import DeviceSettings
from .maps.model import MeterMap
from .opening import OpenLine
from .places import Place

MOST_LINES: Final = 32
"""Lines that are read at the same time."""
COUNTERS: Final = (
    "energy.active.import",
    "energy.active.total",
    "volume.forward",
    "volume.net",
    "account.total_supplied",
)
"""What a bill is made of: of these the first that a model has."""
BALANCE: Final = "account.balance"
_SILENT: Final = frozenset(
    {"no_reply", "timeout", "dropped", "line.resting", "line.down", "exception_10", "exception_11"}
)
"""Reasons that say of a meter, or of what is before it, that it does not answer."""


@dataclass(frozen=True, slots=True)
class Member:
    """A meter that is read with the others."""

    name: str
    """Its number on record."""
    place: Place
    map: MeterMap
    settings: DeviceSettings


@dataclass(frozen=True, slots=True)
class Seen:
    """What one meter said in one round."""

    member: Member
    at: datetime
    readings: tuple[Reading, ...] = ()
    error: RaseedError | None = None
    """Why there are none."""

    @property
    def problem(self) -> str:
        """The same as a code: `timeout`, `meter.mismatch` ..., or empty."""
        if isinstance(self.error, MeterUnreachable):
            return self.error.reason
        return "" if self.error is None else self.error.code

    @property
    def is_silent(self) -> bool:
        """Nothing came of it at all. (Another meter at its address is none of that.)"""
        if not self.readings:
            return self.problem in _SILENT
        return all(one.quality is Quality.BAD and one.reason in _SILENT for one in self.readings)


class Sweep:
    """Reads all its members, as often as wanted. One round at a time."""

    def __init__(
        self,
        members: Sequence[Member],
        lines: Callable[[Place, MeterMap], OpenLine],
        now: Callable[[], datetime],
        pause: Callable[[float], None] = time.sleep,
        asked: Callable[[MeterMap], list[str]] | None = None,
    ) -> None:
        """`lines` opens the line of a place, the same each time (`keeping.Lines.at`). `asked` tells
        what is read of a model; `billed` if not given."""
        self._asked = asked or billed
        self._lines = lines
        self._now = now
        self._pause = pause
        self._devices: dict[str, MappedDevice] = {}
        self._by_line: dict[tuple[str, str], list[Member]] = {}
        for one in members:
            key = (one.place.transport, one.place.line)
            self._by_line.setdefault(key, []).append(one)

    def round(self) -> Iterator[Seen]:
        """Every member once; those of a line together, when that line is done."""
        if not self._by_line:
            return
        with ThreadPoolExecutor(min(len(self._by_line), MOST_LINES)) as pool:
            lines = [pool.submit(self._line, members) for members in self._by_line.values()]
            for line in as_completed(lines):
                yield from line.result()

    def _line(self, members: Sequence[Member]) -> list[Seen]:
        """One after the other. Who is spoken to alike comes together, and then the line is let go
        of: a serial port is opened by one at a time, and so are many gateways."""
        seen: list[Seen] = []
        opened: dict[int, tuple[OpenLine, list[Member]]] = {}
        for member in members:
            try:
                line = self._lines(member.place, member.map)
            except RaseedError as error:
                seen.append(Seen(member, self._now(), error=error))
            else:
                opened.setdefault(id(line), (line, []))[1].append(member)
        for line, alike in opened.values():
            try:
                seen += [self._one(member, line) for member in alike]
            finally:
                line.close()
        return seen

    def _one(self, member: Member, line: OpenLine) -> Seen:
        try:
            readings = self._device(member, line).read(self._asked(member.map))
        except RaseedError as error:
            return Seen(member, self._now(), error=error)
        return Seen(member, self._now(), tuple(readings))

    def _device(self, member: Member, line: OpenLine) -> MappedDevice:
        if member.name not in self._devices:
            link = line.link(member.map, member.place.station)
            self._devices[member.name] = MappedDevice(
                member.map, link, self._now, self._pause, member.settings
            )
        return self._devices[member.name]


def billed(meter_map: MeterMap) -> list[str]:
    """The model's counter that is billed, and its balance, as far as it has them."""
    readable = {name for name, one in meter_map.registers.items() if one.access.readable}
    counter = next((name for name in COUNTERS if name in readable), None)
    return [name for name in (counter, BALANCE) if name is not None and name in readable]
