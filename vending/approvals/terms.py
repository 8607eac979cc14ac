"""The terms of operators and points: what they may be, and the acts that change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

from meters.errors import Invalid
from meters.quantities import Money, decimal_from_text

from ..operators import Operator, OperatorUnknown, Settlement
from ..parties import PointUnknown, VendingPoint
from ..permissions import ALLOWED
from ..persons import person
from ..plaintext import can_be_kept
from .acts import MOST_WHOLE, Act, Approved, Document, Fields, check_no_token
from .errors import FieldWrong
from .ports import PeopleReading, PeopleWriting

_LONGEST_CODE = 30
"""Holders of ledger accounts have no longer names."""
_LONGEST_NAME = 200
_COMMISSION_DECIMALS = 4
_OPERATOR_LIMITS = ("credit_limit", "most_per_sale", "most_per_day")
_POINT_LIMITS = ("most_per_sale", "most_per_day", "most_in_till")


@dataclass(frozen=True, slots=True)
class Change:
    """New terms of an operator or a point: only what changes."""

    code: str
    set: Mapping[str, Any]
    """By name of the field; limits in minor units, None for no limit."""


def checked_operator(operator: Operator) -> Operator:
    """The same with plain texts, and the person for a code. Raises FieldWrong."""
    texts: dict[str, Any] = {
        name: " ".join(getattr(operator, name).split()) for name in ("name_ar", "name_en")
    }
    texts["code"] = person(operator.code)
    for name, text in texts.items():
        longest = _LONGEST_CODE if name == "code" else _LONGEST_NAME
        if not text or len(text) > longest or not can_be_kept(text):
            raise FieldWrong(name)
    check_no_token("operator", *texts.values())
    for name in ("credit_limit", "most_per_sale", "most_per_day"):
        checked_limit(name, getattr(operator, name))
    return replace(operator, **texts, commission=checked_percent(operator.commission))


def checked_limit(name: str, minor: int | None) -> int | None:
    """Minor units, 0 or more, or none. Raises FieldWrong."""
    if minor is not None and not 0 <= minor <= MOST_WHOLE:
        raise FieldWrong(name)
    return minor


def checked_percent(text: str) -> str:
    """A percentage from 0 to 100 with at most 4 decimals, in plain digits. Raises FieldWrong."""
    try:
        value = decimal_from_text(text)
    except Invalid:
        raise FieldWrong("commission") from None
    if not 0 <= value <= 100 or (Fraction(value) * 10**_COMMISSION_DECIMALS).denominator != 1:
        raise FieldWrong("commission")
    return f"{abs(value).normalize():f}"


def known_operator(books: PeopleReading, code: str) -> Operator:
    """By any spelling of the name. Raises OperatorUnknown."""
    found = books.operator(person(code)) if can_be_kept(code) else None
    if found is None:
        raise OperatorUnknown(code[:_LONGEST_CODE])
    return found


def _limits(given: Fields, names: tuple[str, ...], currency: str) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for name in names:
        if given.is_null(name):
            found[name] = None
        elif given.has(name):
            found[name] = checked_limit(name, Money.from_text(given.text(name), currency).minor)
    return found


def _whole_change(top: Fields, code: str, given: Fields, changes: dict[str, Any]) -> Change:
    given.done()
    top.done()
    if not changes:
        raise top.wrong("set", "missing")
    return Change(code, changes)


def people_acts(currency: str) -> tuple[Act, Act]:
    """The acts that change an operator and a point; their documents hold limits as decimal text
    of this currency."""

    def read_operator(document: Document) -> Change:
        top = Fields("change_operator", document)
        code, given = top.text("code", most=_LONGEST_CODE), top.group("set")
        changes: dict[str, Any] = dict(_limits(given, _OPERATOR_LIMITS, currency))
        for name in ("name_ar", "name_en"):
            if given.has(name):
                changes[name] = given.text(name, most=_LONGEST_NAME)
        if given.has("settlement"):
            changes["settlement"] = Settlement(
                given.choice("settlement", [s.value for s in Settlement])
            )
        if given.has("commission"):
            changes["commission"] = checked_percent(given.text("commission"))
        return _whole_change(top, code, given, changes)

    def read_point(document: Document) -> Change:
        top = Fields("change_point", document)
        code, given = top.text("code", most=_LONGEST_CODE), top.group("set")
        changes: dict[str, Any] = dict(_limits(given, _POINT_LIMITS, currency))
        if given.has("needs_shift"):
            changes["needs_shift"] = given.truth("needs_shift")
        return _whole_change(top, code, given, changes)

    def change_operator(books: PeopleWriting, approved: Approved) -> dict[str, Any]:
        before, change = known_operator(books, approved.payload.code), approved.payload
        after = checked_operator(replace(before, **change.set))
        books.change_operator(after)
        return _told(before, after, change, currency)

    def change_point(books: PeopleWriting, approved: Approved) -> dict[str, Any]:
        before, change = _known_point(books, approved.payload.code), approved.payload
        after = replace(before, **change.set)
        books.change_point(after)
        return _told(before, after, change, currency)

    return (
        Act(
            name="change_operator",
            may_request=ALLOWED["ask_terms"],
            may_approve=ALLOWED["approve_terms"],
            read=read_operator,
            within=change_operator,
            look=lambda books, change: known_operator(books, change.code),
            concerns=lambda change: str(change.code),
            # As an operator's terms themselves are: people see their own at `Operators.operator`.
            may_look=ALLOWED["read_books"],
        ),
        Act(
            name="change_point",
            may_request=ALLOWED["ask_terms"],
            may_approve=ALLOWED["approve_terms"],
            read=read_point,
            within=change_point,
            look=lambda books, change: _known_point(books, change.code),
        ),
    )


def _known_point(books: PeopleReading, code: str) -> VendingPoint:
    found = books.point(code)
    if found is None:
        raise PointUnknown(code)
    return found


def _told(
    before: Operator | VendingPoint, after: Operator | VendingPoint, change: Change, currency: str
) -> dict[str, Any]:
    """What changed, as it was and as it is."""
    names = [f.name for f in fields(after) if f.name in change.set]
    return {
        "code": change.code,
        "before": {name: _plain(name, getattr(before, name), currency) for name in names},
        "now": {name: _plain(name, getattr(after, name), currency) for name in names},
    }


def _plain(name: str, value: Any, currency: str) -> Any:
    if value is not None and name in (*_OPERATOR_LIMITS, *_POINT_LIMITS):
        return Money(value, currency).to_text()
    return value.value if isinstance(value, Settlement) else value
