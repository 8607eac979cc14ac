"""The use cases of the people who keep the books, over ports: seal, check, adjust, close. What
only reads is in `reports.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo

from meters.quantities import Money

from ..ledger import (
    Account,
    Chart,
    LedgerReport,
    PostedEntry,
    Posting,
    Seal,
    SealContent,
    chained,
    check_open,
    sealed,
    typed_code,
)
from ..ledger.journal import GENESIS
from ..parties import Actor, require
from ..ports import Clock
from .adjustments import (
    Adjustment,
    AdjustmentKind,
    AdjustmentState,
    Decision,
    adjustment_entry,
    check_sides,
    check_undecided,
    checked_id,
    checked_lines,
    checked_reason,
    posted_by,
    reversal_lines,
    unknown_holder,
    with_persons,
)
from .daily import Difference
from .days import Month, day_of, end_of, last_moment_of, read_day
from .errors import (
    AdjustmentIdReused,
    AdjustmentUnknown,
    AlreadyReversed,
    DayBeforeBooks,
    DayNotBegun,
    DebtNotNamed,
    DepositTooSmall,
    EntryUnknown,
    Overdrawn,
    RequestsWaiting,
    SealedLater,
    WriteOffTooMuch,
    WriteOffWrong,
)
from .periods import (
    BalanceRow,
    PeriodAct,
    PeriodActKind,
    check_closing,
    check_reopening,
    period_act,
)
from .ports import BooksReading, BooksStore, BooksWriting

Follow = Callable[[BooksWriting, Adjustment, PostedEntry], None]
"""What else an adjustment changes, in the transaction that posts it. May refuse it."""


def nothing_follows(books: BooksWriting, adjustment: Adjustment, posted: PostedEntry) -> None:
    """Where nobody keeps debts, nothing but the entry changes."""


class Bookkeeping:
    """One instance serves many threads. `zone` is the clock on the wall of the office: days and
    months begin and end by it."""

    def __init__(
        self,
        store: BooksStore,
        chart: Chart,
        clock: Clock,
        zone: tzinfo,
        follow: Follow = nothing_follows,
    ) -> None:
        self._store = store
        self._chart = chart
        self._clock = clock
        self._zone = zone
        self._follow = follow

    # Proof

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
        differences: Sequence[Difference] | None = None,
    ) -> Seal:
        """Seals the books as they stand at the end of `day` (or now, if it is today, the
        default), with what a check of the day has found. Sealing what is sealed already answers the
        seal that there is, unless that does not say what the check has found.

        Raises DayMalformed, DayNotBegun, SealedLater.
        """
        require(actor, "seal")
        wanted = None if day is None else read_day(day)
        with self._store.writing() as books:
            head = books.chain_head()
            now = self._clock()
            today = day_of(now, self._zone)
            date = wanted or today
            if date > today:
                raise DayNotBegun(date.isoformat())
            if date < today:
                head = books.head_at(end_of(date, self._zone))
            seals = books.seals()
            last = seals[-1] if seals else None
            said = None if last is None else last.told
            found = None
            if differences is not None:
                found = tuple((d.what, d.where, d.expected, d.found) for d in differences)
            if (
                last is not None
                and last.day == date.isoformat()
                and last.entry == head.number
                and said is not None
                and found in (None, said.differences)
            ):
                return last
            if last is not None and (last.day > date.isoformat() or last.entry > head.number):
                raise SealedLater(date.isoformat(), last.day)
            after = 0 if last is None else last.entry
            acts = books.period_acts()
            content = SealContent(
                # On top of the seal before: a verification recomputes them from the first entry.
                # Of one that somebody has made unreadable they are recomputed here.
                sums=_added(
                    () if said is None else said.sums,
                    books.sums(0 if said is None else after, head.number),
                ),
                receipts=tuple(books.receipt_ranges(after, head.number)),
                tokens=tuple(books.token_counts(after, head.number)),
                periods=acts[-1].hash if acts else GENESIS,
                differences=found,
            )
            made = sealed(date.isoformat(), now, actor.name, head.number, head.hash, content, last)
            books.add_seal(made)
            return made

    # Adjustments

    def adjust(
        self,
        actor: Actor,
        id: str,
        lines: tuple[Posting, ...],
        reason: str,
        *,
        booked_on: str | None = None,
    ) -> Adjustment:
        """Asks for an entry with these lines; a second person approves or voids it. The caller
        makes the id: the same request again answers the one that there is.

        Raises ReasonMissing, AdjustmentIdMalformed, AdjustmentIdReused, DayMalformed,
        DayNotBegun, PeriodClosed, and the errors of `checked_lines` and `check_sides`.
        """
        lines = with_persons(lines, self._chart)
        return self._request(actor, id, AdjustmentKind.ADJUSTMENT, lines, reason, booked_on)

    def write_off(
        self,
        actor: Actor,
        id: str,
        account: str,
        holder: str,
        amount: int,
        reason: str,
        *,
        booked_on: str | None = None,
    ) -> Adjustment:
        """Asks for `amount` (minor units, more than 0) of what stands as a debit in an account to
        be given up as a loss, at most what stands there when it is approved.

        Raises WriteOffWrong, and the errors of `adjust`.
        """
        loss, given_up = self._chart.role("write_offs"), self._chart.find(account)
        if amount <= 0 or (given_up is not None and given_up.kind != "asset"):
            raise WriteOffWrong(account)
        lines = (
            Posting(loss.code, "", loss.unit, amount),
            Posting(account, holder, loss.unit, -amount),
        )
        return self._request(actor, id, AdjustmentKind.WRITE_OFF, lines, reason, booked_on)

    def reverse(self, actor: Actor, id: str, entry: int, reason: str) -> Adjustment:
        """Asks for an entry that takes back another, line by line, and points to it.

        Raises EntryUnknown, NotReversible, AlreadyReversed, and the errors of `adjust`.
        """
        return self._request(actor, id, AdjustmentKind.REVERSAL, (), reason, None, entry)

    def _request(
        self,
        actor: Actor,
        id: str,
        kind: AdjustmentKind,
        lines: tuple[Posting, ...],
        reason: str,
        booked_on: str | None,
        reverses: int | None = None,
    ) -> Adjustment:
        require(actor, "adjust")
        checked_id(id)
        reason = checked_reason(reason)
        day = None if booked_on is None else read_day(booked_on)
        with self._store.writing() as books:
            now = self._clock()
            if reverses is not None:
                posted = books.entry(reverses)
                if posted is None:
                    raise EntryUnknown(reverses)
                lines = reversal_lines(posted)
            wanted = Adjustment(
                id=id,
                kind=kind,
                requested_at=now,
                requested_by=actor.name,
                reason=reason,
                lines=lines,
                reverses=reverses,
                booked_on=None if day is None else day.isoformat(),
            )
            stored = books.adjustment(id)
            if stored is not None:
                if not stored.same_request(wanted):
                    raise AdjustmentIdReused(id)
                return stored
            if reverses is None:
                check_sides(lines)
            self._check_lines(books, lines)
            if reverses is None:
                self._check_debts(lines)
            if day is not None:
                if day > day_of(now, self._zone):
                    raise DayNotBegun(day.isoformat())
                begin = Month.of(books.first_moment() or now, self._zone)
                if Month(day.year, day.month) < begin:
                    raise DayBeforeBooks(day.isoformat(), str(begin))
                check_open(last_moment_of(day, self._zone), books.chain_head())
            if reverses is not None:
                other = books.reversal_of(reverses)
                if other is not None:
                    raise AlreadyReversed(reverses, other.id)
            books.add_adjustment(wanted)
            return wanted

    def approve(self, actor: Actor, id: str) -> Adjustment:
        """Posts a waiting request. Approving again answers it as it stands.

        Raises AdjustmentUnknown, AdjustmentDecided (it was voided), OwnRequest, OwnDeposit,
        Overdrawn, DepositTooSmall, WriteOffTooMuch, PeriodClosed (the month that it belongs to was
        closed meanwhile), and what `follow` raises.
        """
        require(actor, "approve")
        with self._store.writing() as books:
            found = _known(books, id)
            if found.posted_already(actor.name):
                return found
            head = books.chain_head()
            decision = posted_by(found, actor.name, self._clock(), head.number + 1, self._chart)
            self._check_balances(books, found.lines)
            if found.kind is AdjustmentKind.WRITE_OFF:
                self._check_given_up(books, found.lines)
            posted = chained(adjustment_entry(found, decision, self._zone), head)
            cached = self._chart.cached()
            books.book(posted, tuple(p for p in found.lines if p.account in cached))
            books.decide(id, decision)
            self._follow(books, found, posted)
            return _known(books, id)

    def void(self, actor: Actor, id: str, note: str) -> Adjustment:
        """Ends a waiting request without booking it: refused by somebody, or withdrawn by who
        asked. Raises AdjustmentUnknown, AdjustmentDecided, ReasonMissing."""
        require(actor, "void")
        note = checked_reason(note)
        with self._store.writing() as books:
            found = _known(books, id)
            check_undecided(found)
            books.decide(
                id, Decision(AdjustmentState.VOIDED, self._clock(), actor.name, note, None)
            )
            return _known(books, id)

    def _check_lines(self, books: BooksReading, lines: tuple[Posting, ...]) -> None:
        for line in checked_lines(lines, self._chart):
            account = self._chart.find(line.account)
            assert account is not None
            if line.holder and not books.holder_exists(account.per, line.holder):
                raise unknown_holder(account, line.holder)

    def _check_debts(self, lines: tuple[Posting, ...]) -> None:
        debts = self._chart.role("debts")
        for line in lines:
            if line.account == debts.code:
                raise DebtNotNamed(debts.code, line.holder)

    def _check_balances(self, books: BooksReading, lines: tuple[Posting, ...]) -> None:
        """What is owed to customers can be used up, not overdrawn; nor is a deposit paid out that
        has been sold meanwhile."""
        owed, deposit = self._chart.role("customer_balance"), self._chart.role("operator_deposit")
        for holder, amount, balance in self._taken(books, lines, owed):
            if amount > balance:
                raise Overdrawn(
                    holder, str(Money(balance, owed.unit)), str(Money(amount, owed.unit))
                )
        places = {self._chart.role(role).code for role in ("safe", "bank")}
        if any(line.account in places and line.amount < 0 for line in lines):
            for holder, amount, balance in self._taken(books, lines, deposit):
                if amount > balance:
                    raise DepositTooSmall(holder, Money(balance, deposit.unit).to_text())

    def _check_given_up(self, books: BooksReading, lines: tuple[Posting, ...]) -> None:
        """What is not there cannot be given up: it would stand as if somebody had overpaid. Of a
        debt `follow` tells it, by its name."""
        debts = self._chart.role("debts").code
        for line in lines:
            if line.amount < 0 and line.account != debts:
                there = books.opening(line.account, line.holder, None)
                if there + line.amount < 0:
                    told = Money(there, line.unit).to_text()
                    raise WriteOffTooMuch(line.account, line.holder, told)

    def _taken(
        self, books: BooksReading, lines: tuple[Posting, ...], account: Account
    ) -> Iterator[tuple[str, int, int]]:
        """Who loses something of what this account owes them: how much, and what it owes now."""
        taken: dict[str, int] = {}
        for line in lines:
            if line.account == account.code:
                taken[line.holder] = taken.get(line.holder, 0) + line.amount
        for holder, amount in taken.items():
            if amount > 0:
                yield holder, amount, -books.balance(account.code, holder, account.unit)

    # Periods

    def close(self, actor: Actor, month: str) -> PeriodAct:
        """Closes a month that is over: from then on nothing is booked at an earlier moment. Its
        trial balance is kept with it.

        Raises MonthMalformed, MonthBeforeBooks, PeriodNotOver, PeriodClosedAlready,
        PeriodSkipped, RequestsWaiting.
        """
        require(actor, "close_period")
        wanted = Month.read(month)
        span = wanted.span(self._zone)
        # Summed before the writer's place is taken: sales go on meanwhile.
        with self._store.reading() as books:
            summed = books.chain_head()
            balances = books.trial_balance(span)
        with self._store.writing() as books:
            now = self._clock()
            acts = books.period_acts()
            check_closing(wanted, acts, books.first_moment(), now, self._zone)
            waiting = books.waiting(span, str(wanted))
            if waiting:
                raise RequestsWaiting(str(wanted), waiting)
            if books.booked_before(span.end, summed.number):
                balances = books.trial_balance(span)
            return self._act(books, wanted, PeriodActKind.CLOSED, now, actor, "", acts, balances)

    def reopen(self, actor: Actor, month: str, reason: str) -> PeriodAct:
        """Opens the month that was closed last. Raises MonthMalformed, PeriodNotLast,
        ReasonMissing, ActorNotAllowed (supervisors only)."""
        require(actor, "reopen_period")
        wanted = Month.read(month)
        reason = checked_reason(reason)
        with self._store.writing() as books:
            acts = books.period_acts()
            check_reopening(wanted, acts)
            now = self._clock()
            kind = PeriodActKind.REOPENED
            return self._act(books, wanted, kind, now, actor, reason, acts, acts[-1].balances)

    def _act(
        self,
        books: BooksWriting,
        month: Month,
        kind: PeriodActKind,
        now: datetime,
        actor: Actor,
        reason: str,
        acts: Sequence[PeriodAct],
        balances: Sequence[BalanceRow],
    ) -> PeriodAct:
        head = books.chain_head()
        act = period_act(
            month,
            kind,
            now,
            actor.name,
            reason,
            head.number,
            head.hash,
            balances,
            acts,
            self._zone,
        )
        books.add_period_act(act)
        return act


def _added(
    before: Sequence[tuple[str, str, int]], since: Sequence[tuple[str, str, int]]
) -> tuple[tuple[str, str, int], ...]:
    sums: dict[tuple[str, str], int] = {}
    for account, unit, amount in (*before, *since):
        sums[account, unit] = sums.get((account, unit), 0) + amount
    return tuple((*key, sums[key]) for key in sorted(sums) if sums[key])


def _known(books: BooksReading, id: str) -> Adjustment:
    found = books.adjustment(id)
    if found is None:
        raise AdjustmentUnknown(id[:64])
    return found
