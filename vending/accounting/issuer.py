"""The issuer's own count: what the security module makes of the digits that the books call given
out. Pure over the module.

A row can say whatever its writer wanted. The digits were made under a key that is in no row, and
opened with it they say themselves which token they are: what kind, of which minute, for how many
units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from meters.errors import RaseedError
from meters.identity import MeterPan
from tokens.sts import BaseDate, EncryptionAlgorithm, KeyRef, MeterKeyRef, SecurityModule
from tokens.sts.keychange import KeyChangeSection
from tokens.sts.kinds import Token, TokenWithTid

from ..vend import CREDIT_TOKENS
from .daily import TokenMade

_SECTION: Final = "key_change_"
_CREDIT: Final[Mapping[str, str]] = {
    made.name: name for name, made in CREDIT_TOKENS.values() if issubclass(made, Token)
}
_ANY: Final = tuple(BaseDate)
_BASE_DATES: Final = {one.short: one for one in BaseDate}
_UNREADABLE: Final = (RaseedError, ValueError, LookupError, OverflowError)
"""What opening raises for rows that tell of no token; a number below 0 for digits, too."""


@dataclass(frozen=True, slots=True)
class MadeUnder:
    """Under which keys the tokens of a sale were made, as its document says."""

    own: KeyRef
    ti: int
    left: KeyRef
    """The key that a key-change set of the sale moved its meter from; its own, if there is none."""
    left_ti: int
    left_base_date: BaseDate | None
    """None: it was not written down then."""
    ea: EncryptionAlgorithm


def made_under(data: Mapping[str, Any]) -> MadeUnder:
    """From a sale's document. Raises ValueError, LookupError, TypeError for one that makes no
    sense."""
    buyer, move = data["buyer"], data.get("key_move")
    own, ti = KeyRef(str(buyer["sgc"]), int(buyer["krn"])), int(buyer["ti"])
    ea = EncryptionAlgorithm(buyer["ea"])
    if move is None:
        return MadeUnder(own, ti, own, ti, None, ea)
    year = move.get("from_base_date")
    return MadeUnder(
        own=own,
        ti=ti,
        left=KeyRef(str(move["from_sgc"]), int(move["from_krn"])),
        left_ti=int(move["from_ti"]),
        left_base_date=None if year is None else BaseDate(year),
        ea=ea,
    )


class Issuer:
    """Opens tokens with the vending keys that are held."""

    def __init__(self, security: SecurityModule) -> None:
        self._security = security
        held = security.keys()
        self._held = {key.ref for key in held}

    def holds(self, sgc: str, krn: int) -> bool:
        """Whether tokens of this vending key can be opened at all."""
        return KeyRef(sgc, krn) in self._held

    def made(self, token: TokenMade, under: MadeUnder) -> bool:
        """Whether its digits are the token that its row tells of: kind, TID and units, or its place
        in the key-change set. Of one whose key is not held: False."""
        if token.tid is None:
            # Of a set from before base dates were tracked nobody knows which one its key had then.
            bases = _ANY if under.left_base_date is None else (under.left_base_date,)
            return any(self._section(token, under, base) for base in bases)
        try:
            ref = _ref(token, under.own, under.ti, under.ea, _BASE_DATES[token.base_date])
            found = self._security.open(ref, token.digits)
        except _UNREADABLE:
            return False
        if not isinstance(found, TokenWithTid):
            return False
        kind = _CREDIT.get(found.name, found.name)
        if (kind, found.tid) != (token.kind, token.tid):
            return False
        amount = getattr(found, "amount", None)
        carried = (0, "") if amount is None else (amount.value, amount.unit)
        return carried == (token.quantity, token.unit)

    def _section(self, token: TokenMade, under: MadeUnder, base_date: BaseDate) -> bool:
        try:
            ref = _ref(token, under.left, under.left_ti, under.ea, base_date)
            found = self._security.open(ref, token.digits)
        except _UNREADABLE:
            return False
        return isinstance(found, KeyChangeSection) and token.kind == f"{_SECTION}{found.order}"


def _ref(
    token: TokenMade, key: KeyRef, ti: int, ea: EncryptionAlgorithm, base_date: BaseDate | None
) -> MeterKeyRef:
    return MeterKeyRef(key, _pan(token.pan), ti, ea, base_date)


@lru_cache(maxsize=4096)
def _pan(number: str) -> MeterPan:
    return MeterPan(number)
