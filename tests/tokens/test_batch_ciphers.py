"""The NumPy ciphers against published answers and, block by block, against the single ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.sts import batch_misty1, batch_sta
from tokens.sts.batch_columns import Words
from tokens.sts.misty1 import Misty1Key
from tokens.sts.sta import StaKey

WORD = (1 << 64) - 1
words = st.integers(0, WORD)
edges = st.sampled_from([0, 1, 1 << 63, WORD, WORD - 1, 0x5555_5555_5555_5555])
some_words = st.lists(words | edges, min_size=0, max_size=150)


def column(values: list[int]) -> Words:
    return np.array(values, dtype=np.uint64)


def spread(seed: int, count: int) -> list[int]:
    """Many different words from one: a full-period step through 64 bits."""
    values = []
    for _ in range(count):
        seed = (seed * 6364136223846793005 + 1442695040888963407) & WORD
        values.append(seed ^ seed >> 29)
    return values


def test_sta_known_answer() -> None:
    block, key, cipher = (
        column([0x05599863000119E6]),
        column([0xE653341F9D5BF36F]),
        0x492083C0AE7CE455,
    )
    assert batch_sta.encrypt(block, key).tolist() == [cipher]
    assert batch_sta.decrypt(column([cipher]), key).tolist() == block.tolist()


@pytest.mark.parametrize(
    ("key", "block", "cipher"),
    [
        (0x00112233445566778899AABBCCDDEEFF, 0x0123456789ABCDEF, 0x8B1DA5F56AB3D07C),
        (0x00112233445566778899AABBCCDDEEFF, 0xFEDCBA9876543210, 0x04B68240B13BE95D),
        (0xF94B6ED353C3BFDB113E2D3A7EA3C41D, 0x0559982C00012831, 0x38269A8E59319817),
    ],
)
def test_misty1_known_answers(key: int, block: int, cipher: int) -> None:
    keys = np.array([[key >> 64, key & WORD]], dtype=np.uint64)
    assert batch_misty1.encrypt(column([block]), keys).tolist() == [cipher]
    assert batch_misty1.decrypt(column([cipher]), keys).tolist() == [block]


@given(blocks=some_words, seed=words | edges)
def test_sta_equals_single(blocks: list[int], seed: int) -> None:
    keys = [seed, *spread(seed, len(blocks))][: len(blocks)]
    enciphered = batch_sta.encrypt(column(blocks), column(keys))
    single = [StaKey(key).encrypt(block) for key, block in zip(keys, blocks, strict=True)]
    assert enciphered.tolist() == single
    assert batch_sta.decrypt(enciphered, column(keys)).tolist() == blocks
    opened = [StaKey(key).decrypt(block) for key, block in zip(keys, blocks, strict=True)]
    assert batch_sta.decrypt(column(blocks), column(keys)).tolist() == opened


@given(blocks=some_words, seed=words | edges)
def test_misty1_equals_single(blocks: list[int], seed: int) -> None:
    halves = [seed, *spread(seed, 2 * len(blocks))]
    pairs = [(halves[2 * i], halves[2 * i + 1]) for i in range(len(blocks))]
    keys = np.array(pairs, dtype=np.uint64).reshape(-1, 2)
    singles = [Misty1Key(high << 64 | low) for high, low in pairs]
    enciphered = batch_misty1.encrypt(column(blocks), keys)
    assert enciphered.tolist() == [
        key.encrypt(block) for key, block in zip(singles, blocks, strict=True)
    ]
    assert batch_misty1.decrypt(enciphered, keys).tolist() == blocks
    assert batch_misty1.decrypt(column(blocks), keys).tolist() == [
        key.decrypt(block) for key, block in zip(singles, blocks, strict=True)
    ]


@pytest.mark.parametrize("count", [1, 63, 64, 65, 16384, 16385, 32768, 40001])
def test_chunk_borders(count: int) -> None:
    """Around a chunk's end no block changes places: both ways give the blocks back, and the
    rows at the borders are those of the single cipher."""
    blocks, keys = column(spread(count, count)), column(spread(count + 1, count))
    before = (blocks.copy(), keys.copy())
    long_keys = np.column_stack([keys, blocks])
    sta, misty1 = batch_sta.encrypt(blocks, keys), batch_misty1.encrypt(blocks, long_keys)
    assert (batch_sta.decrypt(sta, keys) == blocks).all()
    assert (batch_misty1.decrypt(misty1, long_keys) == blocks).all()
    for row in {0, count // 2, count - 1, min(count - 1, 16383), min(count - 1, 16384)}:
        block, key = int(blocks[row]), int(keys[row])
        assert int(sta[row]) == StaKey(key).encrypt(block)
        assert int(misty1[row]) == Misty1Key(key << 64 | block).encrypt(block)
    assert (blocks == before[0]).all()
    assert (keys == before[1]).all()
