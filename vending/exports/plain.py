"""What the plain-text journals share: amounts as text, safe words, local dates."""

from __future__ import annotations

import unicodedata
from datetime import datetime, tzinfo
from typing import Final

from meters.quantities import Energy, Money, Volume

from ..accounting import JournalView

QUANTITIES: Final = {"Wh": (Energy, "kWh"), "l": (Volume, "m3")}
"""Ledger unit to its quantity and to the unit that people write."""
_DECIMALS: Final = 3
TOKENS: Final = "token"


def amount_text(amount: int, unit: str) -> str:
    """An amount of the ledger as a decimal: agorot as shekels, Wh as kWh, litres as m3; tokens are
    counted."""
    if unit == TOKENS:
        return str(amount)
    if unit in QUANTITIES:
        return QUANTITIES[unit][0](amount).to_text(_DECIMALS)
    return Money(amount, unit).to_text()


def shown_unit(unit: str) -> str:
    return QUANTITIES[unit][1] if unit in QUANTITIES else unit


def words(text: str, *without: str) -> str:
    """One line of plain words: no line breaks, no control or direction marks, single spaces,
    and none of the signs that mean something where the words are going."""
    for sign in without:
        text = text.replace(sign, "-")
    kept = (" " if c.isspace() else c for c in text)
    return " ".join("".join(c for c in kept if unicodedata.category(c)[0] != "C").split())


def local_day(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).date().isoformat()


def local_time(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%H:%M:%S}"


def first_day(view: JournalView) -> str | None:
    """The day that an export begins on, if it does not begin with the books."""
    return None if view.span.start is None else local_day(view.span.start, view.zone)
