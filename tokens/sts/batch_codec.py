"""48-bit bodies to 20 digits and back, many at once: CRC, cipher, class, decimal text.

Same digits as the scalar path (spec sections 8 and 9), a key of its own for each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from . import batch_misty1, batch_sta
from .batch_columns import (
    BatchShape,
    BatchText,
    Digits,
    Integers,
    Words,
    column,
    first,
    rows_of,
    text_column,
)
from .batch_keys import BatchKeys
from .crc import token_crc, token_crc_currency
from .keys import EncryptionAlgorithm

CHUNK: Final = 32768
"""Rows worked on at a time: what lies between the input and the output stays small."""

_CIPHERS: Final = {
    EncryptionAlgorithm.EA07: batch_sta,
    EncryptionAlgorithm.EA11: batch_misty1,
}
_CLEAR_CLASS: Final = 1
_CLASS_BITS: Final = np.uint64(3 << 27)
_BLOCK_BITS: Final = np.uint64(0xFFFF_FFFF_FFFF_FFFF ^ 3 << 27)


def _u(value: int) -> np.uint64:
    return np.uint64(value)


def _crc_tables() -> list[NDArray[np.uint16]]:
    """A CRC is linear: what each 16-bit third of a body changes in the field of class 0, with
    the field of the all-zero body folded into the first."""
    zero = token_crc(0, 0)
    tables = []
    for shift in (32, 16, 0):
        # The field of a word is the XOR of the fields of its bits, doubled up bit by bit.
        table = np.zeros(1, dtype=np.uint16)
        for bit in range(16):
            table = np.concatenate([table, table ^ (token_crc(0, 1 << shift + bit) ^ zero)])
        tables.append(table.astype(np.uint16))
    tables[0] ^= np.uint16(zero)
    return tables


def _currency_table() -> NDArray[np.uint16]:
    """What the appended byte of currency tokens makes of the plain field, also linear: the
    fields of class 0 reach all 65 536 values within the lowest third of the body."""
    low = np.arange(65536, dtype=np.uint64)
    plain = _HIGH[0] ^ _MIDDLE[0] ^ _LOW.take(low)
    table = np.zeros(65536, dtype=np.uint16)
    base = token_crc_currency(0, 0)
    changed = np.zeros(1, dtype=np.uint16)
    for bit in range(16):
        changed = np.concatenate([changed, changed ^ (token_crc_currency(0, 1 << bit) ^ base)])
    table[plain] = changed ^ base
    return table


_HIGH, _MIDDLE, _LOW = _crc_tables()
_CURRENCY: Final = _currency_table()
_OF_CLASS: Final = tuple(np.uint16(token_crc(c, 0) ^ token_crc(0, 0)) for c in range(4))


def _third(bodies: Words, shift: int) -> NDArray[np.uint16]:
    return (bodies >> _u(shift)).astype(np.uint16)


def _crc(bodies: Words, of_class: np.uint16 | NDArray[np.uint16]) -> NDArray[np.uint16]:
    return (
        _HIGH.take(_third(bodies, 32))
        ^ _MIDDLE.take(_third(bodies, 16))
        ^ _LOW.take(_third(bodies, 0))
        ^ of_class
    )


def _is_currency(bodies: Words) -> NDArray[np.bool_]:
    """Subclasses 4 to 7, which in class 0 are the currency tokens."""
    currency: NDArray[np.bool_] = np.equal(bodies >> _u(46), _u(1))
    return currency


def crc_fields(bodies: Words, token_class: int) -> NDArray[np.uint16]:
    """CRC fields of bodies of one class; class 0 subclasses 4 to 7 get the currency variant."""
    fields = _crc(bodies, _OF_CLASS[token_class])
    if token_class == 0:
        currency = _is_currency(bodies)
        if currency.any():
            fields[currency] = _CURRENCY.take(fields[currency])
    return fields


# Four decimal digits as the 32-bit word that holds their ASCII text, first digit first.
_FOUR_DIGITS: Final = np.frombuffer(b"".join(b"%04d" % n for n in range(10000)), dtype="<u4")
# A 66-bit number does not fit a word, but its tenth-of-a-decimal-half does: with
# 10^10 = 9765625 * 2^10 both decimal halves come from the upper 56 bits and the lower 10.
_HALF_ODD: Final = _u(5**10)


def _text(blocks: Words, token_class: int, out: Digits) -> None:
    """20 digits of the blocks with their class inserted."""
    upper = (blocks & _CLASS_BITS) << _u(27)
    lower = blocks & _BLOCK_BITS | _u(token_class << 27)
    upper |= lower >> _u(10)
    left = upper // _HALF_ODD
    right = (upper - left * _HALF_ODD) << _u(10) | lower & _u(1023)
    eight = left // _u(100)
    first_eight = eight.astype(np.uint32)
    nine_ten = (left - eight * _u(100)).astype(np.uint32)
    eleven_twelve = right // _u(10**8)
    last_eight = (right - eleven_twelve * _u(10**8)).astype(np.uint32)
    groups = np.empty((len(blocks), 5), dtype="<u4")
    ten_thousand = np.uint32(10000)
    for place, half in ((0, first_eight), (3, last_eight)):
        high = half // ten_thousand
        groups[:, place] = _FOUR_DIGITS.take(high)
        groups[:, place + 1] = _FOUR_DIGITS.take(half - high * ten_thousand)
    middle = nine_ten * np.uint32(100) + eleven_twelve.astype(np.uint32)
    groups[:, 2] = _FOUR_DIGITS.take(middle)
    out[:] = groups.view("S20").reshape(-1)


def _numbers(digits: Digits, at: int) -> tuple[NDArray[np.uint8], Words]:
    """Classes and blocks of 20-digit texts; `at` is the row of the first in its batch.

    Raises BatchText.
    """
    words = np.ascontiguousarray(digits).view("<u4").reshape(-1, 5)
    high_nibbles = np.uint32(0xF0F0F0F0)
    decimal = np.uint32(0x30303030)
    wrong = (words & high_nibbles != decimal) | (
        words + np.uint32(0x06060606) & high_nibbles != decimal
    )
    if wrong.any():
        raise BatchText("digits", at + first(wrong.any(axis=1)))
    # First digit lowest in the word: tens and units meet in bytes, then hundreds in halves.
    words = words - decimal
    words = (words * np.uint32(10) + (words >> np.uint32(8))) & np.uint32(0x00FF00FF)
    words = (words * np.uint32(100) + (words >> np.uint32(16))) & np.uint32(0xFFFF)
    g = words.astype(np.uint64)
    nine_ten = g[:, 2] // _u(100)
    left = (g[:, 0] * _u(10**4) + g[:, 1]) * _u(100) + nine_ten
    right = (g[:, 2] - nine_ten * _u(100)) * _u(10**8) + g[:, 3] * _u(10**4) + g[:, 4]
    upper = left * _HALF_ODD + (right >> _u(10))
    too_large = upper >> _u(56) != 0
    if too_large.any():
        raise BatchText("digits", at + first(too_large))
    lower = upper << _u(10) | right & _u(1023)
    classes = (lower >> _u(27) & _u(3)).astype(np.uint8)
    return classes, lower & _BLOCK_BITS | upper >> _u(54) << _u(27)


def encode_bodies(bodies: Integers, token_class: int, keys: BatchKeys | None) -> Digits:
    """20 ASCII digits (dtype S20) for each 48-bit body, encrypted with the key of its row.

    Class 1 is not encrypted: its `keys` are None. Class 0 bodies of subclasses 4 to 7 get the
    currency tokens' CRC. Raises BatchShape, BatchValue.
    """
    rows = rows_of("bodies", bodies)
    if token_class not in (0, 1, 2) or (keys is None) != (token_class == _CLEAR_CLASS):
        raise BatchShape("keys", rows, f"class {token_class}")
    if keys is not None and len(keys) != rows:
        raise BatchShape("keys", rows, f"{len(keys)} keys")
    out = np.empty(rows, dtype="S20")
    for start in range(0, rows, CHUNK):
        part = slice(start, min(start + CHUNK, rows))
        given = bodies[part]  # type: ignore[index]  # rows_of refused a single int
        body = column("bodies", given, part.stop - start, 0, (1 << 48) - 1)
        blocks: Words = body << _u(16) | crc_fields(body, token_class)
        if keys is not None:
            blocks = _CIPHERS[keys.ea].encrypt(blocks, keys.secret[part])
        _text(blocks, token_class, out[part])
    return out


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a batch of tokens opens to, a row each."""

    bodies: Words
    """48 bits; meaningless where the CRC is wrong."""
    classes: NDArray[np.uint8]
    """0 to 3; class 3 is reserved and to be refused."""
    crc_ok: NDArray[np.bool_]


