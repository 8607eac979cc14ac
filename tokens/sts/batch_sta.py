"""EA07 over many blocks at once, a key of its own for each block: bit-sliced in NumPy.

Sixty-four blocks are turned on their side, so that one 64-bit word holds the same bit of all
of them. Then the permutation of a round only renames rows, the rotation of the key renames
rows too, and what is left is the substitution: a small Boolean circuit, made here from the
boxes themselves, that works on all blocks of a chunk with one NumPy call per gate. A chunk is
sized for the second-level cache.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .tables import STA_PERMUTATION, STA_SUBSTITUTION_A, STA_SUBSTITUTION_B

Words = NDArray[np.uint64]
Gate = Callable[[Words, Words, Words], object]
Step = tuple[str, int, int, int]

_ROUNDS: Final = 16
_CHUNK_WORDS: Final = 256
"""Words per row of a chunk: 256 x 64 blocks keep the whole working set near 1 MB."""

# Names of a circuit's inputs: the four bits of the nibble, the deciding key bit, all ones.
_KEY: Final = 4
_ONES: Final = 5
_INPUTS: Final = 6


def _inverse(box: tuple[int, ...]) -> tuple[int, ...]:
    inverse = [0] * len(box)
    for index, value in enumerate(box):
        inverse[value] = index
    return tuple(inverse)


def _monomials(truth: list[int]) -> set[int]:
    """Algebraic normal form of a function of four bits: the input masks whose ANDs, XORed,
    give it (mask 0 is the constant one)."""
    for bit in (1, 2, 4, 8):
        for x in range(16):
            if x & bit:
                truth[x] ^= truth[x ^ bit]
    return {mask for mask in range(16) if truth[mask]}


def _circuit(box_a: tuple[int, ...], box_b: tuple[int, ...]) -> tuple[list[Step], list[int]]:
    """Gates (operation, result, left, right) that substitute a nibble by `box_a` where the key
    bit is 0 and by `box_b` where it is 1, and the names of the four result bits.

    A result bit is `a ^ (key & (a ^ b))`. Products are shared; sums share their commonest pair
    until none is left, which brings about 100 gates down to about 50.
    """
    steps: list[Step] = []
    names: dict[int, int] = {0: _ONES, 1: 0, 2: 1, 4: 2, 8: 3}

    def gate(operation: str, left: int, right: int) -> int:
        steps.append((operation, _INPUTS + len(steps), left, right))
        return steps[-1][1]

    def product(mask: int) -> int:
        if mask not in names:
            low = mask & -mask
            names[mask] = gate("and", product(mask ^ low), product(low))
        return names[mask]

    difference = tuple(a ^ b for a, b in zip(box_a, box_b, strict=True))
    sums = [
        {product(mask) for mask in _monomials([value >> bit & 1 for value in box])}
        for box in (box_a, difference)
        for bit in range(4)
    ]
    while any(len(terms) > 1 for terms in sums):
        pairs = Counter(pair for terms in sums for pair in combinations(sorted(terms), 2))
        (left, right), _ = pairs.most_common(1)[0]
        joined = gate("xor", left, right)
        for terms in sums:
            if left in terms and right in terms:
                terms -= {left, right}
                terms.add(joined)
    bits = [terms.pop() for terms in sums]
    return steps, [gate("xor", bits[i], gate("and", _KEY, bits[4 + i])) for i in range(4)]


def _plane_major(bit: int) -> int:
    """Row of a state bit: the 16 lowest bits of all nibbles first, then their second bits ..."""
    return bit % 4 * 16 + bit // 4


_IN_ORDER: Final = np.array([i % 16 * 4 + i // 16 for i in range(64)], dtype=np.intp)
"""Row r of the sliced state is this bit of the blocks."""
_OUT_ORDER: Final = np.array([_plane_major(bit) for bit in range(64)], dtype=np.intp)
"""Bit i of the blocks stands in this row of the sliced state."""


def _moves(permutation: tuple[int, ...]) -> NDArray[np.intp]:
    """The bit permutation as a choice of rows: new row r is old row moves[r]."""
    rows = np.empty(64, dtype=np.intp)
    for source, target in enumerate(permutation):
        rows[_plane_major(target)] = _plane_major(source)
    return rows


def _key_rows(turn: int) -> NDArray[np.intp]:
    """Bits of the decoder key that decide the sixteen nibbles when the complemented key stands
    rotated left by `turn`."""
    return np.array([(4 * nibble + 3 - turn) % 64 for nibble in range(16)], dtype=np.intp)


_ENCRYPT: Final = _circuit(STA_SUBSTITUTION_A, STA_SUBSTITUTION_B)
_DECRYPT: Final = _circuit(_inverse(STA_SUBSTITUTION_A), _inverse(STA_SUBSTITUTION_B))
_FORTH: Final = _moves(STA_PERMUTATION)
_BACK: Final = _moves(_inverse(STA_PERMUTATION))
_KEY_ROWS: Final = tuple(_key_rows(52 + round_) for round_ in range(_ROUNDS))

_SWAPS: Final = tuple(
    (np.uint64(shift), np.uint64(mask))
    for shift, mask in (
        (32, 0x0000_0000_FFFF_FFFF),
        (16, 0x0000_FFFF_0000_FFFF),
        (8, 0x00FF_00FF_00FF_00FF),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    )
)


def _transpose(rows: Words, spare: Words) -> None:
    """Turn each column of 64 words on its side, in place: bit j of row i becomes bit i of row j.

    `rows` has shape (64, words); `spare` holds at least half as many words.
    """
    words = rows.shape[1]
    for shift, mask in _SWAPS:
        span = int(shift)
        halves = rows.reshape(32 // span, 2, span, words)
        low, high = halves[:, 0], halves[:, 1]
        moved = spare[:32].reshape(low.shape)
        np.right_shift(low, shift, moved)
        np.bitwise_xor(moved, high, moved)
        np.bitwise_and(moved, mask, moved)
        np.bitwise_xor(high, moved, high)
        np.left_shift(moved, shift, moved)
        np.bitwise_xor(low, moved, low)


class _Slices:
    """Working memory for chunks of 64 x `words` blocks, with the gates bound to it."""

    def __init__(self, words: int, circuit: tuple[list[Step], list[int]]) -> None:
        self._rows = np.empty((64, words), dtype=np.uint64)
        self._keys = np.empty((64, words), dtype=np.uint64)
        self._state = np.empty((64, words), dtype=np.uint64)
        self._next = np.empty((64, words), dtype=np.uint64)
        self._key = np.empty((16, words), dtype=np.uint64)
        self._gates = self._bind(circuit, words)

    def _bind(
        self, circuit: tuple[list[Step], list[int]], words: int
    ) -> list[tuple[Gate, Words, Words, Words]]:
        """The circuit as calls on fixed buffers; a buffer is used again once its value is dead."""
        steps, results = circuit
        planes = self._state.reshape(4, 16, words)
        place: dict[int, Words] = {i: planes[i] for i in range(4)}
        place[_KEY] = self._key
        place[_ONES] = np.full((16, words), 0xFFFF_FFFF_FFFF_FFFF, dtype=np.uint64)
        last_use = {name: at for at, step in enumerate(steps) for name in step[2:]}
        outputs = self._next.reshape(4, 16, words)
        free: list[Words] = []
        gates: list[tuple[Gate, Words, Words, Words]] = []
        for at, (operation, result, left, right) in enumerate(steps):
            for name in {left, right}:
                if last_use[name] == at and name >= _INPUTS:
                    free.append(place[name])
            if result in results:
                place[result] = outputs[results.index(result)]
            else:
                place[result] = free.pop() if free else np.empty((16, words), dtype=np.uint64)
            function: Gate = np.bitwise_and if operation == "and" else np.bitwise_xor
            gates.append((function, place[left], place[right], place[result]))
        return gates

    def _load(self, blocks: Words, keys: Words) -> None:
        for source, rows in ((blocks, self._rows), (keys, self._keys)):
            flat = rows.reshape(-1)
            flat[: len(source)] = source
            flat[len(source) :] = 0
        _transpose(self._rows, self._next)
        _transpose(self._keys, self._next)
        np.invert(self._keys, self._keys)

    def _unload(self, count: int, out: Words) -> None:
        _transpose(self._rows, self._next)
        out[:] = self._rows.reshape(-1)[:count]

    def _substitute(self, round_: int) -> None:
        np.take(self._keys, _KEY_ROWS[round_], axis=0, out=self._key, mode="clip")
        for function, left, right, result in self._gates:
            function(left, right, result)

    def encrypt(self, blocks: Words, keys: Words, out: Words) -> None:
        self._load(blocks, keys)
        np.take(self._rows, _IN_ORDER, axis=0, out=self._state, mode="clip")
        for round_ in range(_ROUNDS):
            self._substitute(round_)
            np.take(self._next, _FORTH, axis=0, out=self._state, mode="clip")
        np.take(self._state, _OUT_ORDER, axis=0, out=self._rows, mode="clip")
        self._unload(len(blocks), out)

    def decrypt(self, blocks: Words, keys: Words, out: Words) -> None:
        self._load(blocks, keys)
        np.take(self._rows, _IN_ORDER, axis=0, out=self._next, mode="clip")
        for round_ in reversed(range(_ROUNDS)):
            np.take(self._next, _BACK, axis=0, out=self._state, mode="clip")
            self._substitute(round_)
        np.take(self._next, _OUT_ORDER, axis=0, out=self._rows, mode="clip")
        self._unload(len(blocks), out)


def _chunks(
    blocks: Words, keys: Words, circuit: tuple[list[Step], list[int]], decrypt: bool
) -> Words:
    out = np.empty(len(blocks), dtype=np.uint64)
    size = 64 * _CHUNK_WORDS
    slices: _Slices | None = None
    for start in range(0, len(blocks), size):
        part = blocks[start : start + size]
        if slices is None or len(part) < size:
            slices = _Slices(-(-len(part) // 64), circuit)
        work = slices.decrypt if decrypt else slices.encrypt
        work(part, keys[start : start + size], out[start : start + size])
    return out


def encrypt(blocks: Words, keys: Words) -> Words:
    """Each 64-bit block encrypted with the 64-bit decoder key of the same index.

    `blocks` and `keys` are one-dimensional and equally long; neither is changed.
    """
    return _chunks(blocks, keys, _ENCRYPT, decrypt=False)


def decrypt(blocks: Words, keys: Words) -> Words:
    """The inverse of `encrypt`."""
    return _chunks(blocks, keys, _DECRYPT, decrypt=True)
