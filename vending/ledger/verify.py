"""Proving the books: every sum, hash and link recomputed from what is stored, in one pass.

Nothing is trusted that can be computed again, and nothing is kept but the current entry and the
sums per account, so memory stays flat however long the journal is. A long journal can be walked
in stretches at once; `joined` puts what they found together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import add
from typing import NamedTuple

from .chart import Chart
from .journal import GENESIS, ChainHead, entry_hash_of
from .report import LedgerProblem, LedgerReport
from .seal_proof import Issued, Mark, seal_problems
from .seals import Seal

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""What reading a damaged book may raise: text where there should be a number, a state that there is
not, a document that is none."""


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
    """Content hash recomputed from what the entry was booked for: the stored sale, receipt and
    tokens, or the adjustment; None if there is none."""
    tokens: tuple[str, ...] = ()
    """The kinds of the tokens that the sale holds."""
    receipt: tuple[str, int] | None = None
    """Point and number, if the sale has a receipt of its own."""
    other_sale: str | None = None
    """A sale that stands on this entry though it was booked for something else."""


@dataclass(slots=True)
class Walk:
    """What a walk along one stretch of the journal found."""

    number: int = 0
    """The last entry that is right; before the first one, the entry before the stretch."""
    hash: str = GENESIS
    at: str | None = None
    postings: int = 0
    sums: dict[tuple[str, str], int] = field(default_factory=dict)
    """Per account and unit, from the beginning of the stretch."""
    marks: list[Mark] = field(default_factory=list)
    issued: Issued = field(default_factory=Issued)
    """Since the last mark."""
    problem: LedgerProblem | None = None


def walk(
    entries: Iterable[StoredEntry],
    chart: Chart,
    marked: Iterable[int] = (),
    after: tuple[int, str] = (0, GENESIS),
) -> Walk:
    """Along `entries`, which come by number from behind `after` (an entry's number and hash), to
    the first that differs or to the end. What was found is marked at the entries `marked`."""
    shapes = _Shapes(chart)
    done = Walk(number=after[0], hash=after[1])
    wanted = sorted(set(marked), reverse=True)
    while wanted and wanted[-1] <= done.number:
        number = wanted.pop()
        if number == done.number:
            done.marks.append(Mark(number, done.hash, {}, Issued()))
    last, last_hash, at, postings = done.number, done.hash, done.at, 0
    try:
        for entry in entries:
            problem = _check(entry, last, last_hash, shapes)
            if problem is not None:
                done.problem = problem
                break
            postings += len(entry.postings)
            last, last_hash, at = entry.number, entry.hash, entry.at
            done.issued.add(entry.tokens, entry.receipt)
            if wanted and wanted[-1] == last:
                done.marks.append(Mark(wanted.pop(), last_hash, shapes.sums(), done.issued))
                done.issued = Issued()
    except UNREADABLE as error:
        # No value that was booked stops the walk, and what was not booked is a difference.
        done.problem = LedgerProblem(last + 1, "unreadable", type(error).__name__)
    done.number, done.hash, done.at, done.postings = last, last_hash, at, postings
    done.sums = shapes.sums()
    return done


class _Shape:
    """Entries that move the same accounts in the same order, as all sales of one kind do. What is
    asked of accounts and units is asked once for all of them, and their amounts are added up
    column by column."""

    def __init__(
        self, accounts: Sequence[str], units: Sequence[str], known: dict[str, str]
    ) -> None:
        self.keys = list(zip(accounts, units, strict=True))
        self.wrong = next((code for code, unit in self.keys if known.get(code) != unit), None)
        self.columns = [
            (unit, [at for at, one in enumerate(units) if one == unit])
            for unit in dict.fromkeys(units)
        ]
        """By unit, where its amounts stand."""
        self.totals = [0] * len(self.keys)


class _Shapes:
    """Every shape met so far; there are never many."""

    def __init__(self, chart: Chart) -> None:
        self._units = {account.code: account.unit for account in chart.accounts()}
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...]], _Shape] = {}

    def of(self, accounts: tuple[str, ...], units: tuple[str, ...]) -> _Shape:
        found = self._known.get((accounts, units))
        if found is None:
            found = self._known[accounts, units] = _Shape(accounts, units, self._units)
        return found

    def sums(self) -> dict[tuple[str, str], int]:
        """Per account and unit, of all entries that were right."""
        sums: dict[tuple[str, str], int] = {}
        for shape in self._known.values():
            if shape.wrong is None:
                for key, total in zip(shape.keys, shape.totals, strict=True):
                    sums[key] = sums.get(key, 0) + total
        return sums


