"""What was approved and is not done: it stays on the list with the reason, somebody carries it
through or calls it off, and it is never done twice. On both databases."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from meters.errors import RaseedError
from tests.vending.acts.support import (
    CHIEF,
    CLERK,
    OTHER_CHIEF,
    RAMI,
    WHY,
    Office,
    P,
    T,
    W,
    office_at,
)
from tests.vending.support import ADMIN
from vending.approvals import Approvals, ApprovalState
from vending.approvals.approval import PATIENCE, StepState
from vending.approvals.errors import ApprovalUnderWay
from vending.blocking import Block
from vending.messages import Language, failure_words
from vending.parties import Actor
from vending.sale import SaleReceipt
from vending.sold import SaleVoided
from vending.store import downgrade, upgrade
from vending.store.approvals import SqlPeople

THIRD = replace(CHIEF, name="Nadia")
FOURTH = replace(CHIEF, name="Yara")


@pytest.fixture
def office(place: Path | str) -> Iterator[Office]:
    with office_at(place) as made:
        yield made


def refused(act: Callable[[], Any]) -> str:
    """The code of the error that it ends with."""
    with pytest.raises(RaseedError) as found:
        act()
    return found.value.code


def state(office: Office, id: str) -> ApprovalState:
    return office.approvals.state(office.approvals.approval(CHIEF, id))


def bar(office: Office, meter: str = P) -> None:
    with SqlPeople(office.town.store).writing() as books:
        books.set_block(Block("meter", meter, "Cover broken", office.town.clock()), "Huda")


def let_go(office: Office, meter: str = P) -> None:
    with SqlPeople(office.town.store).writing() as books:
        found = books.block("meter", meter)
        assert found is not None
        books.lift_block(found, office.town.clock(), "Huda", "Cover repaired")


def failed(office: Office, id: str = "A-1") -> None:
    """Twenty units for nothing, approved by the chief, refused by a block that is gone again."""
    office.ask(id, "free_issue", meter=P, units="20")
    bar(office)
    assert refused(lambda: office.approve(id)) == "vend.blocked"
    let_go(office)


def test_it_stays_on_the_list_with_the_reason(office: Office) -> None:
    office.ask("A-0", "free_issue", meter=P, units="1")
    failed(office)
    assert [one.id for one in office.approvals.waiting(CLERK)] == ["A-1", "A-0"]
    assert [one.id for one in office.approvals.pending(CLERK)] == ["A-0"]
    behind = office.approvals.waiting(CLERK, act="free_issue", before="A-1")
    assert [one.id for one in behind] == ["A-0"]
    found = office.approvals.approval(CLERK, "A-1")
    assert office.approvals.state(found) is ApprovalState.NOT_DONE
    assert found.failure is not None
    assert found.failure.code == "vend.blocked"
    for language in Language:
        told = failure_words(found.failure.code, found.failure.facts, language)
        assert "Cover broken" in told
        assert P in told
    (step,) = found.steps
    assert (step.state, step.actor) == (StepState.FAILED, "Layla")
    # However long nobody looks.
    office.town.clock.forward(days=40)
    assert [one.id for one in office.approvals.waiting(CLERK)] == ["A-1"]


def test_anybody_who_may_and_has_not_asked_carries_it_through(office: Office) -> None:
    failed(office)
    asked = replace(CHIEF, name="cli:samir")
    assert refused(lambda: office.approvals.approve(asked, "A-1")) == "approval.own_act"
    assert refused(lambda: office.approvals.approve(RAMI, "A-1")) == "actor.not_allowed"
    done = office.approvals.approve(OTHER_CHIEF, "A-1")
    assert isinstance(done.outcome, SaleReceipt)
    assert (done.replayed, done.outcome.replayed) == (False, False)
    assert done.outcome.seller.operator == OTHER_CHIEF.name
    assert done.approval == office.approvals.approval(CLERK, "A-1")
    assert state(office, "A-1") is ApprovalState.APPROVED
    assert [one.state for one in done.approval.steps] == [
        StepState.FAILED,
        StepState.BEGUN,
        StepState.DONE,
    ]
    # Both who had a hand in it are answered, nobody else, and nothing is done twice.
    for person in (CHIEF, OTHER_CHIEF):
        again = office.approvals.approve(person, "A-1")
        assert (again.outcome, again.replayed) == (done.outcome, True)
    assert refused(lambda: office.approvals.approve(THIRD, "A-1")) == "approval.decided"
    assert refused(lambda: office.approvals.refuse(THIRD, "A-1", WHY)) == "approval.decided"
    assert office.entries() == 1
    assert office.approvals.waiting(CLERK) == []
    office.check()


def test_whoever_began_last_is_at_it_and_begins_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process after the other dies in the middle, so that nobody writes down how it ended."""
    office.ask("A-1", "free_issue", meter=P, units="20")
    bar(office)
    with monkeypatch.context() as patch:
        patch.setattr(type(office.approvals), "_keep", lambda *_: None)
        for person in (CHIEF, OTHER_CHIEF, THIRD):
            for _ in ("cut off", "and begun anew"):
                assert refused(lambda who=person: office.approvals.approve(who, "A-1")) == (  # type: ignore[misc]
                    "vend.blocked"
                )
            with pytest.raises(ApprovalUnderWay) as told:
                office.approvals.refuse(FOURTH, "A-1", WHY)
            assert told.value.by == person.name
            office.town.clock.forward(seconds=PATIENCE.total_seconds())
    let_go(office)
    steps = office.approvals.approve(THIRD, "A-1").approval.steps
    assert [(one.state, one.actor) for one in steps] == [
        (StepState.BEGUN, OTHER_CHIEF.name),
        (StepState.BEGUN, THIRD.name),
        (StepState.DONE, THIRD.name),
    ]
    office.check()


