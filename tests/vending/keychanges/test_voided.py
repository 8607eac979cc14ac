"""Voids of sales to a meter whose set is out: whatever is taken back, and in whatever order, the
meter gets its key, and what the customer paid for is taken. On both databases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from meters.account import MeterAccount, TokenLogEntry
from meters.gateway import PushOutcome
from meters.quantities import Money
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from tests.vending.support import OPERATOR, POWER, TECHNICIAN
from vending.aftersale import Evidence, SaleState
from vending.keychanges import KeyChangeState
from vending.keychanges.changes import (
    KeyChangeOpen,
    KeyChangeStep,
    KeySetHeld,
    KeySetUnseen,
)
from vending.parties import PlannedKey, Role
from vending.requests import BasketRequest, Credit

from .town import BOSS, WHY, KeyTown

S = KeyChangeState
CHIEF = replace(OPERATOR, name="Layla", role=Role.SUPERVISOR)
LOST = "The paper is lost"
TAKEN_BACK = "The customer has no money"


@dataclass
class Keypad:
    """A line that tells the log of a meter, and nothing of its key."""

    line: DirectGateway

    def read_account(self) -> MeterAccount:
        return self.line.read_account()

    def read_token_log(self) -> list[TokenLogEntry]:
        return self.line.read_token_log()

    def push_token(self, token: str) -> PushOutcome:
        return self.line.push_token(token)

    def close(self) -> None:
        pass


class Voids(KeyTown):
    """With a change to key revision 2 planned."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.changes.plan(BOSS, POWER.number, WHY, krn=2)

    def void(self, vend_id: str) -> Evidence:
        self.clock.forward(minutes=3)
        return self.service.void(CHIEF, vend_id, TAKEN_BACK).evidence

    def fill_log(self) -> None:
        """The customer tries what is no token until nothing else is in the log."""
        for _ in range(10):
            self.machine.enter_token("0" * 19 + "x", self.clock())

    def next_sale_is_taken(self) -> None:
        """It begins with the set, and the books are right behind it."""
        made = self.sold("v-last")
        assert len(made.key_tokens) == 2
        assert self.typed(made) is TokenResult.ACCEPT
        assert (self.meter().krn, self.meter().planned) == (2, None)
        self.check()
        self.store.close()


@pytest.mark.parametrize("order", [("v-1", "v-2"), ("v-2", "v-1")])
@pytest.mark.parametrize("hold", [True, False])
def test_all_sales_are_voided_in_any_order(
    place: Path | str, order: tuple[str, str], hold: bool
) -> None:
    town = Voids(place)
    assert [len(town.sold(id, hold=hold).key_tokens) for id in ("v-1", "v-2")] == [2, 0]
    for id in order:
        assert town.void(id) is (Evidence.NOT_SHOWN if hold else Evidence.NOT_IN_LOG)
    # Nothing needs the new key: the plan may be called off, too.
    assert (town.meter().krn, town.meter().planned) == (1, PlannedKey(town.meter().sgc, 2, 1))
    (change, *_) = town.changes.of_meter(BOSS, POWER.number)
    assert change.state is S.PLANNED
    town.next_sale_is_taken()


def test_the_first_of_a_basket_is_voided_and_the_rest_needs_its_set(place: Path | str) -> None:
    town = Voids(place)
    item = Credit(POWER.number, Money(5000))
    made = town.service.vend_basket(OPERATOR, BasketRequest("b", (item, item)))
    assert [len(one.key_tokens) for one in made.receipts] == [2, 0]
    town.void("b")
    # It is under way still, so nobody takes the plan back or makes another.
    with pytest.raises(KeyChangeStep):
        town.changes.cancel(BOSS, POWER.number, WHY)
    for krn, ti in ((2, 1), (1, 5)):
        with pytest.raises(KeyChangeOpen):
            town.changes.plan(BOSS, POWER.number, WHY, krn=krn, ti=ti)
    again = town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    assert again.tokens == made.leading.key_tokens
    assert town.states() == ["issued", "issued", "issued"]
    assert not any(token.digits in repr(again) for token in made.leading.tokens)
    for token in again.tokens:
        town.machine.enter_token(token.digits, town.clock())
    assert town.typed(made.receipts[1]) is TokenResult.ACCEPT
    # As long as nobody says so, the next paper has the set once more, and no harm is done.
    town.next_sale_is_taken()


def test_the_next_sale_carries_the_set_where_only_later_ones_stand(place: Path | str) -> None:
    town = Voids(place)
    town.sold("v-1")
    second = town.sold("v-2")
    town.void("v-1")
    third = town.sold("v-3")
    assert town.typed(third) is TokenResult.ACCEPT
    assert town.typed(second) is TokenResult.ACCEPT
    town.check()
    (change,) = town.changes.of_meter(BOSS, POWER.number)
    assert (change.issued_with, change.carriers) == ("v-1", ("v-1", "v-3"))
    town.store.close()


