"""The meter's side: each verdict, the TID store, key changes, lock-out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.identity import MeterPan
from meters.quantities import Energy, Power
from meters.verdicts import TokenResult
from tests.tokens.strategies import EA07, EA11, decoder_keys
from tokens.sts import (
    AcceptanceState,
    BaseDate,
    ClearCredit,
    ClearTamperCondition,
    DecoderKey,
    Dkga,
    EncryptionAlgorithm,
    InitiateMeterTest1,
    KeyParameters,
    KeyType,
    MeterCapabilities,
    SetMaximumPowerLimit,
    SetTariffRate,
    Token,
    TransferCreditElectricity,
    TransferCurrencyElectricity,
    VendingKey,
    Verdict,
    derive_decoder_key,
    encode_token,
    judge,
    key_change_set,
    kinds,
    new_acceptance_state,
    tid_at,
)
from tokens.sts.acceptance import KEY_CHANGE_TIMEOUT_S, STORED_TIDS, lock_s

KEY = DecoderKey(EA07, bytes.fromhex("e653341f9d5bf36f"))
MADE = tid_at(BaseDate.BASE_2014, datetime(2026, 1, 1, tzinfo=UTC))
CAPS = MeterCapabilities(
    kinds=frozenset(kinds()) - {SetTariffRate},
    capacity={TransferCreditElectricity: 1_000_000, TransferCurrencyElectricity: 10**9},
    max_power_w=20_000,
    manufacturer_code=7,
)


def fresh(
    key: DecoderKey = KEY, key_type: KeyType = KeyType.DUTK, ken: int = 255
) -> AcceptanceState:
    return new_acceptance_state(key, "123456", 1, 1, key_type, ken, MADE)


def credit(wh: int, minute: int, rnd: int = 0) -> TransferCreditElectricity:
    return TransferCreditElectricity(amount=Energy(wh), tid=MADE + minute, rnd=rnd)


def enter(state: AcceptanceState, token: Token, now_s: int = 0, held: int = 0) -> Verdict:
    return judge(state, CAPS, encode_token(token, KEY), now_s, held)


def test_accepts_once() -> None:
    first = enter(fresh(), credit(1000, 5))
    assert first.result is TokenResult.ACCEPT
    assert first.token == credit(1000, 5)
    again = enter(first.state, credit(1000, 5))
    assert again.result is TokenResult.USED_ERROR
    assert again.token is None
    assert again.state.tids == first.state.tids


def test_same_minute_other_token_is_used() -> None:
    first = enter(fresh(), credit(1000, 5))
    assert enter(first.state, credit(2000, 5, rnd=3)).result is TokenResult.USED_ERROR


def test_older_than_the_meter_is_old() -> None:
    assert enter(fresh(), credit(1000, -1)).result is TokenResult.OLD_ERROR
    assert enter(fresh(), credit(1000, 0)).result is TokenResult.USED_ERROR


@pytest.mark.parametrize(
    ("later", "expected"), [(49, TokenResult.ACCEPT), (50, TokenResult.OLD_ERROR)]
)
def test_out_of_order_is_fine_below_fifty(later: int, expected: TokenResult) -> None:
    state = fresh()
    for minute in range(100, 100 + later):
        state = enter(state, credit(100, minute)).state
    assert enter(state, credit(100, 50)).result is expected


@given(st.permutations(range(1, 40)))
def test_any_order_of_fewer_than_fifty_is_accepted(minutes: list[int]) -> None:
    state = fresh()
    for minute in minutes:
        verdict = enter(state, credit(100, minute))
        assert verdict.result is TokenResult.ACCEPT
        state = verdict.state
    assert len(state.tids) == STORED_TIDS
    assert list(state.tids) == sorted(state.tids)


@given(st.lists(st.integers(0, 120), max_size=150))
def test_no_token_is_ever_taken_twice(minutes: list[int]) -> None:
    state, taken = fresh(), []
    for minute in minutes:
        verdict = enter(state, credit(100, minute))
        state = verdict.state
        if verdict.result is TokenResult.ACCEPT:
            taken.append(minute)
    assert len(taken) == len(set(taken))


def test_expired_key() -> None:
    top = MADE >> 16
    assert enter(fresh(ken=top), credit(1000, 5)).result is TokenResult.ACCEPT
    assert enter(fresh(ken=top - 1), credit(1000, 5)).result is TokenResult.KEY_EXPIRED_ERROR


def test_default_key_takes_management_but_no_credit() -> None:
    state = fresh(key_type=KeyType.DDTK)
    assert enter(state, credit(1000, 5)).result is TokenResult.DDTK_ERROR
    tamper = ClearTamperCondition(value=0, tid=MADE + 5, rnd=0)
    assert enter(state, tamper).result is TokenResult.ACCEPT


def test_full_register_refuses_and_keeps_the_token_good() -> None:
    state = fresh()
    over = enter(state, credit(1000, 5), held=999_500)
    assert over.result is TokenResult.OVERFLOW_ERROR
    assert enter(over.state, credit(1000, 5), held=999_000).result is TokenResult.ACCEPT


def test_limit_outside_the_meter() -> None:
    token = SetMaximumPowerLimit(limit=Power(30_000), tid=MADE + 1, rnd=0)
    assert enter(fresh(), token).result is TokenResult.RANGE_ERROR


@pytest.mark.parametrize(
    ("register", "expected"),
    [
        (0, TokenResult.ACCEPT),
        (4, TokenResult.ACCEPT),
        (0xFFFF, TokenResult.ACCEPT),
        (1, TokenResult.RANGE_ERROR),
        (99, TokenResult.RANGE_ERROR),
    ],
)
def test_clear_credit_of_a_register_the_meter_has(register: int, expected: TokenResult) -> None:
    verdict = enter(fresh(), ClearCredit(value=register, tid=MADE + 1, rnd=0))
    assert verdict.result is expected
    assert (MADE + 1 in verdict.state.tids) == (expected is TokenResult.ACCEPT)


def test_unsupported_kind() -> None:
    token = SetTariffRate(value=1, tid=MADE + 1, rnd=0)
    assert enter(fresh(), token).result is TokenResult.FUNCTION_ERROR


def test_display_tokens_are_for_every_meter_or_one_maker() -> None:
    for code, expected in (
        (0, TokenResult.ACCEPT),
        (7, TokenResult.ACCEPT),
        (8, TokenResult.MFR_CODE_ERROR),
    ):
        token = InitiateMeterTest1(control=1, manufacturer_code=code)
        verdict = enter(fresh(), token)
        assert verdict.result is expected
        assert verdict.state.tids == fresh().tids


@pytest.mark.parametrize("digits", ["", "123", "x" * 20, "9" * 20, "٢" * 20])
def test_what_is_no_token_is_a_format_error(digits: str) -> None:
    assert judge(fresh(), CAPS, digits, 0).result is TokenResult.FORMAT_ERROR


def test_lock_out_doubles_and_ends() -> None:
    assert [lock_s(n) for n in (0, 2, 3, 4, 5, 9, 10, 11, 1000)] == [
        0, 0, 10, 20, 40, 640, 1280, 1280, 1280,
    ]  # fmt: skip
    state, wrong = fresh(), "00000000000000000000"
    wrong = encode_token(credit(100, 1), DecoderKey(EA07, b"12345678"))
    now = 0
    for _ in range(3):
        verdict = judge(state, CAPS, wrong, now)
        assert verdict.result is TokenResult.CRC_ERROR
        state = verdict.state
    good = encode_token(credit(100, 1), KEY)
    assert judge(state, CAPS, good, 9).result is TokenResult.LOCKED_OUT
    opened = judge(state, CAPS, good, 10)
    assert opened.result is TokenResult.ACCEPT
    assert opened.state.failures == 0


def test_mistyped_length_does_not_lock() -> None:
    state = fresh()
    for _ in range(20):
        state = judge(state, CAPS, "12", 0).state
    assert enter(state, credit(100, 1)).result is TokenResult.ACCEPT


# --- key changes

VENDING_KEY = VendingKey(bytes(range(20)))
PAN = MeterPan("600727000000000009")


def params(ea: EncryptionAlgorithm, **changes: object) -> KeyParameters:
    base = KeyParameters(Dkga.DKGA04, ea, KeyType.DUTK, "123457", 1, 1, 0xA5, BaseDate.BASE_2014)
    return replace(base, **changes)  # type: ignore[arg-type]


def meter_and_set(
    ea: EncryptionAlgorithm, *, ro: bool = False, three: bool = False, **changes: object
) -> tuple[AcceptanceState, list[str], DecoderKey]:
    old, new = params(ea), params(ea, **{"ti": 42, "krn": 2, "sgc": "654321", **changes})
    old_key = derive_decoder_key(VENDING_KEY, old, PAN)
    new_key = derive_decoder_key(VENDING_KEY, new, PAN)
    sections = key_change_set(new_key, new, ro=ro, three_tokens=three)
    state = new_acceptance_state(old_key, "123457", 1, 1, KeyType.DUTK, 0xA5, MADE)
    return state, [encode_token(section, old_key) for section in sections], new_key


@pytest.mark.parametrize(
    ("ea", "three", "length", "sgc"),
    [(EA07, False, 2, None), (EA07, True, 3, "654321"), (EA11, False, 4, "654321")],
)
@given(data=st.data())
def test_a_set_in_any_order_swaps_the_key(
    ea: EncryptionAlgorithm, three: bool, length: int, sgc: str | None, data: st.DataObject
) -> None:
    state, digits, new_key = meter_and_set(ea, three=three)
    assert len(digits) == length
    order = data.draw(st.permutations(range(length)))
    shown = []
    for position in order:
        verdict = judge(state, CAPS, digits[position], 0)
        state = verdict.state
        shown.append(verdict.result)
    assert shown[-1] is TokenResult.ACCEPT
    assert all(result.is_taken for result in shown)
    assert (state.krn, state.ti, state.ken, state.sgc) == (2, 42, 0xA5, sgc)
    assert state.pending == ()
    token = credit(1000, 9)
    assert judge(state, CAPS, encode_token(token, new_key), 0).result is TokenResult.ACCEPT
    # Tokens under the old key fail the CRC from now on.
    assert judge(state, CAPS, digits[0], 0).result is TokenResult.CRC_ERROR


def test_acknowledgements_name_the_section() -> None:
    state, digits, _ = meter_and_set(EA11)
    shown = []
    for entry in digits:
        verdict = judge(state, CAPS, entry, 0)
        state = verdict.state
        shown.append(verdict.result)
    assert shown == [
        TokenResult.FIRST_KCT,
        TokenResult.SECOND_KCT,
        TokenResult.THIRD_KCT,
        TokenResult.ACCEPT,
    ]


def test_repeating_a_section_changes_nothing() -> None:
    state, digits, _ = meter_and_set(EA07)
    once = judge(state, CAPS, digits[0], 0)
    twice = judge(once.state, CAPS, digits[0], 1)
    assert twice.result is TokenResult.FIRST_KCT
    assert judge(twice.state, CAPS, digits[1], 2).result is TokenResult.ACCEPT


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (KEY_CHANGE_TIMEOUT_S - 1, TokenResult.ACCEPT),
        (KEY_CHANGE_TIMEOUT_S, TokenResult.SECOND_KCT),
    ],
)
def test_a_partial_set_times_out(waited: int, expected: TokenResult) -> None:
    state, digits, _ = meter_and_set(EA07)
    first = judge(state, CAPS, digits[0], 100)
    assert judge(first.state, CAPS, digits[1], 100 + waited).result is expected


@pytest.mark.parametrize("ea", [EA07, EA11])
def test_rollover_empties_the_tid_store_and_only_then(ea: EncryptionAlgorithm) -> None:
    for ro in (False, True):
        state, digits, new_key = meter_and_set(ea, ro=ro)
        for entry in digits:
            state = judge(state, CAPS, entry, 0).state
        young = TransferCreditElectricity(amount=Energy(1000), tid=100, rnd=0)
        result = judge(state, CAPS, encode_token(young, new_key), 0).result
        assert result is (TokenResult.ACCEPT if ro else TokenResult.OLD_ERROR)


@pytest.mark.parametrize(
    ("parent", "child", "permitted"),
    [
        (KeyType.DITK, KeyType.DITK, True),
        (KeyType.DITK, KeyType.DCTK, True),
        (KeyType.DDTK, KeyType.DITK, False),
        (KeyType.DDTK, KeyType.DUTK, True),
        (KeyType.DUTK, KeyType.DITK, False),
        (KeyType.DUTK, KeyType.DDTK, True),
        (KeyType.DUTK, KeyType.DUTK, True),
        (KeyType.DUTK, KeyType.DCTK, False),
        (KeyType.DCTK, KeyType.DUTK, False),
        (KeyType.DCTK, KeyType.DDTK, True),
        (KeyType.DCTK, KeyType.DCTK, False),
    ],
)
def test_key_type_transitions(parent: KeyType, child: KeyType, permitted: bool) -> None:
    state, digits, _ = meter_and_set(EA07, key_type=child)
    verdict = judge(replace(state, key_type=parent), CAPS, digits[0], 0)
    assert verdict.result is (TokenResult.FIRST_KCT if permitted else TokenResult.KEY_TYPE_ERROR)


@given(
    digits=st.one_of(st.integers(0, 10**20 - 1).map(lambda n: f"{n:020d}"), st.text(max_size=25)),
    key=decoder_keys(EA07),
    now=st.integers(0, 10**6),
)
def test_any_entry_gets_a_verdict_and_a_state(digits: str, key: DecoderKey, now: int) -> None:
    verdict = judge(fresh(key), CAPS, digits, now)
    assert isinstance(verdict.result, TokenResult)
    if verdict.token is None:
        assert verdict.state.tids == fresh(key).tids


def test_state_shows_no_secret() -> None:
    assert "e653" not in repr(fresh()).lower()
    assert "SECRET" not in repr(fresh())
