"""Sending over real sockets, files and both databases: once each way, again with the same key after
anything that fails, and never a token's digit where none belongs."""

from __future__ import annotations

import base64
import hmac
import logging
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from meters.values import replace
from tests.vending.support import OPERATOR, START, TECHNICIAN, WATER, new_store
from vending.messages import Language
from vending.outbox import (
    BACKOFF,
    LEASE,
    MOST_ATTEMPTS,
    MessageState,
    OutboxPlan,
    Topic,
    after_failure,
    sent,
)
from vending.outbox_ports import OutboxNotPossible, OutboxUnknown, Sold
from vending.outbox_worker import Outbox, ReasonMissing
from vending.parties import Actor, Role
from vending.permissions import ActorNotAllowed
from vending.sending import HttpPoster, SmsSender
from vending.sending.sms import FolderSms
from vending.store import SqlStore, schema
from vending.store.outbox import SqlOutbox, call_off
from vending.ways_out import paper_desk, senders_for

from .support import (
    CHIEF,
    DROP,
    GATEWAY_KEY,
    HOOK,
    JOB,
    SECRET,
    Office,
    office,
)

pytestmark = pytest.mark.system

S = MessageState
ON_ONE = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
"""Says nothing of the database."""
ALL = OutboxPlan(sms=True, printers={"P1": "till"}, webhooks=("erp",))


def english(_: str) -> Language:
    return Language.ENGLISH


@pytest.fixture
def here(place: Path | str, tmp_path: Path) -> Iterator[Office]:
    with office(place, tmp_path / "data") as made:
        yield made


def tables_with(digits: str, store: SqlStore) -> set[str]:
    """Every table in which these digits stand anywhere."""
    with store.reading() as books:
        return {
            table.name
            for table in schema.metadata.sorted_tables
            if any(digits in str(row) for row in books._db.execute(select(table)))
        }


