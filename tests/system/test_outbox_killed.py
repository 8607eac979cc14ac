"""A worker that is killed at any instant of sending: what was on its way is sent again with the
same key, and nothing ever with another one."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.crashpoints import CrashPoints, in_child, start_child, wait_for
from tests.system.test_api_process import Server
from tests.vending.cli.support import town_shell
from tests.vending.outbox.support import (
    CHIEF,
    JOB,
    PHONE,
    Office,
    Receiver,
    receiving,
    settings_for,
)
from tests.vending.support import ADMIN, POWER, town
from vending.outbox import LEASE, MessageState, OutboxPlan, messages_of
from vending.outbox_worker import Outbox
from vending.record import receipt_of
from vending.store import open_store
from vending.store.outbox import SqlOutbox, insert_messages

pytestmark = pytest.mark.system

BOTH = OutboxPlan(sms=True, webhooks=("erp",))
KEYS = {"sms:v-1", "webhook:erp:v-1"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def started(place: Path | str, folder: Path, receiver: Receiver) -> Office:
    """A program that has just been started on these books."""
    return Office(place, receiver, settings_for(folder, receiver))


def waiting(place: Path | str, folder: Path, receiver: Receiver) -> None:
    """New books with one sale, whose SMS and webhook wait."""
    made = started(place, folder, receiver)
    made.service.register(ADMIN, town())
    made.sell(plan=BOTH)
    made.close()


def all_is_sent_later(made: Office) -> None:
    """By another worker, after the lease: everything is sent, and each key said one thing."""
    made.clock.now += LEASE
    made.outbox.deliver_due(JOB)
    assert {one.state for one in made.outbox.messages(CHIEF)} == {MessageState.SENT}
    keys = made.receiver.keys()
    made.clock.now += LEASE
    assert made.run() == (0, 0, 0)
    made.close()
    assert set(keys) == KEYS
    assert made.receiver.keys() == keys
    for key in KEYS:
        assert len({one.body for one in made.receiver.got if one.key == key}) == 1


def test_killed_at_every_instant_of_a_write(tmp_path: Path, receiver: Receiver) -> None:
    before = tmp_path / "before.db"
    waiting(before, tmp_path, receiver)

    def run(place: Path, at: int | None) -> str:
        """One run, in a process of its own."""
        points = CrashPoints(at)
        points.watch(Outbox, "deliver_due")
        started(place, tmp_path, receiver).outbox.deliver_due(JOB)
        return "\n".join(points.log)

    whole = Path(shutil.copy(before, tmp_path / "whole.db"))
    output = tmp_path / "instants.txt"
    assert in_child(lambda: run(whole, None), output) == 0
    names = output.read_text("utf-8").splitlines()
    # Reading changes nothing: only the instants around a write are worth a process.
    begins = [at for at, name in enumerate(names, 1) if name == "before UPDATE outbox SET"]
    assert len(begins) == 4
    writes = [at + step for at in begins for step in range(4)]
    assert [names[at - 1] for at in writes[2::4]] == ["before COMMIT"] * 4
    repeated = 0
    for at in writes:
        receiver.got.clear()
        place = Path(shutil.copy(before, tmp_path / f"{at}.db"))
        died = in_child(lambda place=place, at=at: run(place, at))  # type: ignore[misc]
        assert died == -signal.SIGKILL, names[at - 1]
        all_is_sent_later(started(place, tmp_path, receiver))
        assert sum(receiver.keys().values()) <= 3, names[at - 1]
        repeated += sum(receiver.keys().values()) == 3
    # Those after the receiver had it, and before that was on disk: three of each of the two.
    assert repeated == 6


@pytest.mark.parametrize("topic", ["sms", "webhook"])
def test_killed_while_the_receiver_has_it_and_has_not_answered(
    place: Path | str, tmp_path: Path, receiver: Receiver, topic: str
) -> None:
    waiting(place, tmp_path, receiver)
    (key,) = (one for one in KEYS if one.startswith(topic))
    pids: list[int] = []

    def kill() -> None:
        if receiver.got[-1].key == key and pids:
            os.kill(pids.pop(), signal.SIGKILL)

    receiver.on_receipt = kill
    go = tmp_path / "go"

    def work() -> None:
        while not go.exists():
            time.sleep(0.005)
        started(place, tmp_path, receiver).outbox.deliver_due(JOB)

    pids.append(start_child(work))
    pid = pids[0]
    go.touch()
    assert wait_for(pid) == -signal.SIGKILL
    again = started(place, tmp_path, receiver)
    states = {one.message.key: one.state for one in again.outbox.messages(CHIEF)}
    assert states[key] is MessageState.SENDING
    assert again.run()[1:] == (0, 0)
    all_is_sent_later(again)
    assert receiver.keys() == {**dict.fromkeys(KEYS, 1), key: 2}


def test_the_server_sends_by_itself(tmp_path: Path) -> None:
    shell = town_shell(tmp_path)
    told = shell.run("vend", POWER.number, "50", "--id", "v-1", "--point", "P1", "--json")
    (token,) = told.json["tokens"]
    store = open_store(tmp_path / "raseed.db")
    with store.reading() as books:
        kept = books.sale("v-1")
    assert kept is not None
    server = Server(
        tmp_path,
        RASEED_OUTBOX__SMS_FOLDER=str(tmp_path / "sms"),
        RASEED_OUTBOX__POLL_SECONDS="1",
        RASEED_OUTBOX__LANGUAGE="en",
    )
    try:
        plan = OutboxPlan(sms=True, printers={"P1": "till"})
        messages = messages_of(receipt_of(kept), PHONE, plan)
        with store.writing() as books:
            insert_messages(books._db, messages, kept.sold_at)
        deadline = time.monotonic() + 20
        log = ""
        while not ("sms:v-1 is sent" in log and "print:v-1 is sent" in log):
            assert time.monotonic() < deadline, log
            time.sleep(0.05)
            log = server.log.read_text("utf-8")
        states = {one.state for one in SqlOutbox(store).messages()}
    finally:
        server.stop()
        store.close()
    sms = (tmp_path / "sms" / "sms=v-1.txt").read_text("utf-8")
    assert sms.splitlines()[-1] == token["digits"]
    slip = (tmp_path / "spool" / "till" / "print=v-1.txt").read_text("utf-8")
    assert token["grouped"] in slip
    assert states == {MessageState.SENT}
    assert "Traceback" not in log
    for secret in (token["digits"], token["grouped"], "0599000001"):
        assert secret not in log
