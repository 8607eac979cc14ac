"""Daily seals: the head of the journal at the end of a day, written down and kept elsewhere.

A journal that lost its end still chains. A seal stands for all entries up to one number, and
for their sums; it is chained to the seal before it, and its short code can be printed, read
aloud, and later held against the books.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from meters.errors import Broken, Invalid

from .attestations import ChainEnd
from .journal import GENESIS, canonical_json, canonical_time

Sums = Mapping[tuple[str, str], int]
"""Account code and unit to what stands there, debit positive."""

UNREADABLE_SEAL = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What `SealContent.read` raises for a text that no seal says."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Thirty-two signs that are hard to mistake when spoken or written by hand: no I, L, O, U."""
_HEARD_AS = str.maketrans("ILO", "110")
_SIGNS = 19
_GROUP = 4


@dataclass(eq=False)
class SealCodeMistyped(Invalid, code="ledger.seal_code_mistyped"):
    """The code of a seal is not whole, or one of its signs is wrong."""

    typed: str


@dataclass(eq=False)
class SealUnreadable(Broken, code="ledger.seal_unreadable"):
    """What is kept of a seal is not what one says: somebody has changed it."""

    seal: int
    day: str


class ReceiptRange(NamedTuple):
    """The receipts of one point since the seal before."""

    point: str
    first: int
    last: int
    held: int


class TokenCount(NamedTuple):
    """The tokens of one kind issued since the seal before."""

    kind: str
    tokens: int


