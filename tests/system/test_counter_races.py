"""Two want the same at once, from processes of their own and on both databases: a deposit is spent
once, a shift is closed on all that was sold in it, a sale is taken back or handed over, and a quote
holds for the first who names it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any, Final

import pytest

from meters.account import Commodity
from meters.errors import RaseedError
from meters.quantities import Money
from simulators.direct import DirectGateway
from simulators.payment_meter import MeterMemory, PaymentMeter, capabilities
from tests.databases import Postgres, new_place
from tests.system.desks import PIECES, WHY, actor_at, count_of
from tests.system.everything import (
    CHIEF,
    METERS,
    SHIFTS_AT,
    Office,
    key_records,
    new_office,
    office,
)
from tests.system.installation import Caller, Installation
from tests.system.invariants import broken_rules
from tests.system.together import Work, at_once
from tests.vending.support import ADMIN, OPERATOR, POWER, SGC, START, TECHNICIAN, request
from tokens.sts import (
    BaseDate,
    EncryptionAlgorithm,
    KeyType,
    derive_decoder_key,
    new_acceptance_state,
    tid_at,
)
from vending.aftersale import SaleState
from vending.operators import Operator, Settlement
from vending.requests import BasketRequest, Credit
from vending.sold import SaleVoided
from vending.voids import NotProved, TokenTaken

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


@pytest.fixture
def books(place: Path | str) -> Path | str:
    """Everything prepared, and nobody connected: connections are not for children."""
    new_office(place).close()
    return place


def working(act: Callable[[Office], Any]) -> Work:
    """A process over these books."""

    def run(place: Path | str) -> Iterator[Any]:
        made = office(place)
        yield None
        yield act(made)

    return run


def code_of(act: Callable[[], object]) -> str:
    """The code of what it was refused for; empty if it was done."""
    try:
        act()
    except RaseedError as error:
        return error.code
    return ""


def right(made: Office) -> None:
    """The rules, and the product's own proofs."""
    assert broken_rules_of(made) == {}
    report = made.service.verify(ADMIN)
    assert report.ok, report.problem
    accounts = made.accounts.verify_accounts(ADMIN)
    assert accounts.ok, accounts.problems


def broken_rules_of(made: Office) -> dict[str, list[Any]]:
    url = made.store.engine.url
    place = (
        Path(str(url.database))
        if url.get_backend_name() == "sqlite"
        else url.render_as_string(hide_password=False)
    )
    return broken_rules(place, planned=True)


# A deposit

AVAILABLE: Final = 10_000
EACH: Final = 1_500
FIT: Final = AVAILABLE // EACH
SPENDER: Final = replace(OPERATOR, name="api:spender", point="P2")
SPENDS: Final = Operator("spender", "منفق", "Spender", Settlement.DEPOSIT, AVAILABLE)


