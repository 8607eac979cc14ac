"""Two supervisors, an administrator and what they decide, over the small municipality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from meters.quantities import Money
from tests.vending.support import POWER, SetClock, Town, chart
from vending.approvals import (
    Act,
    Approvals,
    Approved,
    Blocks,
    Fields,
    Operators,
    acts_table,
    own_acts,
)
from vending.operators import Operator, Settlement
from vending.parties import Actor, Role
from vending.sale import SaleReceipt, VendRequest
from vending.service import VendingService
from vending.store import SqlStore
from vending.store.approvals import SqlPeople

OMAR = Actor("Omar Saleh", Role.SUPERVISOR, "P1", "T1")
NADIA = Actor("Nadia", Role.SUPERVISOR, "P1", "T2")
RIMA = Actor("Rima", Role.SUPERVISOR, "P1", "T3")
LAYLA = Actor("Layla", Role.BILLING)
HUDA = Actor("Huda", Role.ADMINISTRATOR)
SAMIR = Actor("Samir", Role.OPERATOR, "P1", "T1")
WHY = "The count was wrong twice"
KIOSK = Operator("samir", "سمير", "Samir", Settlement.DEPOSIT, credit_limit=20_000)


def selling_act(service: VendingService) -> Act:
    """An act that is done in a transaction of its own: a sale, under the approval's id."""

    def read(document: Mapping[str, Any]) -> Money:
        fields = Fields("sell", document)
        amount = fields.whole("agorot", least=1)
        fields.done()
        return Money(amount)

    def execute(approved: Approved) -> SaleReceipt:
        return service.vend(
            approved.approver, VendRequest(approved.id, POWER.number, approved.payload)
        )

    return Act(
        name="sell",
        may_request=frozenset({Role.OPERATOR, Role.SUPERVISOR}),
        may_approve=frozenset({Role.SUPERVISOR}),
        read=read,
        execute=execute,
    )


def approvals_over(store: SqlStore, service: VendingService, clock: SetClock) -> Approvals:
    acts = {**own_acts("ILS"), **acts_table(selling_act(service))}
    return Approvals(SqlPeople(store), acts, clock)


@dataclass
class Desk:
    """A town with those who decide."""

    town: Town
    approvals: Approvals = field(init=False)
    blocks: Blocks = field(init=False)
    operators: Operators = field(init=False)

    def __post_init__(self) -> None:
        store, clock = self.town.store, self.town.clock
        self.people = SqlPeople(store)
        self.approvals = approvals_over(store, self.town.service, clock)
        self.blocks = Blocks(self.people, self.approvals, clock)
        self.operators = Operators(self.people, self.approvals, chart())

    def ask(self, id: str, actor: Actor = OMAR, **changes: Any) -> None:
        """For a change of the operator Samir."""
        self.operators.change(actor, id, "Samir", changes or {"credit_limit": "500.00"}, WHY)


def at(actor: Actor, terminal: str, name: str | None = None) -> Actor:
    """The same person elsewhere, perhaps written otherwise."""
    return replace(actor, terminal=terminal, name=name or actor.name)
