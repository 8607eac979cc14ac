"""EA11: MISTY1 with eight rounds, 128-bit key, 64-bit block (RFC 2994), big-endian throughout.

FI(x, k) needs k only between two fixed substitutions, so FI(x, k) = BACK[FRONT[x] ^ k'] with
two tables of 65 536 entries and k' = k with its halves in the order of the state there.
"""

from __future__ import annotations

from struct import unpack
from typing import Final

from .tables import MISTY1_S7, MISTY1_S9

# One object for each number: both tables share it, which halves what the caches must hold.
_NUMBERS: Final = list(range(65536))


def _front() -> list[int]:
    """x -> the state before the key enters, as (d7 << 9 | d9)."""
    table = []
    for x in range(65536):
        d9, d7 = x >> 7, x & 127
        d9 = MISTY1_S9[d9] ^ d7
        d7 = MISTY1_S7[d7] ^ (d9 & 127)
        table.append(_NUMBERS[d7 << 9 | d9])
    return table


def _back() -> list[int]:
    """The state after the key entered -> the result, 7-bit half on top."""
    table = []
    for state in range(65536):
        d7, d9 = state >> 9, state & 511
        table.append(_NUMBERS[d7 << 9 | (MISTY1_S9[d9] ^ d7)])
    return table


_FRONT: Final = _front()
_BACK: Final = _back()

# Keys of two rounds in a row: FL(i) AND, OR; FL(i+1) AND, OR; FO(i) and FO(i+1) seven each.
Double = tuple[
    int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int
]  # fmt: skip
Words = tuple[int, int, int, int, int, int, int, int]


def _double(k: Words, j: Words, n: int) -> Double:
    """Keys of rounds 2n+1 and 2n+2; `k` are the key words K1..K8, `j` the K'1..K'8."""
    o, p = 2 * n, 2 * n + 1
    return (
        k[n],
        j[n + 6 & 7],
        j[n + 2 & 7],
        k[n + 4 & 7],
        k[o],
        j[o + 5 & 7],
        k[o + 2 & 7],
        j[o + 1],
        k[o + 7 & 7],
        j[o + 3 & 7],
        k[o + 4 & 7],
        k[p],
        j[p + 5 & 7],
        k[p + 2 & 7],
        j[p + 1 & 7],
        k[p + 7 & 7],
        j[p + 3 & 7],
        k[p + 4 & 7],
    )


class Misty1Key:
    """A 128-bit decoder key with its key schedule."""

    __slots__ = ("_doubles", "_last", "_mirror")

    def __init__(self, decoder_key: int) -> None:
        front, back = _FRONT, _BACK
        k: Words = unpack(">8H", decoder_key.to_bytes(16, "big"))
        k1, k2, k3, k4, k5, k6, k7, k8 = k
        j = (
            back[front[k1] ^ k2],
            back[front[k2] ^ k3],
            back[front[k3] ^ k4],
            back[front[k4] ^ k5],
            back[front[k5] ^ k6],
            back[front[k6] ^ k7],
            back[front[k7] ^ k8],
            back[front[k8] ^ k1],
        )
        d1, d2, d3, d4 = (_double(k, j, n) for n in range(4))
        self._doubles = (d1, d2, d3, d4)
        self._mirror = (d4, d3, d2, d1)
        # FL(9) and FL(10).
        self._last = (k[4], j[2], j[6], k[0])

    def encrypt(self, block: int) -> int:
        """The 64-bit block encrypted."""
        front, back = _FRONT, _BACK
        a, b = block >> 48, block >> 32 & 0xFFFF
        c, d = block >> 16 & 0xFFFF, block & 0xFFFF
        for (
            and1, or1, and2, or2,
            k1, i1, k2, i2, k3, i3, k4,
            m1, j1, m2, j2, m3, j3, m4,
        ) in self._doubles:  # fmt: skip
            b ^= a & and1
            a ^= b | or1
            d ^= c & and2
            c ^= d | or2
            t = back[front[a ^ k1] ^ i1] ^ b
            u = back[front[b ^ k2] ^ i2] ^ t
            t = back[front[t ^ k3] ^ i3] ^ u
            c ^= u ^ k4
            d ^= t
            t = back[front[c ^ m1] ^ j1] ^ d
            u = back[front[d ^ m2] ^ j2] ^ t
            t = back[front[t ^ m3] ^ j3] ^ u
            a ^= u ^ m4
            b ^= t
        and1, or1, and2, or2 = self._last
        b ^= a & and1
        a ^= b | or1
        d ^= c & and2
        c ^= d | or2
        return (c << 16 | d) << 32 | (a << 16 | b)

    def decrypt(self, block: int) -> int:
        """The inverse of `encrypt`."""
        front, back = _FRONT, _BACK
        c, d = block >> 48, block >> 32 & 0xFFFF
        a, b = block >> 16 & 0xFFFF, block & 0xFFFF
        and1, or1, and2, or2 = self._last
        a ^= b | or1
        b ^= a & and1
        c ^= d | or2
        d ^= c & and2
        for (
            and1, or1, and2, or2,
            k1, i1, k2, i2, k3, i3, k4,
            m1, j1, m2, j2, m3, j3, m4,
        ) in self._mirror:  # fmt: skip
            t = back[front[c ^ m1] ^ j1] ^ d
            u = back[front[d ^ m2] ^ j2] ^ t
            t = back[front[t ^ m3] ^ j3] ^ u
            a ^= u ^ m4
            b ^= t
            t = back[front[a ^ k1] ^ i1] ^ b
            u = back[front[b ^ k2] ^ i2] ^ t
            t = back[front[t ^ k3] ^ i3] ^ u
            c ^= u ^ k4
            d ^= t
            a ^= b | or1
            b ^= a & and1
            c ^= d | or2
            d ^= c & and2
        return (a << 16 | b) << 32 | (c << 16 | d)
