"""How values look on a page, for each language: the one helper of this side. Numbers, tokens, dates
and telephone numbers stand in `<bdi dir="ltr">`: in an Arabic line they would turn around."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from meters.errors import RaseedError
from meters.quantities import MINOR_DIGITS, Money, Quantity
from meters.verdicts import TokenResult

from ...currencies import sign, spoken
from ...messages import (
    LOCAL_ZONE,
    LRI,
    PDI,
    Language,
    label,
    on_the_wall,
    term,
    verdict_words,
    words_for,
)
from ...papers.words import UNITS
from ...tariff import Quote, QuoteLine
from ...tariff.quotes import LineKind
from .catalogs import LOCALES

_SIGNS: Final = {code: sign(code) for code in MINOR_DIGITS}
_WORD: Final = r"[+-]?[A-Za-z0-9](?:[A-Za-z0-9.,:/_+-]*[A-Za-z0-9])?%?"
_UNITS: Final = "|".join(map(re.escape, (*_SIGNS, *UNITS, *UNITS.values(), "kWh")))
_LATIN: Final = re.compile(rf"(?P<word>{_WORD})(?:(?<=\d) (?P<unit>{_UNITS})(?!\w))?")
"""A word of Latin letters and digits; behind a number its unit."""
_APART: Final = re.compile(rf"(?<=\d){PDI} {LRI}(?=(?:{_UNITS}){PDI})")
"""Between a number and its unit where a sentence isolates each."""


def ltr(text: object) -> Markup:
    """Left to right as one piece, whatever stands around it."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(text)


def prose(text: str) -> Markup:
    """A sentence of ours: numbers, with their units, and codes stand left to right as one piece
    each, and money has its sign as everywhere on a page."""
    text = _APART.sub(" ", text)
    pieces, done = [], 0
    for found in _LATIN.finditer(text):
        if any(c.isdigit() for c in found[0]):
            word, unit = found["word"], found["unit"] or ""
            # A number and its unit are never in two lines.
            shown = f"{word}\u00a0{_shown(unit)}" if unit else _shown(word)
            pieces += [escape(text[done : found.start()]), ltr(shown)]
            done = found.end()
    return Markup("").join([*pieces, escape(text[done:])])


def _shown(unit: str) -> str:
    """As people write it."""
    return _SIGNS.get(unit, UNITS.get(unit, unit))


class Telling:
    """Filters for one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._locale = LOCALES[language]

    @property
    def filters(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "ltr": ltr,
            "money": self.money,
            "amount": self.amount,
            "quantity": self.quantity,
            "moment": self.moment,
            "day": self.day,
            "groups": groups,
            "term": self.term,
            "label": self.label,
            "either": self.either,
            "currency": self.currency,
            "price": self.price,
            "verdict": self.verdict,
            "told": self.told,
            "prose": prose,
        }

    def money(self, value: Money) -> Markup:
        """`12.50 ₪`, digits 0 to 9."""
        return Markup('<bdi dir="ltr" class="money">{} {}</bdi>').format(
            self.amount(value), sign(value.currency)
        )

    def amount(self, value: Money) -> str:
        """The number alone, with all decimals."""
        digits = MINOR_DIGITS[value.currency]
        return _decimal(value.to_text(), digits, digits)

    def quantity(self, value: Quantity) -> Markup:
        return Markup('<bdi dir="ltr" class="quantity">{} {}</bdi>').format(
            _decimal(value.to_text(), 0, value.decimals),
            UNITS.get(value.display_unit, value.display_unit),
        )

    def price(self, line: QuoteLine, quote: Quote) -> Markup | str:
        """What a line's rate is: money for a unit, percent for a tax, nothing for a sum."""
        if line.kind is LineKind.UNITS:
            money, unit = sign(quote.tendered.currency), quote.quantity.display_unit
            return ltr(f"{line.rate} {money}/{UNITS.get(unit, unit)}")
        return ltr(f"{line.rate}%") if line.kind is LineKind.TAX else ""

    def moment(self, value: datetime) -> Markup:
        """Date and time on the clock of the people who read."""
        local = value.astimezone(LOCAL_ZONE)
        told = format_datetime(local, "full", locale=self._locale)
        return Markup('<time datetime="{}" title="{}"><bdi dir="ltr">{}</bdi></time>').format(
            value.isoformat(), told, on_the_wall(value)
        )

    def day(self, value: date) -> str:
        """A day with the month's name."""
        return format_date(value, "long", locale=self._locale)

    def term(self, value: object) -> str:
        """A word of ours (a role, a state)."""
        return term(str(getattr(value, "value", value)), self._language)

    def told(self, error: RaseedError) -> Markup:
        """What is in the way, in words."""
        return prose(words_for(error, self._language))

    def verdict(self, result: TokenResult) -> str:
        """What a meter said of a token."""
        return verdict_words(result, self._language)

    def currency(self, code: str) -> str:
        """Money in words: shekels."""
        return self.term(spoken(code))

    def label(self, name: str) -> str:
        return label(name, self._language)

    def either(self, ar: str, en: str) -> str:
        """Of two spellings of a name the reader's, or the one there is."""
        return (ar or en) if self._language is Language.ARABIC else (en or ar)


def groups(digits: str) -> Markup:
    """A token in groups of four, each a piece of its own, in one row from left to right."""
    parts = [digits[i : i + 4] for i in range(0, len(digits), 4)]
    spans = Markup(" ").join(Markup("<span>{}</span>").format(part) for part in parts)
    return Markup('<bdi dir="ltr" class="token">{}</bdi>').format(spans)


def _decimal(text: str, least: int, most: int) -> str:
    # Latin digits in both languages: papers, meters and keypads have these.
    pattern = "#,##0" + ("." + "0" * least + "#" * (most - least) if most else "")
    return str(format_decimal(text, pattern, locale="en"))


__all__ = ["Telling", "escape", "groups", "ltr"]
