"""The book of tariffs that is always the present one: a version that a second person approves
here, or in another process, is in it without a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from threading import Lock
from typing import Protocol

from .documents import first_difference
from .errors import TariffChanged, TariffMalformed, TariffMissing, TariffsUnseen
from .files import ShippedVersion
from .kinds import check_kinds
from .life import Assembled, Assembler, Key
from .mistakes import Mistake
from .rows import SHIPPED, KeptVersion, TariffRows, TariffStore
from .tariffs import Tariff, TariffBook, TariffState

PERIOD_NS = 1_000_000_000
"""How old an answer may be: what another process has changed is seen a second later."""
OLDEST_NS = 3 * PERIOD_NS
"""How old it may be beside a look that is under way. Less than the notice that changes of prices
have (`vending.tariffrules.NOTICE`): no price is told that ended before anybody looked."""
PATIENCE_S = 2
"""How long to wait for another thread's look at the database."""


class Books(Protocol):
    """What the chart of accounts says to the sums of tariffs."""

    def __call__(self, one: ShippedVersion) -> None:
        """Raises TariffMalformed for a version in a file, not kept yet, that could be quoted and
        not sold."""
        ...

    def check_kept(
        self, found: Assembled, files: Mapping[Key, ShippedVersion], now: datetime
    ) -> None:
        """Raises TariffUnbooked if something that is kept, and may be asked for from now on, has
        no account that takes it. `files` say where it stands."""
        ...


class LiveTariffs(TariffBook):
    """A TariffBook over files and database. One instance serves many threads.

    `monotonic_ns` is a clock that never steps back. Any method may raise the store's Unavailable,
    TariffsUnseen and TariffKeptWrong.
    """

    def __init__(
        self,
        store: TariffStore,
        shipped: Iterable[ShippedVersion],
        clock: Callable[[], datetime],
        monotonic_ns: Callable[[], int],
        fits: Books,
    ) -> None:
        """Keeps the versions in files that the database has not met before; `fits` refuses one
        that could be quoted and not sold (TariffMalformed), for what is kept is never edited. What
        was kept before is held against the chart as well (TariffUnbooked): the chart may be
        another one by now.

        Raises TariffChanged if a file says something else of a version than it said then;
        TariffMalformed if two versions share a number or a moment, or if one that is new begins
        before another that has begun already, or uses a code for another kind of charge than its
        tariff did before.
        """
        self._fits = fits
        self._store = store
        self._monotonic_ns = monotonic_ns
        self._checking = Lock()
        self._assembler = Assembler(_once(shipped))
        self._meet(clock)
        self._checked = monotonic_ns()
        with store.reading() as rows:
            self._counts = rows.counts()
            self._held = self.assembled(rows)
        fits.check_kept(self._held, self._assembler.shipped, clock())

    def assembled(self, rows: TariffRows) -> Assembled:
        """Files and what these rows say, together."""
        return self._assembler(rows.kept(), rows.acts())

    def reload(self) -> None:
        """Call it after a change, so that this process sees it at once."""
        self._check()

    def active(self, code: str, at: datetime) -> Tariff:
        return self._now().book.active(code, at)

    def lasting(self, code: str, at: datetime) -> Tariff:
        return self._now().book.lasting(code, at)

    def seen_by(self, rows: TariffRows) -> TariffBook:
        # The counts first: `_check` writes them last, so what is held is no older.
        counts, held = self._counts, self._held
        return (held if rows.counts() == counts else self.assembled(rows)).book

    def version(self, code: str, number: int) -> Tariff:
        try:
            return self._now().book.version(code, number)
        except TariffMissing:
            # Another process may have sold by it within this second.
            checking = self._checking
            if checking.acquire(timeout=PATIENCE_S):
                try:
                    self._check()
                finally:
                    checking.release()
            return self._held.book.version(code, number)

    def versions(self, code: str) -> list[Tariff]:
        return self._now().book.versions(code)

    def state(self, tariff: Tariff, at: datetime) -> TariffState:
        return self._now().book.state(tariff, at)

    def codes(self) -> list[str]:
        return self._now().book.codes()

    def _now(self) -> Assembled:
        if not self._older_than(PERIOD_NS):
            return self._held
        # One asks the database; the others go on by what is known, unless nobody has asked for so
        # long that a version may have begun. They wait for a while: as all of them hold
        # connections, they could wait for ever.
        waits_s = PATIENCE_S if self._older_than(OLDEST_NS) else 0
        checking = self._checking
        if checking.acquire(timeout=waits_s):
            try:
                if self._older_than(PERIOD_NS):
                    self._check()
            finally:
                checking.release()
        elif self._older_than(OLDEST_NS):
            # Whoever looks may hang for ever: the next one does not wait for them again.
            if self._checking is checking:
                self._checking = Lock()
            raise TariffsUnseen(PATIENCE_S)
        return self._held

    def _older_than(self, age_ns: int) -> bool:
        return self._monotonic_ns() - self._checked >= age_ns

    def _check(self) -> None:
        began = self._monotonic_ns()
        with self._store.reading() as rows:
            counts = rows.counts()
            if counts != self._counts:
                found = self.assembled(rows)
                if began < self._checked:
                    # It took so long that another one has looked since.
                    return
                self._held = found
                self._counts = counts
        self._checked = max(self._checked, began)

    def _meet(self, clock: Callable[[], datetime]) -> None:
        with self._store.reading() as rows:
            if not self._unmet(rows, clock):
                return
        with self._store.writing() as books:
            # Asked again where nobody else writes: another process may be starting, too.
            unmet = self._unmet(books, clock)
            found = self._assembler([*books.kept(), *unmet], books.acts())
            for one in unmet:
                # What has priced sales stays as it is, whatever it says.
                file = self._assembler.shipped[one.code, one.version]
                known = [v for v in found.of(one.code) if v.kept not in unmet]
                _check_follows(file, [v.tariff for v in known if not v.is_rejected], clock())
                check_kinds(file.tariff, found.book.versions(one.code), file.file)
            for one in unmet:
                books.keep(one)

    def _unmet(self, rows: TariffRows, clock: Callable[[], datetime]) -> list[KeptVersion]:
        """Versions in files that are approved and not kept: a draft may still be edited.

        Raises TariffChanged, TariffMalformed.
        """
        kept = {(row.code, row.version): row.document for row in rows.kept()}
        found = []
        for (code, number), one in self._assembler.shipped.items():
            known = kept.get((code, number))
            if known is None:
                if not one.tariff.is_draft:
                    self._fits(one)
                    found.append(KeptVersion(code, number, one.document, clock(), SHIPPED))
            elif where := first_difference(known, one.document):
                raise TariffChanged(code, number, one.file, where)
        return found


def _check_follows(one: ShippedVersion, known: Iterable[Tariff], now: datetime) -> None:
    """Raises TariffMalformed where one of `known` has begun, and later than this one: it would be
    put between versions that were sold by, and months gone by charged otherwise than was told."""
    new = one.tariff
    for other in known:
        if not other.is_draft and new.active_from < other.active_from <= now:
            place, moment = f"version = {new.version}: active_from", other.active_from.isoformat()
            begun = [str(other.version), moment]
            raise TariffMalformed(one.file, place, Mistake.BEFORE_BEGUN, begun)


def _once(shipped: Iterable[ShippedVersion]) -> list[ShippedVersion]:
    """Raises TariffMalformed if two files hold the same version."""
    found = list(shipped)
    TariffBook(one.tariff for one in found)
    return found
