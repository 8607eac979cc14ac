"""What may be written into the register, whoever sends it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from meters.errors import Broken, Invalid
from tokens.sts import KeyAttributes, KeyUnknown
from tokens.sts.policy import held_by

from .parties import GatewayAddress, Meter, Registration, SupplyAgreement
from .plaintext import can_be_kept, in_one_line, visible
from .tariff import Month

EARLIEST: Final = Month(2000, 1)
"""No agreement's charges count from before."""
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
_HOST: Final = re.compile(r"[^/?#\s@\[\]]+")
_ROWS: Final = {
    "points": "code",
    "customers": "account",
    "service_points": "code",
    "meters": "model",
    "agreements": "number",
    "marks": "account",
}
"""Kinds of rows of a registration, and the text that names one."""
_NUMBERS: Final = {
    "points": ("code",),
    "customers": ("account",),
    "service_points": ("code",),
    "agreements": ("number", "customer", "service_point"),
    "marks": ("account",),
}
"""What rows are found by."""
_WORDS: Final = {
    "points": ("name_ar",),
    "customers": ("name_ar",),
    "service_points": ("quarter", "address"),
}
"""What has to say something."""


@dataclass(eq=False)
class SinceWrong(Invalid, code="agreement.since_wrong"):
    """Monthly charges of an agreement count from a month that is none, long gone or far ahead."""

    agreement: str
    since: str
    first: str
    last: str


@dataclass(eq=False)
class RowWrong(Invalid, code="register.row_wrong"):
    """A text of a party cannot be kept (line breaks, control signs, signs that turn the direction
    of writing; around a number or in it, a space or sign that nobody sees), says nothing where it
    has to, or an address is none."""

    what: str
    """A kind of rows of a registration."""
    row: str
    """Its number or code."""
    field: str


@dataclass(eq=False)
class ModelUnknown(Invalid, code="meter.model_unknown"):
    """No register map has this name."""

    meter: str
    model: str


@dataclass(eq=False)
class AgreementBroken(Broken, code="agreement.broken"):
    """What is kept of an agreement cannot be read."""

    agreement: str


@dataclass(frozen=True, slots=True)
class MeterRules:
    """What a meter on record needs of this installation."""

    keys: Callable[[], Collection[KeyAttributes]] = tuple
    """The vending keys that are held; where none is, they are not looked at."""
    models: Collection[str] = ()
    """Names of the register maps; where none is told, they are not looked at."""

    def admitted(self, meter: Meter) -> Meter:
        """The same, with what its vending key says of base date and expiry number where that is
        not told, if it could be sold to and reached. Raises KeyUnknown, ModelUnknown, RowWrong."""
        number = meter.number.number
        if meter.model and self.models and meter.model not in self.models:
            raise ModelUnknown(number, in_one_line(meter.model)[:60])
        held = {one.ref: one for one in self.keys()}
        key = held.get(meter.key.key)
        if held and key is None:
            raise KeyUnknown(meter.sgc, meter.krn)
        at = meter.gateway
        reached = at is None or (
            _HOST.fullmatch(at.host) if isinstance(at, GatewayAddress) else can_be_kept(at.place)
        )
        if not reached:
            raise RowWrong("meters", number, "gateway")
        if key is None:
            return meter
        told = held_by(meter.key, key)
        return replace(meter, base_date=told.base_date, ken=told.ken)


def check_texts(registration: Registration) -> None:
    """Whether every text of it can be kept, and every row be found again by what is typed. Raises
    RowWrong."""
    for what, named_by in _ROWS.items():
        numbers, words = _NUMBERS.get(what, ()), _WORDS.get(what, ())
        for one in getattr(registration, what):
            for field, text in _texts(one):
                kept = can_be_kept(text)
                if field in numbers:
                    kept = kept and _plain(text)
                elif field in words:
                    kept = kept and visible("".join(text.split())) > 0
                if not kept:
                    row = getattr(one, "number", getattr(one, named_by))
                    raise RowWrong(what, in_one_line(str(row))[:40], field)


def _plain(number: str) -> bool:
    """Whether it is the same to who reads it and to who looks for it: lists and pages leave out
    the spaces around, and nobody types a mark of direction."""
    return bool(number) and number == number.strip() and visible(number) == len(number)


def checked_since(agreement: SupplyAgreement, now: Month) -> str:
    """The month that its charges count from: this one, unless it says otherwise. Raises
    SinceWrong."""
    if agreement.since is None:
        return str(now)
    # As texts of one form, months order by time; the year 0 is no year of a calendar.
    first, last = str(EARLIEST), str(now.plus(1))
    if not _MONTH.fullmatch(agreement.since) or not first <= agreement.since <= last:
        raise SinceWrong(agreement.number[:40], agreement.since[:20], first, last)
    return agreement.since


def first_month(agreement: SupplyAgreement) -> Month | None:
    """From when its charges count, as it is kept. Raises AgreementBroken: whatever was written
    into the database past us must not take other people's sales with it."""
    return read_first(agreement.number, agreement.since)


def read_first(agreement: str, since: str | None) -> Month | None:
    """See `first_month`."""
    try:
        return None if since is None else Month.from_text(since)
    except ValueError:
        raise AgreementBroken(agreement) from None


def _texts(one: Any) -> Iterator[tuple[str, str]]:
    """The texts of a row by their names."""
    for field in fields(one):
        value = getattr(one, field.name)
        if isinstance(value, str):
            yield field.name, value
