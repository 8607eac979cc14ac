"""The use cases of accounts, over ports: debts, disputes, postponements, fees, and the proof that
what is kept follows from the books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta, tzinfo

from meters.quantities import Money

from ..accounting.adjustments import Adjustment, checked_id, checked_reason
from ..accounting.days import end_of, read_day
from ..accounting.ports import BooksWriting
from ..ledger import Chart, JournalEntry, PostedEntry, Posting, chained
from ..masks import masked_name, names_hidden
from ..parties import Actor, require
from ..persons import same_person
from ..ports import Clock
from ..tariff import Instalment, Label, Percentage, TariffBook
from ..tariff.kinds import codes_of
from .checks import check_postponing, checked_source, new_debt, owing, struck_off
from .errors import (
    DebtCodeReused,
    DebtCodeTaken,
    DisputedAlready,
    EventIdReused,
    FeeDueAlready,
    FeeNotDue,
    FeeUnknown,
    NotDisputed,
    NotPostponed,
)
from .events import (
    DebtAdded,
    DebtDisputed,
    DebtPostponed,
    DisputeSettled,
    Event,
    FeeAdded,
    FeeWaived,
    Outcome,
    PostponementEnded,
    debt_named,
)
from .happened import Happened, event_hash
from .ports import AccountsStore
from .proving import (
    UNREADABLE,
    AccountProblem,
    AccountsReport,
    RebuiltAccounts,
    checked,
    rebuilt,
    unreadable,
)
from .sight import Sight, Sights
from .state import USUAL_PRIORITY
from .views import AccountView
from .writedowns import WriteDowns


class Accounts:
    """One instance serves many threads. `zone` is the clock on the wall of the office.

    An account is named by its agreement's number, or by its meter's. Acts carry an id that the
    caller makes: the same act again answers the account as it stands, another one under its id is
    refused (EventIdReused). All raise AgreementUnknown, ActorNotAllowed, ReasonMissing,
    AdjustmentIdMalformed (of the id) and the store's errors.
    """

    def __init__(
        self, store: AccountsStore, tariffs: TariffBook, chart: Chart, clock: Clock, zone: tzinfo
    ) -> None:
        self._store = store
        self._tariffs = tariffs
        self._chart = chart
        self._clock = clock
        self._zone = zone
        self._sights = Sights(tariffs, chart)
        self._write_downs = WriteDowns(store, self._sights, chart, clock)

    # Looking

    def account(self, actor: Actor, which: str) -> AccountView:
        """Everything that the next price of this account depends on, as of now."""
        require(actor, "look_up")
        with self._store.reading() as rows:
            view = self._sights.view(rows, self._sights.of(rows, which, self._clock()))
            if not names_hidden(rows, actor):
                return view
            file = view.agreement
            hidden = file._replace(
                name_ar=masked_name(file.name_ar), name_en=masked_name(file.name_en)
            )
            return replace(view, agreement=hidden)

    def history(
        self, actor: Actor, which: str, *, before: int | None = None, limit: int = 100
    ) -> list[Happened]:
        """What happened to the account besides sales, newest first; those below event number
        `before`."""
        require(actor, "look_up")
        with self._store.reading() as rows:
            number = self._sights.of(rows, which, self._clock()).file.number
            return rows.happened(number, before=before, limit=limit)

    # Debts

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

        Raises DebtWrong, CurrencyWrong, DebtCodeReused, DebtCodeTaken, PeriodClosed.
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
                    return self._sights.view(rows, sight)
            if code in codes_of(sight.tariff):
                raise DebtCodeTaken(sight.tariff.code, code)
            head = rows.chain_head()
            sight, happened = self._sights.record(
                rows, sight, event, actor.name, after_entry=head.number + 1
            )
            posted = chained(debt_entry(happened, amount, actor, self._chart), head)
            cached = self._chart.cached()
            rows.book(posted, tuple(p for p in posted.entry.postings if p.account in cached))
            return self._sights.view(rows, sight)

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

    # Fees

    def add_fee(self, actor: Actor, agreement: str, code: str, reason: str, id: str) -> AccountView:
        """Puts a one-off fee of the agreement's tariff on the account, at what the tariff asks for
        it now; the next sales take it. Raises FeeUnknown, FeeDueAlready."""
        require(actor, "add_fee")
        asked = FeeAdded(reason=checked_reason(reason), code=code)

        def check(sight: Sight) -> FeeAdded:
            fee = sight.tariff.fee(code)
            if fee is None:
                raise FeeUnknown(sight.tariff.code, code[:40])
            if any(due.code == code for due in sight.state.fees):
                raise FeeDueAlready(code)
            return replace(asked, owed=fee.sum.gross)

        return self._act(actor, agreement, id, asked, check)

    def waive_fee(
        self, actor: Actor, agreement: str, code: str, reason: str, id: str
    ) -> AccountView:
        """What of the fee is not paid yet is not asked for any more. Raises FeeNotDue."""
        require(actor, "waive_fee")

        def check(sight: Sight) -> None:
            if not any(fee.code == code for fee in sight.state.fees):
                raise FeeNotDue(code[:40])

        event = FeeWaived(reason=checked_reason(reason), code=code)
        return self._act(actor, agreement, id, event, check)

    def _act(
        self,
        actor: Actor,
        agreement: str,
        id: str,
        event: Event,
        check: Callable[[Sight], Event | None],
    ) -> AccountView:
        """`check` raises what is against it; it may answer the event with what the moment adds."""
        checked_id(id)
        with self._store.writing() as rows:
            sight = self._sights.of(rows, agreement, self._clock())
            stored = sight.with_id(id)
            if stored is not None:
                if stored.event.asked != event or not same_person(stored.actor, actor.name):
                    raise EventIdReused(sight.file.number, id)
                return self._sights.view(rows, sight)
            event = check(sight) or event
            sight, _ = self._sights.record(rows, sight, event, actor.name, id=id)
            return self._sights.view(rows, sight)

    # Proof

    def verify_accounts(self, actor: Actor) -> AccountsReport:
        """Rebuilds every account from its sales, voids and events, and holds it against what is
        kept and against the ledger. Nothing is raised for what differs."""
        require(actor, "verify")
        debts = self._chart.role("debts")
        with self._store.reading() as rows:
            return checked(
                rows.kept_accounts(debts.code),
                rows.debts_of_nobody(debts.code),
                self._tariffs,
                debts.unit,
            )

    def rebuild_accounts(self, actor: Actor) -> RebuiltAccounts:
        """Puts right every kept account that does not follow from the books (administrators). It
        is worked out beside the sales and written at once; an account that moved meanwhile is left
        to the next run."""
        require(actor, "rebuild_accounts")
        debts = self._chart.role("debts")
        wrong: list[tuple[str, str | None, str | None]] = []
        failed: list[AccountProblem] = []
        looked_at = 0
        with self._store.reading() as rows:
            for kept in rows.kept_accounts(debts.code):
                looked_at += 1
                try:
                    document, _ = rebuilt(kept, self._tariffs, debts.unit)
                except UNREADABLE as error:
                    failed.append(unreadable(kept.agreement, error))
                    continue
                if document != kept.document:
                    wrong.append((kept.agreement, kept.document, document))
        changed = 0
        with self._store.writing() as rows:
            for agreement, seen, document in wrong:
                if rows.document(agreement) == seen:
                    rows.keep(agreement, document)
                    changed += 1
        return RebuiltAccounts(looked_at, changed, len(wrong) - changed, tuple(failed))


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
