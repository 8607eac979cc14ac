"""Sets made for the next sale, typed into a stand-in meter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meters.values import replace
from meters.verdicts import TokenResult
from tokens.sts import (
    EncryptionAlgorithm,
    KeyAttributes,
    KeyChangeNotPermitted,
    KeyNotActive,
    KeyUnknown,
    Set1stSectionDecoderKey,
)
from vending.keychanges import KeyChangeDue, KeySet, key_set
from vending.parties import Meter, PlannedKey

from .support import (
    APART,
    DEFAULT,
    FIRST,
    NOW,
    OLD,
    OTHER,
    OVERLAP,
    REVISED,
    THIRD,
    credit,
    meter,
    module,
    stand_in,
    to,
)

EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11
MADE = timedelta(days=400)
SHOWN = (
    TokenResult.FIRST_KCT,
    TokenResult.SECOND_KCT,
    TokenResult.THIRD_KCT,
    TokenResult.FOURTH_KCT,
)
CHANGES = [
    pytest.param(OLD, to(OLD, ti=7), NOW, 0, id="tariff index alone"),
    pytest.param(OLD, to(REVISED), NOW, 0, id="key revision"),
    pytest.param(OLD, to(OTHER), NOW, 0, id="supply group"),
    pytest.param(OLD, to(OTHER, ti=2), NOW, 0, id="supply group and tariff index"),
    pytest.param(OLD, to(THIRD), OVERLAP, 1, id="base date"),
    pytest.param(FIRST, to(OLD), NOW, 1, id="from a base date that has ended"),
]


def _set(at: Meter, now: datetime, *, three: bool = False) -> KeySet:
    made = key_set(module(), at, now, three_tokens=three)
    assert made is not None
    return made


@pytest.mark.parametrize("ea", [EA07, EA11])
@pytest.mark.parametrize(("held", "planned", "now", "rollover"), CHANGES)
def test_set_and_credit_typed_in_order_are_all_taken(
    held: KeyAttributes,
    planned: PlannedKey,
    now: datetime,
    rollover: int,
    ea: EncryptionAlgorithm,
) -> None:
    books = meter(ea, held, planned)
    made = _set(books, now)
    assert len(made.tokens) == (4 if ea is EA11 else 2)
    assert [token.section for token in made.tokens] == list(range(1, len(made.tokens) + 1))

    # A meter made when its key was young; where that key has ended, two years ago.
    machine = stand_in(books, held, datetime(2024, 11, 1, tzinfo=UTC), timedelta(days=30))
    entries = [machine.enter_token(token.digits, now).result for token in made.tokens]
    *waiting, last = entries
    assert tuple(waiting) == SHOWN[: len(waiting)]
    assert last is TokenResult.ACCEPT
    told = machine.enter_token(credit(module(), made.after, now), now)
    assert (told.result, machine.memory.balance) == (TokenResult.ACCEPT, 10_000)

    state = machine.memory.acceptance
    # Two tokens do not tell a 64-bit meter its supply group.
    assert state.sgc == (planned.sgc if ea is EA11 else None)
    assert (state.krn, state.ti) == (planned.krn, planned.ti)
    opened = module().open(books.key, made.tokens[0].digits)
    assert isinstance(opened, Set1stSectionDecoderKey)
    assert opened.ro == rollover


@pytest.mark.parametrize("ea", [EA07, EA11])
def test_credit_typed_before_its_set_is_refused_and_taken_after_it(
    ea: EncryptionAlgorithm,
) -> None:
    books = meter(ea, OLD, to(REVISED, ti=4))
    made = _set(books, NOW)
    machine = stand_in(books, OLD, NOW, MADE)
    token = credit(module(), made.after, NOW)
    assert machine.enter_token(token, NOW).result is TokenResult.CRC_ERROR
    # The sections themselves may come in any order.
    results = [machine.enter_token(one.digits, NOW).result for one in reversed(made.tokens)]
    assert results[-1] is TokenResult.ACCEPT
    assert machine.enter_token(token, NOW).result is TokenResult.ACCEPT
    # Typed once more, the set is dead: it was made under the key that the meter has left.
    assert machine.enter_token(made.tokens[0].digits, NOW).result is TokenResult.CRC_ERROR
    assert machine.enter_token(token, NOW).result is TokenResult.USED_ERROR


def test_a_third_token_tells_a_short_key_meter_its_supply_group() -> None:
    books = meter(EA07, OLD, to(OTHER))
    made = _set(books, NOW, three=True)
    machine = stand_in(books, OLD, NOW, MADE)
    for token in made.tokens:
        machine.enter_token(token.digits, NOW)
    assert (len(made.tokens), machine.memory.acceptance.sgc) == (3, OTHER.ref.sgc)


def test_the_set_says_from_where_to_where_and_repeats_digit_for_digit() -> None:
    books = meter(EA07, OLD, to(OTHER, ti=5))
    made = _set(books, NOW)
    assert (made.move.from_sgc, made.move.from_krn, made.move.from_ti) == ("123457", 1, 1)
    assert (made.move.to_sgc, made.move.to_krn, made.move.to_ti) == ("600675", 1, 5)
    assert made.after == replace(books.key, key=OTHER.ref, ti=5)
    assert _set(books, NOW + timedelta(days=30)) == made
    assert not any(token.digits in repr(made) for token in made.tokens)


def test_without_a_plan_a_meter_keeps_its_key() -> None:
    assert key_set(module(), meter(EA11), NOW) is None


@pytest.mark.parametrize(
    ("held", "now", "why"),
    [
        (replace(OLD, issued_until=NOW - timedelta(seconds=1)), NOW, "issue_period"),
        (FIRST, NOW, "base_date"),
        (replace(OLD, ken=50), NOW, "key_expired"),
        (DEFAULT, NOW, "default_key"),
        (OLD, datetime(2045, 11, 24, 20, 16, tzinfo=UTC), "base_date"),
    ],
)
def test_a_key_at_its_end_asks_for_a_plan_and_can_be_left(
    held: KeyAttributes, now: datetime, why: str
) -> None:
    security = module(held, REVISED, THIRD)
    with pytest.raises(KeyChangeDue) as told:
        key_set(security, meter(EA07, held), now)
    assert told.value.why == why
    # What is no credit goes on under it: a technician's token, say.
    assert key_set(security, meter(EA07, held), now, credit=False) is None
    target = THIRD if now.year > 2035 else REVISED
    assert key_set(security, meter(EA07, held, to(target)), now) is not None


def test_a_key_that_has_not_begun_is_at_no_end() -> None:
    """Its base date lies ahead: no other key would help, and no set is due."""
    assert key_set(module(THIRD), meter(EA07, THIRD), NOW) is None


def test_a_key_is_good_until_its_last_minute() -> None:
    last = datetime(2045, 11, 24, 20, 15, 59, tzinfo=UTC)
    assert key_set(module(OLD), meter(EA07), last) is None
    until = module(replace(OLD, issued_until=NOW))
    assert key_set(until, meter(EA07), NOW) is None


@pytest.mark.parametrize(
    ("planned", "error"),
    [
        (PlannedKey("999999", 1, 1), KeyUnknown),
        (to(APART), KeyChangeNotPermitted),
        (to(THIRD), KeyNotActive),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(
    planned: PlannedKey, error: type[Exception]
) -> None:
    with pytest.raises(error):
        key_set(module(), meter(EA07, OLD, planned), NOW)
    # One to the key that the meter has is no change, and no hindrance.
    assert key_set(module(), meter(EA07, OLD, to(OLD)), NOW) is None
