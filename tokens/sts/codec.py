"""A token to 20 digits and back (spec sections 1 and 9): pack, CRC, encrypt, insert the class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from meters.errors import Broken
from meters.verdicts import TokenResult

# The files of kinds register their rows when imported; nothing is taken from them here.
from . import credit, display, keychange, management  # noqa: F401
from .crc import token_crc, token_crc_currency
from .digits import extract_class, insert_class
from .keys import DecoderKey, EncryptionAlgorithm
from .kinds import Token, kind_at

_CLEAR_CLASS: Final = 1
_ENCRYPTED_CLASSES: Final = (0, 2)
_CURRENCY_SUBCLASSES: Final = range(4, 8)


@dataclass(eq=False)
class KeyMissing(Broken, code="token.key_missing"):
    """An encrypted token was to be made or opened without a decoder key."""


def encode_token(token: Token, key: DecoderKey | None) -> str:
    """The 20 digits of `token` under `key` (which class 1 does not use).

    Raises TokenAmountTooLarge or TokenAmountNegative for what its fields cannot carry.
    """
    token_class = token.token_class
    body = token.body()
    crc = token_crc_currency if token.currency_crc else token_crc
    block = body << 16 | crc(token_class, body)
    if token_class != _CLEAR_CLASS:
        if key is None:
            raise KeyMissing()
        block = key.encrypt(block)
    return insert_class(block, token_class)


@dataclass(frozen=True, slots=True)
class OpenedBlock:
    """The clear 64 bits of a token before anything in them is believed."""

    token_class: int
    body: int
    crc: int
    crc_expected: int

    @property
    def subclass(self) -> int:
        return self.body >> 44


def _clear_block(digits: str, key: DecoderKey | None) -> tuple[int, int]:
    """(class, block): decrypted unless the class is clear or reserved."""
    token_class, block = extract_class(digits)
    if token_class in _ENCRYPTED_CLASSES:
        if key is None:
            raise KeyMissing()
        block = key.decrypt(block)
    return token_class, block


def _crc_of(token_class: int, body: int) -> int:
    if token_class == 0 and body >> 44 in _CURRENCY_SUBCLASSES:
        return token_crc_currency(token_class, body)
    return token_crc(token_class, body)


def open_block(digits: str, key: DecoderKey | None) -> OpenedBlock | TokenResult:
    """Split, decrypt and compute the CRC. FUNCTION_ERROR for the reserved class 3.

    Raises TokenTooLarge, KeyMissing.
    """
    token_class, block = _clear_block(digits, key)
    if token_class == 3:
        return TokenResult.FUNCTION_ERROR
    body = block >> 16
    return OpenedBlock(token_class, body, block & 0xFFFF, _crc_of(token_class, body))


def decode_token(digits: str, key: DecoderKey | None) -> Token | TokenResult:
    """The token that 20 ASCII digits hold under `key`, or why there is none.

    CRC_ERROR: not made with this key (or mistyped). FUNCTION_ERROR: a reserved class or
    subclass. FORMAT_ERROR: authentic, but a field holds what the standard does not allow.
    Whether a meter would take it (TID, expiry) is for `judge`. Raises TokenTooLarge,
    KeyMissing.
    """
    token_class, block = _clear_block(digits, key)
    if token_class == 3:
        return TokenResult.FUNCTION_ERROR
    body = block >> 16
    if block & 0xFFFF != _crc_of(token_class, body):
        return TokenResult.CRC_ERROR
    ea = EncryptionAlgorithm.EA07 if key is None else key.ea
    row = kind_at(token_class, body >> 44, ea)
    if row is None:
        return TokenResult.FUNCTION_ERROR
    return row.from_body(body)
