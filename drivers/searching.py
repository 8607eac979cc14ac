"""Who is on a line of a protocol other than Modbus, asked with the protocol's own wildcards:

* M-Bus: secondary addresses, digit by digit where several answer (EN 13757-3);
* DL/T 645: `A` for any digit, two digits at a time from the low end where several answer (7.1);
* IEC 62056-21 has no wildcards: addresses that somebody lists are called one after the other, or,
  where nobody knows any, whoever is there by the call without an address. Several that answer
  that at once cannot be told apart. Some meters answer to every address: one that nobody has is
  called first, so that they are not taken for as many meters as there are addresses.

Nothing is ever written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from .lines import Declined, NoReply
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
_Find = Callable[[SerialPlace, MeterMap, Told], Iterator[tuple[str, Presence]]]
MOST_CALLED: Final = 10_000
"""A call that nobody answers costs some four seconds."""
_ADDRESS: Final = re.compile(r"[0-9A-Za-z]{1,32}", re.ASCII)
_RANGE: Final = re.compile(r"([0-9]{1,32})-([0-9]{1,32})", re.ASCII)
_PAIRS: Final = 100
_CALLED: Final = "search"
"""By this name the line's records keep what nobody's own exchange is."""
_NOBODY: Final = "NOBODY"
"""Of letters alone, and so on no meter's front: who answers to it does not look at addresses."""


def search_line(
    line: SerialPlace,
    meter_map: MeterMap,
    told: Told = lambda *_: None,
    addresses: Sequence[str] = (),
) -> Iterator[Found]:
    """Meters of the map's protocol, as they are found. `addresses` are called where the protocol
    itself cannot find any (IEC 62056-21); a meter that answers to any of them is told once, with
    the empty station of whoever is there. Raises LineDown, LineBusy."""
    finders: Mapping[Protocol, _Find] = {
        Protocol.MBUS: _mbus,
        Protocol.DLT645: _dlt645,
        Protocol.IEC21: partial(_iec21, addresses=addresses),
    }
    for station, presence in finders[meter_map.protocol](line, meter_map, told):
        yield _known(line, meter_map, station, presence)


def addresses_of(text: str) -> list[str]:
    """`26000001-26000040,31415926`: addresses and ranges of them, each once, in order. A range is
    of numbers, written as wide as its first one. Raises ValueError for anything else, and for more
    than anybody would wait for."""
    found: dict[str, None] = {}
    for part in text.split(","):
        part = part.strip()
        if _ADDRESS.fullmatch(part):
            found[part] = None
            continue
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ValueError(part[:40])
        first, last = match.groups()
        numbers = range(int(first), int(last) + 1)
        if not 0 < len(numbers) <= MOST_CALLED:
            raise ValueError(part[:40])
        found |= dict.fromkeys(str(number).zfill(len(first)) for number in numbers)
    if len(found) > MOST_CALLED:
        raise ValueError(text[:40])
    return list(found)


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


def _iec21(
    line: SerialPlace, meter_map: MeterMap, told: Told, addresses: Sequence[str]
) -> Iterator[tuple[str, Presence]]:
    if addresses and (presence := _called(line, meter_map, _NOBODY)) is not Presence.NOBODY:
        # It answers to every other address as well, and over everybody who has one.
        yield "", presence
        return
    found = 0
    for address in addresses or ("",):
        told(address, found)
        presence = _called(line, meter_map, address)
        found += presence is Presence.METER
        if presence is not Presence.NOBODY:
            yield address, presence


def _called(line: SerialPlace, meter_map: MeterMap, address: str) -> Presence:
    try:
        line.link(meter_map, address).who("ident", "")
    except NoReply as error:
        return Presence.NOBODY if error.reason == "timeout" else Presence.CONFLICT
    except Declined:
        # It names itself and then offers no rate that we know: somebody is there all the same.
        return Presence.METER
    return Presence.METER


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
