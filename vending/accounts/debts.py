"""What people do about a debt: write it down, put it off, object to it, give it up."""

from __future__ import annotations

from datetime import date, timedelta, tzinfo

from meters.quantities import Money

from ..accounting.adjustments import Adjustment, checked_id, checked_reason
from ..accounting.days import end_of, read_day
from ..accounting.ports import BooksWriting
from ..clock import UNWATCHED, ClockGuard
from ..ledger import Chart, JournalEntry, PostedEntry, Posting, chained
from ..parties import Actor
from ..permissions import require
from ..ports import Clock
from ..tariff import Instalment, Label, Percentage, TariffBook
from ..tariff.kinds import codes_of
from .acting import Desk
from .checks import check_postponing, checked_source, new_debt, owing, struck_off
from .errors import DebtCodeReused, DebtCodeTaken, DisputedAlready, NotDisputed, NotPostponed
from .events import (
    DebtAdded,
    DebtDisputed,
    DebtPostponed,
    DisputeSettled,
    Outcome,
    PostponementEnded,
    debt_named,
)
from .happened import Happened, event_hash
from .ports import AccountsStore
from .sight import Sight
from .state import USUAL_PRIORITY
from .views import AccountView
from .writedowns import WriteDowns


class Debts(Desk):
    """What all of them promise stands at `Desk`. `zone` is the clock on the wall of the office."""

    def __init__(
        self,
        store: AccountsStore,
        tariffs: TariffBook,
        chart: Chart,
        clock: Clock,
        zone: tzinfo,
        guard: ClockGuard = UNWATCHED,
    ) -> None:
        super().__init__(store, tariffs, chart, clock)
        self._zone = zone
        self._guard = guard
        self._write_downs = WriteDowns(store, self._sights, chart, clock)

    def add_debt(
        self,
        actor: Actor,
        agreement: str,
        code: str,
        label: Label,
        amount: Money,
        recovery: Percentage | Instalment,
        reason: str,
        source: str,
        *,
        priority: int = USUAL_PRIORITY,
    ) -> AccountView:
        """Writes down a debt from older books and takes it over into the ledger. Its code names it
        in the agreement for ever: the same debt again answers the account as it stands.

        Raises DebtWrong, CurrencyWrong, DebtCodeReused, DebtCodeTaken, ClockWentBack,
        ClockRanAhead, PeriodClosed.
        """
        require(actor, "add_debt")
        debts = self._chart.role("debts")
        debt = new_debt(code, label, amount, priority, recovery, debts.unit)
        event = DebtAdded(reason=checked_reason(reason), debt=debt, source=checked_source(source))
        with self._store.writing() as rows:
            sight = self._sights.of(rows, agreement, self._clock())
            for one in sight.happened:
                if isinstance(one.event, DebtAdded) and one.event.debt.code == code:
                    if one.event != event:
                        raise DebtCodeReused(sight.file.number, code)
                    return self._seen(rows, actor, sight)
            if code in codes_of(sight.tariff):
                raise DebtCodeTaken(sight.tariff.code, code)
            head = rows.chain_head()
            self._guard.check(sight.now, head, rows)
            sight, happened = self._sights.record(
                rows, sight, event, actor.name, after_entry=head.number + 1
            )
            posted = chained(debt_entry(happened, amount, actor, self._chart), head)
            cached = self._chart.cached()
            rows.book(posted, tuple(p for p in posted.entry.postings if p.account in cached))
            self._guard.booked(sight.now)
            return self._seen(rows, actor, sight)

    def postpone_debt(
        self, actor: Actor, agreement: str, code: str, until: str, reason: str, id: str
    ) -> AccountView:
        """Nothing is taken of the debt up to the end of a day (2026-12-31), as far as the actor's
        role may put it off (`checks.POSTPONED_MONTHS`).

        Raises DebtUnknown, NothingOwed, DayMalformed, PostponedPast, PostponedTooLong.
        """
        require(actor, "postpone_debt")
        day = read_day(until)

        def check(sight: Sight) -> None:
            owing(sight.state, code)
            check_postponing(day, actor.role, sight.now, self._zone)

        # The calendar's last day has no next one; `check` refuses it as too far all the same.
        moment = end_of(min(day, date.max - timedelta(days=1)), self._zone)
        event = DebtPostponed(reason=checked_reason(reason), code=code, until=moment)
        return self._act(actor, agreement, id, event, check)

    def end_postponement(
        self, actor: Actor, agreement: str, code: str, reason: str, id: str
    ) -> AccountView:
        """The debt is asked for again from now on. Raises DebtUnknown, NotPostponed."""
        require(actor, "postpone_debt")

        def check(sight: Sight) -> None:
            put_off = debt_named(sight.state, code).postponed
            if put_off is None or put_off.until <= sight.now:
                raise NotPostponed(code)

        event = PostponementEnded(reason=checked_reason(reason), code=code)
        return self._act(actor, agreement, id, event, check)

    def dispute(self, actor: Actor, agreement: str, code: str, reason: str, id: str) -> AccountView:
        """The customer objects to the debt; nothing is taken of it until that is settled. Raises
        DebtUnknown, NothingOwed, DisputedAlready."""
        require(actor, "dispute_debt")

        def check(sight: Sight) -> None:
            if owing(sight.state, code).disputed:
                raise DisputedAlready(code)

        event = DebtDisputed(reason=checked_reason(reason), code=code)
        return self._act(actor, agreement, id, event, check)

    def settle_dispute(
        self,
        actor: Actor,
        agreement: str,
        code: str,
        outcome: Outcome,
        reason: str,
        id: str,
        *,
        to: Money | None = None,
    ) -> AccountView:
        """Ends a dispute: at once where the debt stands; where something is struck off (all, or
        down `to` an amount), a second person approves it as an adjustment under this id, and until
        then the debt stays disputed.

        Raises DebtUnknown, NothingOwed, NotDisputed, ReductionWrong, AdjustmentIdReused.
        """
        require(actor, "settle_dispute")
        reason = checked_reason(reason)
        if outcome is not Outcome.REJECTED:
            return self._write_downs.ask(
                actor, agreement, checked_id(id), code, reason, outcome=outcome, to=to
            )

        def check(sight: Sight) -> None:
            debt = owing(sight.state, code)
            if not debt.disputed:
                raise NotDisputed(code)
            struck_off(debt, outcome, to)

        none = Money(0, self._chart.role("debts").unit)
        event = DisputeSettled(reason=reason, code=code, outcome=outcome, off=none)
        return self._act(actor, agreement, id, event, check)

    def write_down(
        self, actor: Actor, agreement: str, code: str, off: Money, reason: str, id: str
    ) -> AccountView:
        """Asks for a part of a debt, or all of it, to be given up as a loss; a second person
        approves it as an adjustment under this id.

        Raises DebtUnknown, NothingOwed, DebtWrong, CurrencyWrong, MoreThanOwed,
        AdjustmentIdReused.
        """
        require(actor, "write_down")
        reason = checked_reason(reason)
        return self._write_downs.ask(actor, agreement, checked_id(id), code, reason, off=off)

    def follow(self, books: BooksWriting, adjustment: Adjustment, posted: PostedEntry) -> None:
        """For `Bookkeeping`: what a posted adjustment does to an account."""
        self._write_downs.follow(books, adjustment, posted)


def debt_entry(happened: Happened, amount: Money, actor: Actor, chart: Chart) -> JournalEntry:
    """What a customer owes from before becomes an asset of these books."""
    debts, taken_over = chart.role("debts"), chart.role("debts_taken_over")
    return JournalEntry(
        at=happened.at,
        kind="debt",
        cause=f"{happened.agreement}:{happened.seq}",
        actor=actor.name,
        point=actor.point or "",
        content_hash=event_hash(happened),
        postings=(
            Posting(debts.code, happened.agreement, debts.unit, amount.minor),
            Posting(taken_over.code, "", taken_over.unit, -amount.minor),
        ),
    )
