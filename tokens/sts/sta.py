"""EA07: the Standard Transfer Algorithm, 64-bit block and key, 16 rounds.

A round substitutes 16 nibbles (the box of nibble i is chosen by bit 4i+3 of the round key)
and then moves every bit. Both steps work on the block byte by byte, so for each byte
position and each of the four values of its two deciding key bits one table of 256 already
substituted *and* permuted words replaces them: a round is eight look-ups and seven additions.
The tables a key selects do not depend on the block; `StaKey` keeps them.
"""

from __future__ import annotations

from typing import Final

from .tables import STA_PERMUTATION, STA_SUBSTITUTION_A, STA_SUBSTITUTION_B

_MASK: Final = 0xFFFF_FFFF_FFFF_FFFF
_ROUNDS: Final = 16

Table = list[int]
Schedule = tuple[tuple[Table, ...], ...]


def _rotl(x: int, n: int) -> int:
    n &= 63
    return ((x << n) | (x >> (64 - n))) & _MASK


def start_key(decoder_key: int) -> int:
    """Key of the first encryption round: the complement, rotated left by 52."""
    return _rotl(decoder_key ^ _MASK, 52)


def _inverse(box: tuple[int, ...]) -> tuple[int, ...]:
    inverse = [0] * len(box)
    for index, value in enumerate(box):
        inverse[value] = index
    return tuple(inverse)


def _permuted_word(word: int, moves: tuple[int, ...]) -> int:
    out = 0
    while word:
        low = word & -word
        out |= 1 << moves[low.bit_length() - 1]
        word ^= low
    return out


_Boxes = tuple[tuple[int, ...], tuple[int, ...]]


def _words(moves: tuple[int, ...]) -> tuple[Table, ...]:
    """[byte position][byte] -> the 64-bit word of that byte there, its bits moved."""
    return tuple(
        [_permuted_word(byte << 8 * position, moves) for byte in range(256)]
        for position in range(8)
    )


def _substituted(words: tuple[Table, ...], boxes: _Boxes) -> tuple[tuple[Table, ...], ...]:
    """[byte position][key bits 3 and 7 of that byte][byte] -> the word of the substituted byte. The
    four tables of a position hold the same 256 objects in other orders: a token looks up 128 of
    them, and what lies close together is found sooner."""
    return tuple(
        tuple(
            [held[boxes[pair & 1][b & 15] | boxes[pair >> 1][b >> 4] << 4] for b in range(256)]
            for pair in range(4)
        )
        for held in words
    )


_BOXES: Final = (STA_SUBSTITUTION_A, STA_SUBSTITUTION_B)
_INVERSE_BOXES: Final = (_inverse(STA_SUBSTITUTION_A), _inverse(STA_SUBSTITUTION_B))
# The inverse permutation alone opens a decryption, and closes each of its rounds but the last.
_OPEN: Final = _words(_inverse(STA_PERMUTATION))


def _by_key_byte(tables: tuple[tuple[Table, ...], ...]) -> tuple[tuple[Table, ...], ...]:
    """[byte position][whole key byte] -> the table its bits 3 and 7 choose."""
    return tuple(
        tuple(pairs[(k >> 3 & 1) | (k >> 7 & 1) << 1] for k in range(256)) for pairs in tables
    )


_ENCRYPT: Final = _by_key_byte(_substituted(_words(STA_PERMUTATION), _BOXES))
_DECRYPT: Final = _by_key_byte(_substituted(_OPEN, _INVERSE_BOXES))
_DECRYPT_LAST: Final = _by_key_byte(_substituted(_words(tuple(range(64))), _INVERSE_BOXES))


def _encryption_schedule(decoder_key: int) -> Schedule:
    """Tables of the sixteen rounds. After eight of them the key has turned by a whole byte, so
    round i + 8 takes the bytes of round i one position further up."""
    e0, e1, e2, e3, e4, e5, e6, e7 = _ENCRYPT
    key = start_key(decoder_key)
    first, second = [], []
    for _ in range(_ROUNDS // 2):
        k0, k1, k2, k3, k4, k5, k6, k7 = key.to_bytes(8, "little")
        first.append((e0[k0], e1[k1], e2[k2], e3[k3], e4[k4], e5[k5], e6[k6], e7[k7]))
        second.append((e0[k7], e1[k0], e2[k1], e3[k2], e4[k3], e5[k4], e6[k5], e7[k6]))
        key = (key << 1 | key >> 63) & _MASK
    return (*first, *second)


def _decryption_schedule(decoder_key: int) -> Schedule:
    """The same with the key turning back; the last round has tables of its own."""
    d0, d1, d2, d3, d4, d5, d6, d7 = _DECRYPT
    key = _rotl(start_key(decoder_key), _ROUNDS - 1)
    first, second = [], []
    for _ in range(_ROUNDS // 2 - 1):
        k0, k1, k2, k3, k4, k5, k6, k7 = key.to_bytes(8, "little")
        first.append((d0[k0], d1[k1], d2[k2], d3[k3], d4[k4], d5[k5], d6[k6], d7[k7]))
        second.append((d0[k1], d1[k2], d2[k3], d3[k4], d4[k5], d5[k6], d6[k7], d7[k0]))
        key = (key >> 1 | key << 63) & _MASK
    k0, k1, k2, k3, k4, k5, k6, k7 = key.to_bytes(8, "little")
    first.append((d0[k0], d1[k1], d2[k2], d3[k3], d4[k4], d5[k5], d6[k6], d7[k7]))
    d0, d1, d2, d3, d4, d5, d6, d7 = _DECRYPT_LAST
    second.append((d0[k1], d1[k2], d2[k3], d3[k4], d4[k5], d5[k6], d6[k7], d7[k0]))
    return (*first, *second)


def _run(schedule: Schedule, block: int) -> int:
    for t0, t1, t2, t3, t4, t5, t6, t7 in schedule:
        b0, b1, b2, b3, b4, b5, b6, b7 = block.to_bytes(8, "little")
        # The eight words share no bit, so their sum is their OR; the interpreter adds faster.
        block = t0[b0] + t1[b1] + t2[b2] + t3[b3] + t4[b4] + t5[b5] + t6[b6] + t7[b7]
    return block


class StaKey:
    """A 64-bit decoder key made ready for use; its schedules are made when first needed."""

    __slots__ = ("_decrypt", "_encrypt", "_key")

    def __init__(self, decoder_key: int) -> None:
        self._key = decoder_key
        self._encrypt: Schedule | None = None
        self._decrypt: Schedule | None = None

    def encrypt(self, block: int) -> int:
        """The 64-bit block encrypted (16 rounds)."""
        schedule = self._encrypt
        if schedule is None:
            schedule = self._encrypt = _encryption_schedule(self._key)
        return _run(schedule, block)

    def decrypt(self, block: int) -> int:
        """The inverse of `encrypt`."""
        schedule = self._decrypt
        if schedule is None:
            schedule = self._decrypt = _decryption_schedule(self._key)
        t0, t1, t2, t3, t4, t5, t6, t7 = _OPEN
        b0, b1, b2, b3, b4, b5, b6, b7 = block.to_bytes(8, "little")
        return _run(schedule, t0[b0] | t1[b1] | t2[b2] | t3[b3] | t4[b4] | t5[b5] | t6[b6] | t7[b7])
