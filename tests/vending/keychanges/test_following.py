"""From a plan to a proof, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from meters.errors import RaseedError
from meters.gateway import MeterUnreachable, PushUnknown
from meters.identity import Drn
from meters.verdicts import TokenResult
from tests.vending.support import OPERATOR, POWER, TECHNICIAN, WATER
from tokens.sts import EncryptionAlgorithm, KeyChangeNotPermitted, KeyNotActive, KeyUnknown
from tokens.sts.keys import KeyFieldInvalid
from vending.accounting.errors import ReasonMissing
from vending.aftersale import SaleState
from vending.keychanges import KeyChangeState, Scope
from vending.keychanges.changes import KeyChangeOpen, KeyChangeStep, KeySetNotOut, NoKeyChange
from vending.keychanges.issuing import BaseDateBack
from vending.keychanges.targets import KeyTargetEnded
from vending.parties import Actor, MeterUnknown, PlannedKey, Role
from vending.permissions import ActorNotAllowed
from vending.store.key_issues import withdraw_rows

from .support import OTHER_SGC
from .town import BOSS, WHY, KeyTown

S = KeyChangeState
LOST = "The paper is lost"
NOBODYS = Drn.from_serial("01", 999)
AUDITOR = Actor("Layla", Role.BILLING)
EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11


def states(town: KeyTown) -> list[str]:
    (change, *_) = town.changes.of_meter(BOSS, POWER.number)
    return [event.state.value for event in change.events]


def test_a_plan_is_issued_entered_and_proved_by_the_meters_own_word(place: Path | str) -> None:
    town = KeyTown(place, EA11)
    planned = town.changes.plan(BOSS, POWER.number, WHY, sgc=OTHER_SGC, ti=7)
    assert (planned.state, planned.issued_with) == (S.PLANNED, None)
    assert town.meter().planned == PlannedKey(OTHER_SGC, 1, 7)
    # Asked again, the plan that stands.
    assert town.changes.plan(BOSS, POWER.number, WHY, sgc=OTHER_SGC, ti=7) == planned
    with pytest.raises(KeySetNotOut):
        town.changes.tokens_again(OPERATOR, POWER.number, LOST)

    made, _ = town.issue()
    held = town.meter()
    assert (held.sgc, held.krn, held.ti, held.planned) == (OTHER_SGC, 1, 7, None)
    again = town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    assert (again.change.issued_with, again.tokens) == ("v-1", made.tokens)
    assert (again.change.events[-1].actor, again.change.events[-1].note) == (OPERATOR.name, LOST)
    # Nothing is in the meter yet, and nobody says so.
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (looked.proof.taken, looked.change.state) == (False, S.ISSUED)

    # Said too early: the meter contradicts it.
    town.changes.mark_entered(OPERATOR, POWER.number, "by telephone")
    assert town.changes.confirm_by_reading(TECHNICIAN, POWER.number).change.state is S.ISSUED
    town.type_in(made)
    said = town.changes.mark_entered(OPERATOR, POWER.number)
    assert town.changes.mark_entered(OPERATOR, POWER.number) == said
    proved = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (proved.proof.taken, proved.proof.note) == (True, "the meter names the new key")
    assert states(town) == ["issued", "issued", "entered", "issued", "entered", "confirmed"]
    assert proved.change.issued_with == "v-1"
    # From here on nothing is asked of the meter any more.
    town.gateway.reachable = False
    once_more = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (once_more.change, once_more.proof.note) == (proved.change, proved.proof.note)
    with pytest.raises(KeySetNotOut):
        town.changes.tokens_again(OPERATOR, POWER.number, LOST)
    town.store.close()


def test_short_keys_leave_the_proof_to_the_token_log(place: Path | str) -> None:
    """After two tokens a meter does not know its supply group, and the rest did not change."""
    town = KeyTown(place, EA07)
    town.changes.plan(BOSS, POWER.number, WHY, sgc=OTHER_SGC)
    made, sold = town.issue()
    # The customer begins with the wrong token.
    credit = sold.tokens[0].digits
    assert town.machine.enter_token(credit, town.clock()).result is TokenResult.CRC_ERROR
    assert town.changes.confirm_by_reading(OPERATOR, POWER.number).proof.taken is False
    town.type_in(made)
    assert town.machine.memory.acceptance.sgc is None
    proved = town.changes.confirm_by_reading(OPERATOR, POWER.number)
    assert proved.proof.note == "the log holds the set, taken"
    assert town.machine.enter_token(credit, town.clock()).result is TokenResult.ACCEPT
    assert states(town) == ["issued", "confirmed"]
    town.store.close()


def test_a_later_token_in_the_log_proves_the_set_that_fell_out_of_it(place: Path | str) -> None:
    town = KeyTown(place, EA07)
    town.changes.plan(BOSS, POWER.number, WHY, sgc=OTHER_SGC)
    made, sold = town.issue()
    town.type_in(made)
    town.machine.enter_token(sold.tokens[0].digits, town.clock())
    for _ in range(9):
        town.machine.enter_token("0" * 19 + "x", town.clock())
    proved = town.changes.confirm_by_reading(OPERATOR, POWER.number)
    assert (proved.proof.note, proved.proof.vend_id) == (
        "the log holds a token under the new key",
        "v-1",
    )
    town.store.close()


def test_a_delivered_token_proves_the_change_without_a_reading(place: Path | str) -> None:
    town = KeyTown(place, EA07)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    town.issue()
    with pytest.raises(ActorNotAllowed):
        town.changes.confirm_delivered(AUDITOR)
    assert town.changes.confirm_delivered(OPERATOR) == 0
    # The set goes first over the line, so the credit behind it is under the key that is held.
    assert town.service.deliver(OPERATOR, "v-1").state is SaleState.DELIVERED
    town.gateway.reachable = False
    assert town.changes.confirm_delivered(OPERATOR) == 1
    (change,) = town.changes.changes(BOSS, [S.CONFIRMED])
    assert (change.events[-1].vend_id, change.issued_with) == ("v-1", "v-1")
    assert town.changes.confirm_delivered(OPERATOR) == 0
    town.store.close()


def test_a_later_sale_that_proves_a_change_is_not_counted_as_another(place: Path | str) -> None:
    """The set of the evening was typed in, and the next sale, which has none, is pushed."""
    town = KeyTown(place, EA07)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    made, _ = town.issue()
    town.type_in(made)
    town.clock.forward(days=1)
    assert town.sold("v-2").key_tokens == ()
    assert town.service.deliver(OPERATOR, "v-2").state is SaleState.DELIVERED
    assert town.changes.confirm_delivered(OPERATOR) == 1
    (change,) = town.changes.changes(BOSS, [S.CONFIRMED])
    assert (change.events[-1].vend_id, change.issued_with) == ("v-2", "v-1")
    town.check()
    town.store.close()


def test_who_asks_for_one_meter_is_told_what_was_delivered_with_the_line_cut(
    place: Path | str,
) -> None:
    town = KeyTown(place, EA07)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    town.issue()
    town.service.deliver(OPERATOR, "v-1")
    town.gateway.reachable = False
    proved = town.changes.confirm_by_reading(OPERATOR, POWER.number)
    assert (proved.proof.taken, proved.proof.vend_id) == (True, "v-1")
    assert states(town) == ["issued", "confirmed"]
    town.store.close()


def test_a_set_that_is_not_out_is_neither_looked_for_nor_pushed(place: Path | str) -> None:
    town = KeyTown(place)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    for follow in (town.changes.confirm_by_reading, town.changes.push):
        with pytest.raises(KeySetNotOut, match="planned"):
            follow(TECHNICIAN, POWER.number)
    assert town.machine.memory.sequence == 0
    town.store.close()


@pytest.mark.parametrize("ea", [EA07, EA11])
def test_a_pushed_set_is_taken_and_proved(place: Path | str, ea: EncryptionAlgorithm) -> None:
    town = KeyTown(place, ea)
    town.changes.plan(BOSS, POWER.number, WHY, ti=3)
    town.issue()
    pushed = town.changes.push(TECHNICIAN, POWER.number)
    assert len(pushed.results) == (4 if ea is EA11 else 2)
    assert pushed.results[-1] is TokenResult.ACCEPT
    assert states(town) == ["issued", "entered", "confirmed"]
    assert town.machine.memory.acceptance.ti == 3
    assert town.service.deliver(OPERATOR, "v-1").state is SaleState.DELIVERED
    entries = town.machine.memory.sequence
    again = town.changes.push(TECHNICIAN, POWER.number)
    assert (again.results, again.proof.note) == ((), pushed.proof.note)
    assert town.machine.memory.sequence == entries
    town.store.close()


def test_a_set_that_the_customer_typed_is_only_read(place: Path | str) -> None:
    """Nobody pushed it, and no step says so."""
    town = KeyTown(place)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    made, _ = town.issue()
    town.type_in(made)
    entries = town.machine.memory.sequence
    looked = town.changes.push(TECHNICIAN, POWER.number)
    assert (looked.results, looked.proof.taken) == ((), True)
    assert town.machine.memory.sequence == entries
    assert states(town) == ["issued", "confirmed"]
    town.store.close()


def test_a_push_without_an_answer_is_found_out_and_can_be_pushed_again(place: Path | str) -> None:
    town = KeyTown(place, EA07)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    town.issue()
    town.gateway.replies_to_lose = 1
    halted = town.changes.push(TECHNICIAN, POWER.number)
    assert (halted.results, halted.proof.taken, halted.change.state) == ((None,), False, S.ISSUED)
    # The answer to the last section is lost as well: the meter's word settles it.
    plain, count = town.gateway.push_token, iter(range(9))

    def lose_second(token: str) -> object:
        outcome = plain(token)
        return PushUnknown("reply lost") if next(count) == 1 else outcome

    town.gateway.push_token = lose_second  # type: ignore[assignment, method-assign]
    settled = town.changes.push(TECHNICIAN, POWER.number)
    assert (settled.results, settled.change.state) == (
        (TokenResult.FIRST_KCT, None),
        S.CONFIRMED,
    )
    # Of neither push anybody knows that the whole set arrived, before the meter says so.
    assert states(town) == ["issued", "confirmed"]
    town.gateway.reachable = False
    town.changes.plan(BOSS, POWER.number, WHY, ti=9)
    town.issue("v-9")
    with pytest.raises(MeterUnreachable):
        town.changes.push(TECHNICIAN, POWER.number)
    assert town.changes.of_meter(BOSS, POWER.number)[0].state is S.ISSUED
    town.store.close()


REFUSALS: list[tuple[dict[str, object], type[RaseedError]]] = [
    ({}, KeyChangeNotPermitted),
    ({"krn": 1, "ti": 1}, KeyChangeNotPermitted),
    ({"krn": 7}, KeyUnknown),
    ({"sgc": "12"}, KeyUnknown),
    ({"ti": 100}, KeyFieldInvalid),
    ({"krn": 3}, KeyNotActive),
    ({"krn": 9}, BaseDateBack),
    ({"krn": 8}, KeyTargetEnded),
]


def test_what_cannot_be_is_not_planned(tmp_path: Path) -> None:
    town = KeyTown(tmp_path / "books.db")
    for wanted, error in REFUSALS:
        with pytest.raises(error):
            town.changes.plan(BOSS, POWER.number, WHY, **wanted)  # type: ignore[arg-type]
    with pytest.raises(ReasonMissing):
        town.changes.plan(BOSS, POWER.number, "ok", krn=2)
    with pytest.raises(MeterUnknown):
        town.changes.plan(BOSS, NOBODYS.number, WHY, krn=2)
    with pytest.raises(ActorNotAllowed):
        town.changes.plan(OPERATOR, POWER.number, WHY, krn=2)
    with pytest.raises(ActorNotAllowed):
        town.changes.cancel(TECHNICIAN, POWER.number, WHY)
    for act in _follow(town, POWER):
        with pytest.raises(NoKeyChange):
            act()
    for act in _follow(town, POWER, AUDITOR, AUDITOR):
        with pytest.raises(ActorNotAllowed):
            act()
    for act in (*_follow(town, NOBODYS), lambda: town.changes.of_meter(BOSS, NOBODYS.number)):
        with pytest.raises(MeterUnknown):
            act()
    assert town.changes.of_meter(OPERATOR, POWER.number) == []
    assert town.meter().planned is None
    town.store.close()


def _follow(
    town: KeyTown, meter: Drn, clerk: Actor = OPERATOR, chief: Actor = BOSS
) -> list[Callable[[], object]]:
    changes = town.changes
    return [
        lambda: changes.mark_entered(clerk, meter.number),
        lambda: changes.push(clerk, meter.number),
        lambda: changes.confirm_by_reading(clerk, meter.number),
        lambda: changes.tokens_again(clerk, meter.number, LOST),
        lambda: changes.cancel(chief, meter.number, WHY),
    ]


def test_one_change_at_a_time_and_only_a_plan_can_be_cancelled(place: Path | str) -> None:
    town = KeyTown(place)
    first = town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    with pytest.raises(KeyChangeOpen):
        town.changes.plan(BOSS, POWER.number, WHY, ti=5)
    with pytest.raises(KeyChangeStep):
        town.changes.mark_entered(OPERATOR, POWER.number)
    cancelled = town.changes.cancel(BOSS, POWER.number, "Wrong meter was named")
    assert (cancelled.id, cancelled.state) == (first.id, S.CANCELLED)
    assert town.changes.cancel(BOSS, POWER.number, "Once more, same thing") == cancelled
    assert town.meter().planned is None

    second = town.changes.plan(BOSS, POWER.number, WHY, ti=5)
    made, _ = town.issue()
    with pytest.raises(KeyChangeStep):
        town.changes.cancel(BOSS, POWER.number, WHY)
    # The meter may not hold the key yet under which the next set would be made.
    with pytest.raises(KeyChangeOpen):
        town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    town.type_in(made)
    town.changes.mark_entered(OPERATOR, POWER.number)
    third = town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    ids = [change.id for change in town.changes.of_meter(BOSS, POWER.number)]
    assert ids == [third.id, second.id, first.id]
    assert [c.id for c in town.changes.of_meter(BOSS, POWER.number, before=third.id, limit=1)] == [
        second.id
    ]
    # Cancelling it leaves the one before as it was, to be proved.
    town.changes.cancel(BOSS, POWER.number, WHY)
    proved = town.changes.confirm_by_reading(OPERATOR, POWER.number)
    assert (proved.change.id, proved.change.state) == (second.id, S.CONFIRMED)
    town.store.close()


def test_a_sale_voided_unseen_leaves_the_change_planned_for_the_next(place: Path | str) -> None:
    town = KeyTown(place)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    town.issue("v-1")
    with town.store.writing() as books:
        assert not withdraw_rows(books._db, POWER.number, "v-9", town.clock(), "Omar")
        assert not withdraw_rows(books._db, WATER.number, "v-1", town.clock(), "Omar")
        assert withdraw_rows(books._db, POWER.number, "v-1", town.clock(), "Omar")
        assert not withdraw_rows(books._db, POWER.number, "v-1", town.clock(), "Omar")
    held = town.meter()
    assert (held.krn, held.planned) == (1, PlannedKey(held.sgc, 2, 1))
    made, sold = town.issue("v-2")
    town.type_in(made)
    assert (
        town.machine.enter_token(sold.tokens[0].digits, town.clock()).result is TokenResult.ACCEPT
    )
    assert [c.state for c in town.changes.of_meter(BOSS, POWER.number)] == [S.ISSUED, S.CANCELLED]
    # Once more was sold under the new key: its set is needed whatever becomes of the sale.
    town.sell("v-3")
    with town.store.writing() as books:
        assert withdraw_rows(books._db, POWER.number, "v-2", town.clock(), "Omar")
    assert states(town) == ["issued", "issued"]
    assert (town.meter().krn, town.meter().planned) == (1, PlannedKey(held.sgc, 2, 1))
    town.store.close()


def test_a_plan_that_came_with_the_meter_is_written_down_when_it_is_issued(
    tmp_path: Path,
) -> None:
    town = KeyTown(tmp_path / "books.db")
    with town.store.writing() as books:
        books._db.exec_driver_sql("UPDATE meters SET next_sgc = sgc, next_krn = 2, next_ti = ti")
    town.issue()
    (change,) = town.changes.changes(BOSS, [S.ISSUED], Scope())
    assert (change.move.to_krn, change.issued_with) == (2, "v-1")
    town.store.close()


@pytest.mark.parametrize("reachable", [True, False])
def test_a_line_is_hung_up_whatever_came_over_it(
    place: Path | str, monkeypatch: pytest.MonkeyPatch, reachable: bool
) -> None:
    town = KeyTown(place)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    town.issue()
    hung_up: list[str] = []
    for follow in (town.changes.confirm_by_reading, town.changes.push):
        monkeypatch.setattr(town.gateway, "close", lambda: hung_up.append(POWER.number))
        town.gateway.reachable = reachable
        with nullcontext() if reachable else pytest.raises(MeterUnreachable):
            follow(TECHNICIAN, POWER.number)
    assert len(hung_up) == 2
    town.store.close()


def test_a_receipt_names_the_key_that_its_credit_is_under(place: Path | str) -> None:
    town = KeyTown(place)
    town.changes.plan(BOSS, POWER.number, WHY, ti=3)
    _, sold = town.issue()
    assert sold.buyer.ti == 3
    town.store.close()
