"""A key that keeps its name and gets another expiry number or base date: each meter that was told
the old one gets the set with its next sale. On both databases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from tests.vending.support import OPERATOR, POWER, TECHNICIAN
from tokens.sts import (
    BaseDate,
    EncryptionAlgorithm,
    KeyChangeNotPermitted,
)
from vending.aftersale import Evidence, SaleState
from vending.keychanges import Campaign, KeyChangeState
from vending.keychanges.ports import Standing
from vending.requests import BasketRequest, Engineering, SecondPerson
from vending.store import downgrade, upgrade

from .support import (
    AFTER_FEBRUARY,
    ANEW,
    MADE,
    OLD,
    OVERLAP,
    REVISED,
    stand_in,
    to,
)
from .test_voided import CHIEF, LOST, TAKEN_BACK
from .town import BOSS, WHY, Told, registration

S = KeyChangeState
EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11


def test_the_next_sale_tells_the_expiry_number_and_registers_prove_it(place: Path | str) -> None:
    town = Told(place)
    town.key_is_now(replace(OLD, ken=200))
    assert (town.meter().ken, town.meter().base_date) == (255, BaseDate.BASE_2014)
    first = town.sold("v-1")
    assert [one.section for one in first.key_tokens] == [1, 2]
    assert first.key_move is not None
    assert (first.key_move.from_ken, first.key_move.to_ken) == (255, 200)
    second = town.sold("v-2")
    assert (second.key_tokens, town.meter().ken) == ((), 200)
    (change,) = town.changes.of_meter(BOSS, POWER.number)
    assert (change.state, change.move, change.issued_with) == (S.ISSUED, first.key_move, "v-1")
    assert "expiry number" in change.reason

    # A token that the old number lets pass as well proves nothing of the new one.
    assert town.service.deliver(OPERATOR, "v-2").state is SaleState.DELIVERED
    assert town.changes.confirm_delivered(BOSS) == 0
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (looked.proof.taken, looked.change.state) == (False, S.ISSUED)
    for section in first.key_tokens:
        town.machine.enter_token(section.digits, town.clock())
    assert town.machine.memory.acceptance.ken == 200
    proved = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (proved.change.state, proved.proof.note) == (S.CONFIRMED, "the meter names the new key")
    town.check()
    town.store.close()


def test_a_token_past_the_old_expiry_number_proves_the_new_one(place: Path | str) -> None:
    town = Told(place)
    with town.store.writing() as books:
        books._db.exec_driver_sql("UPDATE meters SET ken = 104")
    town.clock.now = AFTER_FEBRUARY
    sold = town.sold("v-1")
    assert town.service.deliver(OPERATOR, "v-1").state is SaleState.DELIVERED
    assert len(sold.key_tokens) == 2
    assert town.changes.confirm_delivered(BOSS) == 1
    assert town.states() == ["issued", "confirmed"]
    town.check()
    town.store.close()


def test_the_log_proves_another_base_date(place: Path | str) -> None:
    """No register tells it."""
    town = Told(place, EA11)
    town.clock.now = OVERLAP
    town.machine = stand_in(town.meter(), OLD, OVERLAP, MADE)
    town.gateway = DirectGateway(town.machine, POWER, town.clock)
    town.key_is_now(ANEW)
    sold = town.sold("v-1")
    assert (len(sold.key_tokens), sold.buyer.base_date) == (4, "35")
    assert town.meter().base_date is BaseDate.BASE_2035
    assert town.typed(sold) is TokenResult.ACCEPT
    proved = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert proved.change.state is S.CONFIRMED
    assert "log" in proved.proof.note
    town.check()
    town.store.close()


def test_a_void_brings_the_set_again(place: Path | str) -> None:
    town = Told(place)
    town.key_is_now(replace(OLD, ken=200))
    first = town.sold("v-1")
    town.clock.forward(minutes=3)
    assert town.service.void(CHIEF, "v-1", TAKEN_BACK).evidence is Evidence.NOT_IN_LOG
    assert (town.meter().ken, town.meter().planned) == (255, to(OLD))
    again = town.sold("v-2")
    assert again.key_tokens == first.key_tokens
    assert (town.meter().ken, town.meter().planned) == (200, None)
    assert town.typed(again) is TokenResult.ACCEPT
    town.check()
    town.store.close()


def test_a_plan_whose_need_has_passed_hinders_no_sale(place: Path | str) -> None:
    town = Told(place)
    town.key_is_now(replace(OLD, ken=200))
    planned = town.changes.plan(BOSS, POWER.number, WHY)
    assert (planned.move.from_ken, planned.move.to_ken) == (255, 200)
    town.key_is_now(OLD)
    assert not town.sold("v-1").key_tokens
    # Nor another plan, before which it is called off.
    assert town.changes.plan(BOSS, POWER.number, WHY, ti=5).state is S.PLANNED
    assert [c.state for c in town.changes.of_meter(BOSS, POWER.number)] == [
        S.PLANNED,
        S.CANCELLED,
    ]
    assert town.changes.cancel(BOSS, POWER.number, WHY).state is S.CANCELLED
    with pytest.raises(KeyChangeNotPermitted):
        town.changes.plan(BOSS, POWER.number, WHY)
    town.check()
    town.store.close()


def test_a_key_that_changes_behind_a_plan_is_told_as_it_is_then(place: Path | str) -> None:
    town = Told(place)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    town.key_is_now(OLD, replace(REVISED, ken=150))
    sold = town.sold("v-1")
    assert sold.key_move is not None
    assert sold.key_move.to_ken == 150
    told = [(c.state, c.move.to_ken) for c in town.changes.of_meter(BOSS, POWER.number)]
    assert told == [(S.ISSUED, 150), (S.CANCELLED, 255)]
    assert (town.meter().krn, town.meter().ken) == (2, 150)
    assert not town.sold("v-2").key_tokens
    assert town.typed(sold) is TokenResult.ACCEPT
    town.check()
    town.store.close()


def test_sets_that_are_out_one_behind_the_other_are_shown_in_order(place: Path | str) -> None:
    """Nobody said of the first that it was entered, and the customer has lost both papers."""
    town = Told(place)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    first = town.sold("v-1")
    town.key_is_now(OLD, replace(REVISED, ken=150))
    second = town.sold("v-2")
    assert (len(first.key_tokens), len(second.key_tokens)) == (2, 2)
    again = town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    digits = [one.digits for one in (*first.key_tokens, *second.key_tokens)]
    assert [one.digits for one in again.tokens] == digits
    assert [one.section for one in again.tokens] == [1, 2, 3, 4]
    for token in again.tokens:
        result = town.machine.enter_token(token.digits, town.clock()).result
    assert result is TokenResult.ACCEPT
    # The second was made under the key that the first brought: proved together.
    assert town.changes.confirm_by_reading(TECHNICIAN, POWER.number).change.state is S.CONFIRMED
    told = [(c.state, c.move.to_krn) for c in town.changes.of_meter(BOSS, POWER.number)]
    assert told == [(S.CONFIRMED, 2), (S.CONFIRMED, 2)]
    town.check()
    town.store.close()


def test_the_expiry_number_of_a_key_two_changes_back_proves_nothing(place: Path | str) -> None:
    """Both sets are out, and the number that the later one tells is what the meter has anyway."""
    town = Told(place)
    town.key_is_now(OLD, replace(REVISED, ken=150))
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    first = town.sold("v-1")
    town.key_is_now(OLD, REVISED)
    second = town.sold("v-2")
    assert len(second.key_tokens) == 2
    assert town.machine.memory.acceptance.ken == 255
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (looked.proof.taken, looked.change.state) == (False, S.ISSUED)
    assert town.typed(first) is TokenResult.ACCEPT
    assert town.typed(second) is TokenResult.ACCEPT
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (looked.proof.note, looked.change.state) == ("the meter names the new key", S.CONFIRMED)
    town.check()
    town.store.close()


def test_a_campaign_within_a_key_is_for_meters_that_were_told_otherwise(
    place: Path | str,
) -> None:
    town = Told(place, more_meters=3)
    with town.store.writing() as books:
        books._db.exec_driver_sql(f"UPDATE meters SET ken = 200 WHERE number = '{POWER.number}'")
    town.key_is_now(replace(OLD, ken=200))
    made = town.changes.plan_campaign(BOSS, OLD.ref, OLD.ref, WHY)
    assert made == Campaign(OLD.ref, OLD.ref, 4, Standing(0, 0, 1, 0))
    assert town.meter().planned is None
    (one, *_) = town.changes.changes(BOSS, [S.PLANNED])
    assert (one.move.before, one.move.after) == ("123457/1/01 KEN 255", "123457/1/01 KEN 200")
    town.store.close()


def test_meters_that_count_from_a_later_day_are_left_out(place: Path | str) -> None:
    town = Told(place, more_meters=1)
    with town.store.writing() as books:
        books._db.exec_driver_sql(
            f"UPDATE meters SET base_date = 2035 WHERE number <> '{POWER.number}'"
        )
    made = town.changes.plan_campaign(BOSS, OLD.ref, REVISED.ref, WHY)
    assert made == Campaign(OLD.ref, REVISED.ref, 1, Standing(0, 0, 0, 2))
    town.store.close()


def test_meters_of_before_were_told_what_the_key_file_says_at_the_first_start(
    place: Path | str,
) -> None:
    """What is told with a registration, and what a later key file says, does not touch it."""
    town = Told(place)
    with town.store.writing() as books:
        books._db.exec_driver_sql("UPDATE meters SET base_date = NULL, ken = NULL")
    town.key_is_now(replace(OLD, ken=200))
    assert (town.meter().ken, town.meter().base_date) == (200, BaseDate.BASE_2014)
    town.key_is_now(replace(OLD, ken=201))
    assert town.meter().ken == 200
    assert len(town.sold("v-1").key_tokens) == 2
    town.check()
    town.store.close()


def test_a_meter_is_registered_with_what_it_was_told(place: Path | str) -> None:
    plain = registration(EA07)
    short = replace(plain, meters=tuple(replace(one, ken=104) for one in plain.meters))
    town = Told(place, parties=short)
    assert (town.meter().ken, town.meter().base_date) == (104, BaseDate.BASE_2014)
    sold = town.sold("v-1")
    assert sold.key_move is not None
    assert (sold.key_move.from_ken, sold.key_move.to_ken) == (104, 255)
    town.check()
    town.store.close()


def test_an_engineering_token_begins_with_the_set_too(place: Path | str) -> None:
    town = Told(place)
    town.key_is_now(replace(OLD, ken=200))
    item = Engineering(POWER.number, "clear_tamper_condition")
    second = SecondPerson("Huda", WHY, "a-1")
    made = town.service.vend_basket(CHIEF, BasketRequest("e-1", (item,), second=second))
    assert len(made.leading.key_tokens) == 2
    assert town.typed(made.leading) is TokenResult.ACCEPT
    assert town.machine.memory.acceptance.ken == 200
    town.check()
    town.store.close()


@pytest.mark.parametrize("void", [True, False])
def test_a_set_that_was_out_before_the_upgrade_is_followed(place: Path | str, void: bool) -> None:
    """What was written down then knows nothing of base dates and expiry numbers."""
    town = Told(place)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    first = town.sold("v-1")
    downgrade(town.store.engine, "0008")
    upgrade(town.store.engine)
    town.key_is_now(OLD, REVISED)
    assert (town.meter().krn, town.meter().ken) == (2, 255)
    (change,) = town.changes.of_meter(BOSS, POWER.number)
    assert (change.state, change.move.from_ken) == (S.ISSUED, None)
    if void:
        town.clock.forward(minutes=3)
        town.service.void(CHIEF, "v-1", TAKEN_BACK)
        assert (town.meter().krn, town.meter().planned) == (1, to(REVISED))
        first = town.sold("v-2")
        assert len(first.key_tokens) == 2
    assert town.typed(first) is TokenResult.ACCEPT
    proved = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert proved.change.state is S.CONFIRMED
    assert not town.sold("v-3").key_tokens
    town.check()
    town.store.close()
