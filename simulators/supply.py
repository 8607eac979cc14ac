"""The words that makers have for a supply that is on or off.

A valve that is open lets water pass; a relay that is open does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from drivers.maps.model import Register
from meters.readings import Value

from .premises import Premises

_EITHER_ON: Final = ("on", "connected", "supplied", "release")
_EITHER_OFF: Final = ("off", "disconnected", "interrupted")

ON_WORDS: Final[Mapping[bool, tuple[str, ...]]] = {
    True: ("open", "opened", *_EITHER_ON),
    False: ("closed", "close", *_EITHER_ON),
}
"""By whether it is water: that it flows."""
OFF_WORDS: Final[Mapping[bool, tuple[str, ...]]] = {
    True: ("closed", "close", *_EITHER_OFF),
    False: ("open", "opened", "trip", "tripped", *_EITHER_OFF),
}
_MOVING: Final = {True: ("opening", "closing"), False: ("closing", "opening")}


def supply_word(place: Premises, register: Register, is_water: bool) -> Value:
    """What a register says of the supply, in its own words or bits; `on` or `off` in a text."""
    passes = place.switch.closed
    words = (ON_WORDS if passes else OFF_WORDS)[is_water]
    if place.switch.moves and register.bits:
        # Neither the one nor the other while it travels, but for a bit of its own.
        words = (_MOVING[is_water][0 if place.switch.target else 1],)
    elif place.switch.moves:
        words = (_MOVING[is_water][0 if place.switch.target else 1], *words)
    known = {**register.enum, **register.bits}.values()
    for word in words:
        if word in known:
            return frozenset({word}) if register.bits else word
    if register.bits:
        return frozenset()
    if register.enum:
        return next(iter(register.enum.values()))
    return "on" if passes else "off"
