"""While a sender has a message: for whom it is held, for how long, and what waits for it; on both
databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from meters.quantities import Money
from meters.values import replace
from tests.vending.support import OPERATOR, POWER
from vending.outbox import BACKOFF, LEASE, MessageState, Step, Topic, sent
from vending.outbox_ports import OutboxNotPossible, Queued, Sold
from vending.outbox_worker import SENDING
from vending.paperorders import PaperKind, PaperOrder, message_of
from vending.ports import StoreLocked
from vending.requests import BasketRequest, Credit
from vending.store import open_store
from vending.store.outbox import SqlOutbox
from vending.voids import NotProved

from .support import CHIEF, JOB, SMS, Office, office

pytestmark = pytest.mark.system


@pytest.fixture
def here(place: Path | str, tmp_path: Path) -> Iterator[Office]:
    with office(place, tmp_path / "data") as made:
        yield made


def take(here: Office) -> Queued | None:
    """What a sender does before it sends."""
    now = here.clock()
    return here.store.take(now, now + LEASE, [Topic.SMS], [])


def test_an_attempt_that_was_overtaken_by_a_new_round_says_nothing(here: Office) -> None:
    """Both are numbered 1: the lease tells them apart."""
    here.sell()
    first = take(here)
    assert first is not None
    here.clock.forward(minutes=3)
    second = take(here)
    assert second is not None
    assert here.store.finish(second, Step(MessageState.GIVEN_UP, here.clock(), "no"))
    here.outbox.retry(CHIEF, first.id)
    third = take(here)
    assert third is not None
    assert third.attempts == first.attempts == 1
    assert not here.store.finish(first, sent(here.clock()))
    assert here.only().state is MessageState.SENDING
    assert here.store.finish(third, sent(here.clock()))


def test_a_sender_that_died_holds_up_no_void(here: Office) -> None:
    here.sell()
    assert take(here) is not None
    with here.books.writing() as books:
        assert not books.call_off("v-1", here.clock())
    here.clock.forward(seconds=LEASE.total_seconds())
    with here.books.writing() as books:
        assert books.call_off("v-1", here.clock())
    assert here.only().state is MessageState.GIVEN_UP


OTHER_PAPERS = ("note:o-1", "x:0:v-1", "z:0:v-1", "deposit:0:v-1", "statement:o-1")


def test_a_void_calls_off_what_carries_the_digits_and_no_other_paper(here: Office) -> None:
    """A shift, a banking or an agreement may have the id of a sale."""
    here.sell()
    with here.books.writing() as books:
        orders = [message_of(PaperOrder(kind, "v-1", CHIEF), "till", "o-1") for kind in PaperKind]
        books.queue(orders, here.clock())
        assert books.call_off("v-1", here.clock())
    waiting = {one.message.key for one in here.outbox.messages(CHIEF, state=MessageState.WAITING)}
    assert waiting == {f"paper:{key}" for key in OTHER_PAPERS}


def test_no_void_while_the_digits_are_on_their_way(here: Office) -> None:
    basket = BasketRequest("v-1", (Credit(POWER.number, Money(5000)),), hold=True)
    sold = here.service.vend_basket(OPERATOR, basket).leading
    # As if they had been shown to the gateway that is being spoken to.
    here.queue(replace(sold, held=False), SMS)
    assert take(here) is not None
    with pytest.raises(NotProved, match="being_delivered"):
        here.service.void(OPERATOR, "v-1", "wrong customer")
    here.clock.forward(minutes=3)
    here.service.void(OPERATOR, "v-1", "wrong customer")


def test_nobody_takes_what_is_being_called_off(here: Office) -> None:
    """A sender does not ask for the writer's place: it comes between a void's look at the queue and
    what that writes there."""
    here.sell()
    other = open_store(here.place, busy_timeout_s=0.2)
    taken: list[Queued | None] = []

    def while_it_is_written(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("UPDATE outbox"):
            now = here.clock()
            with pytest.raises(StoreLocked):
                taken.append(SqlOutbox(other, 0.2).take(now, now + LEASE, [Topic.SMS], []))

    event.listen(here.books.engine, "before_cursor_execute", while_it_is_written)
    try:
        with here.books.writing() as books:
            assert books.call_off("v-1", here.clock())
    finally:
        event.remove(here.books.engine, "before_cursor_execute", while_it_is_written)
        other.close()
    assert taken == []
    assert take(here) is None
    assert here.only().state is MessageState.GIVEN_UP


def test_who_asks_for_it_does_not_wait_until_it_is_tried_again(here: Office) -> None:
    """It is in nobody's hand: retried or given up at any time, with a new round of attempts."""
    here.sell()
    here.receiver.script = [500, 500]
    assert here.run() == (0, 1, 0)
    assert here.run() == (0, 0, 0)
    asked = here.outbox.retry(CHIEF, here.only().id)
    assert (asked.state, asked.attempts, asked.next_at) == (MessageState.WAITING, 0, here.clock())
    assert asked.last_error == "outbox.not_sent: answered 500"
    assert here.run() == (0, 1, 0)
    assert here.only().next_at == here.clock() + BACKOFF[0]
    gone = here.outbox.give_up(CHIEF, asked.id, "The gateway is gone")
    assert (gone.state, gone.attempts, gone.done_at) == (MessageState.GIVEN_UP, 1, here.clock())


