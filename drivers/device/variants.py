"""What follows from who a meter says it is: what it lacks, and whether the house knows its firmware
well enough to write to it.

A register map tells what its sources know. A firmware that none of them knew may keep the same
registers in other places: such a meter is read, and nothing is written to it, until a technician
has stood before it. The same holds for a meter whose firmware has changed since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from meters.device import Identity

from ..maps.model import MeterMap
from ..maps.variants import FIRMWARE
from .settings import DeviceSettings


@dataclass(frozen=True, slots=True)
class Standing:
    """How a meter stands."""

    firmware: str = ""
    """That it told."""
    lacks: frozenset[str] = frozenset()
    """Registers and commands of its map that it does not have."""
    is_settled: bool = True
    """Whether it may be written to."""
    confirmed: frozenset[str] = frozenset()
    """What technicians confirmed and still counts."""


def standing(map: MeterMap, settings: DeviceSettings, found: Identity) -> Standing:
    """Of a meter that has said who it is."""
    same = not settings.firmware or settings.firmware == found.firmware
    known = not map.variants or bool(found.variant) or FIRMWARE in settings.confirmed
    return Standing(
        firmware=found.firmware,
        lacks=_LACKS_NOTHING if not found.variant else _absent(map, found.variant),
        is_settled=same and known,
        # What was right under another firmware need not be right under this one.
        confirmed=settings.confirmed if same else frozenset(),
    )


def asks_first(map: MeterMap, settings: DeviceSettings) -> bool:
    """Whether values of this meter mean nothing before it has said who it is."""
    return bool(map.variants or settings.firmware)


_LACKS_NOTHING: Final[frozenset[str]] = frozenset()


def _absent(map: MeterMap, name: str) -> frozenset[str]:
    told: Mapping[str, frozenset[str]] = {one.name: one.absent for one in map.variants}
    return told.get(name, _LACKS_NOTHING)
