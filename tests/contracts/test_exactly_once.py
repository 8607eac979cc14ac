"""A token pushed through a line that drops, delays, repeats and spoils replies is taken exactly
once."""

from __future__ import annotations

from collections import Counter

import pytest

from .storms import run

FIRST_SEED = 20_261_126


def _storms(count: int) -> Counter[str]:
    told: Counter[str] = Counter()
    print(f"seeds {FIRST_SEED}..{FIRST_SEED + count - 1}")
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        told += run(seed).told
    print(dict(told))
    return told


@pytest.mark.system
def test_a_token_is_taken_once_through_some_storms() -> None:
    told = _storms(150)
    # The storm was one: every way out was taken.
    assert min(told["accepted"], told["unknown"], told["settled by the log"]) > 10
    assert told["meter.unreachable"] > 10


@pytest.mark.system
def test_a_token_is_taken_once_through_ten_thousand_storms() -> None:
    told = _storms(10_000)
    assert told["settled by the log"] > 500
