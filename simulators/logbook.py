"""What was broken, when, and how often it struck: a JSON line for each, so that a test can hold the
head-end to having noticed.

    {"time": "2026-03-01T08:10:00+00:00", "target": "meter:n1/7", "fault": "bit_noise",
     "what": "begin", "parameters": {"rate": "1e-4"}}

`what` is `begin`, `end` (with `hits`), or what happened at a hit. After MOST_HITS of one fault at
one target its hits are only counted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TextIO

MOST_HITS: Final = 200
MOST_LINES: Final = 100_000
"""Kept in memory; a file keeps all."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry."""

    at: datetime
    target: str
    fault: str
    what: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def json(self) -> str:
        """As one line."""
        return json.dumps(
            {
                "time": self.at.isoformat(),
                "target": self.target,
                "fault": self.fault,
                "what": self.what,
                "parameters": dict(self.parameters),
            },
            ensure_ascii=False,
        )


class Logbook:
    """Every injection, in memory and on a stream if there is one."""

    def __init__(self, seconds: Callable[[], float], stream: TextIO | None = None) -> None:
        self._seconds = seconds
        self._stream = stream
        self.lines: list[Line] = []
        self.hits: Counter[tuple[str, str]] = Counter()
        """By target and fault."""

    def write(
        self, target: str, fault: str, what: str, parameters: Mapping[str, Any] | None = None
    ) -> None:
        """A line, as of now."""
        at = datetime.fromtimestamp(self._seconds(), UTC)
        line = Line(at, target, fault, what, parameters or {})
        if len(self.lines) < MOST_LINES:
            self.lines.append(line)
        if self._stream is not None:
            self._stream.write(line.json() + "\n")
            self._stream.flush()

    def hitter(self, target: str, fault: str) -> Callable[[str], None]:
        """What a fault tells when it strikes."""

        def hit(what: str) -> None:
            self.hits[target, fault] += 1
            if self.hits[target, fault] <= MOST_HITS:
                self.write(target, fault, what)

        return hit
