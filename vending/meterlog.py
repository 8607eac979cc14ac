"""What a meter has taken, by its own token log, held against the books: which sale each line is of,
and what it took that nobody has sold here, or that was taken back. Facts, pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from meters.account import TokenLogEntry
from meters.gateway import token_fingerprint


class TokenOfMeter(NamedTuple):
    """One token of one sale to a meter, as the books have it."""

    vend_id: str
    kind: str
    digits: str
    taken_back: bool
    """Its sale was voided, so that nobody should have used it."""

    def __repr__(self) -> str:
        # Whoever reads the digits has the units.
        return f"TokenOfMeter(vend_id={self.vend_id!r}, kind={self.kind!r})"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a meter's log, and the sale that its token is of."""

    entry: TokenLogEntry
    vend_id: str | None
    """None: the books have no such token for this meter."""
    kind: str | None
    taken_back: bool

    @property
    def is_foreign(self) -> bool:
        """The meter took a token that the books do not have: it was made somewhere else. A line
        that it did not take may be a slip of whoever typed."""
        return self.entry.result.is_taken and self.vend_id is None

    @property
    def is_taken_all_the_same(self) -> bool:
        """The meter took a token whose money was given back."""
        return self.entry.result.is_taken and self.taken_back

    @property
    def is_odd(self) -> bool:
        """Whether somebody has to look into it."""
        return self.is_foreign or self.is_taken_all_the_same


@dataclass(frozen=True, slots=True)
class MeterLog:
    """A token log as the meter told it, the newest line first. It holds no moments, and only as
    many lines as the meter keeps."""

    meter: str
    lines: tuple[LogLine, ...]

    @property
    def odd(self) -> tuple[LogLine, ...]:
        return tuple(one for one in self.lines if one.is_odd)


def held_against(
    log: Sequence[TokenLogEntry], tokens: Iterable[TokenOfMeter]
) -> tuple[LogLine, ...]:
    """Each line of the log, in its order, with the token that it is of."""
    known = {token_fingerprint(token.digits): token for token in tokens}
    return tuple(_line(entry, known.get(entry.fingerprint)) for entry in log)


def _line(entry: TokenLogEntry, token: TokenOfMeter | None) -> LogLine:
    if token is None:
        return LogLine(entry, None, None, taken_back=False)
    return LogLine(entry, token.vend_id, token.kind, token.taken_back)
