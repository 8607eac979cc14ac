"""EA11: MISTY1 with eight rounds, 128-bit key, 64-bit block (RFC 2994), big-endian throughout.

FI(x, k) needs k only between two fixed substitutions, so FI(x, k) = BACK[FRONT[x] ^ k'] with
two tables of 65 536 entries and k' = k with its halves in the order of the state there.
"""

from __future__ import annotations

from array import array
from struct import unpack
from typing import Final

from .tables import MISTY1_S7, MISTY1_S9


# Arrays of 16-bit words, not lists: a look-up makes a new number, but both tables fit the
# second-level cache, where lists with their 65 536 objects do not.
def _front() -> array[int]:
    """x -> the state before the key enters, as (d7 << 9 | d9)."""
    table = array("H")
    for x in range(65536):
        d9, d7 = x >> 7, x & 127
        d9 = MISTY1_S9[d9] ^ d7
        d7 = MISTY1_S7[d7] ^ (d9 & 127)
        table.append(d7 << 9 | d9)
    return table


def _back() -> array[int]:
    """The state after the key entered -> the result, 7-bit half on top."""
    table = array("H")
    for state in range(65536):
        d7, d9 = state >> 9, state & 511
        table.append(d7 << 9 | (MISTY1_S9[d9] ^ d7))
    return table


_FRONT: Final = _front()
_BACK: Final = _back()

# Keys of two rounds in a row: FL(i) AND, OR; FL(i+1) AND, OR; FO(i) and FO(i+1) seven each.
Double = tuple[
    int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int
]  # fmt: skip


class Misty1Key:
    """A 128-bit decoder key with its key schedule."""

    __slots__ = ("_doubles", "_last", "_mirror")

    def __init__(self, decoder_key: int) -> None:
        front, back = _FRONT, _BACK
        k1, k2, k3, k4, k5, k6, k7, k8 = unpack(">8H", decoder_key.to_bytes(16, "big"))
        j1 = back[front[k1] ^ k2]
        j2 = back[front[k2] ^ k3]
        j3 = back[front[k3] ^ k4]
        j4 = back[front[k4] ^ k5]
        j5 = back[front[k5] ^ k6]
        j6 = back[front[k6] ^ k7]
        j7 = back[front[k7] ^ k8]
        j8 = back[front[k8] ^ k1]
        # Written out, since many a key makes one token only and this is half of its cost.
        # fmt: off
        d1: Double = (k1, j7, j3, k5, k1, j6, k3, j2, k8, j4, k5, k2, j7, k4, j3, k1, j5, k6)
        d2: Double = (k2, j8, j4, k6, k3, j8, k5, j4, k2, j6, k7, k4, j1, k6, j5, k3, j7, k8)
        d3: Double = (k3, j1, j5, k7, k5, j2, k7, j6, k4, j8, k1, k6, j3, k8, j7, k5, j1, k2)
        d4: Double = (k4, j2, j6, k8, k7, j4, k1, j8, k6, j2, k3, k8, j5, k2, j1, k7, j3, k4)
        # fmt: on
        self._doubles = (d1, d2, d3, d4)
        self._mirror = (d4, d3, d2, d1)
        # FL(9) and FL(10).
        self._last: tuple[int, int, int, int] = (k5, j3, j7, k1)

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
