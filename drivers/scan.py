"""Who is on a line? Asks one station after the other, likely ones first, and never writes.

A station that answers anything, be it an exception, is there; then the register maps say which
model it is (their identify steps, or, for models that tell nothing of themselves, whether what is
read is plausible). Two meters at one id do not answer cleanly: their replies lie over each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, Protocol

from meters.device import Identity
from meters.errors import RaseedError
from meters.gateway import MeterUnreachable
from meters.readings import Quality

from .conversation import LineSettings
from .device.reading import readings_of, wanted
from .device.recognising import recognise
from .lines import LineBusy, LineDown
from .link import Link, Priority
from .maps.model import Kind, MeterMap, Register

Now = Callable[[], datetime]

PROBES: Final = 3
"""How often a station is asked again that answers, and not cleanly."""
_GARBLED: Final = frozenset({"crc", "noise", "truncated", "conflict", "byte_count", "garbled"})
_BAUDS: Final = (2400, 4800, 9600, 19200, 1200)
_SANITY: Final = 6
"""Values read to judge a model that tells nothing of itself."""


class Presence(Enum):
    """What is at a station."""

    NOBODY = "nobody"
    METER = "meter"
    """Somebody answers; `models` says who, as far as the maps know."""
    CONFLICT = "conflict"
    """Several answer at once."""


@dataclass(frozen=True, slots=True)
class Found:
    """A station where somebody answers."""

    station: str
    presence: Presence
    models: tuple[str, ...] = ()
    """Ids of the maps that fit; several where they cannot be told apart from here."""
    identity: Identity | None = None
    """Of the first of them."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan has come."""

    station: str
    done: int
    total: int
    silent_s: float
    """What a silent station costs."""

    @property
    def most_left_s(self) -> float:
        """If nobody else answers."""
        return (self.total - self.done) * self.silent_s


class Knocker(Protocol):
    """Asks at a station of a line, without knowing the model."""

    @property
    def silent_s(self) -> float:
        """What it costs if nobody is there."""
        ...

    def knock(self, station: str) -> str:
        """Empty if somebody answers, even with a refusal; else why there is no answer: `timeout`,
        `crc`, `conflict` ... Raises LineDown, LineBusy."""
        ...

    def link(self, meter_map: MeterMap, station: str) -> Link:
        """To whoever answers there, taken for a meter of this map."""
        ...


def likely_first(
    units: Iterable[int], maps: Sequence[MeterMap], expected: Sequence[int] = ()
) -> list[int]:
    """Known defaults, then those that the records expect, then the rest, each once."""
    asked = dict.fromkeys(units)
    defaults = dict.fromkeys(sorted(one.line.default_unit for one in maps))
    order = dict.fromkeys([*defaults, *expected, *asked])
    return [unit for unit in order if unit in asked]


def serial_units(serial: str) -> list[int]:
    """Units that makers derive from a serial number: its last three or two digits."""
    digits = "".join(one for one in serial if one.isdigit())
    ends = [int(digits[-n:]) for n in (3, 2) if len(digits) >= n]
    return [end for end in dict.fromkeys(ends) if 1 <= end <= 247]


def likely_settings(maps: Sequence[MeterMap]) -> list[LineSettings]:
    """How a line may be set, likely ones first: as the models are delivered, most of them first;
    then the usual speeds without parity and with even."""
    delivered = Counter(
        LineSettings(
            one.line.default_baud,
            one.line.data_bits,
            one.line.default_parity,
            one.line.default_stop_bits,
        )
        for one in maps
    )
    known = [settings for settings, _ in delivered.most_common()]
    rest = [LineSettings(baud, 8, parity, 1) for baud in _BAUDS for parity in "NE"]
    return list(dict.fromkeys([*known, *rest]))


def scan(
    knocker: Knocker,
    stations: Sequence[str],
    maps: Sequence[MeterMap],
    now: Now,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[Found]:
    """Stations where somebody answers, as they are found. Raises LineDown and LineBusy where the
    line itself fails: what was found before has been told."""
    for number, station in enumerate(stations):
        progress(Progress(station, number, len(stations), knocker.silent_s))
        presence = _presence(knocker, station)
        if presence is Presence.CONFLICT:
            yield Found(station, presence)
        elif presence is Presence.METER:
            yield _recognised(knocker, station, maps, now)
    progress(Progress("", len(stations), len(stations), knocker.silent_s))


def _presence(knocker: Knocker, station: str) -> Presence:
    """One clean answer is a meter. An answer that is not clean is asked for again: noise goes away,
    two meters at one id do not."""
    reasons = []
    for _ in range(PROBES):
        reason = knocker.knock(station)
        reasons.append(reason)
        if reason == "conflict":
            return Presence.CONFLICT
        if reason not in _GARBLED:
            break
    garbled = sum(reason in _GARBLED for reason in reasons)
    if garbled >= PROBES - 1:
        return Presence.CONFLICT
    return Presence.METER if not reasons[-1] else Presence.NOBODY


def _recognised(knocker: Knocker, station: str, maps: Sequence[MeterMap], now: Now) -> Found:
    sure: list[tuple[MeterMap, Identity]] = []
    perhaps: list[tuple[MeterMap, Identity]] = []
    garbled = 0
    for one in maps:
        link = knocker.link(one, station)
        try:
            identity = recognise(one, link, station, Priority.COMMISSIONING)
            if any(step.match for step in one.identify):
                sure.append((one, identity))
            elif _plausible(one, link, now):
                perhaps.append((one, identity))
        except (LineDown, LineBusy):
            raise
        except MeterUnreachable as error:
            garbled += error.reason in _GARBLED
        except RaseedError:
            # Whatever a meter of another model answers to what it does not know.
            continue
    fitting = sure or perhaps
    if not fitting and garbled:
        # Two meters that refuse a request say the same, and what they are asked for they do not.
        return Found(station, Presence.CONFLICT)
    ids = tuple(one.id for one, _ in fitting)
    return Found(station, Presence.METER, ids, fitting[0][1] if fitting else None)


def _plausible(meter_map: MeterMap, link: Link, now: Now) -> bool:
    """Whether what a few registers hold is what they should: all there, none out of its range."""
    telling = _telling(meter_map)
    if not telling:
        return False
    names = [register.name for register in telling]
    fetched = link.fetch(wanted(meter_map, names), Priority.COMMISSIONING)
    readings = readings_of(meter_map, names, fetched, now(), names)
    return all(reading.quality is Quality.GOOD for reading in readings.values())


def _telling(meter_map: MeterMap) -> list[Register]:
    """Registers with a range or with words, instants first: they tell most."""
    ranged = [
        register
        for register in meter_map.registers.values()
        if register.access.readable
        and not register.unit_from
        and (register.least is not None or register.enum)
    ]
    ranged.sort(key=lambda register: register.kind is not Kind.INSTANT)
    return ranged[:_SANITY]
