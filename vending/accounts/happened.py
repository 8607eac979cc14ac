"""An event in its place among the sales of its agreement, and how it is kept. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from typing import Any

from meters.quantities import Money

from ..ledger import canonical_json, canonical_time
from ..tariff import ChargeState, Month
from .errors import AccountEventBroken
from .events import KINDS, Event, Outcome
from .state import debt_from, debt_values


@dataclass(frozen=True, slots=True)
class Happened:
    """An event in its place: `seq` counts the agreement's events, 1, 2, ...; `after_entry` is the
    journal entry before it, which says where it stands among the sales."""

    agreement: str
    seq: int
    after_entry: int
    at: datetime
    actor: str
    id: str
    """Made by who asked, and unique in the account; empty for a debt, which its code names, and for
    what followed from the journal entry before it."""
    event: Event


_FORMS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "debt": (
        lambda debt: [debt.owed.currency, debt_values(debt, debt.owed.currency)],
        lambda kept: debt_from(kept[1], kept[0]),
    ),
    "off": (lambda money: [money.minor, money.currency], lambda kept: Money(*kept)),
    "to": (
        lambda money: None if money is None else [money.minor, money.currency],
        lambda kept: None if kept is None else Money(*kept),
    ),
    "owed": (lambda money: [money.minor, money.currency], lambda kept: Money(*kept)),
    "charges": (
        lambda charges: [
            [one.code, str(one.through), one.owed.minor, one.owed.currency] for one in charges
        ],
        lambda kept: tuple(
            ChargeState(code, Month.from_text(through), Money(minor, currency))
            for code, through, minor, currency in kept
        ),
    ),
    "until": (canonical_time, datetime.fromisoformat),
    "outcome": (
        lambda outcome: None if outcome is None else outcome.value,
        lambda kept: None if kept is None else Outcome(kept),
    ),
}
"""Fields that are not text, by name: how they are written, and read."""
_PLAIN = (str, str)
_LATER = frozenset({"owed"})
"""Fields that events have only had from some day on. Where one says nothing it is not written, so
an event of before has the text and the hash that it always had."""


def event_document(happened: Happened) -> str:
    """Canonical JSON of the event and its id; the reason has a column of its own."""
    event = happened.event
    document: dict[str, Any] = {
        field.name: _FORMS.get(field.name, _PLAIN)[0](getattr(event, field.name))
        for field in fields(event)
        if field.name != "reason"
        and not (field.name in _LATER and getattr(event, field.name) is None)
    }
    if happened.id:
        document["id"] = happened.id
    return canonical_json(document).decode("ascii")


def happened_from(
    agreement: str,
    seq: int,
    after_entry: int,
    kind: str,
    at: datetime,
    actor: str,
    reason: str,
    document: str,
) -> Happened:
    """The event that these columns keep. Raises AccountEventBroken."""
    try:
        read = json.loads(document)
        id = read.pop("id", "")
        values = {name: _FORMS.get(name, _PLAIN)[1](value) for name, value in read.items()}
        event = KINDS[kind](reason=reason, **values)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise AccountEventBroken(f"{agreement}:{seq}") from error
    return Happened(agreement, seq, after_entry, at, actor, id, event)


def event_hash(happened: Happened) -> str:
    """What the journal entry of a debt stands for: see `row_hash`."""
    return row_hash(
        happened.agreement,
        happened.seq,
        happened.after_entry,
        happened.event.kind,
        happened.at,
        happened.actor,
        happened.event.reason,
        event_document(happened),
    )


def row_hash(
    agreement: str,
    seq: int,
    after_entry: int,
    kind: str,
    at: datetime,
    actor: str,
    reason: str,
    document: str,
) -> str:
    """SHA-256 over the event's whole row. Takes plain fields, so that one that could not be read
    can be checked."""
    row = [agreement, seq, after_entry, kind, canonical_time(at), actor, reason, document]
    return sha256(canonical_json(row)).hexdigest()
