"""What operators pay in before they sell, and get back. It is an adjustment like any other: asked
for by one person, approved by a second (`accounting/`); here only its lines are made."""

from __future__ import annotations

from enum import Enum

from meters.quantities import Money

from ..accounting import Adjustment, Bookkeeping
from ..accounting.adjustments import unknown_holder
from ..accounting.errors import DepositTooSmall
from ..accounting.ports import BooksStore
from ..ledger import Chart, Posting
from ..parties import Actor
from ..permissions import require
from ..persons import person
from ..tariff import CurrencyWrong
from .shifts import checked_amount, new_id


class DepositPlace(Enum):
    """Where the money of a deposit comes in, or is paid out of."""

    SAFE = "safe"
    BANK = "bank"


class Deposits:
    """One instance serves many threads."""

    def __init__(self, store: BooksStore, keeping: Bookkeeping, chart: Chart) -> None:
        self._store = store
        self._keeping = keeping
        self._chart = chart

    @property
    def currency(self) -> str:
        """Of all deposits."""
        return self._chart.role("operator_deposit").unit

    def request(
        self,
        actor: Actor,
        id: str,
        operator: str,
        amount: Money,
        reason: str,
        *,
        place: DepositPlace = DepositPlace.BANK,
        paid_out: bool = False,
    ) -> Adjustment:
        """Asks for `amount` to be credited to an operator's deposit, or (`paid_out`) paid back out
        of it; a second person approves. The same request again answers the first.

        Raises DrawerIdMalformed, IdInCapitals, CurrencyWrong, DrawerAmount, OperatorUnknown,
        DepositTooSmall, and the errors of `Bookkeeping.adjust`.
        """
        require(actor, "adjust")
        new_id(id)
        named, operator = operator[:30], person(operator)
        if amount.currency != self.currency:
            raise CurrencyWrong(amount.currency, self.currency)
        minor = checked_amount(amount) * (-1 if paid_out else 1)
        owed, there = self._chart.role("operator_deposit"), self._chart.role(place.value)
        with self._store.reading() as books:
            if "\0" in operator or not books.holder_exists(owed.per, operator):
                raise unknown_holder(owed, named)
            held = -books.balance(owed.code, operator, owed.unit)
            if paid_out and held + minor < 0 and books.adjustment(id) is None:
                raise DepositTooSmall(operator, Money(held, owed.unit).to_text())
        lines = (
            Posting(there.code, "", there.unit, minor),
            Posting(owed.code, operator, owed.unit, -minor),
        )
        return self._keeping.adjust(actor, id, lines, reason)
