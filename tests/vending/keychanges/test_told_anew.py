"""A key that keeps its name and gets another expiry number or base date: each meter that was told
the old one gets the set with its next sale. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from tests.vending.support import ADMIN, OPERATOR, POWER, TECHNICIAN, chart, request, service
from tokens.sts import (
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyAttributes,
    KeyChangeNotPermitted,
    MeterKeyRef,
)
from vending.accounting import BookReports
from vending.accounting.daily import TokenMade
from vending.accounting.issuer import Issuer, made_under
from vending.aftersale import Evidence, SaleState
from vending.keychanges import Campaign, KeyChanges, KeyChangeState, key_set
from vending.keychanges.issuing import BaseDateBack, KeyChangeDue
from vending.keychanges.ports import Standing
from vending.messages import LOCAL_ZONE
from vending.parties import Meter
from vending.requests import BasketRequest, Engineering, SecondPerson
from vending.sale import SaleReceipt
from vending.store import downgrade, upgrade
from vending.store.acts import SqlActs
from vending.store.books import SqlBooks
from vending.store.key_changes import SqlKeyChanges

from .support import NOW, OLD, OTHER, OVERLAP, REVISED, SHORT, credit, meter, module, stand_in, to
from .test_voided import CHIEF, LOST, TAKEN_BACK, Keypad
from .town import BOSS, WHY, KeyTown, registration

S = KeyChangeState
EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11
MADE = timedelta(days=400)
SHORT_LIVED = replace(OLD, ken=104)
"""At its end in February 2027."""
ANEW = replace(OLD, base_date=BaseDate.BASE_2035)
AFTER_FEBRUARY = NOW + timedelta(days=120)


def told(at: KeyAttributes, ea: EncryptionAlgorithm = EA07) -> Meter:
    """A meter as the books have it that was told what this key has."""
    return replace(meter(ea, at), base_date=at.base_date, ken=at.ken)


# Pure: the set itself, and what a meter makes of it


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


# With the books


class Told(KeyTown):
    """Under a key whose attributes change while the town goes on."""

    def key_is_now(self, *keys: KeyAttributes) -> None:
        """The key file was changed, and the program started anew."""
        self.security = module(*keys)
        self.service = service(
            self.store, self.clock, security=self.security, gateway_for=self.line
        )
        self.changes = KeyChanges(SqlKeyChanges(self.store), self.security, self.line, self.clock)
        self.changes.tell_untold()

    def sold(self, vend_id: str) -> SaleReceipt:
        self.clock.forward(minutes=3)
        return self.service.vend(OPERATOR, request(vend_id))

    def typed(self, receipt: SaleReceipt) -> TokenResult:
        for digits in [
            *(one.digits for one in receipt.key_tokens),
            *(one.digits for one in receipt.tokens),
        ]:
            result = self.machine.enter_token(digits, self.clock()).result
        return result

    def states(self) -> list[str]:
        (change, *_) = self.changes.of_meter(BOSS, POWER.number)
        return [event.state.value for event in change.events]

    def check(self) -> None:
        assert self.service.verify(ADMIN).ok
        books = SqlBooks(self.store)
        reports = BookReports(books, chart(), self.clock, LOCAL_ZONE, self.security)
        day = reports.check(CHIEF)
        assert day.ok, day.differences
        self.store.close()


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


def test_a_meter_is_registered_with_what_it_was_told(place: Path | str) -> None:
    plain = registration(EA07)
    short = replace(plain, meters=tuple(replace(one, ken=104) for one in plain.meters))
    town = Told(place, parties=short)
    assert (town.meter().ken, town.meter().base_date) == (104, BaseDate.BASE_2014)
    sold = town.sold("v-1")
    assert sold.key_move is not None
    assert (sold.key_move.from_ken, sold.key_move.to_ken) == (104, 255)
    town.check()


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


# One set out behind the other, and their sales taken back


class Stacked(Told):
    """The set to revision 2 is out with v-1, and behind it, with v-2, that of another number."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.changes.plan(BOSS, POWER.number, WHY, krn=2)
        self.first = self.sold("v-1")
        self.between = self.sold("v-1b")
        self.key_is_now(OLD, replace(REVISED, ken=150))
        self.second = self.sold("v-2")

    def void(self, vend_id: str) -> None:
        self.clock.forward(minutes=3)
        self.service.void(CHIEF, vend_id, TAKEN_BACK)

    def planned(self) -> list[tuple[int, int]]:
        found = self.changes.changes(BOSS, [S.PLANNED])
        return [(one.move.from_krn, one.move.to_krn) for one in found]


