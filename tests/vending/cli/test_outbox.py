"""`raseed outbox`: seen, sent, retried and given up from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vending.outbox.support import HOOK, PHONE, SMS
from tests.vending.support import POWER
from vending.outbox import messages_of
from vending.record import receipt_of
from vending.settings import Settings
from vending.store.outbox import insert_messages
from vending.wiring import open_raseed

from .support import Shell, town_shell


@pytest.fixture
def town(tmp_path: Path) -> Shell:
    """One sale, whose SMS and webhook wait."""
    shell = town_shell(tmp_path)
    sold = shell.run("vend", POWER.number, "50", "--id", "v-1", "--point", "P1", "--json")
    assert sold.code == 0, sold.err
    with open_raseed(Settings(data=tmp_path)) as raseed:
        with raseed.store.reading() as books:
            record = books.sale("v-1")
        assert record is not None
        receipt = receipt_of(record)
        with raseed.store.writing() as books:
            for plan in (SMS, HOOK):
                insert_messages(books._db, messages_of(receipt, PHONE, plan), record.sold_at)
    return shell


@pytest.mark.system
def test_from_waiting_to_sent(town: Shell, tmp_path: Path) -> None:
    folder = {"RASEED_OUTBOX__SMS_FOLDER": str(tmp_path / "sms"), "RASEED_OUTBOX__LANGUAGE": "en"}
    rows = town.run("outbox", "list", "--json").json
    assert [(row["key"], row["state"], row["attempts"]) for row in rows] == [
        ("webhook:erp:v-1", "waiting", 0),
        ("sms:v-1", "waiting", 0),
    ]
    hook, sms = (str(row["id"]) for row in rows)
    assert town.run("outbox", "run", "--json", **folder).json == {
        "sent": 1,
        "waiting": 1,
        "given_up": 0,
    }
    assert "Electricity" in (tmp_path / "sms" / "sms=v-1.txt").read_text("utf-8")
    assert "Sent: 0" in town.run("outbox", "run", **folder).out
    waiting = town.run("outbox", "list", "--state", "waiting", "--topic", "webhook", "--json").json
    assert [row["last_error"] for row in waiting] == ["outbox.not_sent: not in the settings"]
    assert town.run("outbox", "list", "--sale", "v-2", "--json").json == []

    assert town.run("outbox", "retry", hook, "--json").json["attempts"] == 0
    refused = town.run("outbox", "retry", sms)
    assert (refused.code, "outbox.not_possible" in refused.err) == (3, True)
    assert "تُركت" in town.run("--lang", "ar", "outbox", "give-up", hook, "--reason", "No ERP").out
    shown = town.run("outbox", "list").out
    assert "given up" in shown
    assert "No ERP" in shown
    assert town.run("outbox", "retry", "99").code == 2
    assert town.run("outbox", "give-up", hook, "--reason", " ").code == 2
