"""Proving the books: every sum, hash and link recomputed from what is stored, in one pass.

Nothing is trusted that can be computed again, and nothing is kept but the current entry, so
memory stays flat however long the journal is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from .chart import Chart
from .journal import GENESIS, ChainHead, entry_hash_of


class StoredEntry(NamedTuple):
    """An entry as found in the store, unchecked, with what its cause says of itself. Plain
    values, because a long journal is walked through them."""

    number: int
    at: str
    """In the canonical form (`canonical_time`)."""
    kind: str
    cause: str
    actor: str
    point: str
    content_hash: str
    previous_hash: str
    hash: str
    postings: tuple[tuple[str, str, str, int], ...]
    """Each as the fields of a Posting."""
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
    units = {account.code: account.unit for account in chart.accounts()}
    number, previous, at = 0, GENESIS, None
    postings = 0
    problem: LedgerProblem | None = None
    for entry in entries:
        problem = _check(entry, number, previous, units)
        if problem is not None:
            break
        postings += len(entry.postings)
        number, previous, at = entry.number, entry.hash, entry.at
    else:
        problem = min(loose_ends, key=lambda p: (p.entry == 0, p.entry), default=None)
    head = ChainHead(number, previous, None if at is None else datetime.fromisoformat(at))
    return LedgerReport(number, postings, head, problem)


def _check(
    entry: StoredEntry, last: int, last_hash: str, units: dict[str, str]
) -> LedgerProblem | None:
    """In this order, so that the report names the plainest difference."""
    (number, at, kind, cause, actor, point, content, previous, own, postings, found, tokens) = entry
    if number != last + 1:
        # The chain breaks where an entry is missing, not where the next one stands.
        return LedgerProblem(last + 1, "number", f"found {number}")
    if previous != last_hash:
        return LedgerProblem(number, "previous_hash")
    sums: dict[str, int] = {}
    for account, _, unit, amount in postings:
        if units.get(account) != unit:
            return LedgerProblem(number, "account", account)
        sums[unit] = sums.get(unit, 0) + amount
    if not sums or any(sums.values()):
        wrong = next(((unit, total) for unit, total in sums.items() if total), None)
        return LedgerProblem(number, "sum", "no postings" if wrong is None else f"{wrong[0]} {wrong[1]}")
    if entry_hash_of(number, previous, at, kind, cause, actor, point, content, postings) != own:
        return LedgerProblem(number, "hash")
    if found is None:
        return LedgerProblem(number, "cause", cause)
    if kind == "sale" and not tokens:
        return LedgerProblem(number, "no_token", cause)
    if found != content:
        return LedgerProblem(number, "content", cause)
    return None