def test_one_deposit_is_spent_from_two_terminals(books: Path | str, tmp_path: Path) -> None:
    made = office(books)
    made.operators.register(ADMIN, SPENDS)
    made.close()

    def spending(number: int) -> Work:
        def spend(made: Office) -> list[str]:
            door = ("api:spender", "cli:Spender")[number % 2]
            seat = replace(SPENDER, name=door, terminal=f"T{number % 2}")
            asked = [
                (seat, request(f"p{number}-{i}", METERS[number], Money(EACH).to_text()))
                for i in range(FIT)
            ]
            # Half of them in one batch, as the API sells them.
            answers = [made.service.vend_many([one])[0] for one in asked[: FIT // 2]]
            answers += made.service.vend_many(asked[FIT // 2 :])
            return [one.code if isinstance(one, RaseedError) else "" for one in answers]

        return working(spend)

    told = at_once(books, [spending(number) for number in range(4)], tmp_path)
    codes = [code for own in told for code in own]
    assert codes.count("") == FIT
    assert codes.count("operator.float_used_up") == 4 * FIT - FIT
    made = office(books)
    left = made.operators.float_of(ADMIN, SPENDER.name)
    assert left.available == Money(AVAILABLE - FIT * EACH)
    # What is left still buys what fits, to the agora.
    rest = Money(AVAILABLE - FIT * EACH)
    made.service.vend(replace(SPENDER, terminal="T0"), request("rest", POWER, rest.to_text()))
    assert made.operators.float_of(ADMIN, SPENDER.name).available == Money(0)
    right(made)
    made.close()


def test_one_deposit_is_spent_through_two_api_processes(
    kind: str, server: Postgres | None, tmp_path: Path
) -> None:
    place = tmp_path / "unused" if server is None else new_place(kind, tmp_path, server)
    here = Installation(
        tmp_path / "data", place, seats={"spender": replace(SPENDER, name="spender", terminal="T5")}
    )
    with here.opened() as raseed:
        raseed.operators.register(ADMIN, SPENDS)
    with here.serving() as one, here.serving() as other, ThreadPoolExecutor(6) as pool:

        def spend(number: int) -> tuple[int, str]:
            api = (one, other)[number % 2]
            asked = request(f"v-{number}", POWER, Money(EACH).to_text())
            answer = Caller(api.port, here.keys["spender"]).vend(asked)
            return answer.status, str(answer.body.get("code"))

        answers = list(pool.map(spend, range(3 * FIT)))
    assert [status for status, _ in answers].count(201) == FIT
    assert {code for status, code in answers if status != 201} == {"operator.float_used_up"}
    with here.opened() as raseed:
        left = raseed.operators.float_of(ADMIN, SPENDER.name).available
        assert left == Money(AVAILABLE - FIT * EACH)
        assert raseed.service.verify(ADMIN).ok
    assert broken_rules(here.place) == {}


# A shift

CLERKS: Final = ("clerk-1", "clerk-2", "clerk-3", "clerk-4")
MOST: Final = 5_000
"""Sales, before it is said that nobody closes."""


def test_shifts_are_closed_while_four_terminals_sell(books: Path | str, tmp_path: Path) -> None:
    """Every sale that was answered is in its Z report, and none comes behind it."""

    def selling(clerk: str) -> Work:
        def sell(made: Office) -> list[str]:
            actor = actor_at(clerk)
            made.drawers.open(actor, f"shift-{clerk}", Money(10_000))
            told: list[str] = []
            for number in range(MOST):
                asked = request(f"{clerk}-{number}", METERS[number % len(METERS)], "40.00")
                code = code_of(partial(made.service.vend, actor, asked))
                told.append(code)
                if code:
                    break
            return told

        return working(sell)

    def closing(made: Office) -> list[int]:
        """Each once three sales are in it."""
        boss = replace(CHIEF, point=SHIFTS_AT)
        counted = []
        for clerk in CLERKS:
            shift = f"shift-{clerk}"
            while code_of(partial(made.drawers.shift, boss, shift)):
                time.sleep(0.002)
            while made.drawers.x(boss, shift).tally.sales < 3:
                time.sleep(0.002)
            counted.append(made.drawers.close(boss, count_of(PIECES), shift).tally.sales)
        return counted

    *told, counted = at_once(
        books, [*(selling(clerk) for clerk in CLERKS), working(closing)], tmp_path
    )
    for own in told:
        assert own[-1] == "shift.needed"
        assert set(own[:-1]) == {""}
        assert len(own) > 3
    assert sorted(counted) == sorted(len(own) - 1 for own in told)
    made = office(books)
    right(made)
    made.close()


# A sale that is taken back

SALES: Final = 8


def _hold(made: Office, vend_id: str, meter: int = 0) -> None:
    basket = BasketRequest(vend_id, (Credit(METERS[meter].number, Money(5_000)),), hold=True)
    made.service.vend_basket(OPERATOR, basket)


def test_voids_of_one_sale_race(books: Path | str, tmp_path: Path) -> None:
    ids = [f"v-{number}" for number in range(SALES)]
    made = office(books)
    for number, vend_id in enumerate(ids):
        _hold(made, vend_id, number % len(METERS))
    made.close()

    def void(made: Office) -> list[int]:
        return [made.service.void(OPERATOR, vend_id, WHY).entry for vend_id in ids]

    told = at_once(books, [working(void)] * 4, tmp_path)
    assert all(own == told[0] for own in told)
    assert len(set(told[0])) == SALES
    made = office(books)
    right(made)
    made.close()


def test_void_and_showing_race(books: Path | str, tmp_path: Path) -> None:
    """Whoever sees the digits, nobody takes the sale back as not shown, and the other way round."""
    ids = [f"v-{number}" for number in range(SALES)]
    made = office(books)
    for number, vend_id in enumerate(ids):
        _hold(made, vend_id, number % len(METERS))
    made.close()

    def each(act: Callable[[Office, str], object]) -> Work:
        return working(lambda made: {v: code_of(partial(act, made, v)) for v in ids})

    shown, voided = at_once(
        books,
        [
            each(lambda made, v: made.service.show(OPERATOR, v)),
            each(lambda made, v: made.service.void(OPERATOR, v, WHY)),
        ],
        tmp_path,
    )
    refused = {"void.not_proved", "void.meter_unreachable"}
    for vend_id in ids:
        outcome = shown[vend_id], voided[vend_id]
        assert outcome == ("vend.voided", "") or (outcome[0] == "" and outcome[1] in refused)
    made = office(books)
    right(made)
    made.close()


# A quote


def test_two_quotes_for_one_meter_race(books: Path | str, tmp_path: Path) -> None:
    """And one quote that two sales name: the first has it, the second is told what has changed."""
    made = office(books)
    for number, meter in enumerate(METERS):
        for name in ("a", "b", "same"):
            made.service.bind(OPERATOR, meter.number, Money(5_000), (), f"{number}-{name}")
    made.close()

    def buying(name: str, other: str) -> Work:
        def buy(made: Office) -> list[str]:
            told = []
            for number, meter in enumerate(METERS):
                quote = f"{number}-{other if number % 2 else name}"
                basket = BasketRequest(
                    f"v-{name}-{number}", (Credit(meter.number, Money(5_000), quote),)
                )
                told.append(code_of(lambda b=basket: made.service.vend_basket(OPERATOR, b)))  # type: ignore[misc]
            return told

        return working(buy)

    one, other = at_once(books, [buying("a", "same"), buying("b", "same")], tmp_path)
    for pair in zip(one, other, strict=True):
        assert sorted(pair) == ["", "quote.changed"]
    made = office(books)
    right(made)
    made.close()


# A token on its way to the meter


@dataclass
class Line:
    """The meter `POWER` on a line of its own."""

    made: Office
    meter: PaymentMeter


@pytest.fixture
def line(place: Path | str) -> Iterator[Line]:
    made = new_office(place)
    secret, attributes = key_records()[0].secret, key_records()[0].attributes
    key = derive_decoder_key(secret, attributes.parameters(EncryptionAlgorithm.EA07, 1), POWER.pan)
    born = tid_at(BaseDate.BASE_2014, START - timedelta(days=30))
    memory = MeterMemory(new_acceptance_state(key, SGC, 1, 1, KeyType.DUTK, 255, born))
    can = capabilities(Commodity.ELECTRICITY, 10**9)
    meter = PaymentMeter(POWER, Commodity.ELECTRICITY, memory, START, load=0, can=can)
    gateway = DirectGateway(meter, POWER, made.clock)
    yield Line(Office(made.store, made.clock, lambda _: gateway), meter)
    made.close()


def test_void_and_delivery_race(line: Line) -> None:
    """Both look at the meter outside of any transaction; it takes the token, or the sale is taken
    back, never both."""
    made, delivered = line.made, 0
    for number in range(20):
        vend_id = f"v-{number}"
        made.service.vend(OPERATOR, request(vend_id))
        barrier = Barrier(2)

        def at_the_barrier(act: Callable[[], object], barrier: Barrier = barrier) -> object:
            barrier.wait(10)
            try:
                return act()
            except RaseedError as error:
                return error

        with ThreadPoolExecutor(2) as pool:
            void = pool.submit(
                at_the_barrier,
                lambda v=vend_id: made.service.void(CHIEF, v, WHY),  # type: ignore[misc]
            )
            push = pool.submit(
                at_the_barrier,
                partial(made.service.deliver, TECHNICIAN, vend_id),
            )
            voided, pushed = void.result(30), push.result(30)
        status = made.service.what_became(ADMIN, vend_id)
        if status.void is None:
            assert isinstance(voided, NotProved | TokenTaken), voided
            assert status.delivery.state is SaleState.DELIVERED
            delivered += status.receipt.quote.quantity.value
        else:
            assert isinstance(pushed, SaleVoided), pushed
            assert status.delivery.state is SaleState.ISSUED
    # What the meter got is what was delivered, and not a unit more.
    assert line.meter.memory.credited == delivered
    right(made)
