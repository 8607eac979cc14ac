"""One set out behind the other, and their sales taken back in whatever order. On both databases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from tests.vending.support import OPERATOR, POWER, TECHNICIAN
from tokens.sts import BaseDate
from vending.keychanges import KeyChangeState
from vending.keychanges.ports import Standing
from vending.store.acts import SqlActs

from .support import AFTER_FEBRUARY, MADE, OLD, OTHER, OVERLAP, REVISED, stand_in, to
from .test_voided import CHIEF, LOST, TAKEN_BACK
from .town import BOSS, WHY, Told

S = KeyChangeState


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

    def given_again(self) -> list[str]:
        """Digits."""
        again = self.changes.tokens_again(OPERATOR, POWER.number, LOST)
        return [one.digits for one in again.tokens]

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
    town.store.close()


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
    town.store.close()


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
    town.store.close()


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
    town.store.close()


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
    town.store.close()


def test_each_set_that_the_meter_may_lack_is_given_again_the_oldest_first(
    place: Path | str,
) -> None:
    """One that was called off brings nothing, and hides none that is out before it."""
    town = Stacked(place)
    town.key_is_now(OLD, replace(REVISED, ken=160))
    third = town.sold("v-3")
    expected = [*town.first.key_tokens, *town.second.key_tokens, *third.key_tokens]
    assert town.given_again() == [one.digits for one in expected]
    town.void("v-3")
    assert town.sold("v-4").key_tokens == third.key_tokens
    assert town.given_again() == [one.digits for one in expected]
    for digits in town.given_again():
        town.machine.enter_token(digits, town.clock())
    proved = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert proved.change.state is S.CONFIRMED
    # What is proved to be in the meter goes out with no later set.
    town.key_is_now(OLD, replace(REVISED, ken=170))
    fifth = town.sold("v-5")
    assert town.given_again() == [one.digits for one in fifth.key_tokens]
    assert town.typed(fifth) is TokenResult.ACCEPT
    town.check()
    town.store.close()


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
    town.store.close()
