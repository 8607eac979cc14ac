"""Why something is not written into the register."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Invalid, Refused


@dataclass(eq=False)
class PartyFieldWrong(Invalid, code="register.field_wrong"):
    """A field is missing, too long, or not of the form that it needs."""

    field: str


@dataclass(eq=False)
class NumberTaken(Refused, code="register.number_taken"):
    """Another customer, place, agreement or point has this number, or this meter is in use."""

    what: str
    """`account`, `place`, `agreement`, `meter`, `point`."""
    number: str
