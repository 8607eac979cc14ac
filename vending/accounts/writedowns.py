"""Striking something off a debt: asked for by one person, posted by another, in the ledger and on
the account in one transaction."""

from __future__ import annotations

from meters.quantities import Money

from ..accounting.adjustments import Adjustment, AdjustmentKind
from ..accounting.errors import AdjustmentIdReused, DebtNotNamed
from ..accounting.ports import BooksWriting
from ..ledger import Chart, PostedEntry, Posting
from ..parties import Actor
from ..persons import same_person
from ..ports import Clock
from .checks import check_off, owing, struck_off
from .errors import EventIdReused, NotDisputed
from .events import (
    DebtRestored,
    Event,
    Outcome,
    WriteDownAsked,
    debt_named,
)
from .ports import AccountsReading, AccountsStore
from .sight import Sight, Sights
from .views import AccountView

_STRUCK_TO = {
    # A debt that was never owed goes back to where it came from; one that nobody will pay is lost.
    True: (AdjustmentKind.ADJUSTMENT, "debts_taken_over"),
    False: (AdjustmentKind.WRITE_OFF, "write_offs"),
}
"""Kind of entry and the account that bears it, by whether a dispute is settled so."""


class WriteDowns:
    """Requests to strike off, and what follows when a second person posts one."""

    def __init__(self, store: AccountsStore, sights: Sights, chart: Chart, clock: Clock) -> None:
        self._store = store
        self._sights = sights
        self._chart = chart
        self._clock = clock

    def ask(
        self,
        actor: Actor,
        agreement: str,
        id: str,
        code: str,
        reason: str,
        *,
        off: Money | None = None,
        outcome: Outcome | None = None,
        to: Money | None = None,
    ) -> AccountView:
        """Asks for `off` to be struck off a debt, or, to settle a dispute, what `outcome` and `to`
        come to. The same request again answers the account as it stands.

        Raises AgreementUnknown, DebtUnknown, NothingOwed, NotDisputed, ReductionWrong, DebtWrong,
        CurrencyWrong, MoreThanOwed, AdjustmentIdReused, EventIdReused.
        """
        with self._store.writing() as rows:
            sight = self._sights.of(rows, agreement, self._clock())
            stored = rows.adjustment(id)
            if stored is not None:
                asked = _asked(sight, id)
                wanted = (code, reason, outcome, to, off if outcome is None else None)
                if asked is None or wanted != _request(asked):
                    raise AdjustmentIdReused(id)
                if not same_person(stored.requested_by, actor.name):
                    raise AdjustmentIdReused(id)
                return self._sights.view(rows, sight)
            if sight.with_id(id) is not None:
                raise EventIdReused(sight.file.number, id)
            debt = owing(sight.state, code)
            if outcome is not None:
                if not debt.disputed:
                    raise NotDisputed(code)
                off = struck_off(debt, outcome, to)
            assert off is not None
            check_off(debt, off)
            event = WriteDownAsked(reason=reason, code=code, off=off, outcome=outcome, to=to)
            rows.add_adjustment(self._adjustment(sight, actor, id, event))
            sight, _ = self._sights.record(rows, sight, event, actor.name, id=id)
            return self._sights.view(rows, sight)

    def follow(self, books: BooksWriting, adjustment: Adjustment, posted: PostedEntry) -> None:
        """Moves the account along when an adjustment (or its reversal) that touches debts is
        posted. Raises DebtNotNamed (nobody said which debt), MoreThanOwed, NotDisputed."""
        debts = self._chart.role("debts").code
        touched = [line for line in adjustment.lines if line.account == debts]
        if not touched:
            return
        rows = self._store.inside(books)
        for line in touched:
            sight = self._sights.of(rows, line.holder, self._clock())
            event = _following(rows, sight, adjustment)
            if event is None:
                raise DebtNotNamed(debts, line.holder)
            self._sights.record(rows, sight, event, posted.entry.actor, after_entry=posted.number)

    def _adjustment(self, sight: Sight, actor: Actor, id: str, event: WriteDownAsked) -> Adjustment:
        kind, role = _STRUCK_TO[event.outcome is not None]
        debts, bearer = self._chart.role("debts"), self._chart.role(role)
        return Adjustment(
            id=id,
            kind=kind,
            requested_at=sight.now,
            requested_by=actor.name,
            reason=event.reason,
            lines=(
                Posting(bearer.code, "", bearer.unit, event.off.minor),
                Posting(debts.code, sight.file.number, debts.unit, -event.off.minor),
            ),
        )


def _asked(sight: Sight, id: str) -> WriteDownAsked | None:
    found = sight.with_id(id)
    return found.event if found is not None and isinstance(found.event, WriteDownAsked) else None


def _request(asked: WriteDownAsked) -> tuple[object, ...]:
    off = asked.off if asked.outcome is None else None
    return (asked.code, asked.reason, asked.outcome, asked.to, off)


def _following(rows: AccountsReading, sight: Sight, adjustment: Adjustment) -> Event | None:
    """What a posted adjustment does to the account; None if it was not asked for here."""
    if adjustment.kind is AdjustmentKind.REVERSAL:
        original = rows.entry(adjustment.reverses or 0)
        asked = None if original is None else _asked(sight, original.entry.cause)
        if asked is None:
            return None
        return DebtRestored(reason=adjustment.reason, code=asked.code, off=asked.off)
    asked = _asked(sight, adjustment.id)
    if asked is None:
        return None
    debt = debt_named(sight.state, asked.code)
    if asked.outcome is not None and not debt.disputed:
        raise NotDisputed(asked.code)
    check_off(debt, asked.off)
    return asked.approved()
