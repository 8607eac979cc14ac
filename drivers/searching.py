"""Who is on a line of a protocol other than Modbus, asked with the protocol's own wildcards:

* M-Bus: secondary addresses, digit by digit where several answer (EN 13757-3);
* DL/T 645: `A` for any digit, two digits at a time from the low end where several answer (7.1);
* IEC 62056-21: the call without an address. Several that answer at once cannot be told apart.

Nothing is ever written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from meters.errors import RaseedError

from .bus.timing import Manners, Pace
from .conversation import Channel, Conversation, LineSettings, Witness, converse
from .device.recognising import recognise
from .dlt645.frames import ANY
from .dlt645.search import who as dlt_who
from .dlt645.station import PATIENCE
from .dlt645.station import Station as DltStation
from .lines import NoReply
from .link import Priority
from .maps.model import MeterMap, Protocol
from .mbus.core import search as mbus_search
from .mbus.station import Station as MbusStation
from .mbus.station import patience_at
from .opening import SerialPlace
from .scan import Found, Presence

T = TypeVar("T")
Told = Callable[[str, int], None]
"""Is told what is asked for next, and how many were found so far."""
_PAIRS: Final = 100
_CALLED: Final = "search"
"""By this name the line's records keep what nobody's own exchange is."""


def search_line(
    line: SerialPlace, meter_map: MeterMap, told: Told = lambda *_: None
) -> Iterator[Found]:
    """Meters of the map's protocol, as they are found. Raises LineDown, LineBusy."""
    find = {
        Protocol.MBUS: _mbus,
        Protocol.DLT645: _dlt645,
        Protocol.IEC21: _iec21,
    }[meter_map.protocol]
    for station, presence in find(line, meter_map, told):
        yield _known(line, meter_map, station, presence)


def _mbus(line: SerialPlace, meter_map: MeterMap, told: Told) -> Iterator[tuple[str, Presence]]:
    manners = Manners.of(meter_map.limits)

    def asked(settings: LineSettings) -> Conversation[tuple[tuple[str, Presence], ...]]:
        patience = patience_at(settings)
        first_s = max(patience.first_s, manners.worst_s)
        station = MbusStation(
            line.bus.address, 0, "F" * 16, replace(patience, first_s=first_s), settle_s=2 * first_s
        )
        found = yield from mbus_search(station)
        return (
            *((one.secondary, Presence.METER) for one in found.meters),
            *((mask, Presence.CONFLICT) for mask in found.conflicts),
        )

    told("", 0)
    yield from _turn(line, manners, asked)


def _dlt645(line: SerialPlace, meter_map: MeterMap, told: Told) -> Iterator[tuple[str, Presence]]:
    manners = Manners.of(meter_map.limits)
    found = 0
    masks = [ANY]
    while masks:
        mask = masks.pop()
        told(mask, found)
        station = DltStation(line.bus.address, mask, PATIENCE)
        address = _turn(line, manners, partial(_asked, station))
        if address is None:
            free = mask.rindex("A") + 1 if "A" in mask else 0
            if not free:
                yield mask, Presence.CONFLICT
                continue
            # Two digits are one byte on the wire; the last mask is taken first.
            masks += [
                f"{mask[: free - 2]}{pair:02d}{mask[free:]}" for pair in range(_PAIRS - 1, -1, -1)
            ]
        elif address:
            found += 1
            yield address, Presence.METER


def _asked(station: DltStation, _: LineSettings) -> Conversation[str | None]:
    return dlt_who(station)


def _iec21(line: SerialPlace, meter_map: MeterMap, told: Told) -> Iterator[tuple[str, Presence]]:
    told("", 0)
    try:
        line.link(meter_map).who("ident", "")
    except NoReply as error:
        if error.reason != "timeout":
            yield "", Presence.CONFLICT
        return
    yield "", Presence.METER


def _turn(
    line: SerialPlace, manners: Manners, asked: Callable[[LineSettings], Conversation[T]]
) -> T:
    """One conversation with whoever is there, as a turn on the line."""

    def job(channel: Channel, pace: Pace, seen: Witness) -> T:  # noqa: ARG001 - a Job
        return converse(asked(channel.settings), channel, seen)

    return line.bus.ask(_CALLED, manners, Priority.COMMISSIONING, job)


def _known(line: SerialPlace, meter_map: MeterMap, station: str, presence: Presence) -> Found:
    if presence is not Presence.METER:
        return Found(station, presence)
    try:
        link = line.link(meter_map, station)
        identity = recognise(meter_map, link, station, Priority.COMMISSIONING)
    except RaseedError:
        # Somebody is there, and not as this map has it.
        return Found(station, presence)
    return Found(station, presence, (meter_map.id,), identity)
