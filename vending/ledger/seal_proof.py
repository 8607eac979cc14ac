"""Holding seals against the journal: their own chain, and what each says of the books."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .journal import GENESIS
from .report import LedgerProblem
from .seals import ReceiptRange, Seal, SealContent, SealUnreadable, TokenCount, hash_of


@dataclass(slots=True)
class Issued:
    """The receipts and tokens of a stretch of the journal."""

    kinds: dict[tuple[str, ...], int] = field(default_factory=dict)
    """How many sales issued tokens of just these kinds; there are never many."""
    receipts: dict[str, list[int]] = field(default_factory=dict)
    """By point: the first and the last number, and how many."""

    def add(self, tokens: tuple[str, ...], receipt: tuple[str, int] | None) -> None:
        """What one sale has issued. A million come by here."""
        if tokens:
            self.kinds[tokens] = self.kinds.get(tokens, 0) + 1
        if receipt is None:
            return
        point, number = receipt
        there = self.receipts.get(point)
        if there is None:
            self.receipts[point] = [number, number, 1]
            return
        there[2] += 1
        if number > there[1]:
            there[1] = number
        elif number < there[0]:
            there[0] = number

    def join(self, other: Issued) -> None:
        """The stretch behind this one as well."""
        for kinds, sales in other.kinds.items():
            self.kinds[kinds] = self.kinds.get(kinds, 0) + sales
        for point, (first, last, held) in other.receipts.items():
            there = self.receipts.get(point, [first, last, 0])
            self.receipts[point] = [min(there[0], first), max(there[1], last), there[2] + held]

    def tokens(self) -> set[TokenCount]:
        """How many of each kind."""
        counts: dict[str, int] = {}
        for kinds, sales in self.kinds.items():
            for kind in kinds:
                counts[kind] = counts.get(kind, 0) + sales
        return {TokenCount(*one) for one in counts.items()}

    def is_in(self, content: SealContent) -> bool:
        """Whether a seal says just this."""
        receipts = {ReceiptRange(point, *held) for point, held in self.receipts.items()}
        return receipts == set(content.receipts) and self.tokens() == set(content.tokens)


class Mark(NamedTuple):
    """What the walk along the journal found once this entry was passed."""

    entry: int
    hash: str
    sums: dict[tuple[str, str], int]
    issued: Issued
    """Since the mark before."""


def seal_problems(
    seals: Sequence[Seal], marks: Iterable[Mark], against: tuple[int, str] | None = None
) -> Iterator[LedgerProblem]:
    """What differs between the seals and the journal, by seal: a broken chain of seals, an entry,
    a sum, receipts or tokens that are not what was sealed, and a seal kept on paper (`against`:
    its number and code) that the books do not hold.

    `marks` are those of the walk at the seals' entries, as far as it came.
    """
    found: dict[int, Mark] = {}
    for mark in marks:
        if mark.entry in found:
            # One stretch ended here and the next began: the end has what was issued.
            mark = mark._replace(issued=found[mark.entry].issued)
        found[mark.entry] = mark
    previous, sealed = GENESIS, 0
    for number, seal in enumerate(seals, start=1):
        at = found.get(seal.entry)
        if at is not None and number > 1 and seal.entry == sealed:
            # Nothing was issued since the seal before.
            at = at._replace(issued=Issued())
        what = _difference(seal, number, previous, at)
        if what is not None:
            yield LedgerProblem(seal.entry, what, f"{seal.number} {seal.day}")
        previous, sealed = seal.hash, seal.entry
    if against is not None:
        number, code = against
        kept = seals[number - 1].code if 0 < number <= len(seals) else None
        if kept != code:
            # Nobody knows which entry it stood for: the books no longer say.
            yield LedgerProblem(0, "seal_missing" if kept is None else "seal_other", code)


def _difference(seal: Seal, number: int, previous: str, mark: Mark | None) -> str | None:
    if seal.number != number or seal.previous_hash != previous or seal.hash != hash_of(seal):
        return "seal_chain"
    if mark is None:
        return "seal_without_entry"
    if mark.hash != seal.entry_hash:
        return "seal_entry"
    try:
        content = seal.content
        sums = {(account, unit): amount for account, unit, amount in content.sums}
        issued = mark.issued.is_in(content)
    except SealUnreadable:
        return "seal_sums"
    if sums != {key: amount for key, amount in mark.sums.items() if amount}:
        return "seal_sums"
    return None if issued else "seal_issued"
