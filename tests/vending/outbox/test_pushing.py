"""Pushing through the outbox: a meter takes no key, so a push without an answer is settled by
reading the meter, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from meters.account import Commodity
from meters.gateway import MeterUnreachable
from meters.quantities import Energy
from simulators.payment_meter import MeterMemory, PaymentMeter, capabilities
from tests.vending.support import OPERATOR, POWER, SGC, START, TECHNICIAN, TEST_KEY, Town, request
from tests.vending.test_delivery import CountedGateway
from tokens.sts import (
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyParameters,
    KeyType,
    VendingKey,
    derive_decoder_key,
    new_acceptance_state,
    tid_at,
)
from vending.aftersale import SaleState
from vending.delivery import PATIENCE
from vending.outbox import BACKOFF, LEASE, MessageState, Topic, messages_of
from vending.outbox_ports import Queued
from vending.outbox_worker import Outbox
from vending.sending import Pusher
from vending.service import VendingService
from vending.store.outbox import SqlOutbox, insert_messages

from .support import CHIEF, JOB, PUSH

CREDIT = Energy(76_800)


@dataclass
class Line:
    """A town, a meter, and the outbox between them; one sale waits to be pushed."""

    town: Town
    meter: PaymentMeter
    gateway: CountedGateway
    service: VendingService
    store: SqlOutbox
    outbox: Outbox

    def run(self) -> Queued:
        """One run; the message as it stands then."""
        self.outbox.deliver_due(JOB)
        (found,) = self.outbox.messages(CHIEF)
        return found

    @property
    def state(self) -> SaleState:
        return self.service.what_became(OPERATOR, "v-1").delivery.state

    @property
    def balance(self) -> Energy:
        balance = self.meter.account(self.town.clock()).balance
        assert isinstance(balance, Energy)
        return balance


def a_meter(ti: int = 1) -> PaymentMeter:
    """The meter of the sale; with another tariff index its key is not the one of the token."""
    parameters = KeyParameters(
        dkga=Dkga.DKGA04,
        ea=EncryptionAlgorithm.EA07,
        key_type=KeyType.DUTK,
        sgc=SGC,
        ti=ti,
        krn=1,
        ken=255,
        base_date=BaseDate.BASE_2014,
    )
    state = new_acceptance_state(
        key=derive_decoder_key(VendingKey(TEST_KEY), parameters, POWER.pan),
        sgc=SGC,
        krn=1,
        ti=ti,
        key_type=KeyType.DUTK,
        ken=255,
        manufactured_tid=tid_at(BaseDate.BASE_2014, START - timedelta(days=30)),
    )
    return PaymentMeter(
        POWER,
        Commodity.ELECTRICITY,
        MeterMemory(state, balance=0, credited=0),
        START,
        load=0,
        can=capabilities(Commodity.ELECTRICITY, 200_000),
    )


@pytest.fixture
def line(place: Path | str) -> Iterator[Line]:
    town, meter = Town(place), a_meter()
    gateway = CountedGateway(meter, POWER, town.clock)
    use_cases = town.with_(gateway_for=lambda meter: gateway)
    receipt = use_cases.vend(OPERATOR, request())
    with town.store.writing() as books:
        insert_messages(books._db, messages_of(receipt, "", PUSH), town.clock())
    store = SqlOutbox(town.store)
    outbox = Outbox(store, {Topic.PUSH: Pusher(use_cases)}, town.clock)
    yield Line(town, meter, gateway, use_cases, store, outbox)
    town.store.close()


def test_pushed_once(line: Line) -> None:
    assert line.run().state is MessageState.SENT
    assert (line.state, line.gateway.pushes, line.balance) == (SaleState.DELIVERED, 1, CREDIT)


def test_a_push_without_an_answer_is_read_back_and_not_repeated(line: Line) -> None:
    line.gateway.replies_to_lose = 1
    first = line.run()
    assert (first.state, first.last_error) == (
        MessageState.WAITING,
        "outbox.send_unknown: unknown",
    )
    assert line.state is SaleState.UNKNOWN
    line.gateway.reachable = False
    for wait in BACKOFF[:2]:
        line.town.clock.now += wait
        assert line.run().last_error.startswith("meter.unreachable")
    line.gateway.reachable = True
    line.town.clock.now += BACKOFF[2]
    assert line.run().state is MessageState.SENT
    assert (line.state, line.gateway.pushes, line.balance) == (SaleState.DELIVERED, 1, CREDIT)


def test_it_stays_unknown_however_often_it_is_tried(line: Line) -> None:
    """The log has run past: nothing proves anything, and so nothing is pushed."""
    line.gateway.lost_before = 1
    line.run()
    for i in range(80):
        line.town.clock.forward(hours=1)
        line.meter.enter_token(f"{i:020d}", line.town.clock())
    for _ in range(20):
        found = line.run()
        line.town.clock.forward(hours=6)
    assert found.state is MessageState.GIVEN_UP
    line.outbox.retry(CHIEF, found.id)
    assert line.run().state is MessageState.WAITING
    assert (line.state, line.gateway.pushes) == (SaleState.UNKNOWN, 1)


def test_only_when_the_log_proves_that_it_never_arrived_is_it_pushed_again(line: Line) -> None:
    line.gateway.lost_before = 1
    line.run()
    line.town.clock.now += BACKOFF[0]
    assert "never judged" in line.run().last_error
    assert (line.state, line.gateway.pushes) == (SaleState.ISSUED, 1)
    line.town.clock.now += BACKOFF[1]
    assert line.run().state is MessageState.SENT
    assert (line.gateway.pushes, line.balance) == (2, CREDIT)


def test_a_worker_that_died_while_pushing(line: Line) -> None:
    """It left the message `sending` and the sale `delivering`; the meter has the token."""
    now = line.town.clock()
    assert line.store.take(now, now + LEASE, [Topic.PUSH], []) is not None

    class Died(BaseException):
        pass

    line.gateway.crash = Died()
    with pytest.raises(Died):
        line.service.deliver(TECHNICIAN, "v-1")
    line.gateway.crash = None
    digits = line.service.what_became(OPERATOR, "v-1").receipt.tokens[0].digits
    line.meter.enter_token(digits, now)
    assert line.state is SaleState.DELIVERING

    line.town.clock.now += PATIENCE
    assert line.run().state is MessageState.SENDING
    line.town.clock.now += LEASE - PATIENCE
    done = line.run()
    assert (done.state, done.attempts) == (MessageState.SENT, 2)
    assert (line.state, line.gateway.pushes, line.balance) == (SaleState.DELIVERED, 1, CREDIT)


ON_ONE = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
"""Says nothing of the database."""


@ON_ONE
def test_a_verdict_that_passes_is_asked_for_again(line: Line) -> None:
    full = line.service.vend(OPERATOR, request("v-0", amount="100"))
    line.meter.enter_token(full.tokens[0].digits, line.town.clock())
    refused = line.run()
    assert (refused.state, refused.last_error) == (
        MessageState.WAITING,
        "outbox.not_sent: OVERFLOW_ERROR",
    )
    line.gateway.crash = MeterUnreachable(POWER.number, "connection refused")
    line.town.clock.now += BACKOFF[0]
    assert line.run().last_error == "meter.unreachable: connection refused"
    assert line.state is SaleState.ISSUED


@ON_ONE
def test_a_token_that_the_meter_will_never_take_is_given_up(line: Line) -> None:
    line.gateway.meter = a_meter(ti=2)
    refused = line.run()
    assert (refused.state, refused.last_error) == (
        MessageState.GIVEN_UP,
        "outbox.rejected: CRC_ERROR",
    )
    assert line.outbox.retry(CHIEF, refused.id).state is MessageState.WAITING
    assert line.run().state is MessageState.GIVEN_UP
    assert line.gateway.pushes == 1