def test_a_set_that_is_said_to_be_entered_is_not_brought_again(place: Path | str) -> None:
    town = Voids(place)
    first = town.sold("v-1")
    town.sold("v-2")
    town.void("v-1")
    assert town.meter().planned is not None
    for token in first.key_tokens:
        town.machine.enter_token(token.digits, town.clock())
    town.changes.mark_entered(OPERATOR, POWER.number)
    assert (town.meter().krn, town.meter().planned) == (2, None)
    assert not town.sold("v-3").key_tokens
    proved = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert proved.change.state is S.CONFIRMED
    town.check()
    town.store.close()


def test_the_log_of_a_void_contradicts_what_was_said(place: Path | str) -> None:
    town = Voids(place)
    town.sold("v-1")
    town.changes.mark_entered(OPERATOR, POWER.number, "by telephone")
    # A plan behind it would be made under a key that the meter does not hold.
    town.changes.plan(BOSS, POWER.number, WHY, ti=7)
    assert town.void("v-1") is Evidence.NOT_IN_LOG
    told = [(c.move.to_ti, c.state) for c in town.changes.of_meter(BOSS, POWER.number)]
    assert told == [(1, S.PLANNED), (7, S.CANCELLED), (1, S.CANCELLED)]
    town.next_sale_is_taken()


def test_the_log_of_a_void_proves_the_set(place: Path | str) -> None:
    town = Voids(place)
    first = town.sold("v-1")
    for token in first.key_tokens:
        town.machine.enter_token(token.digits, town.clock())
    town.void("v-1")
    assert town.states() == ["issued", "confirmed"]
    assert town.typed(town.sold("v-2")) is TokenResult.ACCEPT
    town.check()
    town.store.close()


def test_what_was_said_stands_until_something_contradicts_it(place: Path | str) -> None:
    town = Voids(place)
    first = town.sold("v-1")
    assert town.typed(first) is TokenResult.ACCEPT
    town.changes.mark_entered(OPERATOR, POWER.number)
    town.sold("v-2")
    town.void("v-2")
    assert town.states() == ["issued", "entered"]
    assert (town.meter().krn, town.meter().planned) == (2, None)
    town.store.close()


def test_what_nobody_has_seen_nobody_has_entered(place: Path | str) -> None:
    """The books would call the new key the meter's own, and it would take nothing of the next
    paper."""
    town = Voids(place)
    town.sold("v-1", hold=True)
    with pytest.raises(KeySetHeld):
        town.changes.mark_entered(OPERATOR, POWER.number, "by telephone")
    sold = town.sold("v-2")
    with pytest.raises(KeySetHeld):
        town.changes.mark_entered(OPERATOR, POWER.number)
    assert town.void("v-1") is Evidence.NOT_SHOWN
    # A later sale needs the set: it goes out once more with the next, and is in nobody's hands.
    with pytest.raises(KeySetUnseen):
        town.changes.mark_entered(OPERATOR, POWER.number)
    assert town.states() == ["issued", "issued"]
    again = town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    for token in again.tokens:
        town.machine.enter_token(token.digits, town.clock())
    town.changes.mark_entered(OPERATOR, POWER.number, "by telephone")
    assert town.typed(sold) is TokenResult.ACCEPT
    assert town.sold("v-3").key_tokens == ()
    town.check()
    town.store.close()


def test_a_set_of_a_sale_that_was_delivered_may_have_been_entered(place: Path | str) -> None:
    """Pushed with its credit, and shown to nobody."""
    town = Voids(place)
    town.sold("v-1", hold=True)
    assert town.service.deliver(OPERATOR, "v-1").state is SaleState.DELIVERED
    assert town.changes.mark_entered(OPERATOR, POWER.number).state is S.ENTERED
    town.store.close()


def test_a_set_that_was_shown_may_have_been_entered(place: Path | str) -> None:
    town = Voids(place)
    town.sold("v-1", hold=True)
    town.service.show(OPERATOR, "v-1")
    assert town.changes.mark_entered(OPERATOR, POWER.number).state is S.ENTERED
    town.store.close()


def test_a_token_log_alone_contradicts_what_was_said(place: Path | str) -> None:
    town = Voids(place)
    town.gateway = Keypad(town.gateway)  # type: ignore[assignment]
    sold = town.sold("v-1")
    town.changes.mark_entered(OPERATOR, POWER.number)
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (looked.proof.taken, looked.proof.note) == (False, "the log does not hold the set")
    assert town.states() == ["issued", "entered", "issued"]
    # A log that holds the paid token as one that could not be opened says it in any length.
    town.changes.mark_entered(OPERATOR, POWER.number)
    town.fill_log()
    refused = town.machine.enter_token(sold.tokens[0].digits, town.clock())
    assert refused.result is TokenResult.CRC_ERROR
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (looked.proof.taken, looked.change.state) == (False, S.ISSUED)
    # And one that neither holds it nor reaches back says nothing.
    town.changes.mark_entered(OPERATOR, POWER.number)
    town.fill_log()
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (looked.proof.taken, looked.change.state) == (None, S.ENTERED)
    assert town.typed(sold) is TokenResult.ACCEPT
    assert town.changes.confirm_by_reading(TECHNICIAN, POWER.number).proof.taken
    town.check()
    town.store.close()
