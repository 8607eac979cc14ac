"""The tariffs that agreements may be put at."""

from __future__ import annotations

from ...tariff import Tariff
from .visitor import Visitor


def on_offer(visit: Visitor) -> list[Tariff]:
    """As they hold now, by code: those that the municipality has chosen, or all, but for those
    whose end is decided."""
    chosen = visit.services.town_hall.municipality().tariffs
    found = visit.services.tariff_desk.overview(visit.who.actor, limit=500)
    return [
        one.active
        for one in found
        if one.active is not None
        and not one.is_ending
        and (not chosen or one.active.code in chosen)
    ]
