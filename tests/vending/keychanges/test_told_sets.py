"""The set of a key that keeps its name, and what a meter makes of it: pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meters.verdicts import TokenResult
from tokens.sts import (
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyChangeNotPermitted,
    MeterKeyRef,
)
from vending.keychanges import key_set
from vending.keychanges.issuing import BaseDateBack, KeyChangeDue

from .support import (
    AFTER_FEBRUARY,
    ANEW,
    MADE,
    NOW,
    OLD,
    OVERLAP,
    REVISED,
    SHORT,
    SHORT_LIVED,
    credit,
    module,
    stand_in,
    to,
    told,
)

EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11


@pytest.mark.parametrize("ea", [EA07, EA11])
def test_another_expiry_number_is_told_under_the_same_decoder_key(
    ea: EncryptionAlgorithm,
) -> None:
    books, now = told(SHORT_LIVED, ea), AFTER_FEBRUARY
    with pytest.raises(KeyChangeDue):
        key_set(module(SHORT_LIVED), books, now)
    made = key_set(module(OLD), books, now)
    assert made is not None
    assert (made.move.before, made.move.after) == ("123457/1/01 KEN 104", "123457/1/01 KEN 255")
    assert (len(made.tokens), made.move.keeps_decoder_key) == (2 if ea is EA07 else 4, True)

    machine = stand_in(books, SHORT_LIVED, now, MADE)
    tids, key = machine.memory.acceptance.tids, machine.memory.acceptance.key.secret
    token = credit(module(OLD), made.after, now)
    assert machine.enter_token(token, now).result is TokenResult.KEY_EXPIRED_ERROR
    for section in made.tokens:
        last = machine.enter_token(section.digits, now)
    state = machine.memory.acceptance
    assert last.result is TokenResult.ACCEPT
    assert (state.ken, state.tids, state.key.secret) == (255, tids, key)
    assert machine.enter_token(token, now).result is TokenResult.ACCEPT
    # The books say so from here on, and nothing is due any more.
    assert key_set(module(OLD), told(OLD, ea), now) is None


@pytest.mark.parametrize("ea", [EA07, EA11])
def test_another_base_date_empties_the_meters_memory_and_changes_its_key(
    ea: EncryptionAlgorithm,
) -> None:
    books, now = told(OLD, ea), OVERLAP
    machine = stand_in(books, OLD, now, MADE)
    before = credit(module(OLD), books.key, now)
    assert machine.enter_token(before, now).result is TokenResult.ACCEPT
    made = key_set(module(ANEW), books, now)
    assert made is not None
    assert (made.move.before, made.move.after) == ("123457/1/01 BDT 2014", "123457/1/01 BDT 2035")
    assert not made.move.keeps_decoder_key
    for section in made.tokens:
        machine.enter_token(section.digits, now)
    assert set(machine.memory.acceptance.tids) == {0}
    # No token of before is taken again, though the meter has forgotten all of them.
    assert machine.enter_token(before, now).result is TokenResult.CRC_ERROR
    token = credit(module(ANEW), made.after, now)
    assert machine.enter_token(token, now).result is TokenResult.ACCEPT


def test_another_base_date_is_not_told_where_the_decoder_key_would_stay() -> None:
    """Under DKGA02 the meter would take every token again that it ever took."""
    books = told(SHORT)
    with pytest.raises(KeyChangeNotPermitted):
        key_set(module(replace(SHORT, base_date=BaseDate.BASE_2035)), books, OVERLAP)
    assert SHORT.dkga is Dkga.DKGA02
    assert key_set(module(replace(SHORT, ken=104)), books, NOW) is not None


def test_no_meter_is_led_back_to_an_earlier_base_date() -> None:
    with pytest.raises(BaseDateBack):
        key_set(module(OLD), told(ANEW), OVERLAP)


def test_a_key_that_came_to_its_end_meanwhile_asks_for_a_plan() -> None:
    ended = module(replace(OLD, ken=50), REVISED)
    with pytest.raises(KeyChangeDue):
        key_set(ended, told(OLD), NOW)
    made = key_set(ended, replace(told(OLD), planned=to(REVISED)), NOW)
    assert made is not None
    # What the meter was told is what it is moved from, whatever its vending key has by now.
    assert (made.move.from_ken, made.move.to_ken) == (255, 255)


@pytest.mark.parametrize("ea", [EA07, EA11])
def test_sets_of_many_meters_at_once_are_the_same(ea: EncryptionAlgorithm) -> None:
    security = module(ANEW, REVISED)
    meters = [
        told(OLD, ea),
        told(SHORT_LIVED, ea),
        told(REVISED, ea),
        replace(told(REVISED, ea), ken=7),
    ]
    changes = [(one.key, MeterKeyRef(one.key.key, one.number.pan, 1, ea)) for one in meters]
    changes[2] = (changes[2][0], MeterKeyRef(REVISED.ref, meters[2].number.pan, 4, ea))
    one_by_one = [security.issue_key_change(*change, OVERLAP) for change in changes]
    assert security.issue_key_change_batch(changes, OVERLAP) == one_by_one
    assert len({digits for made in one_by_one for digits in made}) > len(changes)
