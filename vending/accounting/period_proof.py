"""Proving closed months: the chain of acts, what each holds of the journal, and what the seals hold
of them. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import datetime

from ..ledger import GENESIS, LedgerProblem, Seal, SealUnreadable, canonical_time
from .periods import BalanceRow, PeriodAct, PeriodActKind, hash_of

Moved = Callable[[datetime | None, datetime, int], Sequence[BalanceRow]]
"""What moved from one moment up to another (None: from the first), in the entries up to this one;
the openings are 0."""
_Balances = dict[tuple[str, str], tuple[int, int, int]]
"""By account and unit: opening, debit, credit."""


def period_problems(
    acts: Sequence[PeriodAct],
    closed_until: datetime | None,
    hashes: Mapping[int, str],
    seals: Sequence[Seal],
    moved: Moved,
) -> Iterator[LedgerProblem]:
    """A broken chain of acts; an act on an entry that is not there or is another, with balances
    that do not go on from the month before, or (no seal stands for it yet, or it is the last
    closing) are not what the journal gives; a seal over an act that is not there; a boundary that
    is not what the last act says.

    `hashes` are those of the entries that acts and seals stand on.
    """
    previous = GENESIS
    for number, act in enumerate(acts, start=1):
        if act.number != number or act.previous_hash != previous or act.hash != hash_of(act):
            yield LedgerProblem(act.entry, "period_chain", f"{act.number} {act.month}")
            return
        previous = act.hash
        if hashes.get(act.entry, "" if act.entry else GENESIS) != act.entry_hash:
            yield LedgerProblem(act.entry, "period_entry", f"{act.number} {act.month}")
    sealed = yield from _seal_problems(acts, seals)
    yield from _balance_problems(acts, sealed, moved)
    expected = acts[-1].closed_until if acts else None
    if closed_until != expected:
        found = "none" if closed_until is None else canonical_time(closed_until)
        yield LedgerProblem(0, "closed_until", found)


def _seal_problems(
    acts: Sequence[PeriodAct], seals: Sequence[Seal]
) -> Generator[LedgerProblem, None, int]:
    """Answers how many acts the last seal stands for."""
    places = {GENESIS: 0, **{act.hash: act.number for act in acts}}
    sealed = 0
    for seal in seals:
        try:
            place = places.get(seal.content.periods)
        except SealUnreadable:
            # Told of the seal itself.
            continue
        if place is None or place < sealed:
            yield LedgerProblem(seal.entry, "seal_periods", f"{seal.number} {seal.day}")
        else:
            sealed = place
    return sealed


def _balance_problems(
    acts: Sequence[PeriodAct], sealed: int, moved: Moved
) -> Iterator[LedgerProblem]:
    closings = [act.number for act in acts if act.act is PeriodActKind.CLOSED]
    standing: list[PeriodAct] = []
    for act in acts:
        if act.act is PeriodActKind.CLOSED:
            anew = act.number > sealed or act.number == closings[-1]
            right = _is_right(act, standing[-1] if standing else None, moved if anew else None)
            standing.append(act)
        else:
            # It keeps what the closing said that it undoes.
            right = bool(standing) and (
                (act.month, act.document) == (standing[-1].month, acts[act.number - 2].document)
            )
            del standing[-1:]
        if not right:
            yield LedgerProblem(act.entry, "period_balances", f"{act.number} {act.month}")


def _is_right(act: PeriodAct, before: PeriodAct | None, moved: Moved | None) -> bool:
    """Whether a closing goes on from the one before it, with what has `moved` since."""
    try:
        said = _balances(act.balances)
        opened = {} if before is None else _closing(before.balances)
    except (ValueError, TypeError):
        return False
    if {key: row[0] for key, row in said.items() if row[0]} != opened:
        return False
    if moved is None:
        return True
    if act.closed_until is None:
        return False
    start = None if before is None else before.closed_until
    since = _balances(moved(start, act.closed_until, act.entry))
    return {key: row[1:] for key, row in said.items() if any(row[1:])} == {
        key: row[1:] for key, row in since.items()
    }


def _balances(rows: Sequence[BalanceRow]) -> _Balances:
    return {
        (row.account, row.unit): found
        for row in rows
        if any(found := (row.opening, row.debit, row.credit))
    }


def _closing(rows: Sequence[BalanceRow]) -> dict[tuple[str, str], int]:
    return {(row.account, row.unit): row.closing for row in rows if row.closing}
