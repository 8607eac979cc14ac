"""Many processes at once on one database: one payment is one sale, whoever answers it, and a meter
takes every token of a minute in which eight counters sold to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from meters.account import Commodity
from meters.errors import RaseedError
from meters.verdicts import TokenResult
from simulators.payment_meter import capabilities
from tests.databases import Postgres, new_place
from tests.system.chances import seeded
from tests.system.everything import MORE_METERS
from tests.system.installation import Answer, Installation
from tests.system.invariants import Witness, check, digits_of, order, settle_and_check
from tests.system.together import Work, at_once
from tests.vending.support import (
    OPERATOR,
    POWER,
    START,
    TEST_KEY,
    SetClock,
    Town,
    request,
    security,
    service,
)
from tokens.sts import (
    AcceptanceState,
    EncryptionAlgorithm,
    KeyAttributes,
    KeyType,
    VendingKey,
    derive_decoder_key,
    judge,
    new_acceptance_state,
    tid_at,
)
from vending.parties import Actor
from vending.sale import SaleReceipt, VendRequest
from vending.store import open_store

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

Orders = Sequence[tuple[Actor, VendRequest]]


def selling(orders: Orders) -> Work:
    """Sells them one by one. For each its digits, or the error's code."""

    def sell(place: Path | str) -> Iterator[list[Any]]:
        made = service(open_store(place, busy_timeout_s=60), SetClock())
        yield []
        told: list[Any] = []
        for actor, asked in orders:
            (answer,) = made.vend_many([(actor, asked)])
            if isinstance(answer, SaleReceipt):
                told.append(digits_of(answer))
            else:
                assert isinstance(answer, RaseedError), answer
                told.append(answer.code)
        yield told

    return sell


def together(place: Path | str, work: Sequence[Orders], folder: Path) -> list[list[Any]]:
    """Each process sells its orders, all at once."""
    return at_once(place, [selling(orders) for orders in work], folder)


@pytest.fixture
def here(place: Path | str) -> Iterator[Town]:
    """A town; its connections are closed, because they are not for children."""
    made = Town(place, more_meters=MORE_METERS)
    made.store.close()
    yield made
    made.store.close()


# One meter

PROCESSES: Final = 8
EACH: Final = 6
"""Sales. A meter remembers fifty TIDs, so that so many in all it takes in any order."""


def meter_of(key: KeyAttributes) -> AcceptanceState:
    """The meter `POWER` as it came from the factory the day before."""
    decoder_key = derive_decoder_key(
        VendingKey(TEST_KEY), key.parameters(EncryptionAlgorithm.EA07, 1), POWER.pan
    )
    made = tid_at(key.base_date, START - timedelta(days=1))
    return new_acceptance_state(decoder_key, key.ref.sgc, key.ref.krn, 1, KeyType.DUTK, 255, made)


def test_eight_processes_sell_to_one_meter_in_one_minute(here: Town, tmp_path: Path) -> None:
    chance = seeded("one meter")
    names = [[f"p{process}-{i}" for i in range(EACH)] for process in range(PROCESSES)]
    work = [[(OPERATOR, request(name)) for name in own] for own in names]
    told = together(here.place, work, tmp_path)

    sold = here.service.sales(OPERATOR, meter=POWER.number, limit=100)
    tokens = [token for receipt in sold for token in receipt.tokens]
    assert sorted(digits for own in told for (digits,) in own) == sorted(t.digits for t in tokens)
    tids = sorted(token.tid for token in tokens)
    assert tids == list(range(tids[0], tids[0] + PROCESSES * EACH))
    assert sorted(receipt.number for receipt in sold) == list(range(1, PROCESSES * EACH + 1))

    (key,) = security().keys()
    chance.shuffle(tokens)
    meter, can = meter_of(key), capabilities(Commodity.ELECTRICITY)
    for token in tokens:
        verdict = judge(meter, can, token.digits, now_s=0)
        assert verdict.result is TokenResult.ACCEPT, token.tid
        meter = verdict.state
    # And none of them a second time.
    for token in tokens:
        assert judge(meter, can, token.digits, now_s=0).result is TokenResult.USED_ERROR
    witness = Witness(dict.fromkeys(name for own in names for name in own))
    for own, answers in zip(names, told, strict=True):
        for name, digits in zip(own, answers, strict=True):
            witness.tell(name, digits)
    check(here.place, here.service, witness)


# One payment


def test_identical_sales_race(here: Town, tmp_path: Path) -> None:
    """Every process sells all of them, each in its own order."""
    chance = seeded("identical sales")
    ids = [f"v-{i}" for i in range(12)]
    orders = [chance.sample(ids, len(ids)) for _ in range(4)]
    told = together(here.place, [[order(vend_id) for vend_id in own] for own in orders], tmp_path)
    witness = Witness(dict.fromkeys(ids))
    for own, answers in zip(orders, told, strict=True):
        for vend_id, digits in zip(own, answers, strict=True):
            witness.tell(vend_id, digits)
    assert settle_and_check(here.place, here.service, witness) == 0


def test_one_id_with_two_amounts_races(here: Town, tmp_path: Path) -> None:
    """Whoever is first has the id; everybody else is refused, and nothing of theirs is there."""
    amounts = ["10", "20", "30", "40"]
    told = together(here.place, [[(OPERATOR, request("v-1", amount=a))] for a in amounts], tmp_path)
    answers = [answer for (answer,) in told]
    assert answers.count("vend.id_reused") == len(amounts) - 1
    first = next(place for place, answer in enumerate(answers) if isinstance(answer, list))
    receipt = here.service.what_became(OPERATOR, "v-1").receipt
    assert [token.digits for token in receipt.tokens] == answers[first]
    assert receipt.quote.tendered == request(amount=amounts[first]).amount
    assert len(here.service.sales(OPERATOR)) == 1


def test_identical_sales_race_through_two_api_processes(
    kind: str, server: Postgres | None, tmp_path: Path
) -> None:
    place = tmp_path / "unused" if server is None else new_place(kind, tmp_path, server)
    here = Installation(tmp_path / "data", place, MORE_METERS)
    witness = Witness()
    with (
        here.serving() as one,
        here.serving() as other,
        ThreadPoolExecutor(4) as pool,
    ):
        for number in range(15):
            vend_id = f"v-{number}"
            witness.ask([vend_id])
            actor, asked = order(vend_id)
            assert actor.point is not None
            tills = [here.caller(api, actor.point) for api in (one, other) * 2]
            answers: list[Answer] = list(
                pool.map(lambda till, asked=asked: till.vend(asked), tills)
            )
            assert sorted(answer.status for answer in answers) == [200, 200, 200, 201]
            for answer in answers:
                witness.tell(vend_id, answer.digits)
    with here.opened() as raseed:
        settle_and_check(here.place, raseed.service, witness)
