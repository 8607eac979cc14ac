"""What may be written down of a party, in plain texts: one kind of digits, no signs that cannot be
printed, no spaces around. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from ..approvals import checked_limit
from ..finding import Marks, western
from ..masking import masked
from ..parties import (
    Customer,
    GatewayAddress,
    GatewayPlace,
    Meter,
    Reached,
    ServicePoint,
    VendingPoint,
)
from ..plaintext import can_be_kept
from .errors import PartyFieldWrong

OTHERWISE: Final = (
    r"^(rtu-tcp://[^/?#\s]+:[0-9]{1,5}|serial:///dev/[^?#\s]+)/[0-9A-Za-z]{1,32}"
    r"(\?[a-z]+=[0-9A-Za-z]+(&[a-z]+=[0-9A-Za-z]+)*)?$"
)
"""Where a meter answers that is not behind Modbus TCP, at the station that its protocol calls it
by; settings of the line are read when it is opened (`drivers.places`)."""
_OTHERWISE: Final = re.compile(OTHERWISE, re.ASCII)
_TCP: Final = re.compile(
    r"(?:tcp://)?(\[[0-9A-Fa-f:]+\]|[^/?#\s:\[\]]+):([0-9]{1,5})/([0-9]{1,3})", re.ASCII
)
_CODE: Final = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._/-]*[0-9A-Za-z])?", re.ASCII)
_PHONE: Final = re.compile(r"\+?[0-9]{6,15}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9A-Za-z-]{4,}", re.ASCII)
_SGC: Final = re.compile(r"[0-9]{6}", re.ASCII)
_LONGEST_CODE: Final = 30
_LONGEST_POINT: Final = 20
_LONGEST_TEXT: Final = 200
_RESERVED: Final = frozenset({"new"})
"""Codes that would be another page's address."""


def checked_customer(customer: Customer) -> Customer:
    """Their Arabic name, and a telephone if there is one; an English name that is not told is left
    empty, and papers have the Arabic one. Raises PartyFieldWrong."""
    return Customer(
        customer.account,
        checked_text("name_ar", customer.name_ar),
        checked_text("name_en", customer.name_en, needed=False),
        _form("phone", _number(customer.phone), _PHONE, 40),
    )


def checked_marks(marks: Marks, account: str) -> Marks:
    """Identity number and card, where they are told. Raises PartyFieldWrong."""
    return replace(
        marks,
        account=account,
        national_id=_form("national_id", _number(marks.national_id), _NUMBER, 20),
        card=_form("card", _number(marks.card), _NUMBER, 40),
    )


def checked_place(place: ServicePoint) -> ServicePoint:
    """Where it is. Raises PartyFieldWrong."""
    return ServicePoint(
        place.code,
        checked_text("quarter", place.quarter),
        checked_text("address", place.address),
    )


def checked_meter(meter: Meter) -> Meter:
    """Its number proves itself; the key data must be of their form. Raises PartyFieldWrong."""
    sgc = western(meter.sgc.strip())
    if not _SGC.fullmatch(sgc):
        raise PartyFieldWrong("sgc")
    if not 1 <= meter.krn <= 9:
        raise PartyFieldWrong("krn")
    if not 0 <= meter.ti <= 99:
        raise PartyFieldWrong("ti")
    return replace(meter, sgc=sgc, model=checked_text("model", meter.model, 60, needed=False))


def checked_point(point: VendingPoint) -> VendingPoint:
    """Raises PartyFieldWrong, FieldWrong."""
    for name in ("most_per_sale", "most_per_day", "most_in_till"):
        checked_limit(name, getattr(point, name))
    return replace(
        point,
        code=checked_code("point", point.code, _LONGEST_POINT),
        name_ar=checked_text("name_ar", point.name_ar),
        name_en=checked_text("name_en", point.name_en),
        quarter=checked_text("quarter", point.quarter, needed=False),
    )


def checked_code(field: str, text: str, most: int = _LONGEST_CODE) -> str:
    """A number or code: Latin letters, digits, and dots, dashes, underscores or strokes between.
    Raises PartyFieldWrong."""
    code = western(text.strip())
    if len(code) > most or not _CODE.fullmatch(code) or code.lower() in _RESERVED:
        raise PartyFieldWrong(field)
    return code


def checked_text(field: str, text: str, most: int = _LONGEST_TEXT, *, needed: bool = True) -> str:
    """In one line. Raises PartyFieldWrong."""
    plain = " ".join(text.split())
    kept = can_be_kept(plain) and masked(plain) == plain
    if not kept or len(plain) > most or (needed and not plain):
        raise PartyFieldWrong(field)
    return plain


def reached_at(text: str) -> Reached | None:
    """Where a meter answers, as it is typed: `10.0.0.5:502/1` or a place as `drivers.places` reads
    it; nothing: it cannot be reached. Raises PartyFieldWrong."""
    plain = western(text.strip())
    if not plain:
        return None
    found = _TCP.fullmatch(plain)
    if found is not None:
        host, port, unit = found[1].strip("[]"), int(found[2]), int(found[3])
        if 1 <= port <= 65535 and 1 <= unit <= 247:
            return GatewayAddress(host, port, unit)
    elif len(plain) <= 255 and _OTHERWISE.fullmatch(plain):
        return GatewayPlace(plain)
    raise PartyFieldWrong("gateway")


def _number(text: str) -> str:
    """A number as people write it down: without spaces and brackets, and a telephone's dashes."""
    kept = "".join(c for c in western(text) if not c.isspace() and c not in "()")
    digits = kept.replace("-", "")
    return digits if digits.lstrip("+").isdecimal() else kept


def _form(field: str, text: str, form: re.Pattern[str], most: int) -> str:
    if text and (len(text) > most or not form.fullmatch(text)):
        raise PartyFieldWrong(field)
    return text
