"""EA11 over many blocks at once, a key of its own for each block: MISTY1 on 16-bit columns.

The state of all blocks of a chunk is four columns of 16-bit words, the key schedule sixteen.
FI(x, k) needs the key only between two fixed substitutions, so it is two look-ups in tables of
65 536 words, which stay in the second-level cache together with a chunk.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .tables import MISTY1_S7, MISTY1_S9

Words = NDArray[np.uint64]
Column = NDArray[np.uint16]

_CHUNK: Final = 16384


def _tables() -> tuple[Column, Column]:
    """FI as BACK[FRONT[x] ^ k]: x -> the state before the key enters (seven bits on top of
    nine, as the key's own halves stand), and that state -> the result."""
    s7, s9 = np.array(MISTY1_S7, dtype=np.uint16), np.array(MISTY1_S9, dtype=np.uint16)
    words = np.arange(65536, dtype=np.uint32)
    nine, seven = words >> 7, words & 127
    nine = s9[nine] ^ seven
    front = (s7[seven] ^ (nine & 127)) << 9 | nine
    seven, nine = words >> 9, words & 511
    back = seven << 9 | (s9[nine] ^ seven)
    return front.astype(np.uint16), back.astype(np.uint16)


_FRONT, _BACK = _tables()


def _fi(x: Column, k: Column) -> Column:
    return _BACK.take(_FRONT.take(x) ^ k)


class _Schedule:
    """Key words K1..K8 as `k[0..7]` and K'1..K'8 as `j[0..7]`, one column each."""

    def __init__(self, keys: Words) -> None:
        self.k = _columns(keys[:, 0]) + _columns(keys[:, 1])
        self.j = [_fi(self.k[i], self.k[(i + 1) % 8]) for i in range(8)]

    def fo(self, i: int, left: Column, right: Column) -> tuple[Column, Column]:
        """FO of round i (counted from 0 here): the two halves of its result."""
        k, j = self.k, self.j
        t = _fi(left ^ k[i], j[(i + 5) % 8]) ^ right
        u = _fi(right ^ k[(i + 2) % 8], j[(i + 1) % 8]) ^ t
        t = _fi(t ^ k[(i + 7) % 8], j[(i + 3) % 8]) ^ u
        u ^= k[(i + 4) % 8]
        return u, t

    def fl(self, i: int) -> tuple[Column, Column]:
        """The AND word and the OR word of FL number i (counted from 0 here)."""
        n = i // 2
        if i % 2 == 0:
            return self.k[n], self.j[(n + 6) % 8]
        return self.j[(n + 2) % 8], self.k[(n + 4) % 8]


def _columns(blocks: Words) -> list[Column]:
    """The four 16-bit columns of a column of words, most significant first."""
    return [(blocks >> np.uint64(shift)).astype(np.uint16) for shift in (48, 32, 16, 0)]


def _joined(columns: list[Column], out: Words) -> None:
    out[:] = columns[0]
    for column in columns[1:]:
        out <<= np.uint64(16)
        out |= column


def _forth(left: Column, right: Column, words: tuple[Column, Column]) -> None:
    """FL in place."""
    right ^= left & words[0]
    left ^= right | words[1]


def _back(left: Column, right: Column, words: tuple[Column, Column]) -> None:
    """The inverse of FL in place."""
    left ^= right | words[1]
    right ^= left & words[0]


def _encrypt_chunk(blocks: Words, keys: Words, out: Words) -> None:
    schedule = _Schedule(keys)
    a, b, c, d = _columns(blocks)
    for i in (0, 2, 4, 6):
        _forth(a, b, schedule.fl(i))
        _forth(c, d, schedule.fl(i + 1))
        u, t = schedule.fo(i, a, b)
        c ^= u
        d ^= t
        u, t = schedule.fo(i + 1, c, d)
        a ^= u
        b ^= t
    _forth(a, b, schedule.fl(8))
    _forth(c, d, schedule.fl(9))
    _joined([c, d, a, b], out)


def _decrypt_chunk(blocks: Words, keys: Words, out: Words) -> None:
    schedule = _Schedule(keys)
    c, d, a, b = _columns(blocks)
    _back(a, b, schedule.fl(8))
    _back(c, d, schedule.fl(9))
    for i in (6, 4, 2, 0):
        u, t = schedule.fo(i + 1, c, d)
        a ^= u
        b ^= t
        u, t = schedule.fo(i, a, b)
        c ^= u
        d ^= t
        _back(a, b, schedule.fl(i))
        _back(c, d, schedule.fl(i + 1))
    _joined([a, b, c, d], out)


def encrypt(blocks: Words, keys: Words) -> Words:
    """Each 64-bit block encrypted with the 128-bit decoder key of the same index.

    `blocks` has shape (n,); `keys` has shape (n, 2), the more significant half first; neither
    is changed.
    """
    out = np.empty(len(blocks), dtype=np.uint64)
    for start in range(0, len(blocks), _CHUNK):
        part = slice(start, start + _CHUNK)
        _encrypt_chunk(blocks[part], keys[part], out[part])
    return out


def decrypt(blocks: Words, keys: Words) -> Words:
    """The inverse of `encrypt`."""
    out = np.empty(len(blocks), dtype=np.uint64)
    for start in range(0, len(blocks), _CHUNK):
        part = slice(start, start + _CHUNK)
        _decrypt_chunk(blocks[part], keys[part], out[part])
    return out