@dataclass(frozen=True, slots=True)
class SealContent:
    """What a seal says of the books: sums of all entries up to its own; receipts and tokens
    since the seal before; and where the chains beside the journal ended when it was made."""

    sums: tuple[tuple[str, str, int], ...]
    """(account, unit, amount), by account."""
    receipts: tuple[ReceiptRange, ...]
    tokens: tuple[TokenCount, ...]
    periods: str
    """Hash of the last act of closing or reopening a period."""
    differences: tuple[tuple[str, str, int, int], ...] | None = None
    """What the check of the day has found before it was sealed (what, where, expected, found); None
    where nobody had checked."""
    attested: ChainEnd | None = None
    """The last attestation when it was sealed; None in seals from before there were any."""
    trail: ChainEnd | None = None
    """The last line of the trail when it was sealed; None in the same seals."""

    def document(self) -> str:
        """Canonical JSON."""
        content: dict[str, object] = {
            "sums": self.sums,
            "receipts": self.receipts,
            "tokens": self.tokens,
            "periods": self.periods,
        }
        if self.differences is not None:
            content["differences"] = self.differences
        # Left out where there is none: codes of seals that are on paper stay what they were.
        ends = {"attested": self.attested, "trail": self.trail}
        content |= {name: end for name, end in ends.items() if end is not None}
        return canonical_json(content).decode("ascii")

    @classmethod
    def read(cls, document: str) -> SealContent:
        """The content that `document` was made of. Raises one of UNREADABLE_SEAL for any other
        text."""
        data = json.loads(document)
        noted = data.get("differences")
        return cls(
            sums=tuple((_text(a), _text(unit), _whole(n)) for a, unit, n in data["sums"]),
            receipts=tuple(
                ReceiptRange(_text(point), _whole(first), _whole(last), _whole(held))
                for point, first, last, held in data["receipts"]
            ),
            tokens=tuple(TokenCount(_text(kind), _whole(n)) for kind, n in data["tokens"]),
            periods=_text(data["periods"]),
            differences=None
            if noted is None
            else tuple((_text(a), _text(b), _whole(c), _whole(d)) for a, b, c, d in noted),
            attested=_end(data.get("attested")),
            trail=_end(data.get("trail")),
        )


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal as it is kept. Insert-only, and chained by hashes like the entries."""

    number: int
    """1, 2, ... without gaps."""
    day: str
    """Local date, `2026-11-23`."""
    sealed_at: datetime
    actor: str
    entry: int
    """The last entry that it stands for; 0 before the first."""
    entry_hash: str
    document: str
    previous_hash: str
    hash: str

    @property
    def content(self) -> SealContent:
        """Raises SealUnreadable."""
        try:
            return SealContent.read(self.document)
        except UNREADABLE_SEAL:
            raise SealUnreadable(self.number, self.day) from None

    @property
    def told(self) -> SealContent | None:
        """The same; None if it cannot be read."""
        try:
            return self.content
        except SealUnreadable:
            return None

    @property
    def code(self) -> str:
        """For paper and telephone: the number of the seal, then 95 bits of its hash and a check
        sign, as in `12-7K3M-92QX-AVTR-P0D4-6HWZ`."""
        return code_of(self.number, self.hash)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number")
    return value


def _end(value: Any) -> ChainEnd | None:
    if value is None:
        return None
    number, hash = value
    return ChainEnd(_whole(number), _text(hash))


def sealed(
    day: str,
    sealed_at: datetime,
    actor: str,
    entry: int,
    entry_hash: str,
    content: SealContent,
    last: Seal | None,
) -> Seal:
    """The seal that follows on `last`."""
    number = 1 if last is None else last.number + 1
    previous = GENESIS if last is None else last.hash
    document = content.document()
    own = _hash(number, day, sealed_at, actor, entry, entry_hash, document, previous)
    return Seal(number, day, sealed_at, actor, entry, entry_hash, document, previous, own)


def _hash(
    number: int,
    day: str,
    sealed_at: datetime,
    actor: str,
    entry: int,
    entry_hash: str,
    document: str,
    previous: str,
) -> str:
    fields = [number, day, canonical_time(sealed_at), actor, entry, entry_hash, document, previous]
    return sha256(canonical_json(fields)).hexdigest()


def hash_of(seal: Seal) -> str:
    """The hash that this seal must carry."""
    return _hash(
        seal.number,
        seal.day,
        seal.sealed_at,
        seal.actor,
        seal.entry,
        seal.entry_hash,
        seal.document,
        seal.previous_hash,
    )


def code_of(number: int, seal_hash: str) -> str:
    """See `Seal.code`."""
    value = int(seal_hash, 16) >> (256 - 5 * _SIGNS)
    signs = [(value >> 5 * place) & 31 for place in reversed(range(_SIGNS))]
    text = "".join(_ALPHABET[sign] for sign in (*signs, _check(number, signs)))
    groups = [text[i : i + _GROUP] for i in range(0, len(text), _GROUP)]
    return "-".join((str(number), *groups))


def _check(number: int, signs: Sequence[int]) -> int:
    """Shows every single wrong sign and every two neighbours that were swapped, but for a pair
    of the first and last sign of the alphabet."""
    return (number + sum(place * sign for place, sign in enumerate(signs, start=1))) % 31


def typed_code(text: str) -> tuple[int, str]:
    """Number of the seal and the code as it is printed, from what somebody typed: any case,
    any script's digits, O for 0, I and L for 1, spaces or dashes. Raises SealCodeMistyped."""
    wrong = SealCodeMistyped(text.strip()[:40])
    number_text, _, rest = _plain(text.strip()).replace(" ", "-").partition("-")
    signs_text = rest.replace("-", "").upper().translate(_HEARD_AS)
    if not number_text.isdecimal() or len(number_text) > 9 or len(signs_text) != _SIGNS + 1:
        raise wrong
    signs = [_ALPHABET.find(sign) for sign in signs_text]
    number = int(number_text)
    if -1 in signs or signs[-1] != _check(number, signs[:-1]):
        raise wrong
    groups = [signs_text[i : i + _GROUP] for i in range(0, len(signs_text), _GROUP)]
    return number, "-".join((str(number), *groups))


def _plain(text: str) -> str:
    """Digits of any script as ASCII."""
    return "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)