@pytest.mark.parametrize("order", [("v-1", "v-2"), ("v-2", "v-1")])
@pytest.mark.parametrize("between", [True, False])
def test_sets_behind_each_other_come_back_whatever_is_voided_first(
    place: Path | str, order: tuple[str, str], between: bool
) -> None:
    town = Stacked(place)
    if not between:
        town.void("v-1b")
    for vend_id in order:
        town.void(vend_id)
    # The one plan that is left leads from the key that the meter holds.
    assert town.planned() == ([] if between else [(1, 2)])
    assert (town.meter().krn, town.meter().planned) == (1, to(REVISED))
    sold = town.sold("v-3")
    assert len(sold.key_tokens) == 2
    assert town.typed(sold) is TokenResult.ACCEPT
    if between:
        # It needs the first set as it was; what has changed since is told behind it.
        assert sold.key_tokens == town.first.key_tokens
        assert town.typed(town.between) is TokenResult.ACCEPT
        assert town.typed(town.sold("v-4")) is TokenResult.ACCEPT
    assert (town.meter().krn, town.meter().ken, town.meter().planned) == (2, 150, None)
    assert town.machine.memory.acceptance.ken == 150
    town.check()


def test_the_first_of_two_sets_is_shown_again_where_the_second_is_planned_anew(
    place: Path | str,
) -> None:
    town = Stacked(place)
    town.void("v-2")
    assert town.planned() == [(2, 2)]
    again = town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    assert again.tokens == town.first.key_tokens
    for token in again.tokens:
        town.machine.enter_token(token.digits, town.clock())
    assert town.typed(town.between) is TokenResult.ACCEPT
    proved = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (proved.change.state, proved.change.issued_with) == (S.CONFIRMED, "v-1")
    assert town.typed(town.sold("v-3")) is TokenResult.ACCEPT
    assert town.machine.memory.acceptance.ken == 150
    town.check()


@pytest.mark.parametrize("again", [True, False])
def test_a_set_that_goes_out_once_more_is_what_it_was_though_its_key_counts_anew(
    place: Path | str, again: bool
) -> None:
    """A token that was sold behind it needs the key that it brings, and the customer may have typed
    it already."""
    town = Told(place)
    town.clock.now = OVERLAP
    town.machine = stand_in(town.meter(), OLD, OVERLAP, MADE)
    town.gateway = DirectGateway(town.machine, POWER, town.clock)
    town.key_is_now(OLD, REVISED)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    first, behind = town.sold("v-1"), town.sold("v-2")
    town.clock.forward(minutes=3)
    town.service.void(CHIEF, "v-1", TAKEN_BACK)
    town.key_is_now(OLD, replace(REVISED, base_date=BaseDate.BASE_2035))
    if again:
        for token in town.changes.tokens_again(OPERATOR, POWER.number, LOST).tokens:
            town.machine.enter_token(token.digits, town.clock())
        assert town.typed(behind) is TokenResult.ACCEPT
    third, fourth = town.sold("v-3"), town.sold("v-4")
    assert third.key_tokens == first.key_tokens
    assert (third.buyer.base_date, fourth.buyer.base_date) == ("14", "35")
    assert town.typed(third) is TokenResult.ACCEPT
    if not again:
        assert town.typed(behind) is TokenResult.ACCEPT
    assert town.typed(fourth) is TokenResult.ACCEPT
    town.check()


def test_a_set_that_goes_out_once_more_tells_what_holds_now_where_its_key_has_ended(
    place: Path | str,
) -> None:
    town = Told(place)
    town.key_is_now(OLD, replace(REVISED, ken=104))
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    town.sold("v-1")
    town.sold("v-2")
    town.clock.forward(minutes=3)
    town.service.void(CHIEF, "v-1", TAKEN_BACK)
    town.key_is_now(OLD, REVISED)
    town.clock.now = AFTER_FEBRUARY
    third = town.sold("v-3")
    assert third.key_move is not None
    assert third.key_move.to_ken == 255
    assert town.typed(third) is TokenResult.ACCEPT
    town.check()


def test_a_meter_that_is_taken_down_keeps_the_set_that_its_next_sale_brings(
    place: Path | str,
) -> None:
    """Also behind a plan that was called off: put in again, its first sale begins with it."""
    town = Stacked(place)
    town.void("v-2")
    town.void("v-1")
    assert town.meter().planned == to(REVISED)
    with SqlActs(town.store).writing() as books:
        assert not books.cancel_key_plan(POWER.number, town.clock(), CHIEF.name, WHY)
    assert town.meter().planned == to(REVISED)
    assert town.sold("v-3").key_tokens == town.first.key_tokens
    town.check()


