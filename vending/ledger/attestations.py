"""Attestations: what a row beside the journal held when it was written, as one link of a chain.

Readings, deliveries, showings, events of accounts, what two people asked for and decided,
operators' terms, points' limits, tariffs, key changes and events of blocks decide over money and
have no entry whose hash they are under. Each is attested in the transaction that writes it, so that
a row which is changed, taken out or put in afterwards shows. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

from .journal import GENESIS, canonical_json, canonical_time

PROBLEMS: Final = (
    "attested_chain",
    "attested_head",
    "row_differs",
    "row_gone",
    "row_unattested",
    "seal_attested",
    "seal_trail",
)
"""What verification may find: the chain is broken, or ends elsewhere than was kept; a row is not as
it was written, is gone, or was put in by somebody else; a seal stands for a link, or for a line of
the trail, that is not there any more."""


class ChainEnd(NamedTuple):
    """Where a chain ends: number and hash of its last link."""

    number: int = 0
    hash: str = GENESIS


class Attestation(NamedTuple):
    """One link as it is kept. Insert-only."""

    number: int
    """1, 2, ... without gaps."""
    kind: str
    """What kind of row: `reading`, `operator` ..."""
    key: str
    """What the row is known by; several parts with a colon between."""
    digest: str
    """See `digest_of`."""
    previous_hash: str
    hash: str

    @property
    def end(self) -> ChainEnd:
        """The end of the chain once this is its last link."""
        return ChainEnd(self.number, self.hash)

    def follows(self, end: ChainEnd) -> bool:
        """Whether it is the very link that comes behind `end`, whatever its fields hold."""
        if self.number != end.number + 1 or self.previous_hash != end.hash:
            return False
        try:
            return self.hash == _hash(*self[:-1])
        except (TypeError, ValueError):
            # Nothing that was ever hashed.
            return False


def attested(kind: str, key: str, digest: str, end: ChainEnd) -> Attestation:
    """The link that follows on `end`."""
    number = end.number + 1
    own = _hash(number, kind, key, digest, end.hash)
    return Attestation(number, kind, key, digest, end.hash, own)


def digest_of(row: Mapping[str, object]) -> str:
    """64 hex digits over the whole row: every column that is not null, by its name, times in the
    canonical form, truths as 0 and 1. What is null is left out, so that a column which is added
    later changes no digest of the rows from before. Raises TypeError or ValueError for what no row
    can hold."""
    told = {name: _plain(value) for name, value in row.items() if value is not None}
    return sha256(canonical_json(told)).hexdigest()


NO_ROW: Final = digest_of({})
"""What stands in the link of a row that was taken away: every row has its key at least."""


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return canonical_time(value)
    # One database keeps truths as numbers.
    return int(value) if isinstance(value, bool) else value


def _hash(number: int, kind: str, key: str, digest: str, previous: str) -> str:
    return sha256(canonical_json([number, kind, key, digest, previous])).hexdigest()
