"""Journal entries and their chain.

The hash of an entry is SHA-256 over the canonical form of the fields listed in `entry_hash`,
the hash of the entry before it included. Changing, removing or swapping an entry therefore
shows at the first entry that differs.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from meters.errors import Broken

GENESIS = "0" * 64
"""Stands for the hash of the entry before the first."""


@dataclass(eq=False)
class EntryUnbalanced(Broken, code="ledger.unbalanced"):
    """The postings of an entry do not sum to zero in one unit, or one of them moves nothing."""

    cause: str
    unit: str
    sum: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry: debit positive, credit negative, in the account's unit."""

    account: str
    """Account.code"""
    holder: str
    """Vending point, agreement or meter number; empty where the account is held by nobody."""
    unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What happened, balanced in every unit. Building one checks it (EntryUnbalanced)."""

    at: datetime
    kind: str
    """`sale`"""
    cause: str
    """What it was booked for: the vend id."""
    actor: str
    point: str
    content_hash: str
    """SHA-256 of the sale, receipt and tokens that this entry stands for."""
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        sums: dict[str, int] = defaultdict(int)
        for posting in self.postings:
            if posting.amount == 0:
                raise EntryUnbalanced(self.cause, posting.unit, 0)
            sums[posting.unit] += posting.amount
        if not sums:
            raise EntryUnbalanced(self.cause, "", 0)
        for unit, total in sums.items():
            if total != 0:
                raise EntryUnbalanced(self.cause, unit, total)


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last entry of the journal: the next one is numbered and chained from here."""

    number: int = 0
    hash: str = GENESIS
    at: datetime | None = None
    """The latest moment that has been booked; None before the first entry."""


@dataclass(frozen=True, slots=True)
class PostedEntry:
    """An entry with its place in the chain."""

    number: int
    """1, 2, ... without gaps."""
    previous_hash: str
    hash: str
    entry: JournalEntry

    @property
    def head(self) -> ChainHead:
        """The head of the chain once this entry is its last."""
        return ChainHead(self.number, self.hash, self.entry.at)


def chained(entry: JournalEntry, head: ChainHead) -> PostedEntry:
    """The entry as the next one after `head`."""
    number = head.number + 1
    return PostedEntry(number, head.hash, entry_hash(number, head.hash, entry), entry)


def entry_hash(number: int, previous_hash: str, entry: JournalEntry) -> str:
    """The hash that this entry must carry at this place in the chain."""
    return entry_hash_of(
        number,
        previous_hash,
        canonical_time(entry.at),
        entry.kind,
        entry.cause,
        entry.actor,
        entry.point,
        entry.content_hash,
        entry.postings,
    )


def entry_hash_of(
    number: int,
    previous_hash: str,
    at: str,
    kind: str,
    cause: str,
    actor: str,
    point: str,
    content_hash: str,
    postings: tuple[Posting, ...],
) -> str:
    """64 hex digits over exactly these fields in this order, each posting as (account, holder,
    unit, amount). Takes plain fields, so that an entry that could not be built can be checked."""
    listed = [[p.account, p.holder, p.unit, p.amount] for p in postings]
    fields = [number, previous_hash, at, kind, cause, actor, point, content_hash, listed]
    return sha256(canonical_json(fields)).hexdigest()


def canonical_json(value: object) -> bytes:
    """JSON without spaces, keys sorted, ASCII only: the same bytes everywhere, for hashing."""
    return json.dumps(
        value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode("ascii")


def canonical_time(moment: datetime) -> str:
    """UTC with microseconds: `2026-11-23T09:30:00.000000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
