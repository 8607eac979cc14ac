"""An agreement moved to another tariff (a home is now a workshop, a family is now supported): asked
for by one person, approved by another.

This month is charged as it began: what the old tariff's monthly charges come to by now stays owed,
and those of the new one begin with the next month.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from meters.quantities import Money

from ..approvals import Act, Approved, Document, Fields, acts_table
from ..approvals.ports import PeopleWriting
from ..ledger import Chart
from ..parties import TariffNotOffered
from ..permissions import ALLOWED
from ..ports import Clock
from ..tariff import (
    AccountState,
    ChargeState,
    CurrencyWrong,
    Month,
    Tariff,
    TariffBook,
    TariffCommodity,
)
from ..tariff.counted import counted
from .errors import ChargesOwed, EventIdReused, TariffSame
from .events import TariffChanged
from .ports import AccountsReading, AccountsStore
from .sight import Sight, Sights
from .state import begun

ACT = "change_tariff"
_LONGEST_AGREEMENT = 30
_LONGEST_TARIFF = 60


@dataclass(frozen=True, slots=True)
class TariffWanted:
    """Which agreement is to be sold by which tariff."""

    agreement: str
    tariff: str


class TariffMoves:
    """One instance serves many threads."""

    def __init__(
        self,
        store: AccountsStore,
        tariffs: TariffBook,
        chart: Chart,
        clock: Clock,
        offered: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`offered`: codes of the tariffs that the municipality has chosen; none: all."""
        self._store = store
        self._tariffs = tariffs
        self._clock = clock
        self._offered = offered
        self._sights = Sights(tariffs, chart)

    def check(self, wanted: TariffWanted) -> None:
        """Whether it could be done now. Raises AgreementUnknown, TariffSame, TariffMissing,
        TariffEnding, TariffCommodity, CurrencyWrong, TariffNotOffered, ChargesOwed."""
        with self._store.reading() as rows:
            sight = self._sights.of(rows, wanted.agreement, self._clock())
            self._event(rows, sight, wanted, "")

    def move(self, books: PeopleWriting, approved: Approved) -> dict[str, Any]:
        """In the transaction that approves it: from the next quote on the agreement is priced by
        the new tariff; quotes that were bound by the old one hold no longer. Answers what changed,
        as it was and is. Raises the errors of `check`, EventIdReused."""
        wanted: TariffWanted = approved.payload
        rows = self._store.beside(books)
        sight = self._sights.of(rows, wanted.agreement, approved.now)
        number = sight.file.number
        if sight.with_id(approved.id) is not None:
            raise EventIdReused(number, approved.id)
        event = self._event(rows, sight, wanted, approved.reason)
        rows.set_tariff(number, event.tariff)
        self._sights.record(rows, sight, event, approved.approver.name, id=approved.id)
        return {
            "agreement": number,
            "before": {"agreement": number, "tariff": event.before},
            "now": {"agreement": number, "tariff": event.tariff},
        }

    def _event(
        self, rows: AccountsReading, sight: Sight, wanted: TariffWanted, reason: str
    ) -> TariffChanged:
        file = sight.file
        if wanted.tariff == file.tariff:
            raise TariffSame(file.number, wanted.tariff)
        # As this transaction sees them: what somebody decided a moment ago counts already.
        tariffs = self._tariffs.seen_by(rows.tariff_rows())
        new = tariffs.lasting(wanted.tariff, sight.now)
        offered = self._offered()
        if new.commodity is not file.commodity:
            raise TariffCommodity(new.code, file.meter)
        if new.currency != sight.tariff.currency:
            raise CurrencyWrong(new.currency, sight.tariff.currency)
        if offered and new.code not in offered:
            raise TariffNotOffered(new.code, file.number)
        month = Month.of(sight.now, sight.tariff.zone)
        state = begun(sight.state, file.commodity, file.since, month)
        if state.use is not None:
            # A month that has begun for the account is the one that it leaves the old tariff in.
            month = max(month, state.use.month)
        charges = charges_behind(file.number, sight.tariff, new, state, month)
        return TariffChanged(reason=reason, before=file.tariff, tariff=new.code, charges=charges)


def account_acts(moves: TariffMoves) -> dict[str, Act]:
    """The act by its name, with how it is done."""
    return acts_table(
        Act(
            name=ACT,
            may_request=ALLOWED["ask_terms"],
            may_approve=ALLOWED["approve_terms"],
            read=read_wanted,
            within=moves.move,
            before=moves.check,
        )
    )


def read_wanted(document: Document) -> TariffWanted:
    """Raises DocumentMalformed."""
    given = Fields(ACT, document)
    wanted = TariffWanted(
        given.text("agreement", most=_LONGEST_AGREEMENT), given.text("tariff", most=_LONGEST_TARIFF)
    )
    given.done()
    return wanted


def charges_behind(
    agreement: str, old: Tariff, new: Tariff, state: AccountState, month: Month
) -> tuple[ChargeState, ...]:
    """Where every monthly charge stands behind the move, which is made in `month`. Raises
    ChargesOwed for what the new tariff could not ask for."""
    stands = _counted(old, state, month)
    left = {code: stand.owed for code, stand in stands.items() if new.monthly(code) is None}
    for fee in state.fees:
        if new.due_fee(fee.code) is None:
            put_on = old.due_fee(fee.code)
            gross = Money(1, old.currency) if put_on is None else put_on.sum.gross
            left[fee.code] = gross if fee.owed is None else fee.owed
    owed = {code: sum_ for code, sum_ in left.items() if not sum_.is_zero}
    if owed:
        whole = Money(sum(one.minor for one in owed.values()), old.currency)
        raise ChargesOwed(agreement, sorted(owed), str(whole))
    nothing = Money(0, new.currency)
    for charge in new.monthly_charges:
        code = charge.sum.heading.code
        stands.setdefault(code, ChargeState(code, month, nothing))
    return tuple(stands[code] for code in sorted(stands) if new.monthly(code))


def _counted(old: Tariff, state: AccountState, month: Month) -> dict[str, ChargeState]:
    """The charges of the tariff that is left, with the months up to this one counted."""
    return {
        one.code: ChargeState(one.code, one.through, Money(one.owed, old.currency))
        for one in counted(old, state, month)
    }
