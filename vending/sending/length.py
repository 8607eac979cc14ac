"""How many parts an SMS takes, and so what it costs (3GPP TS 23.038). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# GSM 7-bit default alphabet, 3GPP TS 23.038 clause 6.2.1, and its extension table, 6.2.1.1.
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
_LIMITS: Final = {"gsm7": (160, 153), "ucs2": (70, 67)}
"""Units of a message by itself, and of each part of several (3GPP TS 23.040, 9.2.3.24.1)."""


@dataclass(frozen=True, slots=True)
class SmsLength:
    """What a text weighs."""

    encoding: str
    """`gsm7`, or `ucs2` as soon as one character (any Arabic letter) is not in GSM 7-bit."""
    units: int
    """Septets, or 16-bit units."""
    parts: int


def sms_length(text: str) -> SmsLength:
    """Encoding, units and parts of a text; an empty one is one part.

    An escaped character and a pair of surrogates are never cut apart, which may leave the last
    place of a part free.
    """
    if all(character in _BASIC or character in _EXTENDED for character in text):
        encoding = "gsm7"
        weights = [2 if character in _EXTENDED else 1 for character in text]
    else:
        encoding = "ucs2"
        weights = [2 if ord(character) > 0xFFFF else 1 for character in text]
    alone, joined = _LIMITS[encoding]
    units = sum(weights)
    return SmsLength(encoding, units, 1 if units <= alone else _parts(weights, joined))


def _parts(weights: list[int], room: int) -> int:
    parts, used = 1, 0
    for weight in weights:
        if used + weight > room:
            parts, used = parts + 1, 0
        used += weight
    return parts
