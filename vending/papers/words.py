"""What papers say (`words.toml`), and how values look on them. Pure.

Whatever runs from left to right is put between U+2066 and U+2069; the templates make a box of it,
so that no digit changes its place in an Arabic line.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Final

from meters.quantities import MINOR_DIGITS, Money, Quantity

from ..currencies import sign
from ..messages import LRI, PDI, Language, Words, isolated, on_the_wall

UNITS: Final = {"m3": "m³"}
"""Units that paper writes otherwise."""
_MARKS: Final = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\u202e"))


def paper_words() -> Mapping[str, Words]:
    """Every text of the papers by its name."""
    return _table()


class Speech:
    """Words and values in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def say(self, name: str, /, **facts: str) -> str:
        """A text of `words.toml`; its facts are values of this class, or free text."""
        return _table()[name].template(self.language).format(**facts)

    def knows(self, name: str) -> bool:
        return name in _table()

    def either(self, ar: str, en: str) -> str:
        """Of two spellings of a name the reader's, or the one there is."""
        return self.free((ar or en) if self.language is Language.ARABIC else (en or ar))

    def free(self, text: str) -> str:
        """What people typed: without direction marks of its own; in Arabic each Latin run and
        number in one piece."""
        plain = " ".join(text.translate(_MARKS).split())
        return isolated(plain) if self.language is Language.ARABIC else plain

    def money(self, value: Money) -> str:
        """`1,234.50 ₪`, all decimals, digits 0 to 9."""
        return ltr(f"{number(value)} {sign(value.currency)}")

    def amount(self, minor: int, currency: str) -> str:
        return self.money(Money(minor, currency))

    def quantity(self, value: Quantity) -> str:
        unit = UNITS.get(value.display_unit, value.display_unit)
        return ltr(f"{Decimal(value.to_text()):,f} {unit}")

    def worth(self, value: Money | Quantity) -> str:
        """Of either kind."""
        return self.money(value) if isinstance(value, Money) else self.quantity(value)

    def moment(self, value: datetime) -> str:
        """On the clock of the people who read."""
        return ltr(on_the_wall(value))

    def day(self, value: date) -> str:
        return ltr(value.isoformat())


def ltr(text: object) -> str:
    """One piece from left to right."""
    plain = str(text).translate(_MARKS)
    return f"{LRI}{plain}{PDI}" if plain else ""


def number(value: Money) -> str:
    """The digits alone, with thousands and all decimals."""
    return f"{Decimal(value.to_text()):,.{MINOR_DIGITS[value.currency]}f}"


@cache
def _table() -> dict[str, Words]:
    text = (resources.files(__package__) / "words.toml").read_text("utf-8")
    return {key: Words(pair["ar"], pair["en"]) for key, pair in tomllib.loads(text).items()}