def test_a_sale_is_sent_once_each_way(
    here: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        receipt = here.sell(plan=ALL)
        (token,) = receipt.tokens
        # Queued again (a repeated call, or digits shown later) it is still there once.
        here.queue(receipt, ALL)
        assert here.run() == (3, 0, 0)
        assert here.run() == (0, 0, 0)
    sms, hook = sorted(here.receiver.got, key=lambda one: one.path, reverse=True)
    assert (sms.key, sms.json["to"]) == ("sms:v-1", "0599000001")
    assert sms.json["text"].splitlines()[-1] == token.digits
    assert sms.headers["authorization"] == f"Bearer {GATEWAY_KEY}"

    second = str(int(START.timestamp()))
    assert (hook.headers["webhook-id"], hook.headers["webhook-timestamp"]) == (
        "webhook:erp:v-1",
        second,
    )
    secret = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"webhook:erp:v-1.{second}.".encode() + hook.body
    proof = base64.b64encode(hmac.new(secret, signed, sha256).digest()).decode()
    assert hook.headers["webhook-signature"] == f"v1,{proof}"
    assert hook.json["type"] == "sale.completed"
    assert hook.json["data"]["receipt"] == "P1-000001"
    assert hook.json["data"]["quote"]["quantity"] == {"value": "76.8", "unit": "kWh"}
    assert token.digits not in hook.body.decode()

    slip = tmp_path / "data" / "spool" / "till" / "print=v-1.txt"
    assert token.grouped in slip.read_text("utf-8")
    assert {one.state for one in here.outbox.messages(CHIEF)} == {S.SENT}
    assert tables_with(token.digits, here.books) == {"tokens"}
    assert "sms:v-1 is sent" in caplog.text
    assert "sms:v-1 takes 1 parts (ucs2, " in caplog.text
    for secret_text in (token.digits, token.grouped, GATEWAY_KEY, SECRET, "hunter2", "0599000001"):
        assert secret_text not in caplog.text


def test_backoff_by_the_clock_with_one_key(here: Office, caplog: pytest.LogCaptureFixture) -> None:
    (token,) = here.sell().tokens
    here.receiver.script = [500, DROP, (429, {"Retry-After": "900"}), 302, 200]
    told = []
    for wait in (*BACKOFF[:2], timedelta(seconds=900), BACKOFF[3]):
        assert here.run() == (0, 1, 0)
        waiting = here.only()
        assert (waiting.state, waiting.next_at) == (S.WAITING, here.clock() + wait)
        told.append(waiting.last_error)
        here.clock.now += wait - timedelta(microseconds=1)
        assert here.run() == (0, 0, 0)
        here.clock.now += timedelta(microseconds=1)
    assert told == [
        "outbox.not_sent: answered 500",
        "outbox.send_unknown: RemoteProtocolError",
        "outbox.not_sent: answered 429",
        "outbox.not_sent: answered 302",
    ]
    assert here.run() == (1, 0, 0)
    done = here.only()
    assert (done.state, done.attempts, done.done_at, done.last_error) == (
        S.SENT,
        5,
        here.clock(),
        "",
    )
    assert here.receiver.keys() == {"sms:v-1": 5}
    assert len({one.body for one in here.receiver.got}) == 1
    assert token.digits not in caplog.text
    assert "hunter2" not in caplog.text


def test_nobody_listens_and_in_the_end_it_is_given_up_until_a_person_asks(here: Office) -> None:
    here.sell(plan=HOOK)
    here.receiver.script = [503] * MOST_ATTEMPTS
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert here.run() == ((0, 0, 1) if attempt == MOST_ATTEMPTS else (0, 1, 0))
        here.clock.forward(hours=6)
    assert here.run() == (0, 0, 0)
    given_up = here.only()
    assert (given_up.state, given_up.attempts) == (S.GIVEN_UP, MOST_ATTEMPTS)
    again = here.outbox.retry(OPERATOR, given_up.id)
    assert (again.state, again.attempts, again.next_at) == (S.WAITING, 0, here.clock())
    assert here.run() == (1, 0, 0)
    assert here.receiver.keys() == {"webhook:erp:v-1": MOST_ATTEMPTS + 1}
    assert len({one.headers["webhook-signature"] for one in here.receiver.got}) > 1


@ON_ONE
def test_a_receiver_that_is_found_too_late_is_sent_nothing(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that is silent, addresses that do not answer: the system's patience with them
    is not ours, and another worker may be at it by then."""
    look_up, slow = socket.getaddrinfo, [10.0, 10.1]
    passed = 0.0

    def looked_up(*args: Any, **named: Any) -> Any:
        nonlocal passed
        passed += slow.pop()
        return look_up(*args, **named)

    poster = HttpPoster(5, lambda: passed)
    senders = senders_for(here.settings, here.service, poster, paper_desk(here.settings), {})
    outbox = Outbox(here.store, senders, here.clock)
    here.sell()
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", looked_up)
        assert outbox.deliver_due(JOB).waiting == 1
        assert here.only().last_error == "outbox.not_sent: reached too late"
        assert here.receiver.got == []
        here.clock.now += BACKOFF[0]
        assert outbox.deliver_due(JOB).sent == 1
    assert slow == []
    poster.close()


@ON_ONE
def test_what_will_never_be_taken_is_not_tried_again(here: Office) -> None:
    here.sell()
    here.receiver.script = [422]
    assert here.run() == (0, 0, 1)
    assert here.only().last_error == "outbox.rejected: answered 422"
    here.clock.forward(days=3)
    assert here.run() == (0, 0, 0)


def test_a_receiver_that_fails_keeps_only_its_own_waiting(here: Office) -> None:
    for number in range(3):
        here.sell(f"v-{number}", ALL)
        here.clock.forward(minutes=1)
    # The SMS gateway fails at the first of three; slips and webhooks go out.
    here.receiver.script = [500]
    assert here.run() == (6, 1, 0)
    waiting = here.outbox.messages(CHIEF, state=S.WAITING)
    assert [(one.message.key, one.attempts) for one in waiting] == [
        ("sms:v-2", 0),
        ("sms:v-1", 0),
        ("sms:v-0", 1),
    ]
    here.clock.now += BACKOFF[0]
    assert here.run() == (3, 0, 0)
    assert here.receiver.keys()["sms:v-0"] == 2


def test_whoever_died_while_sending_leaves_it_to_be_sent_with_the_same_key(here: Office) -> None:
    here.sell()
    now = here.clock()
    dead = here.store.take(now, now + LEASE, [Topic.SMS], [])
    assert dead is not None
    assert (dead.state, dead.attempts) == (S.SENDING, 1)
    here.clock.now += LEASE - timedelta(microseconds=1)
    assert here.run() == (0, 0, 0)
    with pytest.raises(OutboxNotPossible):
        here.outbox.retry(CHIEF, dead.id)
    here.clock.now += timedelta(microseconds=1)
    assert here.run() == (1, 0, 0)
    assert here.only().attempts == 2
    assert here.receiver.keys() == {"sms:v-1": 1}
    # It was not dead after all: what it says now changes nothing.
    assert not here.store.finish(dead, sent(here.clock()))
    assert not here.store.finish(dead, replace(sent(here.clock()), state=S.WAITING))
    assert (here.only().state, here.only().attempts) == (S.SENT, 2)


def test_what_nobody_sent_for_months_reaches_no_telephone_by_itself(here: Office) -> None:
    """The server was off from September to December. Other programs are told all the same; a
    supervisor looks at the rest, and sends what is still of use."""
    here.sell(plan=ALL)
    here.clock.forward(days=90)
    assert here.run() == (1, 0, 2)
    assert here.receiver.keys() == {"webhook:erp:v-1": 1}
    left = here.outbox.messages(CHIEF, state=S.GIVEN_UP)
    assert {one.message.topic for one in left} == {Topic.SMS, Topic.PRINT}
    assert {one.last_error for one in left} == {"outbox.too_late: it was due 90 days ago"}
    for one in left:
        here.outbox.retry(CHIEF, one.id)
    assert here.run() == (2, 0, 0)
    assert here.receiver.keys()["sms:v-1"] == 1


def test_a_holiday_is_not_too_long(here: Office) -> None:
    here.sell(plan=ALL)
    here.clock.forward(days=3)
    assert here.run() == (3, 0, 0)


@pytest.mark.parametrize("step", [timedelta(days=400), 3 * LEASE], ids=str)
def test_what_was_taken_while_the_clock_stood_far_ahead_is_not_in_hand(
    here: Office, step: timedelta
) -> None:
    for number in range(4):
        here.sell(f"v-{number}")
        here.clock.forward(minutes=1)
    ahead = here.clock() + step
    taken = [here.store.take(ahead, ahead + LEASE, [Topic.SMS], []) for _ in range(3)]
    first, second, third = (one.id for one in taken if one is not None)
    # By hand, by a void, and by whoever works the queue off.
    assert here.outbox.retry(CHIEF, first).state is S.WAITING
    assert here.outbox.give_up(CHIEF, second, "she has it").state is S.GIVEN_UP
    with here.books.writing() as books:
        assert call_off(books._db, "v-2", here.clock(), "voided")
    assert here.store.message(third).state is S.GIVEN_UP  # type: ignore[union-attr]
    assert here.run() == (2, 0, 0)
    assert here.receiver.keys() == {"sms:v-0": 1, "sms:v-3": 1}


def test_what_was_put_off_while_the_clock_stood_far_ahead_is_due(here: Office) -> None:
    here.sell()
    ahead = here.clock() + timedelta(days=400)
    taken = here.store.take(ahead, ahead + LEASE, [Topic.SMS], [])
    assert taken is not None
    assert here.store.finish(taken, after_failure(1, ahead, "no answer"))
    assert here.run() == (1, 0, 0)
    # A day is what a receiver may ask for.
    here.sell("v-2")
    taken = here.store.take(here.clock(), here.clock() + LEASE, [Topic.SMS], [])
    assert taken is not None
    late = after_failure(1, here.clock(), "busy", timedelta(days=9))
    assert here.store.finish(taken, late)
    assert here.run() == (0, 0, 0)
    here.clock.now += timedelta(days=1)
    assert here.run() == (1, 0, 0)


@ON_ONE
def test_a_message_that_kills_every_worker_is_given_up(here: Office) -> None:
    here.sell()
    for _ in range(MOST_ATTEMPTS):
        now = here.clock()
        assert here.store.take(now, now + LEASE, [Topic.SMS], []) is not None
        here.clock.now += LEASE
    assert here.run() == (0, 0, 1)
    assert here.only().last_error.startswith("outbox.no_end")
    assert not here.receiver.got


@pytest.mark.system
def test_two_workers_never_send_the_same_message(here: Office) -> None:
    keys = []
    for number in range(8):
        here.sell(f"v-{number}", ALL, WATER)
        keys += [f"sms:v-{number}", f"webhook:erp:v-{number}"]
        here.clock.forward(minutes=1)
    stores = [new_store(here.place) for _ in range(3)]
    workers = [here.worker(store) for store in stores]
    start = threading.Barrier(len(workers))
    done: list[int] = []

    def work(worker: int) -> None:
        start.wait(10)
        # On a busy machine one of them might finish all before the others begin.
        while workers[worker].deliver_due(JOB, 1).sent:
            done.append(worker)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(workers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for store in stores:
        store.close()
    assert len(done) == 24
    assert here.receiver.keys() == dict.fromkeys(keys, 1)
    assert {one.attempts for one in here.outbox.messages(CHIEF)} == {1}


def test_digits_stay_in_the_house_when_the_sale_says_so(here: Office) -> None:
    """Voided: never. Held: not before they are shown. A webhook carries none and goes out."""
    receipt = here.sell("v-1", ALL)
    with here.books.writing() as books:
        books._db.execute(
            insert(schema.voids).values(
                vend_id="v-1",
                entry=receipt.journal_entry,
                at=here.clock(),
                actor="Omar",
                point="P1",
                terminal="T1",
                evidence="refund",
                reason="Wrong meter",
                document="{}",
            )
        )
    assert here.run() == (1, 0, 2)
    assert {one.last_error for one in here.outbox.messages(CHIEF, state=S.GIVEN_UP)} == {
        "outbox.rejected: the sale is voided"
    }
    assert here.receiver.keys() == {"webhook:erp:v-1": 1}


def test_held_digits_wait_until_they_are_shown(here: Office) -> None:
    (token,) = here.sell().tokens
    store = HeldSales(here.books)
    senders = senders_for(here.settings, here.service, here.poster, paper_desk(here.settings), {})
    outbox = Outbox(store, senders, here.clock)
    assert outbox.deliver_due(JOB).waiting == 1
    assert here.only().last_error == "outbox.not_sent: the digits are held back"
    assert not here.receiver.got
    with here.books.writing() as books:
        books.add_showing("v-1", here.clock(), "Samir", "P1")
    here.clock.now += BACKOFF[0]
    assert outbox.deliver_due(JOB).sent == 1
    assert here.receiver.got[0].json["text"].endswith(token.digits)


class HeldSales(SqlOutbox):
    """As if every sale had been made with its digits held back."""

    def sold(self, vend_id: str) -> Sold | None:
        found = super().sold(vend_id)
        assert found is not None
        return replace(found, receipt=replace(found.receipt, held=True))


def test_calling_off_what_would_carry_digits(here: Office) -> None:
    here.sell("v-1", ALL)
    here.clock.forward(minutes=1)
    now = here.clock()
    taken = here.store.take(now, now + LEASE, [Topic.SMS], [])
    assert taken is not None
    with here.books.writing() as books:
        assert not call_off(books._db, "v-1", now, "the sale is voided")
    here.store.finish(taken, replace(sent(now), state=S.WAITING, error="x"))
    with here.books.writing() as books:
        assert call_off(books._db, "v-1", now, "the sale is voided")
    states = {one.message.topic: one.state for one in here.outbox.messages(CHIEF)}
    assert states == {Topic.SMS: S.GIVEN_UP, Topic.PRINT: S.GIVEN_UP, Topic.WEBHOOK: S.WAITING}


def test_people_look_retry_and_give_up(here: Office) -> None:
    here.sell("v-1")
    here.clock.forward(minutes=1)
    here.sell("v-2", HOOK)
    look = here.outbox.messages
    assert [one.message.key for one in look(TECHNICIAN)] == ["webhook:erp:v-2", "sms:v-1"]
    assert [one.message.key for one in look(CHIEF, limit=1)] == ["webhook:erp:v-2"]
    second, first = look(CHIEF)
    assert look(CHIEF, before=second.id) == [first]
    assert look(CHIEF, subject="v-2") == [second]
    assert look(CHIEF, subject="v-2\x00") == []
    assert look(CHIEF, topic=Topic.SMS, state=S.WAITING) == [first]
    assert look(CHIEF, state=S.SENT) == []

    with pytest.raises(ReasonMissing):
        here.outbox.give_up(CHIEF, first.id, " ")
    gone = here.outbox.give_up(CHIEF, first.id, " Number\x00is\nwrong")
    assert (gone.state, gone.last_error) == (S.GIVEN_UP, "Omar: Number is wrong")
    assert here.outbox.give_up(CHIEF, first.id, "again") == gone
    assert here.run() == (1, 0, 0)
    for act in (here.outbox.retry, lambda who, id: here.outbox.give_up(who, id, "x")):
        with pytest.raises(OutboxNotPossible) as refused:
            act(CHIEF, second.id)
        assert refused.value.state == "sent"
    with pytest.raises(OutboxUnknown):
        here.outbox.retry(CHIEF, 999)

    auditor = Actor("Layla", Role.BILLING)
    with pytest.raises(ActorNotAllowed):
        here.outbox.retry(auditor, first.id)
    with pytest.raises(ActorNotAllowed):
        here.outbox.give_up(OPERATOR, first.id, "x")
    with pytest.raises(ActorNotAllowed):
        here.outbox.deliver_due(auditor)


@ON_ONE
def test_what_is_not_set_up_waits(here: Office) -> None:
    """A webhook that was taken out of the settings."""
    here.sell(plan=OutboxPlan(webhooks=("gis",)))
    assert here.run() == (0, 1, 0)
    assert here.only().last_error == "outbox.not_sent: not in the settings"


@ON_ONE
def test_a_fault_of_a_sender_tells_its_name_alone(
    here: Office, caplog: pytest.LogCaptureFixture
) -> None:
    (token,) = here.sell().tokens

    class Faulty:
        def send(self, key: str, phone: str, text: str) -> None:
            raise KeyError(text)

    here.outbox._senders = {Topic.SMS: SmsSender(Faulty(), english)}
    with caplog.at_level(logging.DEBUG):
        assert here.run() == (0, 1, 0)
    assert here.only().last_error == "fault: KeyError"
    assert token.digits not in caplog.text


@ON_ONE
def test_a_folder_stands_in_for_a_gateway(here: Office, tmp_path: Path) -> None:
    (token,) = here.sell().tokens
    folder = tmp_path / "sms"
    here.outbox._senders = {Topic.SMS: SmsSender(FolderSms(folder), english)}
    assert here.run() == (1, 0, 0)
    (file,) = folder.iterdir()
    lines = file.read_text("utf-8").splitlines()
    assert (file.name, lines[0], lines[-1]) == ("sms=v-1.txt", "0599000001", token.digits)