def digit_column(digits: Digits | Sequence[str]) -> Digits:
    """20-digit texts as a column of dtype S20. Raises BatchShape, BatchText."""
    if isinstance(digits, np.ndarray):
        if digits.dtype != "S20" or digits.ndim != 1:
            raise BatchShape("digits", len(digits), f"{digits.dtype}")
        return digits
    return text_column("digits", digits, 20)


def decode_digits(digits: Digits | Sequence[str], keys: BatchKeys) -> Decoded:
    """Opens each token with the key of its row; class 1 needs and uses none.

    Raises BatchShape, BatchText. A wrong key or a mistyped token is no error: `crc_ok` tells.
    """
    texts = digit_column(digits)
    rows = len(texts)
    if len(keys) != rows:
        raise BatchShape("keys", rows, f"{len(keys)} keys")
    bodies = np.empty(rows, dtype=np.uint64)
    classes = np.empty(rows, dtype=np.uint8)
    crc_ok = np.empty(rows, dtype=np.bool_)
    for start in range(0, rows, CHUNK):
        part = slice(start, start + CHUNK)
        kinds, blocks = _numbers(texts[part], start)
        opened = _CIPHERS[keys.ea].decrypt(blocks, keys.secret[part])
        opened = np.where(kinds == _CLEAR_CLASS, blocks, opened)
        body = opened >> _u(16)
        fields = _crc(body, np.array(_OF_CLASS, dtype=np.uint16).take(kinds))
        currency = (kinds == 0) & _is_currency(body)
        if currency.any():
            fields[currency] = _CURRENCY.take(fields[currency])
        bodies[part], classes[part] = body, kinds
        crc_ok[part] = opened.astype(np.uint16) == fields
    return Decoded(bodies, classes, crc_ok)


def texts(digits: Digits) -> list[str]:
    """A column of digits as ordinary strings."""
    run = np.ascontiguousarray(digits).tobytes().decode("ascii")
    return [run[at : at + 20] for at in range(0, len(run), 20)]
