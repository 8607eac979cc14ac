"""Many meters silent at once are one event: the feeder, the line or the gateway, and not them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

TOGETHER: Final = timedelta(minutes=2)
"""Silences that begin within so long of each other have one cause: a sweep of a line takes that."""
LEAST: Final = 3
"""Meters that make an outage of a place; fewer are told one by one."""
SHARE: Final = 0.8
"""Of a place's meters that must be silent."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A meter that was asked: where it stands (line, feeder), and since when it is silent."""

    meter: str
    place: str
    since: datetime | None
    """None: it answers."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One thing to tell somebody: a whole place, or a single meter."""

    place: str
    meters: tuple[str, ...]
    since: datetime
    whole: bool = False
    """The place, and not a meter of it."""


def outages(silences: Iterable[Silence], ongoing: Iterable[Outage] = ()) -> list[Outage]:
    """What to tell, oldest first: one outage for a place whose meters fell silent together, one for
    each other silent meter. `ongoing` is what was told last time: when the power is back and meters
    start one after the other, those that are left still belong to their place's outage, and make no
    new ones."""
    places: dict[str, list[Silence]] = defaultdict(list)
    for one in silences:
        places[one.place].append(one)
    before = {(one.place, meter): one for one in ongoing if one.whole for meter in one.meters}
    found = []
    for place, members in places.items():
        quiet = sorted((one.since, one.meter) for one in members if one.since is not None)
        left = [meter for since, meter in quiet if _belongs(before.get((place, meter)), since)]
        if left:
            found.append(Outage(place, tuple(left), before[place, left[0]].since, whole=True))
            quiet = [one for one in quiet if one[1] not in left]
        while quiet:
            first = quiet[0][0]
            meters = [meter for since, meter in quiet if since - first <= TOGETHER]
            if len(meters) >= max(LEAST, SHARE * len(members)):
                found.append(Outage(place, tuple(meters), first, whole=True))
            else:
                found += [Outage(place, (meter,), since) for since, meter in quiet[: len(meters)]]
            quiet = quiet[len(meters) :]
    return sorted(found, key=lambda one: (one.since, one.place, one.meters))


def _belongs(outage: Outage | None, since: datetime) -> bool:
    return outage is not None and since - outage.since <= TOGETHER
