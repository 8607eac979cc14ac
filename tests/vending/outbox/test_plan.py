"""What a sale queues, when it is tried again, what it says and what it weighs. Pure."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from meters.values import replace
from tests.vending.support import OPERATOR, POWER, START, WATER, Town, request
from vending.delivery import PATIENCE
from vending.messages import Language
from vending.outbox import (
    BACKOFF,
    LEASE,
    MOST_ATTEMPTS,
    TRANSITIONS,
    MessageState,
    OutboxPlan,
    after_failure,
    dialled,
    messages_of,
)
from vending.sale import KeyToken, SaleKind, SaleReceipt
from vending.sending import secret_bytes, signature, sms_length
from vending.sending.texts import slip_text, sms_text

S = MessageState
ALL = OutboxPlan(True, True, {"P1": "till"}, ("erp", "gis"))


@pytest.fixture(scope="module")
def receipts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SaleReceipt]:
    town = Town(tmp_path_factory.mktemp("plan") / "books.db")
    made = {
        "power": town.service.vend(OPERATOR, request("v-1")),
        "water": town.service.vend(OPERATOR, request("v-2", WATER)),
    }
    town.store.close()
    return made


@pytest.fixture
def receipt(receipts: dict[str, SaleReceipt]) -> SaleReceipt:
    return receipts["power"]


def test_what_a_sale_queues(receipt: SaleReceipt) -> None:
    queued = messages_of(receipt, "+970 599-000 001", ALL)
    assert [(m.key, m.topic.value, m.target) for m in queued] == [
        ("sms:v-1", "sms", "+970599000001"),
        ("print:v-1", "print", "till"),
        ("push:v-1", "push", POWER.number),
        ("webhook:erp:v-1", "webhook", "erp"),
        ("webhook:gis:v-1", "webhook", "gis"),
    ]
    assert {m.subject for m in queued} == {"v-1"}
    assert messages_of(receipt, "+970 599-000 001", ALL) == queued
    assert {m.document for m in queued} == {'{"kind":"credit","receipt":"P1-000001"}'}
    assert receipt.tokens[0].digits not in repr(queued)
    assert messages_of(receipt, "0599000001", OutboxPlan()) == ()


def test_a_terminal_may_have_a_printer_of_its_own(receipt: SaleReceipt) -> None:
    plan = OutboxPlan(printers={"P1": "hall", "P1/T2": "window", "P2/T1": "east"})
    targets = {
        terminal: [
            m.target
            for m in messages_of(
                replace(receipt, seller=replace(receipt.seller, terminal=terminal)), "", plan
            )
        ]
        for terminal in ("T1", "T2", "")
    }
    assert targets == {"T1": ["hall"], "T2": ["window"], "": ["hall"]}
    assert plan.printer_at("P2", "T1") == "east"
    assert plan.printer_at("P2", "T2") is None
    assert plan.printer_at(None, "T2") is None
    # The longest vend id and name still fit the column.
    longest = replace(receipt, vend_id="v" * 64)
    keys = [m.key for m in messages_of(longest, "", OutboxPlan(webhooks=("n" * 20,)))]
    assert max(map(len, keys)) <= 100


@pytest.mark.parametrize(
    ("changes", "phone", "topics"),
    [
        ({}, "", "print push webhook webhook"),
        ({"held": True}, "0599000001", "webhook webhook"),
        ({"kind": SaleKind.ENGINEERING}, "0599000001", "print push webhook webhook"),
        ({"tokens": ()}, "0599000001", "sms print webhook webhook"),
        (
            {"key_tokens": (KeyToken(1, "0" * 20),)},
            "0599000001",
            "sms print push webhook webhook",
        ),
    ],
)
def test_what_some_sales_do_not_queue(
    receipt: SaleReceipt, changes: dict[str, object], phone: str, topics: str
) -> None:
    changed = replace(receipt, **changes)
    queued = messages_of(changed, phone, ALL)
    assert " ".join(m.topic.value for m in queued) == topics
    unreachable = messages_of(changed, phone, ALL, reachable=False)
    assert [m for m in queued if m.topic.value != "push"] == list(unreachable)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0599-000 001", "0599000001"),
        ("٠٥٩٩٠٠٠٠٠١", "0599000001"),
        (" +970 (59) 9000001", "+970599000001"),
        ("123", ""),
        ("", ""),
        ("none", ""),
        # A token that was typed into the wrong field goes nowhere.
        ("12345678901234567890", ""),
    ],
)
def test_numbers_that_a_gateway_dials(typed: str, number: str) -> None:
    assert dialled(typed) == number


def test_backoff_grows_to_a_cap_and_ends() -> None:
    waits = [after_failure(n, START, "x").next_at - START for n in range(1, MOST_ATTEMPTS)]
    assert waits == [*BACKOFF, *[BACKOFF[-1]] * (MOST_ATTEMPTS - 1 - len(BACKOFF))]
    assert list(BACKOFF) == sorted(BACKOFF)
    assert timedelta(days=1) < sum(waits, timedelta(0)) < timedelta(days=2)
    last = after_failure(MOST_ATTEMPTS, START, "x")
    assert (last.state, last.next_at, last.error) == (S.GIVEN_UP, START, "x")
    asked = after_failure(1, START, "x", timedelta(minutes=9))
    assert asked.next_at == START + timedelta(minutes=9)
    assert after_failure(1, START, "x", timedelta(0)).next_at == START + BACKOFF[0]
    assert after_failure(1, START, "x", timedelta(days=9)).next_at == START + timedelta(days=1)
    assert LEASE > PATIENCE


def test_the_table_of_states() -> None:
    assert {(now.value, then.value) for now in S for then in TRANSITIONS[now]} == {
        ("waiting", "sending"),
        ("waiting", "given_up"),
        ("sending", "sending"),
        ("sending", "sent"),
        ("sending", "waiting"),
        ("sending", "given_up"),
        ("given_up", "waiting"),
    }


def test_an_sms_has_the_digits_alone_on_a_line(receipts: dict[str, SaleReceipt]) -> None:
    power, water = receipts["power"], receipts["water"]
    (token,) = power.tokens
    arabic = sms_text(power, Language.ARABIC)
    assert arabic.splitlines() == ["كهرباء 76.8 ك.و.س", f"عداد {POWER.number}", token.digits]
    # One part, although Arabic: no marks that would cost room or show as boxes.
    assert (sms_length(arabic).encoding, sms_length(arabic).parts) == ("ucs2", 1)
    assert sms_length(sms_text(water, Language.ARABIC)).parts == 1
    assert "م3" in sms_text(water, Language.ARABIC)
    english = sms_text(power, Language.ENGLISH)
    assert english.splitlines()[0] == "Electricity 76.8 kWh"
    assert (sms_length(english).encoding, sms_length(english).parts) == ("gsm7", 1)
    keys = (KeyToken(1, "1" * 20), KeyToken(2, "2" * 20))
    with_keys = sms_text(replace(power, key_tokens=keys), Language.ENGLISH).splitlines()
    assert with_keys[2:] == ["Type in this order:", "1" * 20, "2" * 20, token.digits]
    paid = sms_text(replace(power, tokens=()), Language.ARABIC)
    assert paid.splitlines() == ["وصلت دفعة 50.00 ILS", "وصل P1-000001"]


def test_a_slip_keeps_groups_in_order(receipt: SaleReceipt) -> None:
    (token,) = receipt.tokens
    arabic = slip_text(receipt, Language.ARABIC)
    assert f"\n\u2066{token.grouped}\u2069\n" in arabic
    assert "سميرة عواد" in arabic
    english = slip_text(receipt, Language.ENGLISH)
    assert f"\n{token.grouped}\n" in english
    assert "Samira Awwad" in english
    assert "\u2066" not in english


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "gsm7", 0, 1),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        # An escaped character is not cut: 76 of them fill 152 of 153 places.
        ("€" * 153, "gsm7", 306, 3),
        ("ب" * 70, "ucs2", 70, 1),
        ("ب" * 71, "ucs2", 71, 2),
        ("ب" * 134, "ucs2", 134, 2),
        ("ب" * 135, "ucs2", 135, 3),
        ("\U0001f4a7" * 35, "ucs2", 70, 1),
        # Nor is a pair: 33 of them fill 66 of 67 places.
        ("\U0001f4a7" * 67, "ucs2", 134, 3),
        ("`", "ucs2", 1, 1),
    ],
)
def test_parts_of_an_sms(text: str, encoding: str, units: int, parts: int) -> None:
    length = sms_length(text)
    assert (length.encoding, length.units, length.parts) == (encoding, units, parts)


def test_a_signature_is_the_one_of_standardwebhooks() -> None:
    """The example that the implementations of the specification share."""
    secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert signature(
        secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    ) == ("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_c2hvcnQ=", "hunter2hunter2", "whsec_!!!!"])
def test_a_secret_that_is_none_is_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes") as caught:
        secret_bytes(text)
    assert not text or text not in str(caught.value) or text == "whsec_"


def test_a_file_is_written_once_for_its_key(tmp_path: Path) -> None:
    from vending.sending.files import write_once

    write_once(tmp_path / "spool", "print:v:1.txt", b"one\n")
    file = tmp_path / "spool" / "print=v=1.txt"
    assert file.read_text("utf-8") == "one\n"
    assert file.stat().st_mode & 0o777 == 0o600
    # Printed and moved: it does not come back.
    (file.parent / "done").mkdir()
    file.rename(file.parent / "done" / file.name)
    write_once(tmp_path / "spool", "print:v:1.txt", b"one\n")
    assert [path.name for path in file.parent.iterdir()] == ["done"]