def joined(stretches: Sequence[Walk], ends: Sequence[int]) -> Walk:
    """The walk that one would have made alone. `ends` are the entries at which the stretches
    were to end; each was begun with the stored hash of the one before it."""
    whole = Walk()
    for stretch, end in zip(stretches, ends, strict=True):
        for mark in stretch.marks:
            sums = _added(whole.sums, mark.sums)
            whole.issued.join(mark.issued)
            whole.marks.append(Mark(mark.entry, mark.hash, sums, whole.issued))
            whole.issued = Issued()
        whole.issued.join(stretch.issued)
        whole.sums = _added(whole.sums, stretch.sums)
        whole.number, whole.hash = stretch.number, stretch.hash
        whole.at = stretch.at or whole.at
        whole.postings += stretch.postings
        whole.problem = stretch.problem
        if whole.problem is None and stretch.number != end:
            whole.problem = LedgerProblem(stretch.number + 1, "number", "missing")
        if whole.problem is not None:
            break
    return whole


def _added(
    sums: dict[tuple[str, str], int], more: dict[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    return {key: sums.get(key, 0) + more.get(key, 0) for key in (*sums, *more)}


def report_of(
    walked: Walk,
    loose_ends: Iterable[LedgerProblem],
    seals: Sequence[Seal] = (),
    against: tuple[int, str] | None = None,
) -> LedgerReport:
    """The first difference by entry: on the walk, in a seal, or among the loose ends. `against`
    is a seal kept outside the books, as `seals.typed_code` reads it."""
    found = list(seal_problems(seals, walked.marks, against))
    if walked.problem is None:
        found += loose_ends
    else:
        # Behind a broken entry nothing is known, so what seals say of it is no news.
        found = [p for p in found if 0 < p.entry < walked.problem.entry] + [walked.problem]
    first = min(found, key=lambda p: (p.entry == 0, p.entry), default=None)
    at = None if walked.at is None else datetime.fromisoformat(walked.at)
    head = ChainHead(walked.number, walked.hash, at)
    return LedgerReport(walked.number, walked.postings, head, first, len(seals))


def verify(
    entries: Iterable[StoredEntry],
    loose_ends: Iterable[LedgerProblem],
    chart: Chart,
    seals: Sequence[Seal] = (),
    against: tuple[int, str] | None = None,
) -> LedgerReport:
    """Walks the journal to the first entry that differs, or to its end; then the seals, and the
    loose ends. `entries` come in ascending order of number, from the first."""
    walked = walk(entries, chart, (seal.entry for seal in seals))
    return report_of(walked, loose_ends, seals, against)


def _check(entry: StoredEntry, last: int, last_hash: str, shapes: _Shapes) -> LedgerProblem | None:
    """In this order, so that the report names the plainest difference. What is right is added to
    the sums."""
    number, at, kind, cause, actor, point, content, previous, own, postings, found, *_ = entry
    if number != last + 1:
        # The chain breaks where an entry is missing, not where the next one stands.
        return LedgerProblem(last + 1, "number", f"found {number}")
    if previous != last_hash:
        return LedgerProblem(number, "previous_hash")
    if not postings:
        return LedgerProblem(number, "sum", "no postings")
    accounts, _, units, amounts = zip(*postings, strict=True)
    shape = shapes.of(accounts, units)
    if shape.wrong is not None:
        return LedgerProblem(number, "account", shape.wrong)
    for unit, places in shape.columns:
        total = sum(map(amounts.__getitem__, places))
        if total:
            return LedgerProblem(number, "sum", f"{unit} {total}")
    if entry_hash_of(number, previous, at, kind, cause, actor, point, content, postings) != own:
        return LedgerProblem(number, "hash")
    if entry.other_sale is not None:
        return LedgerProblem(number, "sale_of_other", entry.other_sale)
    if found is None:
        return LedgerProblem(number, "cause", cause)
    if kind == "sale" and not entry.tokens:
        return LedgerProblem(number, "no_token", cause)
    if found != content:
        return LedgerProblem(number, "content", cause)
    shape.totals = list(map(add, shape.totals, amounts))
    return None
