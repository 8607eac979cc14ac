"""What is asked for, act by act: the document as people send it, read into a typed payload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from meters.identity import meter_from_text
from meters.quantities import decimal_from_text
from tokens.sts import Stamp, Token, TokenKindUnknown, kind_named

from ..approvals import Document, Fields
from ..requests import Units

ACT_NAMES = ("free_issue", "refund", "engineering", "void_refund", "correction", "transfer")
"""The acts of this package."""
_LONGEST_ID = 64
_LONGEST_AGREEMENT = 30
_MOST_FIELDS = 8


class Source(Enum):
    """Where it is known from what was left on an old meter."""

    READING = "reading"
    """The last reading that is kept of it; no more than that is moved."""
    PHOTO = "photo"
    LAB = "lab"
    NONE = "none"
    """Nothing is known, and nothing is moved."""


@dataclass(frozen=True, slots=True)
class FreeIssueWanted:
    """Units for nothing."""

    meter: str
    """DRN, here as in every payload."""
    units: Units


@dataclass(frozen=True, slots=True)
class RefundWanted:
    """Units given back for a sale."""

    meter: str
    units: Units
    sale: str


@dataclass(frozen=True, slots=True)
class EngineeringWanted:
    """A token that manages the meter."""

    meter: str
    token: str
    fields: tuple[tuple[str, str], ...]
    """By name, values as decimal text."""


@dataclass(frozen=True, slots=True)
class VoidRefundWanted:
    """Money given back, units left."""

    sale: str


@dataclass(frozen=True, slots=True)
class CorrectionWanted:
    """What was sold to a wrong meter, for the right one."""

    sale: str
    meter: str


@dataclass(frozen=True, slots=True)
class TransferWanted:
    """Units left on an old meter, for the one that has replaced it."""

    agreement: str
    old_meter: str
    units: Units
    source: Source
    exchange: Mapping[str, Any] = field(default_factory=dict)
    """What an exchange wrote down of the new meter. Nobody can send it."""


def read_free_issue(document: Document) -> FreeIssueWanted:
    """Raises DocumentMalformed, NotANumber and the errors of meter numbers, as all below."""
    given = Fields("free_issue", document)
    wanted = FreeIssueWanted(_meter(given, "meter"), _units(given))
    given.done()
    return wanted


def read_refund(document: Document) -> RefundWanted:
    given = Fields("refund", document)
    wanted = RefundWanted(_meter(given, "meter"), _units(given), _sale(given))
    given.done()
    return wanted


def read_engineering(document: Document) -> EngineeringWanted:
    """Raises TokenKindUnknown, TokenFieldInvalid, TokenFieldUnreadable,
    TokenAmountTooLarge, too."""
    given = Fields("engineering", document)
    meter, token = _meter(given, "meter"), given.text("token", most=60)
    fields: list[tuple[str, str]] = []
    if given.has("fields"):
        inner = given.group("fields")
        if len(inner.names()) > _MOST_FIELDS:
            raise inner.wrong("fields", "too_long")
        fields = [(name, inner.text(name, most=40)) for name in sorted(inner.names())]
        inner.done()
    given.done()
    kind = management_kind(token)
    made = kind.from_fields(dict(fields), Stamp())
    for name, _ in fields:
        # A field that the token does not have would be dropped silently.
        if name not in made.to_fields():
            raise given.wrong(name, "extra_forbidden")
    made.body()
    return EngineeringWanted(meter, token, tuple(fields))


def read_void_refund(document: Document) -> VoidRefundWanted:
    given = Fields("void_refund", document)
    wanted = VoidRefundWanted(_sale(given))
    given.done()
    return wanted


def read_correction(document: Document) -> CorrectionWanted:
    given = Fields("correction", document)
    wanted = CorrectionWanted(_sale(given), _meter(given, "meter"))
    given.done()
    return wanted


def read_transfer(document: Document) -> TransferWanted:
    given = Fields("transfer", document)
    agreement = given.text("agreement", most=_LONGEST_AGREEMENT)
    old_meter, units = _meter(given, "old_meter"), _units(given, may_be_zero=True)
    source = Source(given.choice("source", [one.value for one in Source]))
    exchange: dict[str, Any] = {}
    if given.has("exchange"):
        given.group("exchange")
        exchange = dict(document["exchange"])
    given.done()
    return TransferWanted(agreement, old_meter, units, source, exchange)


def transfer_document(wanted: TransferWanted) -> dict[str, Any]:
    """The document that `read_transfer` reads."""
    document: dict[str, Any] = {
        "agreement": wanted.agreement,
        "old_meter": wanted.old_meter,
        "units": wanted.units.text,
        "source": wanted.source.value,
    }
    if wanted.exchange:
        document["exchange"] = dict(wanted.exchange)
    return document


def management_kind(name: str) -> type[Token]:
    """A token of class 2 that may be asked for: credit has its own kinds of sale, and key changes
    go by plan. Raises TokenKindUnknown."""
    kind = kind_named(name)
    if kind.token_class != 2 or not kind.has_tid:
        raise TokenKindUnknown(name[:60])
    return kind


def _meter(given: Fields, name: str) -> str:
    return meter_from_text(given.text(name, most=200)).number


def _sale(given: Fields) -> str:
    return given.text("sale", most=_LONGEST_ID + 3)


def _units(given: Fields, *, may_be_zero: bool = False) -> Units:
    text = given.text("units", most=40)
    value = decimal_from_text(text)
    if value < 0 or (value == 0 and not may_be_zero):
        raise given.wrong("units", "greater_than_equal" if may_be_zero else "greater_than")
    return Units(text)
