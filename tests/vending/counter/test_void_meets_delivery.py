"""One takes a sale back while another pushes its token: whoever is first wins, never both; on both
databases, each step of the one between two steps of the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from meters.account import TokenLogEntry
from meters.gateway import PushOutcome
from meters.quantities import Money
from simulators.direct import DirectGateway
from tests.vending.counter.support import owe
from tests.vending.counter.test_evidence import CHIEF, WHY, Rig, key, plan, rig
from tests.vending.support import ADMIN, OPERATOR, POWER, TECHNICIAN
from tokens.sts import MemorySecurityModule
from vending.aftersale import Evidence, SaleState
from vending.delivery import BEGINS, PATIENCE, DeliveryChanged, DeliveryNotPossible, PushTooLate
from vending.requests import BasketRequest, DebtPayment
from vending.service import VendingService
from vending.sold import SaleVoided
from vending.voidproof import Proved, Proving
from vending.voids import GivenBackBefore, NotProved, TokenTaken

__all__ = ["rig"]


@dataclass
class Interrupted(DirectGateway):
    """Something happens right after the log was read, once."""

    then: Callable[[], object] = lambda: None

    def read_token_log(self) -> list[TokenLogEntry]:
        log = super().read_token_log()
        then, self.then = self.then, lambda: None
        then()
        return log


def line(rig: Rig, then: Callable[[], object]) -> VendingService:
    """Another program, whose line to the meter is interrupted so."""
    gateway = Interrupted(rig.meter, POWER, rig.town.clock, then=then)
    return rig.town.with_(gateway_for=lambda _: gateway)


def test_delivered_behind_the_log_that_a_void_has_read(rig: Rig) -> None:
    rig.sell("v-1")
    voiding = line(rig, lambda: rig.service.deliver(TECHNICIAN, "v-1"))
    with pytest.raises(NotProved) as error:
        voiding.void(CHIEF, "v-1", WHY)
    assert error.value.why == "being_delivered"
    status = rig.service.what_became(CHIEF, "v-1")
    assert (status.delivery.state, status.void) == (SaleState.DELIVERED, None)
    with pytest.raises(TokenTaken):
        voiding.void(CHIEF, "v-1", WHY)
    assert rig.service.verify(ADMIN).ok


def test_voided_behind_the_log_that_a_delivery_has_read(rig: Rig) -> None:
    rig.sell("v-1")
    delivering = line(rig, lambda: rig.service.void(CHIEF, "v-1", WHY))
    with pytest.raises(SaleVoided):
        delivering.deliver(TECHNICIAN, "v-1")
    # Nothing was sent to the meter.
    assert rig.meter.memory.credited == 0
    status = rig.service.what_became(CHIEF, "v-1")
    assert status.void is not None
    assert (status.void.evidence, status.delivery.state) == (
        Evidence.NOT_IN_LOG,
        SaleState.ISSUED,
    )
    assert rig.balances() == []
    assert rig.service.verify(ADMIN).ok


def test_voided_behind_the_log_that_another_void_has_read(rig: Rig) -> None:
    rig.sell("v-1")
    first = line(rig, lambda: rig.service.void(CHIEF, "v-1", "it was me"))
    with pytest.raises(GivenBackBefore):
        first.void(CHIEF, "v-1", WHY)
    assert first.void(CHIEF, "v-1", "it was me") == rig.service.what_became(CHIEF, "v-1").void
    assert len(rig.service.entries(CHIEF, "v-1")) == 2


@dataclass
class Slow(DirectGateway):
    """A line that takes its time with the first token; meanwhile something happens."""

    takes: timedelta = timedelta(0)
    then: Callable[[], object] = lambda: None

    def push_token(self, digits: str) -> PushOutcome:
        outcome = super().push_token(digits)
        self.now.forward(seconds=self.takes.total_seconds())  # type: ignore[attr-defined]
        then, self.then, self.takes = self.then, lambda: None, timedelta(0)
        then()
        return outcome


def slow_line(
    rig: Rig, takes: timedelta, then: Callable[[], object] = lambda: None
) -> VendingService:
    plan(rig, 2)
    rig.sell("v-1")
    keys = MemorySecurityModule([key(1), key(2)])
    gateway = Slow(rig.meter, POWER, rig.town.clock, takes=takes, then=then)
    return rig.town.with_(gateway_for=lambda _: gateway, security=keys)


def test_taken_back_while_a_push_takes_so_long_that_it_counts_as_dead(rig: Rig) -> None:
    """The set of a key change goes first. The rest of it does no harm; the token that was given
    its money back for is not sent any more."""
    pushing = slow_line(rig, PATIENCE, lambda: rig.service.void(CHIEF, "v-1", WHY))
    with pytest.raises(PushTooLate):
        pushing.deliver(TECHNICIAN, "v-1")
    assert rig.meter.memory.credited == 0
    status = rig.service.what_became(CHIEF, "v-1")
    assert status.void is not None
    assert status.delivery.state is SaleState.ISSUED
    assert rig.service.verify(ADMIN).ok


def test_settled_while_a_push_takes_so_long_that_it_counts_as_dead(rig: Rig) -> None:
    pushing = slow_line(rig, PATIENCE, lambda: rig.service.reconcile(TECHNICIAN, "v-1"))
    with pytest.raises(DeliveryChanged):
        pushing.deliver(TECHNICIAN, "v-1")
    assert rig.meter.memory.credited == 0
    assert rig.service.deliver(TECHNICIAN, "v-1").state is SaleState.DELIVERED


def test_a_push_is_over_before_it_counts_as_dead(rig: Rig) -> None:
    pushing = slow_line(rig, BEGINS - timedelta(microseconds=1))
    assert pushing.deliver(TECHNICIAN, "v-1").state is SaleState.DELIVERED


def test_what_has_no_token_is_not_looked_for_in_a_meter(rig: Rig) -> None:
    owe(rig.town, old="30.00")
    item = DebtPayment(POWER.number, Money(500))
    rig.service.vend_basket(CHIEF, BasketRequest("d-1", (item,)))
    for ask in (rig.service.deliver, rig.service.reconcile):
        with pytest.raises(DeliveryNotPossible) as error:
            ask(TECHNICIAN, "d-1")
        assert error.value.state == "no_token"


def test_shown_behind_the_books_that_a_void_has_read(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.sell("v-1", hold=True)
    proved = Proving.proved

    def then_shown(self: Proving, record: Any) -> Proved:
        found = proved(self, record)
        rig.service.show(OPERATOR, "v-1")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Proving, "proved", then_shown)
        with pytest.raises(NotProved):
            rig.service.void(OPERATOR, "v-1", WHY)
    assert rig.service.what_became(OPERATOR, "v-1").void is None
    # Whoever asks again has the meter asked.
    assert rig.service.void(OPERATOR, "v-1", WHY).evidence is Evidence.NOT_IN_LOG


def test_a_held_token_that_was_pushed_counts_as_seen(rig: Rig) -> None:
    rig.sell("v-1", hold=True)
    rig.service.deliver(TECHNICIAN, "v-1")
    with pytest.raises(TokenTaken):
        rig.service.void(CHIEF, "v-1", WHY)
    assert rig.service.verify(ADMIN).ok
