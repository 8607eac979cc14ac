"""A customer's statement: what one agreement bought, paid and owes. Pure."""

from __future__ import annotations

from typing import Any, Final

from meters.quantities import Money

from ..accounting.statements import CustomerLine, CustomerStatement
from ..messages import LOCAL_ZONE, Language
from ..record import QUANTITIES
from .letterhead import Letterhead
from .paper import Paper, framed, row
from .words import Speech, ltr, number

_COLUMNS: Final = ("day", "what", "paid", "quantity", "vat_short", "owed", "balance")


def statement_paper(
    statement: CustomerStatement,
    head: Letterhead,
    language: Language,
    *,
    first: str | None = None,
    last: str | None = None,
    practice: bool = False,
) -> Paper:
    """On a sheet as PDF; line by line on a roll. `first` and `last` are the days it was asked for.
    No token stands on it."""
    speech = Speech(language)
    currency = statement.currency
    paid = sum(line.paid for line in statement.lines)
    return Paper(
        "statement",
        {
            **framed(speech, head, "statement", 0, practice=practice),
            "facts": [
                (speech.say("name"), speech.either(statement.name_ar, statement.name_en)),
                (speech.say("account"), ltr(statement.account)),
                (speech.say("agreement"), ltr(statement.agreement)),
                (speech.say("meter"), ltr(statement.meter)),
                (speech.say("span"), _span(speech, first, last)),
            ],
            "before": [
                row(speech.say("opening_balance"), speech.amount(statement.opening, currency)),
                row(speech.say("opening_owed"), speech.amount(statement.opening_owed, currency)),
            ],
            "names": [speech.say(name) for name in _COLUMNS],
            "rows": [_line(speech, line, currency) for line in statement.lines],
            "after": [
                row(speech.say("paid_in_all"), speech.amount(paid, currency)),
                row(
                    speech.say("closing_owed"),
                    speech.amount(statement.closing_owed, currency),
                    strong=True,
                ),
                row(
                    speech.say("closing_balance"),
                    speech.amount(statement.closing, currency),
                    strong=True,
                ),
            ],
            "words": {"nothing": speech.say("nothing_moved")},
        },
        sheet=True,
    )


def _line(speech: Speech, line: CustomerLine, currency: str) -> dict[str, Any]:
    def money(minor: int, *, always: bool = False) -> str:
        return ltr(number(Money(minor, currency))) if minor or always else ""

    kind = QUANTITIES.get(line.unit)
    units = "" if kind is None or not line.quantity else speech.quantity(kind(line.quantity))
    return {
        "day": ltr(f"{line.at.astimezone(LOCAL_ZONE):%Y-%m-%d}"),
        "name": _what(speech, line),
        "note": ltr(line.receipt),
        "cells": [
            money(line.paid),
            units,
            money(line.vat),
            money(line.owed, always=True),
            money(line.balance, always=True),
        ],
    }


def _what(speech: Speech, line: CustomerLine) -> str:
    if line.kind in ("sale", "payment") and speech.knows(f"sale_{line.sale_kind}"):
        return speech.say(f"sale_{line.sale_kind}")
    name = f"line_{line.kind}"
    return speech.say(name if speech.knows(name) else "line_other")


def _span(speech: Speech, first: str | None, last: str | None) -> str:
    if not first and not last:
        return speech.say("span_all")
    return speech.say(
        "span_told",
        first=ltr(first) if first else speech.say("from_start"),
        last=ltr(last) if last else speech.say("to_now"),
    )
