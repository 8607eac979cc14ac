"""Proving the books: every sum, hash and link recomputed from what is stored, in one pass.

Nothing is trusted that can be computed again, and nothing is kept but the current entry, so
memory stays flat however long the journal is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .chart import Chart
from .journal import GENESIS, ChainHead, Posting, canonical_time, entry_hash_of


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as found in the store, unchecked, with what its cause says of itself."""

    number: int
    at: datetime
    kind: str
    cause: str
    actor: str
    point: str
    content_hash: str
    previous_hash: str
    hash: str
    postings: tuple[Posting, ...]
    cause_hash: str | None
    """Content hash recomputed from the stored sale, receipt and tokens; None if there is none."""
    tokens: int
    """How many tokens the sale holds."""


@dataclass(frozen=True, slots=True)
class LedgerProblem:
    """What differs, and where: `entry` is the journal entry number, 0 if it has none."""

    entry: int
    what: str
    """`number`, `previous_hash`, `hash`, `sum`, `account`, `cause`, `content`, `no_token`,
    `token_without_sale`, `sale_without_entry`, `chain_head`, `balance`, `receipt_gap`."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """The result of a verification. `head` can be printed and kept elsewhere: a journal that
    lost its end still chains, and only a kept head shows that it once was longer."""

    entries: int
    postings: int
    head: ChainHead
    problem: LedgerProblem | None
    """The first that was found, by journal entry."""

    @property
    def ok(self) -> bool:
        return self.problem is None


def verify(
    entries: Iterable[StoredEntry], loose_ends: Iterable[LedgerProblem], chart: Chart
) -> LedgerReport:
    """Walks the journal to the first entry that differs, or to its end and then the loose ends.

    `entries` come in ascending order of number.
    """
    head = ChainHead()
    postings = 0
    for entry in entries:
        problem = _check(entry, head, chart)
        if problem is not None:
            return LedgerReport(head.number, postings, head, problem)
        postings += len(entry.postings)
        head = ChainHead(entry.number, entry.hash, entry.at)
    first = min(loose_ends, key=lambda p: (p.entry == 0, p.entry), default=None)
    return LedgerReport(head.number, postings, head, first)


def _check(entry: StoredEntry, head: ChainHead, chart: Chart) -> LedgerProblem | None:
    """In this order, so that the report names the plainest difference."""
    expected = head.number + 1
    if entry.number != expected:
        # The chain breaks where an entry is missing, not where the next one stands.
        return LedgerProblem(expected, "number", f"found {entry.number}")
    if entry.previous_hash != (head.hash if head.number else GENESIS):
        return LedgerProblem(entry.number, "previous_hash")
    sums: dict[str, int] = defaultdict(int)
    for posting in entry.postings:
        account = chart.find(posting.account)
        if account is None or account.unit != posting.unit:
            return LedgerProblem(entry.number, "account", posting.account)
        sums[posting.unit] += posting.amount
    for unit, total in sums.items():
        if total:
            return LedgerProblem(entry.number, "sum", f"{unit} {total}")
    if not sums:
        return LedgerProblem(entry.number, "sum", "no postings")
    recomputed = entry_hash_of(
        entry.number,
        entry.previous_hash,
        canonical_time(entry.at),
        entry.kind,
        entry.cause,
        entry.actor,
        entry.point,
        entry.content_hash,
        entry.postings,
    )
    if recomputed != entry.hash:
        return LedgerProblem(entry.number, "hash")
    if entry.kind == "sale":
        if entry.cause_hash is None:
            return LedgerProblem(entry.number, "cause", entry.cause)
        if entry.tokens == 0:
            return LedgerProblem(entry.number, "no_token", entry.cause)
        if entry.cause_hash != entry.content_hash:
            return LedgerProblem(entry.number, "content", entry.cause)
    return None
