"""What a meter said about one quantity: the value, how sure it is, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

Value = Decimal | str | datetime | frozenset[str]
"""A number in the reading's unit, a text, the meter's own (naive) time, the names of set bits."""


class Quality(Enum):
    """How far a reading may be trusted. Only GOOD may be billed."""

    GOOD = "good"
    SUSPECT = "suspect"
    """Read, and doubtful: out of its plausible range, stale, or from an unverified register."""
    BAD = "bad"
    """Not read: no answer, an exception, or a mark that the meter has no value."""
    SUBSTITUTED = "substituted"
    """Made up from other readings by somebody who said so."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value at one moment. `value` is None only where the quality is BAD."""

    name: str
    """Of the canonical vocabulary (docs/meters.md), such as `energy.active.import`."""
    value: Value | None
    unit: str
    raw: str
    """What came over the wire for it, in hex, before any decoding; empty if nothing came."""
    quality: Quality
    reason: str
    """Why it is not GOOD, as a code such as `out_of_range`, `sentinel`, `exception_2`; or empty."""
    read_at: datetime
    """Head-end time when the answer was there, aware UTC."""
    latency_ms: int
    """From the request to its answer."""
    source: str
    """Where the meter keeps it: `input:0x0048`, `1-0:1.8.0`, `00010000`."""
    map: str
    """The register map and its revision, `eastron-sdm120@1`."""
    uncertainty: Decimal | None = None
    """Smallest difference the meter can tell at this value, in the unit, where that is coarser than
    the digits shown (single-precision counters)."""
    meter_time: datetime | None = None
    """What the meter's own clock showed in the same reading, aware UTC; None if it was not read."""
