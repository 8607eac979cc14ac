"""Counting a drawer: notes and coins by currency, and what was counted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from meters.errors import Invalid
from meters.quantities import Money

from ..sale import Tender
from .errors import DenominationUnknown, NothingCounted, PiecesWrong, SlipsWrong

DENOMINATIONS: Mapping[str, tuple[int, ...]] = {
    "ILS": (20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 10),
    "JOD": (50000, 20000, 10000, 5000, 1000, 500, 250, 100, 50, 10),
    "USD": (10000, 5000, 2000, 1000, 500, 200, 100, 50, 25, 10, 5, 1),
    "EUR": (50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "EGP": (20000, 10000, 5000, 2000, 1000, 500, 100, 50, 25),
}
"""Notes and coins in circulation, in minor units, the largest first."""

MOST_PIECES = 1_000_000
MOST_MINOR = 10**12
"""More than any drawer or deposit holds, and far from what a column holds."""

OTHER_TENDERS = (Tender.CARD, Tender.CHEQUE, Tender.WALLET, Tender.TRANSFER)
"""Ways of paying that leave a slip instead of cash."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a clerk counted, without knowing what should be there."""

    pieces: tuple[tuple[int, int], ...]
    """(value in minor units, how many), the largest first; none that there was none of."""
    slips: tuple[tuple[Tender, int], ...] = ()
    """Sums of the slips of other ways of paying, in minor units; only those that were counted."""

    @property
    def cash(self) -> int:
        """Minor units."""
        return sum(value * pieces for value, pieces in self.pieces)


def checked_pieces(
    counted: Iterable[tuple[str, str | int]], currency: str
) -> tuple[tuple[int, int], ...]:
    """From (value of a note or coin as people write it, how many).

    Raises DenominationUnknown, PiecesWrong.
    """
    faces = DENOMINATIONS[currency]
    found: dict[int, int] = {}
    for text, number in counted:
        value = _face(text, currency)
        if value not in faces:
            raise DenominationUnknown(
                text.strip()[:20], [Money(face, currency).to_text() for face in faces]
            )
        pieces = _whole(number)
        if value in found or not 0 <= pieces <= MOST_PIECES:
            raise PiecesWrong(f"{text.strip()[:20]}={str(number)[:20]}")
        found[value] = pieces
    return tuple((face, found[face]) for face in faces if found.get(face))


def checked_count(
    pieces: Iterable[tuple[str, str | int]], slips: Iterable[tuple[str, str]], currency: str
) -> Count:
    """A whole count. Raises DenominationUnknown, PiecesWrong, NothingCounted, SlipsWrong,
    NotANumber, TooFine."""
    told = list(pieces)
    counted = checked_pieces(told, currency)
    if not told:
        raise NothingCounted
    return Count(counted, checked_slips(slips, currency))


def checked_slips(
    slips: Iterable[tuple[str, str]], currency: str, cash: bool = False
) -> tuple[tuple[Tender, int], ...]:
    """From (way of paying, amount as people write it); cash only if asked for.

    Raises SlipsWrong, NotANumber, TooFine.
    """
    known = {tender.value: tender for tender in OTHER_TENDERS}
    if cash:
        known = {Tender.CASH.value: Tender.CASH, **known}
    found: dict[Tender, int] = {}
    for name, text in slips:
        tender = known.get(name.strip())
        if tender is None or tender in found:
            raise SlipsWrong(name.strip()[:20])
        amount = Money.from_text(text, currency).minor
        if not 0 <= amount <= MOST_MINOR:
            raise SlipsWrong(name.strip()[:20])
        found[tender] = amount
    return tuple((tender, found[tender]) for tender in known.values() if tender in found)


def _face(text: str, currency: str) -> int:
    try:
        return Money.from_text(text, currency).minor
    except Invalid:
        # Not even a number: then there is no such coin.
        return 0


def _whole(number: str | int) -> int:
    if isinstance(number, int):
        return number
    plain = number.strip()
    return int(plain) if plain.isdecimal() and len(plain) <= len(str(MOST_PIECES)) else -1
