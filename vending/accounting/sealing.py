"""The proof of the books, and the seals that are kept outside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ..ledger import ChainHead, LedgerReport, Seal, SealContent, sealed, typed_code
from ..parties import Actor
from ..permissions import require
from .daily import DailyCheck
from .days import day_of, end_of, read_day
from .errors import CheckOutdated, DayNotBegun, SealedLater
from .keeping import Keeping
from .ports import BooksWriting


class Sealing(Keeping):
    """One instance serves many threads."""

    def verify(self, actor: Actor, against: str | None = None) -> LedgerReport:
        """Recomputes every sum, hash and link, and holds them against the seals; `against` is
        the code of a seal that was kept outside the books. The report names the first entry that
        differs; nothing is raised for it. Raises SealCodeMistyped."""
        require(actor, "verify")
        kept = None if against is None else typed_code(against)
        return self._store.proved(self._chart, kept)

    def seal(
        self,
        actor: Actor,
        day: str | None = None,
        check: DailyCheck | None = None,
    ) -> Seal:
        """Seals the books as they stand at the end of `day` (or now, if it is today, the
        default), and what is attested by now; with a `check` of the day, as they stood when that
        was made, and what it has found. Sealing what is sealed already answers the seal that there
        is, unless that does not say what the check has found, or does not stand for what was
        attested since, today.

        Raises DayMalformed, DayNotBegun, SealedLater, ClockRanAhead, CheckOutdated.
        """
        require(actor, "seal")
        wanted = None if day is None else read_day(day)
        with self._store.writing() as books:
            # It is added behind all that is read: what has to be read once more is sealed once.
            return books.legibly(lambda: self._seal(books, actor, wanted, check))

    def _seal(
        self,
        books: BooksWriting,
        actor: Actor,
        wanted: date | None,
        check: DailyCheck | None,
    ) -> Seal:
        head = books.chain_head()
        now = self._clock()
        # By a clock that stands ahead, days would be sealed that nobody has seen.
        self._guard.check_ahead(now, head, books)
        today = day_of(now, self._zone)
        day = wanted or today
        if day > today:
            raise DayNotBegun(day.isoformat())
        seals = books.seals()
        if check is not None:
            if len(seals) != check.seals:
                raise CheckOutdated(day.isoformat())
            # What was booked meanwhile nobody has looked at: the next check begins with it.
            head = books.head_of(check.last_entry)
        elif day < today:
            head = books.head_at(end_of(day, self._zone))
        last = seals[-1] if seals else None
        said = None if last is None else last.told
        attested = books.attested_end()
        found = None
        if check is not None:
            found = tuple((d.what, d.where, d.expected, d.found) for d in check.differences)
        if (
            last is not None
            and last.day == day.isoformat()
            and last.entry == head.number
            and said is not None
            and found in (None, said.differences)
            and (day < today or said.attested == attested)
        ):
            return last
        if last is not None and is_sealed_later(last, day, head):
            raise SealedLater(day.isoformat(), last.day)
        after = 0 if last is None else last.entry
        content = SealContent(
            # On top of the seal before: a verification recomputes them from the first entry.
            # Of one that somebody has made unreadable they are recomputed here.
            sums=_added(
                () if said is None else said.sums,
                books.sums(0 if said is None else after, head.number),
            ),
            receipts=tuple(books.receipt_ranges(after, head.number)),
            tokens=tuple(books.token_counts(after, head.number)),
            periods=books.last_period_hash(),
            differences=found,
            attested=attested,
            trail=books.trail_end(),
        )
        made = sealed(day.isoformat(), now, actor.name, head.number, head.hash, content, last)
        books.add_seal(made)
        return made


def is_sealed_later(last: Seal, day: date, head: ChainHead) -> bool:
    """Whether the last seal stands for a later state than the end of this day, at `head`: then none
    of this day can be added."""
    return last.day > day.isoformat() or last.entry > head.number


def _added(
    before: Sequence[tuple[str, str, int]], since: Sequence[tuple[str, str, int]]
) -> tuple[tuple[str, str, int], ...]:
    sums: dict[tuple[str, str], int] = {}
    for account, unit, amount in (*before, *since):
        sums[account, unit] = sums.get((account, unit), 0) + amount
    return tuple((*key, sums[key]) for key in sorted(sums) if sums[key])
