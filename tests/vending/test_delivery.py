"""Handing tokens over: what a push and a token log prove, and that nothing is pushed twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.account import TokenLogEntry
from meters.errors import RaseedError
from meters.gateway import (
    Gateway,
    MeterMismatch,
    MeterUnreachable,
    PushOutcome,
    PushUnknown,
    token_fingerprint,
)
from meters.quantities import Energy
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from simulators.payment_meter import PaymentMeter
from tests.vending.meters import in_town
from tests.vending.support import (
    OPERATOR,
    POWER,
    START,
    TECHNICIAN,
    WATER,
    Town,
    request,
)
from vending.aftersale import DeliveryEvent, SaleState
from vending.delivery import DeliveryChanged, DeliveryNotPossible, evidence
from vending.parties import Actor, Meter, Role
from vending.permissions import ALLOWED, ActorNotAllowed
from vending.service import VendingService
from vending.sold import SaleVoided

S = SaleState


@dataclass
class CountedGateway(DirectGateway):
    """A gateway into the simulated meter that counts pushes and can fail in ways of its own."""

    pushes: int = 0
    crash: BaseException | None = None
    lost_before: int = field(default=0)
    """So many pushes are lost on the way: silence, and the meter never saw them."""
    silence: str = "no reply"
    reads: int = 0
    closed: int = 0

    def read_token_log(self) -> list[TokenLogEntry]:
        self.reads += 1
        return super().read_token_log()

    def close(self) -> None:
        self.closed += 1

    def push_token(self, token: str) -> PushOutcome:
        self.pushes += 1
        if self.crash is not None:
            raise self.crash
        if self.lost_before:
            self.lost_before -= 1
            return PushUnknown(self.silence)
        return super().push_token(token)


@dataclass
class Rig:
    town: Town
    meter: PaymentMeter
    gateway: CountedGateway
    service: VendingService

    def states(self, vend_id: str = "v-1") -> list[SaleState]:
        events = self.service.what_became(OPERATOR, vend_id).delivery.events
        assert [e.seq for e in events] == list(range(1, len(events) + 1))
        return [e.state for e in events]

    def type_in(self, vend_id: str = "v-1") -> TokenResult:
        digits = self.service.what_became(OPERATOR, vend_id).receipt.tokens[0].digits
        return self.meter.enter_token(digits, self.town.clock()).result


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    here = Town(tmp_path / "books.db")
    meter = in_town()
    gateway = CountedGateway(meter, POWER, here.clock)

    def gateway_for(wanted: Meter) -> Gateway:
        assert wanted.number == POWER
        return gateway

    made = Rig(here, meter, gateway, here.with_(gateway_for=gateway_for))
    made.service.vend(OPERATOR, request())
    yield made
    here.store.close()


def test_delivered(rig: Rig) -> None:
    delivery = rig.service.deliver(TECHNICIAN, "v-1")
    assert (delivery.state, delivery.result) == (S.DELIVERED, TokenResult.ACCEPT)
    assert rig.states() == [S.DELIVERING, S.DELIVERED]
    assert rig.service.deliver(OPERATOR, "v-1") == delivery
    assert rig.service.reconcile(OPERATOR, "v-1") == delivery
    assert rig.gateway.pushes == 1
    reading = rig.service.read_account(OPERATOR, POWER.number)
    assert reading.account.balance == Energy(76_800)
    assert rig.service.readings(OPERATOR, POWER.number) == [reading]


def test_reply_lost_after_the_token_was_sent(rig: Rig) -> None:
    rig.gateway.replies_to_lose = 1
    delivery = rig.service.deliver(OPERATOR, "v-1")
    assert (delivery.state, delivery.result) == (S.UNKNOWN, None)
    with pytest.raises(DeliveryNotPossible):
        rig.service.deliver(OPERATOR, "v-1")
    assert rig.gateway.pushes == 1
    settled = rig.service.reconcile(OPERATOR, "v-1")
    assert (settled.state, settled.result) == (S.DELIVERED, TokenResult.ACCEPT)
    assert rig.states() == [S.DELIVERING, S.UNKNOWN, S.RECONCILED, S.DELIVERED]
    assert rig.gateway.pushes == 1


def test_lost_on_the_way_is_issued_again_and_may_be_pushed(rig: Rig) -> None:
    rig.gateway.lost_before = 1
    assert rig.service.deliver(OPERATOR, "v-1").state is S.UNKNOWN
    settled = rig.service.reconcile(OPERATOR, "v-1")
    assert settled.state is S.ISSUED
    assert settled.events[-1].note == "log proves it was never judged"
    assert rig.service.deliver(OPERATOR, "v-1").state is S.DELIVERED
    assert rig.meter.account(START).balance == Energy(76_800)


def test_unknown_stays_unknown_when_the_log_has_run_past(rig: Rig) -> None:
    rig.gateway.lost_before = 1
    rig.service.deliver(OPERATOR, "v-1")
    for i in range(80):
        rig.town.clock.forward(hours=1)
        rig.meter.enter_token(f"{i:020d}", rig.town.clock())
    settled = rig.service.reconcile(OPERATOR, "v-1")
    assert settled.state is S.UNKNOWN
    assert rig.states()[-2:] == [S.RECONCILED, S.UNKNOWN]
    with pytest.raises(DeliveryNotPossible):
        rig.service.deliver(OPERATOR, "v-1")


def test_a_refusal_that_passes_may_be_pushed_again(rig: Rig) -> None:
    rig.service.vend(OPERATOR, request("v-2", amount="150"))
    assert rig.service.deliver(OPERATOR, "v-1").state is S.DELIVERED
    refused = rig.service.deliver(OPERATOR, "v-2")
    assert (refused.state, refused.result) == (S.REFUSED, TokenResult.OVERFLOW_ERROR)
    again = rig.service.deliver(OPERATOR, "v-2")
    assert again.state is S.REFUSED
    assert rig.gateway.pushes == 3
    settled = rig.service.reconcile(OPERATOR, "v-2")
    assert (settled.state, settled.result) == (S.REFUSED, TokenResult.OVERFLOW_ERROR)


def test_typed_by_the_customer_is_delivered_without_a_push(rig: Rig) -> None:
    assert rig.type_in() is TokenResult.ACCEPT
    delivery = rig.service.deliver(OPERATOR, "v-1")
    assert (delivery.state, rig.gateway.pushes) == (S.DELIVERED, 0)
    assert rig.states() == [S.RECONCILED, S.DELIVERED]
    assert rig.meter.account(START).balance == Energy(76_800)


def test_reconciling_a_sale_that_nobody_pushed(rig: Rig) -> None:
    assert rig.service.reconcile(OPERATOR, "v-1").state is S.ISSUED
    rig.type_in()
    assert rig.service.reconcile(OPERATOR, "v-1").state is S.DELIVERED


def test_an_unreachable_meter_leaves_the_sale_issued(rig: Rig) -> None:
    rig.gateway.reachable = False
    with pytest.raises(MeterUnreachable):
        rig.service.deliver(OPERATOR, "v-1")
    assert rig.states() == []
    rig.gateway.reachable = True
    rig.gateway.crash = MeterUnreachable(POWER.number, "connection refused")
    with pytest.raises(MeterUnreachable):
        rig.service.deliver(OPERATOR, "v-1")
    assert rig.states() == [S.DELIVERING, S.ISSUED]
    rig.gateway.crash = MeterMismatch("1", "2")
    with pytest.raises(MeterMismatch):
        rig.service.deliver(OPERATOR, "v-1")
    rig.gateway.crash = None
    assert rig.service.deliver(OPERATOR, "v-1").state is S.DELIVERED


def test_a_gateway_that_breaks_its_contract_leaves_it_unknown(rig: Rig) -> None:
    rig.gateway.crash = RuntimeError("boom")
    with pytest.raises(RuntimeError):
        rig.service.deliver(OPERATOR, "v-1")
    assert rig.states() == [S.DELIVERING, S.UNKNOWN]
    rig.gateway.crash = None
    assert rig.service.reconcile(OPERATOR, "v-1").state is S.ISSUED


class Killed(BaseException):
    """Stands for the process dying while it pushes."""


def test_a_push_that_died_is_reconciled_after_a_while_and_never_repeated(rig: Rig) -> None:
    rig.gateway.crash = Killed()
    with pytest.raises(Killed):
        rig.service.deliver(OPERATOR, "v-1")
    rig.gateway.crash = None
    assert rig.states() == [S.DELIVERING]
    rig.type_in()
    for ask in (rig.service.deliver, rig.service.reconcile):
        with pytest.raises(DeliveryNotPossible) as error:
            ask(OPERATOR, "v-1")
        assert error.value.state == "delivering"
    rig.town.clock.forward(seconds=61)
    with pytest.raises(DeliveryNotPossible):
        rig.service.deliver(OPERATOR, "v-1")
    assert rig.service.reconcile(OPERATOR, "v-1").state is S.DELIVERED
    assert rig.gateway.pushes == 1


def test_two_deliveries_at_once_push_once(rig: Rig) -> None:
    """The other one begins while this one reads the log: only one may record its beginning."""
    inner = rig.service

    class Overtaken(CountedGateway):
        def read_token_log(self) -> list[TokenLogEntry]:
            log = super().read_token_log()
            inner.deliver(OPERATOR, "v-1")
            return log

    slow = Overtaken(rig.meter, POWER, rig.town.clock)
    second = rig.town.with_(gateway_for=lambda meter: slow)
    with pytest.raises(DeliveryChanged):
        second.deliver(OPERATOR, "v-1")
    assert (rig.gateway.pushes, slow.pushes) == (1, 0)
    assert rig.states() == [S.DELIVERING, S.DELIVERED]


def test_the_line_is_let_go_whatever_came_of_it(rig: Rig) -> None:
    service, number = rig.service, POWER.number
    uses: list[Callable[[], object]] = [
        lambda: service.read_account(TECHNICIAN, number),
        lambda: service.token_log(TECHNICIAN, number),
        lambda: service.reconcile(TECHNICIAN, "v-1"),
        lambda: service.deliver(TECHNICIAN, "v-1"),
    ]
    for reachable in (False, True):
        rig.gateway.reachable = reachable
        for done, use in enumerate(uses, 1):
            with nullcontext() if reachable else pytest.raises(MeterUnreachable):
                use()
            assert rig.gateway.closed == done
        rig.gateway.closed = 0


def test_what_was_taken_back_is_not_looked_for_at_its_meter(rig: Rig) -> None:
    rig.service.void(OPERATOR, "v-1", "The wrong meter was named")
    before = rig.gateway.reads
    with pytest.raises(SaleVoided):
        rig.service.deliver(OPERATOR, "v-1")
    assert (rig.gateway.reads, rig.gateway.pushes) == (before, 0)


def test_silence_is_told_as_the_gateway_says_it(rig: Rig) -> None:
    rig.gateway.lost_before, rig.gateway.silence = 1, "x" * 201
    assert rig.service.deliver(OPERATOR, "v-1").events[-1].note == "x" * 200


def test_an_error_of_ours_is_told_by_its_code(rig: Rig) -> None:
    rig.gateway.crash = DeliveryNotPossible("v-1", "no_token")
    with pytest.raises(DeliveryNotPossible):
        rig.service.deliver(OPERATOR, "v-1")
    events = rig.service.what_became(OPERATOR, "v-1").delivery.events
    assert (events[-1].state, events[-1].note) == (S.UNKNOWN, rig.gateway.crash.code)


def test_who_may_hand_over_and_read(rig: Rig) -> None:
    service, number = rig.service, POWER.number
    doors: list[tuple[str, Callable[[Actor], object]]] = [
        ("deliver", lambda who: service.deliver(who, "v-1")),
        ("reconcile", lambda who: service.reconcile(who, "v-1")),
        ("read_account", lambda who: service.read_account(who, number)),
        ("read_token_log", lambda who: service.token_log(who, number)),
        ("what_became", lambda who: service.unsettled(who)),
    ]
    for act, use in doors:
        for role in set(Role) - ALLOWED[act]:
            with pytest.raises(ActorNotAllowed):
                use(Actor("Nadia", role, "P1", "T1"))
    assert (rig.gateway.closed, rig.states()) == (0, [])


def test_water_has_no_way_to_the_meter(rig: Rig) -> None:
    rig.town.service.vend(OPERATOR, request("w", WATER))
    with pytest.raises(RaseedError) as error:
        rig.town.service.deliver(OPERATOR, "w")
    assert error.value.code == "meter.unreachable"


# The log alone

OURS = token_fingerprint("0" * 20)
OTHER = token_fingerprint("1" * 20)
T = TokenResult


def line(sequence: int, result: TokenResult = T.ACCEPT, fingerprint: str = OTHER) -> TokenLogEntry:
    return TokenLogEntry(fingerprint, result, sequence)


def pushed(before: int | None) -> list[DeliveryEvent]:
    return [
        DeliveryEvent(1, S.DELIVERING, START, "a", log_sequence=before),
        DeliveryEvent(2, S.UNKNOWN, START, "a"),
    ]


@pytest.mark.parametrize(
    ("log", "before", "state", "result"),
    [
        ([], 0, S.ISSUED, None),
        ([line(4)], 4, S.ISSUED, None),
        ([line(5), line(4)], 4, S.ISSUED, None),
        ([line(5)], 4, S.ISSUED, None),
        ([line(6)], 4, S.UNKNOWN, None),
        ([line(6), line(4)], 4, S.UNKNOWN, None),
        ([line(3)], 4, S.UNKNOWN, None),
        ([], 4, S.UNKNOWN, None),
        ([line(5)], None, S.UNKNOWN, None),
        ([line(9), line(8, T.ACCEPT, OURS)], 4, S.DELIVERED, T.ACCEPT),
        ([line(5, T.USED_ERROR, OURS), line(4, T.ACCEPT, OURS)], 4, S.DELIVERED, T.ACCEPT),
        ([line(9, T.USED_ERROR, OURS)], 4, S.DELIVERED, T.USED_ERROR),
        ([line(5, T.OVERFLOW_ERROR, OURS)], 4, S.REFUSED, T.OVERFLOW_ERROR),
        ([line(6, T.LOCKED_OUT, OURS)], 4, S.UNKNOWN, None),
        ([line(6, T.OLD_ERROR, OURS), line(5, T.LOCKED_OUT, OURS)], 4, S.REFUSED, T.OLD_ERROR),
    ],
)
def test_what_a_log_proves(
    log: list[TokenLogEntry], before: int | None, state: S, result: TokenResult | None
) -> None:
    seen = evidence(OURS, log, pushed(before))
    assert (seen.state, seen.result) == (state, result)


@given(
    before=st.integers(0, 30),
    judged=st.integers(0, 60),
    depth=st.integers(1, 20),
    ours=st.one_of(st.none(), st.integers(0, 59)),
)
def test_a_log_never_proves_what_did_not_happen(
    before: int, judged: int, depth: int, ours: int | None
) -> None:
    """A meter that keeps `depth` lines judges `judged` tokens after the push, ours among them or
    not: the log may prove nothing, but never the opposite."""
    happened = ours is not None and ours < judged
    lines = [line(before + 1 + i, T.ACCEPT, OURS if i == ours else OTHER) for i in range(judged)]
    older = [line(i) for i in range(1, before + 1)]
    log = (older + lines)[-depth:][::-1]
    seen = evidence(OURS, log, pushed(before))
    if happened:
        assert seen.state in (S.DELIVERED, S.UNKNOWN)
        assert seen.state is S.DELIVERED or judged > depth
    else:
        assert seen.state in (S.ISSUED, S.UNKNOWN)
        assert seen.state is S.ISSUED or judged > depth
