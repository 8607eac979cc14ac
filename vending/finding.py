"""How a customer is found by what they bring: an account, a telephone, an identity card, the town's
own card, or a part of a name in Arabic, however it is spelt. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

LEAST_DIGITS: Final = 4
"""Fewer digits than that are no telephone and no card, only an account."""
WHOLE_PHONE: Final = 9
"""So many digits behind zeros and country are a telephone in full: `599 123456`."""
MOST_WORDS: Final = 6

_SAME: Final = str.maketrans(
    {
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ى": "ي",
        "ئ": "ي",
        "ؤ": "و",
        "ة": "ه",
        "گ": "ك",
        "ک": "ك",
        "ی": "ي",
        "ـ": None,
        "-": " ",
        "'": None,
    }
)
"""Letters that people write for one another, and the stretching sign."""
_SCANNED: Final = re.compile(r"^(?:raseed:|https?://\S+/)?([0-9]{11,18})$")


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of one customer besides account, telephone and name."""

    account: str
    national_id: str = ""
    card: str = ""
    language: str = ""
    """What they read: `ar`, `en`; empty: they have not said."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody typed or scanned, understood."""

    text: str
    words: tuple[str, ...]
    """Pieces of a name, as `plain_words` writes them."""
    digits: str
    """All of it, if it is a number."""

    @property
    def is_number(self) -> bool:
        return bool(self.digits)


def sought(text: str) -> Sought:
    """Reads what was typed: digits of any script, with spaces and dashes; a scanner's frame around
    a number is taken off."""
    plain = western(unicodedata.normalize("NFKC", text).strip())
    scanned = _SCANNED.match(plain.lower())
    number = scanned[1] if scanned else re.sub(r"[\s\-+()]", "", plain)
    digits = number if number.isascii() and number.isdigit() else ""
    return Sought(plain, () if digits else tuple(plain_words(plain)[:MOST_WORDS]), digits)


def plain_words(name: str) -> list[str]:
    """The words of a name in the one spelling that names are compared by: without vowel signs and
    stretching, one form of alef, yeh, waw and teh, small Latin letters."""
    text = unicodedata.normalize("NFKD", western(unicodedata.normalize("NFKC", name)).casefold())
    kept = "".join(c for c in text if not unicodedata.combining(c)).translate(_SAME)
    # The article is left out as often as it is written: "العواد" is "عواد".
    return [word.removeprefix("ال") if len(word) > 4 else word for word in kept.split()]


def searchable(*names: str) -> str:
    """What is kept of a customer's names to look into: each word begins with a space."""
    words = [word for name in names for word in plain_words(name)]
    return "".join(f" {word}" for word in dict.fromkeys(words))


def western(text: str) -> str:
    """The text with digits of any script as 0 to 9."""
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
