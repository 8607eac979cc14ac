"""One device on the fake link, with handles for what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from drivers.device.mapped import MappedDevice
from drivers.device.recognising import Expected
from drivers.device.settings import DeviceSettings
from drivers.maps.model import MeterMap
from meters.device import CommandRecord, Warrant

from .fake import Clock, FakeLink, FakeMeter, Trouble, plain_values
from .models import made_up

SERIAL = "12345678"
BOSS = Warrant("noor", "administrator", "ordered by the court")


@dataclass
class Rig:
    clock: Clock = field(default_factory=Clock)
    map: MeterMap = field(default_factory=made_up)
    trouble: Trouble = field(default_factory=Trouble)
    records: list[CommandRecord] = field(default_factory=list)
    units: dict[int, FakeMeter] = field(default_factory=dict)
    answers: list[bool] = field(default_factory=lambda: [True])
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.meter = self.units.setdefault(7, FakeMeter(self.map, plain_values()))
        self.link = FakeLink(self.units, 7, self.trouble)

    def device(self, ask: Callable[[str], bool] | None = None, **settings: Any) -> MappedDevice:
        known = {"unit": "7", "expected": Expected(serial=SERIAL), **settings}
        return MappedDevice(
            self.map,
            self.link,
            self.clock,
            self.clock.pause,
            DeviceSettings(**known),
            sink=self.records.append,
            ask=ask or self._answer,
            elsewhere=lambda unit: FakeLink(self.units, int(unit), self.trouble),
        )

    def _answer(self, code: str) -> bool:
        self.asked.append(code)
        return self.answers.pop(0) if self.answers else True

    def written(self) -> list[str]:
        return [name for name, _ in self.meter.writes]