def test_it_is_called_off_by_a_second_person(office: Office) -> None:
    failed(office)
    asked = replace(CHIEF, name="SAMIR")
    assert refused(lambda: office.approvals.refuse(asked, "A-1", WHY)) == "approval.own_act"
    assert refused(lambda: office.approvals.withdraw(CLERK, "A-1")) == "approval.decided"
    assert refused(lambda: office.approvals.refuse(THIRD, "A-1", "ok")) == "ledger.reason_missing"
    ended = office.approvals.refuse(THIRD, "A-1", "The family has moved")
    assert ended.called_off is not None
    assert (ended.called_off.actor, ended.called_off.note) == ("Nadia", "The family has moved")
    assert office.approvals.refuse(THIRD, "A-1", "Another word for it") == ended
    assert state(office, "A-1") is ApprovalState.CALLED_OFF
    for person in (CHIEF, OTHER_CHIEF, THIRD):
        assert refused(lambda who=person: office.approvals.approve(who, "A-1")) == (  # type: ignore[misc]
            "approval.decided"
        )
    assert refused(lambda: office.approvals.refuse(CHIEF, "A-1", WHY)) == "approval.decided"
    called = office.approvals.approvals(CLERK, ApprovalState.CALLED_OFF)
    assert [one.id for one in called] == ["A-1"]
    assert office.approvals.waiting(CLERK) == []
    assert office.approvals.approvals(CLERK, ApprovalState.APPROVED) == []
    assert office.entries() == 0
    office.check()


