"""Why a sale of two people, or an exchange of a meter, is not done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meters.errors import Invalid, Refused

from ..parties import Meter

_OF_THE_KEY: Final = ("commodity", "ea", "sgc", "krn", "ti")
_PERHAPS: Final = {"base_date": "counts_from", "ken": "ken"}
"""What need not be told of a meter, and its name in an error."""


@dataclass(eq=False)
class RefundNotPossible(Refused, code="refund.not_possible"):
    """No units are given back for this sale at this meter."""

    vend_id: str
    why: str
    """`no_own_units`, `voided` (taken back, or its money given back),
    `other_customer` or `other_commodity`."""


@dataclass(eq=False)
class RefundTooMuch(Refused, code="refund.too_much"):
    """More than the sale gave, less what was given back for it already."""

    vend_id: str
    units: str
    left: str


@dataclass(eq=False)
class CorrectionNotPossible(Refused, code="correction.not_possible"):
    """This sale is not sold anew to another meter."""

    vend_id: str
    why: str
    """`not_bought`, `same_meter` or `voided`."""


@dataclass(eq=False)
class MeterDiffers(Refused, code="exchange.meter_differs"):
    """The meter that is put in is on record already, and with something else: a token would be
    made for what it is not."""

    meter: str
    field: str
    """`commodity`, `ea`, `sgc`, `krn`, `ti`, `counts_from` (the base date) or `ken`."""
    recorded: str


def check_recorded(known: Meter, made: Meter) -> None:
    """Whether what is told of a meter is what is on record of it; what of base date and expiry
    number is not told, or not on record, is not compared. Raises MeterDiffers."""
    for name in (*_OF_THE_KEY, *_PERHAPS):
        recorded, told = getattr(known, name), getattr(made, name)
        if recorded != told and not (name in _PERHAPS and None in (recorded, told)):
            field, is_there = _PERHAPS.get(name, name), str(getattr(recorded, "value", recorded))
            raise MeterDiffers(known.number.number, field, is_there)


@dataclass(eq=False)
class NotExchanged(Refused, code="exchange.not_exchanged"):
    """This meter was not replaced at this agreement, so nothing is moved off it."""

    meter: str
    agreement: str


@dataclass(eq=False)
class TransferredBefore(Refused, code="transfer.done_before"):
    """What was left on this meter has been moved already."""

    meter: str
    vend_id: str


@dataclass(eq=False)
class SaleTakenBack(Refused, code="transfer.sale_taken_back"):
    """The money of a sale to this meter was given back, and its units may be among what is moved:
    it was taken back because the meter was out of use, or the meter has taken its token since."""

    meter: str
    vend_id: str


@dataclass(eq=False)
class TransferTooMuch(Refused, code="transfer.too_much"):
    """More than the last reading of the old meter says. A photo or a laboratory may say more."""

    meter: str
    units: str
    read: str


@dataclass(eq=False)
class ReadingMissing(Refused, code="exchange.reading_missing"):
    """The old meter was never read, so no reading says what is left on it."""

    meter: str


@dataclass(eq=False)
class DownSinceWrong(Invalid, code="exchange.down_since_wrong"):
    """A meter is dead since a moment that has passed, and that lies in the time that it hung
    there."""

    meter: str
    down_since: datetime


@dataclass(eq=False)
class SeenAlive(Refused, code="exchange.seen_alive"):
    """The meter answered after the moment since when it is said to be dead."""

    meter: str
    down_since: datetime
    seen_at: datetime


@dataclass(eq=False)
class UnitsAndSource(Invalid, code="exchange.units_and_source"):
    """Units without a source, or a source without units; `none` means that nothing is moved."""

    source: str