def test_a_campaign_takes_a_meter_whose_later_set_was_entered(place: Path | str) -> None:
    """As a plan of this one meter does; the later set was made under the key of the first."""
    town = Stacked(place)
    town.key_is_now(OLD, replace(REVISED, ken=150), OTHER)
    left = town.changes.plan_campaign(BOSS, REVISED.ref, OTHER.ref, WHY)
    assert (left.planned, left.left_out) == (0, Standing(0, 1, 0, 0))
    for paper in (town.first, town.second):
        assert town.typed(paper) is TokenResult.ACCEPT
    town.changes.mark_entered(OPERATOR, POWER.number)
    made = town.changes.plan_campaign(BOSS, REVISED.ref, OTHER.ref, WHY)
    assert (made.planned, made.left_out) == (1, Standing(0, 0, 0, 0))
    assert town.typed(town.sold("v-3")) is TokenResult.ACCEPT
    town.check()


# Sets within a key look alike


@pytest.mark.parametrize("ea", [EA07, EA11])
def test_the_log_tells_sets_within_a_key_apart(place: Path | str, ea: EncryptionAlgorithm) -> None:
    """All but one or two of their sections are the same."""
    town = Told(place, ea)
    town.gateway = Keypad(town.gateway)  # type: ignore[assignment]
    town.key_is_now(replace(OLD, ken=243))
    first = town.sold("v-1")
    town.key_is_now(replace(OLD, ken=250))
    second = town.sold("v-2")
    shared = {one.digits for one in first.key_tokens} & {one.digits for one in second.key_tokens}
    assert len(shared) == (1 if ea is EA07 else 3)
    assert town.typed(first) is TokenResult.ACCEPT
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert looked.proof.taken is not True
    assert town.typed(second) is TokenResult.ACCEPT
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (looked.proof.note, looked.change.state) == ("the log holds the set, taken", S.CONFIRMED)
    town.check()


@pytest.mark.parametrize("ea", [EA07, EA11])
def test_a_set_within_a_key_is_delivered_whole_behind_another(
    place: Path | str, ea: EncryptionAlgorithm
) -> None:
    town = Told(place, ea)
    for vend_id, ken in (("v-1", 243), ("v-2", 250), ("v-3", 243)):
        town.key_is_now(replace(OLD, ken=ken))
        town.sold(vend_id)
        assert town.service.deliver(OPERATOR, vend_id).state is SaleState.DELIVERED
        assert town.machine.memory.acceptance.ken == town.meter().ken == ken
    town.check()


def test_a_set_that_another_came_behind_is_not_delivered_any_more(place: Path | str) -> None:
    """The meter would be told what does not hold."""
    town = Told(place)
    town.key_is_now(replace(OLD, ken=243))
    town.sold("v-1")
    town.key_is_now(replace(OLD, ken=250))
    assert town.typed(town.sold("v-2")) is TokenResult.ACCEPT
    assert town.service.deliver(OPERATOR, "v-1").state is SaleState.DELIVERED
    assert town.machine.memory.acceptance.ken == 250
    town.check()


def test_registers_prove_no_expiry_number_that_the_meter_had_before_another_base_date(
    place: Path | str,
) -> None:
    """No register tells the base date."""
    town = Told(place)
    town.clock.now = OVERLAP
    town.machine = stand_in(town.meter(), OLD, OVERLAP, MADE)
    town.gateway = DirectGateway(town.machine, POWER, town.clock)
    papers: list[SaleReceipt] = []
    for ken in (255, 75, 255):
        town.key_is_now(replace(ANEW, ken=ken))
        papers.append(town.sold(f"v-{len(papers)}"))
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert looked.proof.taken is not True
    assert [town.typed(paper) for paper in papers] == [TokenResult.ACCEPT] * 3
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert looked.change.state is S.CONFIRMED
    town.check()


def test_the_daily_check_opens_sets_of_before_under_whichever_base_date_their_key_had(
    tmp_path: Path,
) -> None:
    """The documents of their sales do not say, and the key counts from another day by now."""
    town = Told(tmp_path / "books.db")
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    sold = town.sold("v-1")
    sections = [
        TokenMade(f"key_change_{one.section}", None, 0, "", POWER.pan.number, "14", one.digits)
        for one in sold.key_tokens
    ]
    buyer = {"sgc": OLD.ref.sgc, "krn": 2, "ti": 1, "ea": "07"}
    move = {"from_sgc": OLD.ref.sgc, "from_krn": 1, "from_ti": 1}
    under = made_under({"buyer": buyer, "key_move": move})
    for key in (OLD, ANEW):
        issuer = Issuer(module(key, REVISED))
        assert [issuer.made(one, under) for one in sections] == [True, True]
        assert not issuer.made(sections[0], replace(under, left_ti=2))
    town.store.close()
