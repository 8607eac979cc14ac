"""What is random in these tests, how much of it is tried, and how it is repeated."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Final

# Taken out: the product would read both as misspelt settings.
SEED: Final = int(os.environ.pop("RASEED_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
"""Of everything random here; printed when a test fails. `RASEED_SEED` repeats it."""
KILLS: Final = int(os.environ.pop("RASEED_KILLS", "40"))
"""How many processes are killed in all."""
_LONG_RUN: Final = 200
"""From so many kills on, every instant of everything is tried."""
_READINGS: Final = 8
"""Else one in so many of those around a reading."""


def seeded(name: str) -> random.Random:
    """A random source of a test's own. What it printed is shown if the test fails."""
    print(f"RASEED_SEED={SEED} for {name}")
    return random.Random(f"{SEED} {name}")


def instants(names: Sequence[str]) -> list[int]:
    """Which of these instants (1, 2, ...; see `CrashPoints.log`) are worth a process: all around
    what writes and commits. Reading changes nothing, so that some around it stand for the others,
    unless the long run is asked for."""
    chosen = range(1, len(names) + 1)
    if KILLS >= _LONG_RUN:
        return list(chosen)
    return [at for at in chosen if " SELECT " not in names[at - 1] or at % _READINGS == 1]
