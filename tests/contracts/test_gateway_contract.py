"""One contract for every Gateway: the one straight into a meter, the real Modbus driver against
the simulator over TCP, and the same over RTU frames in TCP and on a pseudo-terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from drivers.keeping import Lines
from drivers.modbus import open_payment_meter
from drivers.places import Place, parse_place
from meters.account import Commodity, SupplyState
from meters.gateway import (
    Gateway,
    MeterMismatch,
    MeterUnreachable,
    PushAccepted,
    PushLength,
    PushRefused,
    PushUnknown,
    token_fingerprint,
)
from meters.identity import Drn, NotDigits
from meters.quantities import Energy, Volume
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from simulators.faults import fault_named
from simulators.hosted import HostedMeter
from simulators.payment_meter import LOG_LINES
from simulators.serving.line import Line
from simulators.serving.place import Stand, serve_rtu_on_pty, serve_rtu_over_tcp
from simulators.world import parse_world
from tests.simulators.support import (
    ALIEN_KEY,
    ELECTRICITY,
    MADE,
    WATER,
    Clock,
    Mint,
    key,
    meter_row,
    running,
    world,
)

from .standins import loop_in_thread

TIMEOUT_S = 0.25


@dataclass
class Rig:
    """One meter and a gateway to it, with handles for what goes wrong."""

    gateway: Gateway
    clock: Clock
    lose_reply: Callable[[], None]
    switch_off: Callable[[], None]


Row = dict[str, Any]


@contextmanager
def direct(row: Row, drn: Drn) -> Iterator[Rig]:
    clock = Clock()
    (plan,) = parse_world(world(row)).gateways["north"].meters
    gateway = DirectGateway(plan.build(clock()), drn, clock)

    def lose_reply() -> None:
        gateway.replies_to_lose = 1

    def switch_off() -> None:
        gateway.reachable = False

    yield Rig(gateway, clock, lose_reply, switch_off)


@contextmanager
def modbus(row: Row, drn: Drn) -> Iterator[Rig]:
    clock = Clock()
    with running(world(row), clock) as simulator:
        gateway = open_payment_meter(
            "127.0.0.1", simulator.port, row["unit"], drn, clock, TIMEOUT_S
        )
        hosted = simulator.simulator.meters[Drn(row["drn"])]

        def fault(name: str) -> Callable[[], None]:
            return lambda: simulator.call(lambda: setattr(hosted, "fault", fault_named(name)))

        try:
            yield Rig(gateway, clock, fault("reply_lost"), fault("silent"))
        finally:
            gateway.close()


def on_line(how: str) -> Callable[[Row, Drn], AbstractContextManager[Rig]]:
    @contextmanager
    def made(row: Row, drn: Drn) -> Iterator[Rig]:
        clock = Clock()
        (plan,) = parse_world(world(row)).gateways["north"].meters
        meter = plan.build(clock())
        hosted = HostedMeter(meter, clock)
        line = Line("north")
        line.place(row["unit"], hosted)
        with loop_in_thread() as call:
            serve = serve_rtu_over_tcp if how == "rtu-tcp" else serve_rtu_on_pty
            stand = call(serve(line))
            place = _place(how, stand.address, row["unit"])
            gateway = Lines().payment_gateway(place, drn, clock)

            def fault(name: str) -> Callable[[], None]:
                return lambda: setattr(hosted, "fault", fault_named(name))

            try:
                yield Rig(gateway, clock, fault("reply_lost"), fault("silent"))
            finally:
                gateway.close()
                call(_over(stand))

    return made


def _place(how: str, address: str, unit: int) -> Place:
    if how == "pty":
        return parse_place(f"serial://{address}/{unit}?baud=115200")
    return parse_place(f"rtu-tcp://{address}/{unit}?baud=115200")


async def _over(stand: Stand) -> None:
    stand.close()
    await stand.closed()


Make = Callable[..., Rig]


@pytest.fixture(
    params=[
        pytest.param(direct, id="direct"),
        pytest.param(modbus, id="modbus", marks=pytest.mark.system),
        pytest.param(on_line("rtu-tcp"), id="rtu-tcp", marks=pytest.mark.system),
        pytest.param(on_line("pty"), id="pty", marks=pytest.mark.system),
    ]
)
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """`make(drn=..., **row)`: a rig for a meter with these facts."""
    open_rigs = []

    def build(drn: Drn = ELECTRICITY, real: Drn | None = None, **more: Any) -> Rig:
        manager = request.param(meter_row(3, real or drn, **more), drn)
        rig: Rig = manager.__enter__()
        open_rigs.append(manager)
        return rig

    yield build
    for manager in reversed(open_rigs):
        manager.__exit__(None, None, None)


def test_the_account_of_a_new_meter(make: Make) -> None:
    rig = make(load=1000)
    account = rig.gateway.read_account()
    assert account.commodity is Commodity.ELECTRICITY
    assert account.balance == Energy(0)
    assert account.total_supplied == Energy(0)
    assert not account.supply.output
    assert account.supply.state is SupplyState.DISCONNECTED
    assert account.supply.reasons == {"credit"}
    assert account.tokens_accepted == 0
    assert account.last_result is TokenResult.NONE
    assert account.read_at == rig.clock()
    assert rig.gateway.read_token_log() == []


def test_a_pushed_token_is_credit_that_is_counted_down(make: Make) -> None:
    rig, mint = make(load=1000, credit=500), Mint()
    token = mint.energy(12_300)
    assert rig.gateway.push_token(token) == PushAccepted(TokenResult.ACCEPT)
    account = rig.gateway.read_account()
    assert account.balance == Energy(12_800)
    assert account.supply.output
    assert account.supply.state is SupplyState.CONNECTED
    assert account.supply.reasons == frozenset()
    assert (account.tokens_accepted, account.last_result) == (1, TokenResult.ACCEPT)
    (line,) = rig.gateway.read_token_log()
    assert line.fingerprint == token_fingerprint(token)
    assert (line.result, line.sequence) == (TokenResult.ACCEPT, 1)
    rig.clock.now += timedelta(hours=3)
    account = rig.gateway.read_account()
    assert (account.balance, account.total_supplied) == (Energy(9_800), Energy(3_000))


def test_water_is_in_litres(make: Make) -> None:
    rig = make(WATER, commodity="water", ea="11", load=60)
    mint = Mint(key("11"))
    assert rig.gateway.push_token(mint.water(1_500)) == PushAccepted(TokenResult.ACCEPT)
    rig.clock.now += timedelta(hours=30)
    account = rig.gateway.read_account()
    assert account.commodity is Commodity.WATER
    assert (account.balance, account.total_supplied) == (Volume(0), Volume(1_500))
    assert account.supply.reasons == {"credit"}


@pytest.mark.parametrize(
    ("token", "facts", "result"),
    [
        (lambda m: m.energy(100, tid=MADE), {}, TokenResult.USED_ERROR),
        (lambda m: m.energy(100, tid=MADE - 1), {}, TokenResult.OLD_ERROR),
        (lambda _: Mint(ALIEN_KEY).energy(100), {}, TokenResult.CRC_ERROR),
        (lambda m: m.energy(100), {"ken": 1}, TokenResult.KEY_EXPIRED_ERROR),
        (lambda m: m.energy(100), {"key_type": 1}, TokenResult.DDTK_ERROR),
        (lambda m: m.energy(600), {"capacity": 500}, TokenResult.OVERFLOW_ERROR),
        (lambda m: m.water(100), {}, TokenResult.FUNCTION_ERROR),
        (lambda m: m.power_limit(50_000), {}, TokenResult.RANGE_ERROR),
        (lambda _: "9" * 20, {}, TokenResult.FORMAT_ERROR),
    ],
)
def test_refusals(
    make: Make, token: Callable[[Mint], str], facts: dict[str, Any], result: TokenResult
) -> None:
    rig = make(**facts)
    assert rig.gateway.push_token(token(Mint())) == PushRefused(result)
    account = rig.gateway.read_account()
    assert (account.balance.value, account.tokens_accepted) == (0, 0)
    assert account.last_result is result
    assert [line.result for line in rig.gateway.read_token_log()] == [result]


def test_the_same_token_again_is_used_not_credited(make: Make) -> None:
    rig, token = make(), Mint().energy(500)
    assert rig.gateway.push_token(token) == PushAccepted(TokenResult.ACCEPT)
    assert rig.gateway.push_token(token) == PushRefused(TokenResult.USED_ERROR)
    assert rig.gateway.read_account().balance == Energy(500)
    assert [line.sequence for line in rig.gateway.read_token_log()] == [2, 1]


def test_many_wrong_tokens_lock_the_meter(make: Make) -> None:
    rig, alien = make(), Mint(ALIEN_KEY)
    for _ in range(3):
        assert rig.gateway.push_token(alien.energy(100)) == PushRefused(TokenResult.CRC_ERROR)
    assert rig.gateway.push_token(Mint().energy(100)) == PushRefused(TokenResult.LOCKED_OUT)


def test_the_log_holds_the_latest(make: Make) -> None:
    rig, mint = make(), Mint()
    tokens = [mint.energy(100) for _ in range(LOG_LINES + 1)]
    for token in tokens:
        assert rig.gateway.push_token(token) == PushAccepted(TokenResult.ACCEPT)
    log = rig.gateway.read_token_log()
    assert [line.fingerprint for line in log] == [
        token_fingerprint(token) for token in reversed(tokens[1:])
    ]


def test_a_lost_reply_is_unknown_and_the_log_settles_it(make: Make) -> None:
    rig, token = make(), Mint().energy(500)
    rig.lose_reply()
    outcome = rig.gateway.push_token(token)
    assert isinstance(outcome, PushUnknown)
    assert token not in repr(outcome)
    (line,) = rig.gateway.read_token_log()
    assert (line.fingerprint, line.result) == (token_fingerprint(token), TokenResult.ACCEPT)
    account = rig.gateway.read_account()
    assert (account.balance, account.tokens_accepted) == (Energy(500), 1)


@pytest.mark.parametrize("operation", ["read_account", "read_token_log", "push_token"])
def test_a_meter_that_does_not_answer(make: Make, operation: str) -> None:
    rig = make()
    rig.switch_off()
    arguments = [Mint().energy(500)] if operation == "push_token" else []
    with pytest.raises(MeterUnreachable) as told:
        getattr(rig.gateway, operation)(*arguments)
    assert told.value.meter == ELECTRICITY.number
    assert not any(token in str(told.value) for token in arguments)


@pytest.mark.parametrize("operation", ["read_account", "read_token_log", "push_token"])
def test_another_meter_at_the_address(make: Make, operation: str) -> None:
    rig = make(real=WATER)
    arguments = [Mint().energy(500)] if operation == "push_token" else []
    with pytest.raises(MeterMismatch) as told:
        getattr(rig.gateway, operation)(*arguments)
    assert told.value.facts() == {"expected": ELECTRICITY.number, "found": WATER.number}


@pytest.mark.parametrize("wrong", ["123", "1" * 21, "12345678901234567ab0", ""])
def test_what_is_not_twenty_digits_is_not_sent(make: Make, wrong: str) -> None:
    rig = make()
    with pytest.raises((NotDigits, PushLength)):
        rig.gateway.push_token(wrong)
    assert rig.gateway.read_token_log() == []


def test_digits_as_people_write_them_are_taken(make: Make) -> None:
    rig, digits = make(), Mint().energy(500)
    arabic = digits.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    grouped = " ".join(arabic[i : i + 4] for i in range(0, 20, 4))
    assert rig.gateway.push_token(grouped) == PushAccepted(TokenResult.ACCEPT)
    assert rig.gateway.read_token_log()[0].fingerprint == token_fingerprint(digits)


def test_closing_twice_and_reading_after_is_allowed(make: Make) -> None:
    rig = make(credit=700)
    rig.gateway.close()
    rig.gateway.close()
    assert rig.gateway.read_account().balance == Energy(700)
