"""A meter's token log held against the books: what it took that was made somewhere else, and what
it took although the money was given back; on both databases, and through the real driver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meters.account import TokenLogEntry
from meters.gateway import token_fingerprint
from meters.identity import Drn
from meters.quantities import Money
from meters.verdicts import TokenResult
from tests.vending.cli.support import shell
from tests.vending.counter.test_evidence import CHIEF, WHY, P, Rig, plan, rig
from tests.vending.support import OPERATOR, POWER, TECHNICIAN, WATER, Town, request
from tests.vending.web.support import Api, api_with_meters
from vending.meterlog import TokenOfMeter, held_against
from vending.parties import Actor, MeterUnknown, Role
from vending.permissions import ActorNotAllowed
from vending.requests import BasketRequest, Credit
from vending.service import VendingService

__all__ = ["rig"]


@pytest.fixture
def elsewhere(rig: Rig, tmp_path: Path) -> Iterator[VendingService]:
    """Somebody who has the town's vending key, and sells by books of their own."""
    own = Town(tmp_path / "elsewhere.db")
    own.clock.now = rig.town.clock()  # another minute, another TID
    own.clock.forward(minutes=7)
    yield own.with_(security=rig.service.ports.security)
    own.store.close()


def digits(service: VendingService, vend_id: str) -> list[str]:
    receipt = service.reprint(OPERATOR, vend_id)
    return [token.digits for token in receipt.key_tokens] + [receipt.tokens[-1].digits]


def test_each_line_is_told_with_its_sale(rig: Rig) -> None:
    plan(rig, 2)
    rig.sell("v-1")
    rig.town.clock.forward(minutes=2)
    rig.sell("v-2")
    for one in (*digits(rig.service, "v-1"), *digits(rig.service, "v-2")):
        assert rig.type_in(one).is_taken
    assert not rig.type_in("1" * 20).is_taken
    told = rig.service.token_log(TECHNICIAN, P)
    assert told.meter == P
    assert [(one.vend_id, one.kind) for one in told.lines] == [
        (None, None),
        ("v-2", "credit_electricity"),
        ("v-1", "credit_electricity"),
        ("v-1", "key_change_2"),
        ("v-1", "key_change_1"),
    ]
    assert [one.entry.sequence for one in told.lines] == [5, 4, 3, 2, 1]
    assert told.odd == (), "what a meter refused may be a slip of whoever typed"


def test_what_was_made_somewhere_else_is_told(rig: Rig, elsewhere: VendingService) -> None:
    rig.sell("v-1")
    (own,) = digits(rig.service, "v-1")
    elsewhere.vend(OPERATOR, request("ghost", amount="60.00"))
    (foreign,) = digits(elsewhere, "ghost")
    for one in (own, foreign):
        assert rig.type_in(one) is TokenResult.ACCEPT
    told = rig.service.token_log(TECHNICIAN, P)
    assert [one.is_foreign for one in told.lines] == [True, False]
    assert told.odd == told.lines[:1]
    assert told.lines[0].entry.fingerprint == token_fingerprint(foreign)


def test_a_token_of_another_meter_is_not_this_ones(rig: Rig) -> None:
    rig.sell("v-1")
    rig.service.vend(OPERATOR, request("w-1", WATER))
    (water,) = digits(rig.service, "w-1")
    rig.type_in(water)
    (line,) = rig.service.token_log(TECHNICIAN, P).lines
    assert (line.vend_id, line.is_foreign) == (None, False)


def test_what_was_used_though_its_money_went_back_is_told(rig: Rig) -> None:
    ask = Credit(P, Money.from_text("50.00"))
    rig.service.vend_basket(OPERATOR, BasketRequest("v-1", (ask,), hold=True))
    rig.service.void(OPERATOR, "v-1", WHY)
    with rig.town.store.reading() as books:
        (token,) = books.tokens_of(P)
    assert token == TokenOfMeter("v-1", "credit_electricity", token.digits, True)
    assert token.digits not in repr(token)
    rig.type_in(token.digits)
    told = rig.service.token_log(TECHNICIAN, P)
    (line,) = told.odd
    assert (line.vend_id, line.is_foreign, line.is_taken_all_the_same) == ("v-1", False, True)


def test_a_refund_leaves_the_units_with_the_customer(rig: Rig) -> None:
    rig.sell("v-1")
    rig.service._voiding.refund(CHIEF, "v-1", "Rana", WHY, "APP-1")
    (own,) = digits(rig.service, "v-1")
    rig.type_in(own)
    told = rig.service.token_log(TECHNICIAN, P)
    assert [(one.vend_id, one.taken_back) for one in told.lines] == [("v-1", False)]
    assert told.odd == ()


def test_who_may_look(rig: Rig) -> None:
    for role in (Role.OPERATOR, Role.AUDITOR):
        with pytest.raises(ActorNotAllowed):
            rig.service.token_log(Actor("Somebody", role, "P1", "T1"), P)
    with pytest.raises(MeterUnknown):
        rig.service.token_log(TECHNICIAN, Drn.from_serial("01", 77).number)


def test_no_line_is_of_a_sale_whose_digits_are_others() -> None:
    tokens = [TokenOfMeter(f"v-{n}", "credit", f"{n:020d}", taken_back=n == 2) for n in (1, 2)]
    log = [
        TokenLogEntry(token_fingerprint(f"{n:020d}"), result, sequence)
        for n, result, sequence in (
            (3, TokenResult.ACCEPT, 9),
            (2, TokenResult.USED_ERROR, 8),
            (2, TokenResult.ACCEPT, 7),
            (1, TokenResult.ACCEPT, 6),
        )
    ]
    told = held_against(log, tokens)
    assert [one.vend_id for one in told] == [None, "v-2", "v-2", "v-1"]
    assert [one.is_foreign for one in told] == [True, False, False, False]
    assert [one.is_taken_all_the_same for one in told] == [False, False, True, False]
    assert held_against([], tokens) == ()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_with_meters(tmp_path) as running:
        yield running


@pytest.mark.system
def test_through_the_real_driver_over_the_api_and_at_the_command_line(
    api: Api, tmp_path: Path
) -> None:
    api.vend()
    assert api.post("/vends/v-1/delivery").json()["state"] == "delivered"
    path = f"/meters/{POWER}/token-log"
    (line,) = api.get(path).json()["lines"]
    assert (line["vend_id"], line["result"], line["is_foreign"]) == ("v-1", "ACCEPT", False)
    town = shell(tmp_path)
    told = town.run("meter", "token-log", POWER.number)
    assert (told.code, "v-1" in told.out) == (0, True), told.err

    own = Town(tmp_path / "elsewhere.db")
    own.clock.now = api.clock()
    own.clock.forward(minutes=7)
    own.service.vend(OPERATOR, request("ghost"))
    (foreign,) = digits(own.service, "ghost")
    own.store.close()
    assert api.meters is not None
    hosted = api.meters.simulator.meters[POWER]
    now = own.clock()
    assert api.meters.call(lambda: hosted.meter.enter_token(foreign, now)).result.is_taken
    answer = api.get(path)
    assert (answer.status_code, answer.json()["odd"]) == (200, 1)
    assert [one["is_foreign"] for one in answer.json()["lines"]] == [True, False]
    told = town.run("meter", "token-log", POWER.number)
    assert told.code == 70
    assert "not in the books" in told.out
    assert "[meter.log_differs]" in told.err
    assert foreign not in told.out + told.err + answer.text
    told = town.run("--lang", "ar", "meter", "token-log", POWER.number)
    assert "صُنع في مكان آخر" in told.out
