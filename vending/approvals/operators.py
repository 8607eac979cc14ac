"""Who sells and on what terms: registered by an administrator, changed by two people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meters.quantities import Money

from ..ledger import Chart
from ..operators import Operator, Settlement, available_float
from ..parties import Actor
from ..permissions import require
from ..persons import same_person
from .approval import Approval
from .approvals import Approvals
from .errors import OperatorExists
from .ports import PeopleStore
from .terms import checked_operator, known_operator


@dataclass(frozen=True, slots=True)
class OperatorFloat:
    """What an operator may still sell for."""

    operator: Operator
    deposit: Money
    """What stands to their credit in the ledger; below 0 if they owe."""
    credit_limit: Money
    available: Money | None
    """Deposit and credit limit together; None for who settles by till."""


class Operators:
    """One instance serves many threads."""

    def __init__(self, store: PeopleStore, approvals: Approvals, chart: Chart) -> None:
        self._store = store
        self._approvals = approvals
        self._deposits = chart.role("operator_deposit")

    @property
    def currency(self) -> str:
        """Of deposits and limits."""
        return self._deposits.unit

    def register(self, actor: Actor, operator: Operator) -> Operator:
        """Writes down who sells. The same again: as it stands.

        Raises FieldWrong, OperatorExists (this person has other terms).
        """
        require(actor, "register")
        wanted = checked_operator(operator)
        with self._store.writing() as books:
            found = books.operator(wanted.code)
            if found is not None:
                if found != wanted:
                    raise OperatorExists(found.code)
                return found
            books.add_operator(wanted)
            return wanted

    def change(
        self, actor: Actor, id: str, code: str, changes: Mapping[str, Any], reason: str
    ) -> Approval:
        """Asks for new terms; a second person approves them under the caller's `id`. `changes` by
        name of the field: limits as decimal text of the currency, null for none.

        Raises the errors of `Approvals.request`, OperatorUnknown, FieldWrong, NotANumber, TooFine.
        """
        document = {"code": code, "set": dict(changes)}
        return self._approvals.request(actor, id, "change_operator", document, reason)

    def change_point(
        self, actor: Actor, id: str, code: str, changes: Mapping[str, Any], reason: str
    ) -> Approval:
        """Asks for new limits of a vending point, in the same way. Raises PointUnknown too."""
        document = {"code": code, "set": dict(changes)}
        return self._approvals.request(actor, id, "change_point", document, reason)

    def operator(self, actor: Actor, code: str) -> Operator:
        """One operator; people see themselves, bookkeepers and administrators everybody.

        Raises ActorNotAllowed, OperatorUnknown.
        """
        _may_see(actor, code)
        with self._store.reading() as books:
            return known_operator(books, code)

    def operators(self, actor: Actor, *, after: str = "", limit: int = 100) -> list[Operator]:
        """By code, those behind `after`."""
        require(actor, "read_books")
        with self._store.reading() as books:
            return books.operators(after=after, limit=limit)

    def float_of(self, actor: Actor, code: str) -> OperatorFloat:
        """What an operator may still sell for. Raises ActorNotAllowed, OperatorUnknown."""
        _may_see(actor, code)
        account = self._deposits
        with self._store.reading() as books:
            found = known_operator(books, code)
            # A liability: what is owed to the operator stands there as a credit.
            deposit = Money(-books.balance(account.code, found.code, account.unit), account.unit)
        free = available_float(found, deposit)
        by_till = found.settlement is Settlement.TILL
        limit = Money(found.credit_limit or 0, account.unit)
        return OperatorFloat(found, deposit, limit, None if by_till else free)


def _may_see(actor: Actor, code: str) -> None:
    if not same_person(actor.name, code):
        require(actor, "read_books")
