"""An agreement put at another tariff: asked for by one person, done by another, from the moment of
the approval on.

The month that it is done in is charged by the tariff of before; the new one's monthly charges begin
with the next. What is owed of a charge or fee that the new tariff does not have could never be
asked for again, so it is paid first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from meters.account import Commodity
from meters.quantities import Money

from ..approvals.acts import Act, Approved, Document, Fields
from ..approvals.ports import PeopleWriting
from ..ledger import Chart
from ..parties import ALLOWED
from ..ports import Clock
from ..tariff import AccountState, ChargeState, Month, Tariff, TariffBook
from ..tariff.claims import months_counted
from .errors import TariffOwing, TariffTheSame
from .events import TariffChanged
from .ports import AccountsStore
from .sight import Sight, Sights
from .state import begun

CHANGE_TARIFF: Final = "change_tariff"

TariffFor = Callable[[str, Commodity, str, str], Tariff]
"""The tariff of this code as it holds now, if an agreement may be put at it: code, what is
measured, meter and agreement. Raises TariffMissing, TariffCommodity, TariffNotOffered."""


@dataclass(frozen=True, slots=True)
class TariffWanted:
    """What is asked for."""

    agreement: str
    tariff: str
    """Its code."""


class TariffChanges:
    """One instance serves many threads."""

    def __init__(
        self,
        store: AccountsStore,
        tariffs: TariffBook,
        chart: Chart,
        clock: Clock,
        tariff_for: TariffFor,
    ) -> None:
        self._store = store
        self._sights = Sights(tariffs, chart)
        self._clock = clock
        self._tariff_for = tariff_for

    @property
    def act(self) -> Act:
        """The act of two people."""
        return Act(
            name=CHANGE_TARIFF,
            may_request=ALLOWED["ask_terms"],
            may_approve=ALLOWED["approve_terms"],
            read=read_wanted,
            within=self._change,
            before=self._look,
        )

    def _look(self, wanted: TariffWanted) -> None:
        with self._store.reading() as rows:
            self._event(self._sights.of(rows, wanted.agreement, self._clock()), wanted, "")

    def _change(self, books: PeopleWriting, approved: Approved) -> dict[str, Any]:
        rows, wanted = self._store.beside(books), approved.payload
        sight = self._sights.of(rows, wanted.agreement, approved.now)
        event = self._event(sight, wanted, approved.reason)
        self._sights.record(rows, sight, event, approved.approver.name, id=approved.id)
        rows.put_at(sight.file.number, event.tariff)
        named = {"agreement": sight.file.number}
        before, now = {"tariff": event.before}, {"tariff": event.tariff}
        return {**named, "before": {**named, **before}, "now": {**named, **now}}

    def _event(self, sight: Sight, wanted: TariffWanted, reason: str) -> TariffChanged:
        file, old = sight.file, sight.tariff
        if wanted.tariff == file.tariff:
            raise TariffTheSame(file.number, file.tariff)
        new = self._tariff_for(wanted.tariff, file.commodity, file.meter, file.number)
        month = Month.of(sight.now, old.zone)
        state = begun(sight.state, file.commodity, file.since, month)
        return TariffChanged(
            reason=reason,
            tariff=new.code,
            before=file.tariff,
            counted=counted_until(old, new, state, month),
        )


def counted_until(
    old: Tariff, new: Tariff, state: AccountState, month: Month
) -> tuple[ChargeState, ...]:
    """What each monthly charge of both tariffs adds up to `month`, the last that `old` counts: of
    those that are only the new one's, nothing. Raises TariffOwing."""
    added = {
        charge.sum.heading.code: sum(months_counted(old, state, charge.sum.heading.code, month)[1])
        for charge in old.monthly_charges
    }
    theirs = {charge.sum.heading.code for charge in new.monthly_charges}
    owed = dict(added)
    for stand in state.charges:
        owed[stand.code] = owed.get(stand.code, 0) + stand.owed.minor
    for code, minor in owed.items():
        if minor > 0 and code not in theirs:
            raise TariffOwing(code, str(Money(minor, old.currency)))
    for due in state.fees:
        if new.fee(due.code) is None:
            fee = old.fee(due.code)
            left = due.owed if fee is None else due.owed or fee.sum.gross
            raise TariffOwing(due.code, "" if left is None else str(left))
    codes = [*added, *sorted(theirs - added.keys())]
    return tuple(
        ChargeState(code, month, Money(added.get(code, 0), new.currency)) for code in codes
    )


def read_wanted(document: Document) -> TariffWanted:
    """Raises DocumentMalformed."""
    fields = Fields(CHANGE_TARIFF, document)
    wanted = TariffWanted(fields.text("agreement", most=30), fields.text("tariff", most=60))
    fields.done()
    return wanted