def by_another_sender(here: Office) -> bool:
    return take(here) is not None


def by_a_void(here: Office) -> bool:
    with here.books.writing() as books:
        return books.call_off("v-1", here.clock())


def by_hand(here: Office) -> bool:
    try:
        here.outbox.retry(CHIEF, here.only().id)
    except OutboxNotPossible:
        return False
    return True


def sent_by_another(here: Office) -> None:
    assert here.run() == (1, 0, 0)


def called_off_by_a_void(here: Office) -> None:
    assert by_a_void(here)


def given_up_by_hand(here: Office) -> None:
    here.outbox.give_up(CHIEF, here.only().id, "She has it")


def left_alone(here: Office) -> None:
    pass


@dataclass
class Sleeping(SqlOutbox):
    """The machine sleeps behind the sender's last look at the books, once; meanwhile something
    happens at another one."""

    here: Office
    sleeps: timedelta
    then: Callable[[Office], object]

    def __post_init__(self) -> None:
        super().__init__(self.here.books)

    def sold(self, vend_id: str) -> Sold | None:
        found = super().sold(vend_id)
        self.here.clock.now += self.sleeps
        self.then(self.here)
        return found


@pytest.mark.parametrize(
    ("then", "state", "times"),
    [
        (sent_by_another, MessageState.SENT, 1),
        (called_off_by_a_void, MessageState.GIVEN_UP, 0),
        (given_up_by_hand, MessageState.GIVEN_UP, 0),
        (left_alone, MessageState.WAITING, 0),
    ],
)
def test_a_sender_that_slept_longer_than_its_message_was_its_own_sends_nothing(
    here: Office, then: Callable[[Office], object], state: MessageState, times: int
) -> None:
    here.sell()
    slept = here.worker(here.books)
    slept._store = Sleeping(here, LEASE, then)
    done = slept.deliver_due(JOB)
    assert here.only().state is state
    assert here.receiver.keys() == ({"sms:v-1": times} if times else {})
    # It tells of nothing that is another's.
    assert done.attempts == (then is left_alone)


def test_what_is_sent_is_over_before_the_message_is_anothers(here: Office) -> None:
    """A receiver takes its time as well: with less than half of the lease left nothing is begun."""
    here.sell()
    slept = here.worker(here.books)
    slept._store = Sleeping(here, SENDING, left_alone)
    assert slept.deliver_due(JOB).sent == 1
    here.sell("v-2")
    slept._store = Sleeping(here, SENDING + timedelta(microseconds=1), left_alone)
    assert slept.deliver_due(JOB).waiting == 1
    assert here.receiver.keys() == {"sms:v-1": 1}
    here.clock.now += BACKOFF[0]
    assert here.run() == (1, 0, 0)


@pytest.mark.parametrize("taken", [by_another_sender, by_a_void, by_hand])
def test_a_sender_whose_clock_is_a_lease_ahead_has_its_message_in_hand(
    here: Office, taken: Callable[[Office], bool]
) -> None:
    """What lies farther ahead was written by a clock that says nothing: it is in nobody's hand."""
    here.sell()
    ahead = here.clock() + LEASE
    assert here.store.take(ahead, ahead + LEASE, [Topic.SMS], []) is not None
    assert not taken(here)
    here.clock.now -= timedelta(microseconds=1)
    assert taken(here)
