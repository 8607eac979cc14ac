"""Laws of the pure payment meter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.account import Commodity, SupplyState
from meters.gateway import token_fingerprint
from meters.verdicts import TokenResult
from simulators.payment_meter import LOG_LINES, MeterMemory, PaymentMeter
from tokens.sts import (
    BaseDate,
    DecoderKey,
    Dkga,
    EncryptionAlgorithm,
    InitiateMeterTest1,
    KeyParameters,
    KeyType,
    MeterTest,
    encode_token,
    key_change_set,
)

from .support import ALIEN_KEY, MADE, NOW_TID, START, WATER, Clock, Mint, key, make_meter

steps = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 400_000_000_000)),  # microseconds, to 4.6 days
        st.tuples(st.just("credit"), st.integers(0, 50_000)),
        st.tuples(st.just("used"), st.just(0)),
        st.tuples(st.just("clear"), st.sampled_from([0, 0xFFFF])),
        st.tuples(st.just("load"), st.integers(0, 30_000)),
        st.tuples(st.just("tamper"), st.just(0)),
        st.tuples(st.just("mend"), st.just(0)),
        st.tuples(st.just("limit"), st.integers(1, 19_000)),
    ),
    max_size=25,
)


def play(meter: PaymentMeter, clock: Clock, mint: Mint, step: tuple[str, int]) -> None:
    what, number = step
    if what == "wait":
        meter.advance(clock.pass_(microseconds=number))
    elif what == "credit":
        assert meter.enter_token(mint.energy(number), clock()).result is TokenResult.ACCEPT
    elif what == "used" and mint.tid > NOW_TID:
        # The amount differs, the TID is what counts.
        again = meter.enter_token(mint.energy(100, tid=mint.tid), clock()).result
        assert again is TokenResult.USED_ERROR
    elif what == "clear":
        assert meter.enter_token(mint.clear_credit(number), clock()).result.is_taken
    elif what == "load":
        meter.set_load(number, clock())
    elif what == "tamper":
        meter.set_tamper(clock())
    elif what == "mend":
        assert meter.enter_token(mint.clear_tamper(), clock()).result.is_taken
    elif what == "limit":
        assert meter.enter_token(mint.power_limit(number), clock()).result.is_taken


@given(steps=steps, credit=st.integers(0, 20_000), load=st.integers(0, 5_000))
@settings(deadline=None)
def test_credit_is_conserved_and_the_supply_follows_it(
    steps: list[tuple[str, int]], credit: int, load: int
) -> None:
    clock, mint = Clock(), Mint()
    meter = make_meter(clock, credit=credit, load=load)
    for step in steps:
        before = meter.memory
        play(meter, clock, mint, step)
        memory = meter.memory
        assert memory.credited == memory.supplied + memory.balance + memory.cleared
        assert memory.balance >= 0
        assert memory.supplied >= before.supplied
        account = meter.account(clock())
        assert account.supply.output == (not account.supply.reasons)
        assert ("credit" in account.supply.reasons) == (memory.balance == 0)
        assert ("tamper" in account.supply.reasons) == memory.tamper
        if before.balance == 0 and step[0] == "wait":
            assert memory.supplied == before.supplied


@given(
    cuts=st.lists(st.integers(1, 10_000_000_000), min_size=1, max_size=10),
    credit=st.integers(1, 5_000),
    load=st.integers(1, 30_000),
)
@settings(deadline=None)
def test_counting_down_does_not_depend_on_how_often_one_looks(
    cuts: list[int], credit: int, load: int
) -> None:
    often, once = Clock(), Clock()
    watched = make_meter(often, credit=credit, load=load)
    left_alone = make_meter(once, credit=credit, load=load)
    for cut in cuts:
        watched.advance(often.pass_(microseconds=cut))
    left_alone.advance(once.pass_(microseconds=sum(cuts)))
    assert watched.memory == left_alone.memory
    assert list(watched.events) == list(left_alone.events)


def test_the_relay_opens_at_the_moment_credit_is_zero() -> None:
    clock = Clock()
    meter = make_meter(clock, credit=500, load=1000)
    meter.advance(clock.pass_(minutes=29))
    assert meter.memory.balance == 17  # 483.3 Wh drawn, whole ones counted
    assert meter.account(clock()).supply.output
    account = meter.account(clock.pass_(hours=5))
    assert (account.balance.value, account.total_supplied.value) == (0, 500)
    assert account.supply.state is SupplyState.DISCONNECTED
    assert account.supply.reasons == {"credit"}
    assert [(e.kind, e.at) for e in meter.events] == [("supply_off", START + timedelta(minutes=30))]


def test_credit_closes_the_relay_again_and_tamper_keeps_it_open() -> None:
    clock, mint = Clock(), Mint()
    meter = make_meter(clock, load=1000)
    assert not meter.account(clock()).supply.output
    assert meter.enter_token(mint.energy(12_300), clock()).text == "ACCEPT 12.3 kWh"
    assert meter.account(clock()).supply.output
    meter.set_tamper(clock())
    assert meter.account(clock.pass_(hours=1)).balance.value == 12_300
    assert meter.enter_token(mint.clear_tamper(), clock()).text == "ACCEPT"
    assert meter.account(clock.pass_(hours=1)).balance.value == 11_300


def test_water_flows_in_litres() -> None:
    clock, mint = Clock(), Mint(key("11"))
    meter = make_meter(clock, Commodity.WATER, load=60, ea="11")
    assert meter.enter_token(mint.water(1_500), clock()).text == "ACCEPT 1.5 m3"
    account = meter.account(clock.pass_(hours=2))
    assert (str(account.balance), str(account.total_supplied)) == ("1.38 m3", "0.12 m3")
    assert meter.drn == WATER


def test_a_power_limit_interrupts_and_a_smaller_load_returns() -> None:
    clock, mint = Clock(), Mint()
    meter = make_meter(clock, credit=10_000, load=5_000)
    assert meter.enter_token(mint.power_limit(2_000), clock()).text == "ACCEPT 2000 W"
    assert meter.account(clock()).supply.reasons == {"power_limit"}
    meter.set_load(1_500, clock.pass_(hours=1))
    account = meter.account(clock.pass_(hours=1))
    assert account.supply.output
    assert account.total_supplied.value == 1_500


def test_the_head_end_opens_and_releases() -> None:
    clock = Clock()
    meter = make_meter(clock, credit=10_000, load=1_000)
    meter.set_remote_off(True, clock())
    assert meter.account(clock.pass_(hours=1)).supply.reasons == {"remote"}
    meter.set_remote_off(False, clock())
    assert meter.account(clock.pass_(hours=1)).total_supplied.value == 1_000


def test_a_clock_that_steps_back_gives_no_time() -> None:
    clock = Clock()
    meter = make_meter(clock, credit=1_000, load=1_000)
    meter.advance(START + timedelta(minutes=6))
    meter.advance(START)
    meter.advance(START + timedelta(minutes=6))
    assert meter.memory.balance == 900


@pytest.mark.parametrize(
    ("token", "options", "result", "text"),
    [
        (lambda m: m.energy(100, tid=MADE - 1), {}, TokenResult.OLD_ERROR, "OLD"),
        (lambda m: m.energy(100, tid=MADE), {}, TokenResult.USED_ERROR, "USED"),
        (lambda _: Mint(ALIEN_KEY).energy(100), {}, TokenResult.CRC_ERROR, "CRC"),
        (lambda m: m.energy(100), {"ken": 1}, TokenResult.KEY_EXPIRED_ERROR, "KEY EXPIRED"),
        (lambda m: m.energy(600), {"capacity": 500}, TokenResult.OVERFLOW_ERROR, "OVERFLOW"),
        (lambda m: m.energy(1), {"key_type": KeyType.DDTK}, TokenResult.DDTK_ERROR, "DDTK"),
        (lambda m: m.water(100), {}, TokenResult.FUNCTION_ERROR, "FUNCTION"),
        (lambda m: m.power_limit(50_000), {}, TokenResult.RANGE_ERROR, "RANGE"),
        (lambda m: m.clear_credit(1), {}, TokenResult.RANGE_ERROR, "RANGE"),
        (lambda _: "9" * 20, {}, TokenResult.FORMAT_ERROR, "FORMAT"),
    ],
)
def test_refusals_change_nothing_but_the_log(
    token: object, options: dict[str, object], result: TokenResult, text: str
) -> None:
    clock = Clock()
    meter = make_meter(clock, **options)  # type: ignore[arg-type]
    digits = token(Mint())  # type: ignore[operator]
    entry = meter.enter_token(digits, clock())
    assert (entry.result, entry.text) == (result, text)
    memory = meter.memory
    assert (memory.balance, memory.tokens_accepted, memory.last_result) == (0, 0, result)
    assert memory.acceptance.tids == make_meter(clock).memory.acceptance.tids
    assert memory.log[0].fingerprint == token_fingerprint(digits)


def test_a_refused_clear_credit_may_come_again_for_the_right_register() -> None:
    clock, mint = Clock(), Mint()
    meter = make_meter(clock, credit=700)
    assert meter.enter_token(mint.clear_credit(1), clock()).result is TokenResult.RANGE_ERROR
    mint.tid -= 1
    assert meter.enter_token(mint.clear_credit(0), clock()).result is TokenResult.ACCEPT
    assert (meter.memory.balance, meter.memory.cleared) == (0, 700)


def test_display_tokens_show_the_meters_own_values() -> None:
    clock = Clock()
    meter = make_meter(clock, credit=700)

    def shown(control: int) -> str:
        token = encode_token(InitiateMeterTest1(control=control), None)
        return meter.enter_token(token, clock()).text

    assert shown(MeterTest.SUPPLY_GROUP_CODE) == "ACCEPT SGC 123457"
    assert shown(MeterTest.LOAD_SWITCH | MeterTest.TARIFF_INDEX) == "ACCEPT SUPPLY ON; TI 01"
    assert shown(MeterTest.TARIFF_RATE) == "ACCEPT"
    everything = shown((1 << 36) - 1)
    for part in ("KRN 1", "KEN 255", "EA 07", f"DRN {meter.drn}", "LIMIT NONE", "TAMPER NO"):
        assert part in everything


def test_the_log_keeps_the_latest_ten_newest_first() -> None:
    clock, mint = Clock(), Mint()
    meter = make_meter(clock)
    tokens = [mint.energy(100) for _ in range(LOG_LINES + 2)]
    for token in tokens:
        meter.enter_token(token, clock())
    log = meter.memory.log
    assert [line.sequence for line in log] == list(range(12, 2, -1))
    assert log[0].fingerprint == token_fingerprint(tokens[-1])


@pytest.mark.parametrize(
    ("ea", "three", "count"), [("07", False, 2), ("07", True, 3), ("11", 0, 4)]
)
def test_a_key_change_set_in_any_order_swaps_the_key(ea: str, three: bool, count: int) -> None:
    clock, mint = Clock(), Mint(key(ea))
    meter = make_meter(clock, credit=100, ea=ea)
    algorithm = EncryptionAlgorithm(ea)
    new_key = DecoderKey(algorithm, bytes(range(100, 100 + algorithm.key_bytes)))
    dkga = Dkga.DKGA04
    new = KeyParameters(dkga, algorithm, KeyType.DUTK, "654321", 7, 2, 200, BaseDate.BASE_2014)
    tokens = [mint.of(s) for s in key_change_set(new_key, new, ro=False, three_tokens=three)]
    assert len(tokens) == count
    results = [meter.enter_token(token, clock()).result for token in reversed(tokens)]
    assert results[-1] is TokenResult.ACCEPT
    assert all(result.is_taken for result in results)
    state = meter.memory.acceptance
    assert (state.krn, state.ti, state.ken) == (2, 7, 200)
    assert state.sgc == (None if count == 2 else "654321")
    assert meter.memory.balance == 100
    assert meter.enter_token(mint.energy(100), clock()).result is TokenResult.CRC_ERROR
    assert meter.enter_token(Mint(new_key).energy(100), clock()).result.is_taken


def test_what_cannot_be_stored_is_not_accepted() -> None:
    clock, mint = Clock(), Mint()
    kept: list[MeterMemory] = []
    full = True

    def keep(memory: MeterMemory) -> None:
        if full:
            raise OSError("no space")
        kept.append(memory)

    meter = make_meter(clock, keep=keep)
    token = mint.energy(500)
    with pytest.raises(OSError, match="no space"):
        meter.enter_token(token, clock())
    assert (meter.memory.balance, meter.memory.sequence) == (0, 0)
    full = False
    assert meter.enter_token(token, clock()).result is TokenResult.ACCEPT
    assert kept == [meter.memory]
    # A power cut later: the stored memory is the whole meter.
    again = PaymentMeter(meter.drn, meter.commodity, kept[-1], clock.pass_(days=1))
    assert again.enter_token(token, clock()).result is TokenResult.USED_ERROR
    assert again.memory.balance == 500


def test_secrets_are_not_shown() -> None:
    clock, mint = Clock(), Mint()
    meter = make_meter(clock)
    token = mint.energy(500)
    meter.enter_token(token, clock())
    shown = repr(meter.memory) + repr(meter) + repr(list(meter.events))
    assert token not in shown
    assert "0123456789abcdef" not in shown


def test_a_meter_with_many_wrong_tokens_locks_and_opens_with_time() -> None:
    clock, mint = Clock(), Mint()
    meter = make_meter(clock)
    alien = Mint(ALIEN_KEY)
    results = [meter.enter_token(alien.energy(100), clock()).result for _ in range(4)]
    assert results[-1] is TokenResult.LOCKED_OUT
    good = mint.energy(100)
    assert meter.enter_token(good, clock()).result is TokenResult.LOCKED_OUT
    assert meter.enter_token(good, clock.pass_(hours=1)).result is TokenResult.ACCEPT
