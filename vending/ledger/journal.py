"""Journal entries and their chain.

The hash of an entry is SHA-256 over the canonical form of the fields listed in `entry_hash`,
the hash of the entry before it included. Changing, removing or swapping an entry therefore
shows at the first entry that differs.
"""

from __future__ import annotations

import json
import json.encoder
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

from msgspec import Struct
from msgspec.json import Encoder

from meters.errors import Broken, Refused

GENESIS = "0" * 64
"""Stands for the hash of the entry before the first."""


@dataclass(eq=False)
class EntryUnbalanced(Broken, code="ledger.unbalanced"):
    """The postings of an entry do not sum to zero in one unit, or one of them moves nothing."""

    cause: str
    unit: str
    sum: int


class Posting(NamedTuple):
    """One line of an entry: debit positive, credit negative, in the account's unit."""

    account: str
    """Account.code"""
    holder: str
    """Vending point, agreement or meter number; empty where the account is held by nobody."""
    unit: str
    amount: int


@dataclass(eq=False)
class PeriodClosed(Refused, code="ledger.period_closed"):
    """The moment of the entry lies in a period whose books are closed."""

    moment: str
    until: str
    """The first moment that is open again."""


class JournalEntry(Struct, frozen=True):
    """What happened, balanced in every unit. Building one checks it (EntryUnbalanced)."""

    at: datetime
    kind: str
    """`sale`, `adjustment`, `write_off`, `reversal`"""
    cause: str
    """What it was booked for: the vend id, or the id of the adjustment."""
    actor: str
    point: str
    content_hash: str
    """SHA-256 of the sale, receipt and tokens (or the adjustment) that this entry stands for."""
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


class ChainHead(Struct, frozen=True):
    """The last entry of the journal: the next one is numbered and chained from here."""

    number: int = 0
    hash: str = GENESIS
    at: datetime | None = None
    """The latest moment that has been booked; None before the first entry."""
    closed_until: datetime | None = None
    """Nothing may be booked before this moment: the end of the last closed period."""


class PostedEntry(Struct, frozen=True):
    """An entry with its place in the chain."""

    number: int
    """1, 2, ... without gaps."""
    previous_hash: str
    hash: str
    entry: JournalEntry
    closed_until: datetime | None = None
    """Carried along to the head, for the entries behind it."""

    @property
    def head(self) -> ChainHead:
        """The head of the chain once this entry is its last."""
        return ChainHead(self.number, self.hash, self.entry.at, self.closed_until)


def chained(entry: JournalEntry, head: ChainHead) -> PostedEntry:
    """The entry as the next one after `head`. Raises PeriodClosed."""
    check_open(entry.at, head)
    number = head.number + 1
    own = entry_hash(number, head.hash, entry)
    return PostedEntry(number, head.hash, own, entry, head.closed_until)


def check_open(moment: datetime, head: ChainHead) -> None:
    """Raises PeriodClosed if nothing may be booked at this moment any more."""
    if head.closed_until is not None and moment < head.closed_until:
        raise PeriodClosed(canonical_time(moment), canonical_time(head.closed_until))


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
    postings: Sequence[tuple[str, str, str, int]],
) -> str:
    """64 hex digits over exactly these fields in this order, each posting as (account, holder,
    unit, amount). Takes plain fields, so that an entry that could not be built can be checked."""
    fields = (number, previous_hash, at, kind, cause, actor, point, content_hash, postings)
    return sha256(canonical_plain(fields)).hexdigest()


def canonical_json(value: object) -> bytes:
    """JSON without spaces, keys sorted, ASCII only: the same bytes everywhere, for hashing."""
    return "".join(_chunks(value, 0)).encode("ascii")


def canonical_plain(value: object) -> bytes:
    """`canonical_json` of what is known to be made of texts, whole numbers, truths, None, lists and
    tables by text alone; the same bytes in a fifth of the time, and nothing else is refused. For
    what every sale hashes, and verification a million times."""
    made = _plain.encode(value)
    if not made.isascii():
        # Arabic becomes the same escapes; what lies below or far above it does not.
        made = made.decode().encode("ascii", "backslashreplace")
        if b"\\x" in made or b"\\U" in made:
            return canonical_json(value)
    # The one ASCII character that the two write differently.
    return canonical_json(value) if b"\x7f" in made else made


_plain: Final = Encoder(order="deterministic")


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _encoder() -> Callable[[object, int], Any]:
    """`json.dumps` sets its encoder up anew for each call, which takes longer than the work
    itself; this one is set up once, where the interpreter has it in C."""
    make = getattr(json.encoder, "c_make_encoder", None)
    quoted = getattr(json.encoder, "c_encode_basestring_ascii", None)
    if make is None or quoted is None:
        plain = json.JSONEncoder(
            ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False
        )
        return lambda value, _: plain.encode(value)
    made: Callable[[object, int], Any] = make(
        None, _refuse, quoted, None, ":", ",", True, False, False
    )
    return made


_chunks = _encoder()


@lru_cache(maxsize=256)
def canonical_time(moment: datetime) -> str:
    """UTC with microseconds: `2026-11-23T09:30:00.000000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
