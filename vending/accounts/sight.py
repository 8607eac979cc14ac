"""One account inside a transaction: found, looked at, and moved along by an event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from meters.errors import Invalid
from meters.identity import meter_from_text
from meters.quantities import Money

from ..accounting.adjustments import AdjustmentState
from ..accounting.errors import AgreementUnknown
from ..ledger import Chart
from ..tariff import AccountState, Month, Tariff, TariffBook, TariffMissing
from .events import Event, WriteDownAsked
from .happened import Happened
from .ports import AccountsReading, AccountsWriting, AgreementFile
from .state import begun, document_of, kept_state
from .views import AccountView, WaitingWriteDown, view_of


@dataclass(frozen=True, slots=True)
class Sight:
    """An account as it is kept at one moment."""

    file: AgreementFile
    state: AccountState
    tariff: Tariff
    """That holds now, or held last."""
    now: datetime
    happened: tuple[Happened, ...]
    """Newest first."""

    def with_id(self, id: str) -> Happened | None:
        """The event that was asked for under this id."""
        return next((one for one in self.happened if id and one.id == id), None)


class Sights:
    """Finds accounts and moves them along: the only writer of what is kept of them, besides sales
    and voids."""

    def __init__(self, tariffs: TariffBook, chart: Chart) -> None:
        self._tariffs = tariffs
        self._balance = chart.role("customer_balance")

    def of(self, rows: AccountsReading, which: str, now: datetime) -> Sight:
        """By the agreement's number, or that of its meter in any form. Raises AgreementUnknown,
        TariffMissing, AccountDocumentBroken, AccountEventBroken."""
        file = rows.agreement_file(which.strip()) or self._by_meter(rows, which)
        unit = self._balance.unit
        balance = Money(-rows.balance(self._balance.code, file.number, unit), unit)
        return Sight(
            file=file,
            state=kept_state(rows.document(file.number), balance, file.commodity),
            tariff=self._tariff(file.tariff, now),
            now=now,
            happened=tuple(rows.happened(file.number)),
        )

    def record(
        self,
        rows: AccountsWriting,
        sight: Sight,
        event: Event,
        actor: str,
        *,
        id: str = "",
        after_entry: int | None = None,
    ) -> tuple[Sight, Happened]:
        """Writes the event and the account that it makes; `after_entry` is the entry that it goes
        with, if it has one."""
        happened = Happened(
            agreement=sight.file.number,
            seq=1 + (sight.happened[0].seq if sight.happened else 0),
            after_entry=rows.chain_head().number if after_entry is None else after_entry,
            at=sight.now,
            actor=actor,
            id=id,
            event=event,
        )
        state = event.applied(sight.state, sight.now)
        rows.add_event(happened)
        rows.keep(sight.file.number, document_of(state))
        return replace(sight, state=state, happened=(happened, *sight.happened)), happened

    def view(self, rows: AccountsReading, sight: Sight) -> AccountView:
        """The account as people look at it."""
        file, tariff, now = sight.file, sight.tariff, sight.now
        state = begun(sight.state, file.commodity, file.since, Month.of(now, tariff.zone))
        return view_of(file, state, tariff, now, _waiting(rows, sight))

    def _by_meter(self, rows: AccountsReading, text: str) -> AgreementFile:
        try:
            file = rows.agreement_of(meter_from_text(text).number)
        except Invalid:
            file = None
        if file is None:
            raise AgreementUnknown(text.strip()[:30])
        return file

    def _tariff(self, code: str, now: datetime) -> Tariff:
        try:
            return self._tariffs.active(code, now)
        except TariffMissing:
            # What is owed is to be seen and settled also where nothing is sold any more.
            sold = [one for one in self._tariffs.versions(code) if not one.is_draft]
            if not sold:
                raise
            return max(sold, key=lambda one: one.active_from)


def _waiting(rows: AccountsReading, sight: Sight) -> list[WaitingWriteDown]:
    found = []
    for one in reversed(sight.happened):
        event = one.event
        if not isinstance(event, WriteDownAsked):
            continue
        adjustment = rows.adjustment(one.id)
        if adjustment is not None and adjustment.state is AdjustmentState.PENDING:
            found.append(
                WaitingWriteDown(
                    one.id, event.code, event.off, event.outcome, one.actor, event.reason
                )
            )
    return found