def test_what_was_done_is_not_called_off(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power goes between the act and its note: nobody has seen it done, and it is."""
    office.ask("A-1", "free_issue", meter=P, units="20")
    office.sell("v-1")
    office.ask("A-2", "void_refund", sale="v-1")
    with monkeypatch.context() as patch:
        patch.setattr(type(office.approvals), "_keep", lambda *_: None)
        office.approvals.approve(CHIEF, "A-1")
        office.approvals.approve(CHIEF, "A-2")
    before = office.entries()
    for id in ("A-1", "A-2"):
        assert state(office, id) is ApprovalState.NOT_DONE
        assert refused(lambda id=id: office.approvals.refuse(THIRD, id, WHY)) == (  # type: ignore[misc]
            "approval.under_way"
        )
    office.town.clock.forward(seconds=PATIENCE.total_seconds())
    for id in ("A-1", "A-2"):
        assert refused(lambda id=id: office.approvals.refuse(THIRD, id, WHY)) == (  # type: ignore[misc]
            "approval.may_be_done"
        )
        assert office.approvals.approve(THIRD, id).outcome is not None
        assert state(office, id) is ApprovalState.APPROVED
    assert office.entries() == before
    office.check()


def test_what_was_done_when_the_clock_stood_back_is_not_called_off_either(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed(office)
    # Put right by the network between the approval and the act, as far as a sale bears it.
    office.town.clock.forward(minutes=-3)
    with monkeypatch.context() as patch:
        patch.setattr(type(office.approvals), "_keep", lambda *_: None)
        office.approvals.approve(OTHER_CHIEF, "A-1")
    assert state(office, "A-1") is ApprovalState.NOT_DONE
    office.town.clock.forward(hours=1)
    assert refused(lambda: office.approvals.refuse(THIRD, "A-1", WHY)) == "approval.may_be_done"
    assert office.approvals.approve(THIRD, "A-1").outcome is not None
    office.check()


def test_a_refund_of_nearly_the_same_name_is_not_what_was_asked_for(office: Office) -> None:
    failed(office)
    office.sell("v-9")
    office.ask("a-1", "void_refund", sale="v-9")
    office.approvals.approve(CHIEF, "a-1")
    assert office.approvals.refuse(THIRD, "A-1", WHY).called_off is not None
    office.check()


def test_an_ordinary_sale_of_its_name_is_not_what_was_asked_for(office: Office) -> None:
    """Nobody could carry it through any more, nor call it off."""
    failed(office)
    office.sell("A-1")
    assert refused(lambda: office.approvals.approve(CHIEF, "A-1")) == "vend.id_reused"
    assert office.approvals.refuse(THIRD, "A-1", WHY).called_off is not None
    assert office.approvals.waiting(CLERK) == []
    office.check()


@pytest.mark.parametrize("act", ["free_issue", "void_refund", "correction"])
def test_an_act_that_was_called_off_meanwhile_is_not_done(office: Office, act: str) -> None:
    """Whoever began it is between the approval and the act when another calls it off."""
    office.sell("v-1")
    document = {
        "free_issue": {"meter": P, "units": "20"},
        "void_refund": {"sale": "v-1"},
        "correction": {"sale": "v-1", "meter": W},
    }[act]
    office.ask("A-1", act, **document)
    before = office.entries()
    row = office.approvals.acts[act]
    execute = row.execute
    assert execute is not None

    def late(approved: Any) -> object:
        office.town.clock.forward(minutes=5)
        office.approvals.refuse(THIRD, "A-1", "It took too long")
        return execute(approved)

    acts = dict(office.approvals.acts) | {act: replace(row, execute=late)}
    slow = type(office.approvals)(SqlPeople(office.town.store), acts, office.town.clock)
    assert refused(lambda: slow.approve(CHIEF, "A-1")) == "approval.decided"
    assert state(office, "A-1") is ApprovalState.CALLED_OFF
    assert office.entries() == before
    office.check()


def test_many_carry_it_through_at_once(office: Office) -> None:
    """Each is answered the one sale, or told to wait."""
    failed(office)
    people = [CHIEF, OTHER_CHIEF, THIRD]
    start = Barrier(len(people))

    def carry(person: Any) -> Any:
        start.wait(10)
        try:
            return office.approvals.approve(person, "A-1").outcome
        except RaseedError as error:
            return error.code

    with ThreadPoolExecutor(len(people)) as pool:
        told = list(pool.map(carry, people))
    sales = [one for one in told if isinstance(one, SaleReceipt)]
    assert sales
    assert all(one == sales[0] for one in sales)
    codes = {one for one in told if isinstance(one, str)}
    assert codes <= {"approval.under_way", "approval.decided"}
    assert office.entries() == 1
    assert state(office, "A-1") is ApprovalState.APPROVED
    office.check()


def test_it_fails_again_and_again_and_then_it_is_too_late(office: Office) -> None:
    office.ask("A-1", "free_issue", meter=P, units="20")
    bar(office)
    for person in (CHIEF, OTHER_CHIEF, CHIEF):
        assert refused(lambda who=person: office.approvals.approve(who, "A-1")) == "vend.blocked"  # type: ignore[misc]
    let_go(office)
    found = office.approvals.approval(CLERK, "A-1")
    assert [one.actor for one in found.steps if one.state is StepState.FAILED] == [
        "Layla",
        "Omar",
        "Layla",
    ]
    office.town.clock.forward(hours=24)
    assert refused(lambda: office.approvals.approve(THIRD, "A-1")) == "approval.expired"
    assert state(office, "A-1") is ApprovalState.NOT_DONE
    office.approvals.refuse(THIRD, "A-1", "Asked for anew")
    assert office.approvals.waiting(CLERK) == []


def test_what_was_taken_back_later_stays_done(office: Office) -> None:
    office.ask("A-1", "free_issue", meter=P, units="20")
    office.approve("A-1")
    office.service.void(CHIEF, "A-1", WHY)
    with pytest.raises(SaleVoided):
        office.approve("A-1")
    assert state(office, "A-1") is ApprovalState.APPROVED
    assert refused(lambda: office.approvals.refuse(THIRD, "A-1", WHY)) == "approval.decided"


def test_no_digits_are_kept_with_a_failure(office: Office) -> None:
    office.ask("A-1", "free_issue", meter=P, units="20")
    with SqlPeople(office.town.store).writing() as books:
        digits = "1234 5678 9012 3456 7890"
        books.set_block(Block("meter", P, f"Token {digits}", office.town.clock()), "Huda")
    assert refused(lambda: office.approve("A-1")) == "vend.blocked"
    with office.town.store.engine.connect() as db:
        (document,) = db.execute(select(T["approval_steps"].c.document)).scalars()
    assert "7890" not in document
    assert "***" in document


def test_what_was_approved_before_the_upgrade(office: Office) -> None:
    """What the books hold is done, what failed waits."""
    failed(office, "A-1")
    office.ask("A-2", "free_issue", meter=P, units="3")
    office.approve("A-2")
    office.sell("v-1")
    office.ask("A-3", "void_refund", sale="v-1")
    office.approve("A-3")
    engine = office.town.store.engine
    downgrade(engine, "0008")
    upgrade(engine)
    waiting = office.approvals.waiting(CLERK)
    assert [(one.id, one.failure) for one in waiting] == [("A-1", None)]
    assert state(office, "A-2") is state(office, "A-3") is ApprovalState.APPROVED
    office.approvals.approve(THIRD, "A-1")
    assert office.approvals.waiting(CLERK) == []
    assert office.service.verify(ADMIN).ok


STEPS = st.one_of(
    st.tuples(st.sampled_from(["approve", "refuse"]), st.sampled_from([CHIEF, OTHER_CHIEF, THIRD])),
    st.tuples(st.sampled_from(["withdraw", "ask"]), st.just(CLERK)),
    st.tuples(st.sampled_from(["bar", "let_go", "cut", "wait", "wait_long"]), st.just(CLERK)),
)


@given(steps=st.lists(STEPS, min_size=3, max_size=14))
@settings(deadline=None, max_examples=60)
def test_it_is_done_once_or_not_at_all(steps: list[tuple[str, Actor]]) -> None:
    """Whoever does what, in any order, and the power gone before the act or behind it."""
    with tempfile.TemporaryDirectory() as folder, office_at(Path(folder) / "books.db") as office:
        approvals, clock = office.approvals, office.town.clock
        office.ask("A-1", "free_issue", meter=P, units="20")
        acts: dict[str, Callable[[Actor], object]] = {
            "approve": lambda who: approvals.approve(who, "A-1"),
            "refuse": lambda who: approvals.refuse(who, "A-1", WHY),
            "withdraw": lambda who: approvals.withdraw(who, "A-1"),
            "ask": lambda _: office.ask("A-1", "free_issue", meter=P, units="20"),
            "bar": lambda _: bar(office),
            "let_go": lambda _: let_go(office),
            "cut": lambda _: cut_behind(office),
            "wait": lambda _: clock.forward(minutes=2),
            "wait_long": lambda _: clock.forward(hours=9),
        }
        for name, who in steps:
            # A block that stands, or none that does, is refused by the tables themselves.
            with suppress(RaseedError, AssertionError):
                acts[name](who)
            found = state(office, "A-1")
            booked = office.entries()
            assert booked <= 1
            if found is ApprovalState.APPROVED:
                assert booked == 1
            elif found is not ApprovalState.NOT_DONE:
                assert booked == 0
            waits = found in (ApprovalState.PENDING, ApprovalState.NOT_DONE)
            assert bool(approvals.waiting(CLERK)) == waits
            assert [one.id for one in approvals.approvals(CLERK, found)] == ["A-1"]


def cut_behind(office: Office) -> None:
    """Approved or carried through, and nothing is written down of how it ended."""
    silent = Approvals(SqlPeople(office.town.store), office.approvals.acts, office.town.clock)
    silent._keep = lambda *_: None  # type: ignore[method-assign]
    silent.approve(CHIEF, "A-1")
