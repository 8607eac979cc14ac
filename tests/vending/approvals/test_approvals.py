"""Acts of two people, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from meters.errors import RaseedError
from tests.databases import counted
from tests.vending.approvals.support import (
    HUDA,
    KIOSK,
    LAYLA,
    NADIA,
    OMAR,
    RIMA,
    SAMIR,
    WHY,
    Desk,
    approvals_over,
    at,
)
from tests.vending.support import ADMIN, IN_CAPITALS, TECHNICIAN, Town, new_store, service
from vending.approvals import Act, ApprovalState, Outcome
from vending.parties import Role
from vending.sale import SaleReceipt
from vending.store import schema as t

TABLES = ("approvals", "approval_decisions", "approval_steps", "sales", "tokens", "entries")


@pytest.fixture
def desk(place: Path | str) -> Iterator[Desk]:
    made = Desk(Town(place))
    made.operators.register(HUDA, KIOSK)
    yield made
    made.town.store.close()


def refused(act: Callable[[], Any]) -> str:
    """The code of the error that it ends with."""
    with pytest.raises(RaseedError) as found:
        act()
    return found.value.code


def test_a_second_person_changes_the_credit_limit(desk: Desk) -> None:
    asked = desk.operators.change(OMAR, "a-1", "Samir", {"credit_limit": "500.00"}, f" {WHY} ")
    assert (asked.state(desk.town.clock()), asked.reason) == (ApprovalState.PENDING, WHY)
    assert (asked.requested_by, asked.point, asked.terminal) == ("Omar Saleh", "P1", "T1")
    assert desk.operators.operator(LAYLA, "Samir").credit_limit == 20_000
    assert [one.id for one in desk.approvals.pending(LAYLA)] == ["a-1"]
    desk.town.clock.forward(hours=3)
    done = desk.approvals.approve(NADIA, "a-1")
    assert done.outcome == {
        "code": "Samir",
        "before": {"credit_limit": "200.00"},
        "now": {"credit_limit": "500.00"},
    }
    assert desk.operators.operator(LAYLA, "Samir") == replace(KIOSK, credit_limit=50_000)
    assert done.approval == desk.approvals.approval(LAYLA, "a-1")
    decision = done.approval.decision
    assert decision is not None
    assert (decision.actor, decision.at) == ("Nadia", desk.town.clock())
    assert desk.approvals.pending(LAYLA) == []
    # Asked or approved again, by the same people: the stored answers, and nothing twice.
    desk.town.clock.forward(days=3)
    assert desk.approvals.approve(NADIA, "a-1") == replace(done, replayed=True)
    again = desk.operators.change(OMAR, "a-1", "Samir", {"credit_limit": "500.00"}, WHY)
    assert again == done.approval
    assert counted(TABLES[:2], desk.town.place) == {"approvals": 1, "approval_decisions": 1}


@pytest.mark.parametrize(
    "who",
    [
        OMAR,
        at(OMAR, "T9"),
        at(OMAR, "T9", "  omar   SALEH "),
        at(OMAR, "", "cli:omar saleh"),
        at(OMAR, "T2", "api:Omar\u200f Saleh"),
        replace(OMAR, role=Role.ADMINISTRATOR, point=None),
    ],
)
def test_nobody_approves_an_own_act(desk: Desk, who: Any) -> None:
    desk.ask("a-1", OMAR)
    assert refused(lambda: desk.approvals.approve(who, "a-1")) == "approval.own_act"
    assert refused(lambda: desk.approvals.refuse(who, "a-1", WHY)) == "approval.own_act"
    assert desk.approvals.pending(LAYLA)[0].decision is None
    assert desk.operators.operator(LAYLA, "Samir") == KIOSK


def test_nobody_approves_what_is_about_them(desk: Desk) -> None:
    desk.ask("a-1", OMAR)
    promoted = replace(SAMIR, name="cli:samir", role=Role.SUPERVISOR)
    assert refused(lambda: desk.approvals.approve(promoted, "a-1")) == "approval.own_act"


def test_roles(desk: Desk) -> None:
    assert refused(lambda: desk.ask("a-1", SAMIR)) == "actor.not_allowed"
    desk.ask("a-1", LAYLA)
    for act in (desk.approvals.approve, lambda a, i: desk.approvals.refuse(a, i, WHY)):
        assert refused(lambda act=act: act(replace(LAYLA, name="Other"), "a-1")) == (  # type: ignore[misc]
            "actor.not_allowed"
        )
    assert desk.approvals.approve(HUDA, "a-1").outcome is not None


def test_terms_of_others_are_no_news_for_everybody(desk: Desk) -> None:
    """Neither is what they are to become, nor why: whoever sees an operator's terms sees it."""
    desk.blocks.block(OMAR, "point", "P2", "Water in the shop")
    desk.ask("a-1", OMAR)
    desk.blocks.lift(OMAR, "l-1", "point", "P2", WHY)
    desk.ask("a-2", OMAR, commission="1.5")
    desk.approvals.approve(NADIA, "a-2")
    looks = desk.approvals
    for who in (SAMIR, replace(SAMIR, name="cli:other"), TECHNICIAN):
        assert [one.id for one in looks.approvals(who, limit=1)] == ["l-1"]
        assert [one.id for one in looks.waiting(who)] == ["l-1"]
        assert looks.approval(who, "l-1").id == "l-1"
        for look in (
            lambda who=who: looks.approval(who, "a-1"),
            lambda who=who: looks.approvals(who, act="change_operator"),
        ):
            assert refused(look) == "actor.not_allowed"
    for who in (LAYLA, OMAR, HUDA):
        assert {one.id for one in looks.approvals(who)} == {"a-1", "a-2", "l-1"}
        assert looks.approval(who, "a-2").id == "a-2"


def test_an_hour_too_late(desk: Desk) -> None:
    desk.ask("a-1")
    desk.town.clock.forward(hours=24, microseconds=-1)
    desk.ask("a-2", commission="1.5")
    assert desk.approvals.approve(NADIA, "a-1").approval.decision is not None
    asked = desk.approvals.approval(LAYLA, "a-2").requested_at
    desk.town.clock.now = asked + timedelta(hours=24)
    waiting = desk.approvals.approval(LAYLA, "a-2")
    assert desk.approvals.state(waiting) is ApprovalState.EXPIRED
    assert desk.approvals.pending(LAYLA) == []
    assert [a.id for a in desk.approvals.approvals(LAYLA, ApprovalState.EXPIRED)] == ["a-2"]
    for act in (
        lambda: desk.approvals.approve(NADIA, "a-2"),
        lambda: desk.approvals.refuse(NADIA, "a-2", WHY),
        lambda: desk.approvals.withdraw(OMAR, "a-2"),
    ):
        assert refused(act) == "approval.expired"
    assert desk.operators.operator(LAYLA, "Samir").commission == "0"


def test_refused_and_withdrawn_stay_so(desk: Desk) -> None:
    for id in ("no", "back"):
        desk.ask(id)
    ended = desk.approvals.refuse(NADIA, "no", "Not before the audit")
    assert ended.decision is not None
    assert (ended.decision.state, ended.decision.note) == (
        ApprovalState.REFUSED,
        "Not before the audit",
    )
    assert desk.approvals.refuse(NADIA, "no", "Another word for it") == ended
    assert refused(lambda: desk.approvals.withdraw(NADIA, "back")) == "approval.not_who_asked"
    back = desk.approvals.withdraw(at(OMAR, "T7", "OMAR SALEH"), "back")
    assert desk.approvals.withdraw(OMAR, "back") == back
    for id in ("no", "back"):
        for person in (NADIA, RIMA):
            act = lambda id=id, person=person: desk.approvals.approve(person, id)  # noqa: E731
            assert refused(act) == "approval.decided"
        assert refused(lambda id=id: desk.approvals.refuse(RIMA, id, WHY)) == "approval.decided"  # type: ignore[misc]
        # Who asked is told that it is decided, not that it is theirs.
        assert refused(lambda id=id: desk.approvals.approve(OMAR, id)) == "approval.decided"  # type: ignore[misc]
    assert refused(lambda: desk.approvals.withdraw(OMAR, "no")) == "approval.decided"
    assert desk.operators.operator(LAYLA, "Samir") == KIOSK
    states = {s: [a.id for a in desk.approvals.approvals(LAYLA, s)] for s in ApprovalState}
    assert states[ApprovalState.REFUSED] == ["no"]
    assert states[ApprovalState.WITHDRAWN] == ["back"]


def test_one_id_is_one_request(desk: Desk) -> None:
    desk.ask("a-1")
    for other in (
        lambda: desk.ask("a-1", credit_limit="500.01"),
        lambda: desk.ask("a-1", NADIA),
        lambda: desk.operators.change_point(OMAR, "a-1", "P1", {"needs_shift": True}, WHY),
        lambda: desk.operators.change(OMAR, "a-1", "Samir", {"credit_limit": "500.00"}, "Other"),
    ):
        assert refused(other) == "approval.id_reused"
    desk.ask("a-1", at(OMAR, "T8", "cli:omar saleh"))
    assert counted(TABLES[:2], desk.town.place) == {"approvals": 1, "approval_decisions": 0}


def test_what_cannot_be_asked_for(desk: Desk) -> None:
    ask, change = desk.approvals.request, desk.operators.change
    cases = {
        "approval.act_unknown": lambda: ask(OMAR, "a", "rob_bank", {}, WHY),
        "approval.id_malformed": lambda: ask(OMAR, "a b", "change_operator", {}, WHY),
        "id.in_capitals": lambda: change(OMAR, IN_CAPITALS, "Samir", {"commission": "1"}, WHY),
        "ledger.reason_missing": lambda: change(OMAR, "a", "Samir", {"commission": "1"}, "ok"),
        "operator.unknown": lambda: change(OMAR, "a", "Nobody", {"commission": "1"}, WHY),
        "point.unknown": lambda: desk.operators.change_point(
            OMAR, "a", "P9", {"needs_shift": True}, WHY
        ),
        "operator.field_wrong": lambda: change(OMAR, "a", "Samir", {"commission": "101"}, WHY),
        "quantity.too_fine": lambda: change(OMAR, "a", "Samir", {"credit_limit": "1.005"}, WHY),
        "approval.document_holds_token": lambda: change(
            OMAR, "a", "Samir", {"name_en": "1234 5678 9012 3456 7890"}, WHY
        ),
        "approval.unknown": lambda: desk.approvals.approve(NADIA, "a"),
    }
    for code, act in cases.items():
        assert refused(act) == code
    # What nobody sees is no reason.
    unseen = "\u200f\u200e\u061c" * 3
    assert refused(lambda: change(OMAR, "a", "Samir", {"commission": "1"}, unseen)) == (
        "ledger.reason_missing"
    )
    assert refused(
        lambda: change(OMAR, "a", "Samir", {"commission": "1"}, "Token 12345678901234567890")
    ) == ("reason.holds_token")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "code"),
        ({"code": "Samir"}, "set"),
        ({"code": "Samir", "set": {}}, "set"),
        ({"code": "Samir", "set": []}, "set"),
        ({"code": "Samir", "set": {"credit_limit": 500}}, "credit_limit"),
        ({"code": "Samir", "set": {"credit_limit": True}}, "credit_limit"),
        ({"code": "Samir", "set": {"settlement": "barter"}}, "settlement"),
        ({"code": "Samir", "set": {"commision": "1"}}, "commision"),
        ({"code": "Samir", "set": {"commission": "1"}, "and": {"deep": [1]}}, "and"),
        ({"code": "\x00", "set": {"commission": "1"}}, "code"),
    ]
    for document, field in wrong:
        with pytest.raises(RaseedError) as found:
            ask(OMAR, "a", "change_operator", document, WHY)
        assert found.value.code == "approval.document_malformed"
        assert found.value.facts()["field"] == field, document
    assert counted(TABLES[:1], desk.town.place) == {"approvals": 0}


def test_an_act_has_one_way_to_be_done() -> None:
    both = {"execute": lambda approved: approved, "within": lambda books, approved: {}}
    for ways in ({}, both):
        with pytest.raises(ValueError, match="one way"):
            Act("x", frozenset(), frozenset(), dict, **ways)  # type: ignore[arg-type]


def test_two_approvers_at_once_and_one_executes(desk: Desk) -> None:
    """Two processes in one: each has a store of its own, as two counters would."""
    for i in range(4):
        desk.approvals.request(SAMIR, f"s-{i}", "sell", {"agorot": 5000}, WHY)
        desk.ask(f"c-{i}", most_per_day=f"{i}00.00")
    second = new_store(desk.town.place)
    other = approvals_over(second, service(second, desk.town.clock), desk.town.clock)
    ids = [f"{kind}-{i}" for i in range(4) for kind in "sc"]
    start = Barrier(2)

    def run(approvals: Any, actor: Any) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for id in ids:
            start.wait(10)
            try:
                told[id] = approvals.approve(actor, id)
            except RaseedError as error:
                told[id] = error.code
        return told

    with ThreadPoolExecutor(2) as pool:
        nadia = pool.submit(run, desk.approvals, NADIA)
        rima = pool.submit(run, other, RIMA)
        answers = [nadia.result(30), rima.result(30)]
    second.close()
    for id in ids:
        one = [a[id] for a in answers if isinstance(a[id], Outcome)]
        rest = [a[id] for a in answers if not isinstance(a[id], Outcome)]
        assert len(one) == 1, id
        assert rest in (["approval.decided"], ["approval.under_way"])
        assert one[0].approval.decision.actor in ("Nadia", "Rima")
    assert counted(TABLES, desk.town.place) == {
        "approvals": 8,
        "approval_decisions": 8,
        "approval_steps": 4,
        "sales": 4,
        "tokens": 4,
        "entries": 4,
    }
    assert desk.town.service.verify(ADMIN).ok


def test_what_was_approved_and_not_done_is_done_once_by_approving_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between the approval and the sale: raised at that very instant."""
    desk.approvals.request(SAMIR, "s-1", "sell", {"agorot": 5000}, WHY)

    class PowerCut(BaseException):
        pass

    def cut(*_: Any) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(type(desk.town.service), "vend", cut)
        with pytest.raises(PowerCut):
            desk.approvals.approve(NADIA, "s-1")
    found = desk.approvals.approval(LAYLA, "s-1")
    assert desk.approvals.state(found) is ApprovalState.NOT_DONE
    assert counted(TABLES, desk.town.place)["sales"] == 0
    # Nobody else comes between while it may still be under way.
    for act, code in (
        (lambda: desk.approvals.approve(RIMA, "s-1"), "approval.under_way"),
        (lambda: desk.approvals.refuse(RIMA, "s-1", WHY), "approval.under_way"),
        (lambda: desk.approvals.withdraw(SAMIR, "s-1"), "approval.decided"),
    ):
        assert refused(act) == code
    desk.town.clock.forward(minutes=5)
    first = desk.approvals.approve(at(NADIA, "T2", "NADIA"), "s-1")
    assert isinstance(first.outcome, SaleReceipt)
    assert first.outcome.vend_id == "s-1"
    assert (first.replayed, first.outcome.replayed) == (True, False)
    again = desk.approvals.approve(NADIA, "s-1")
    assert again.outcome == first.outcome
    assert counted(TABLES, desk.town.place) == {
        "approvals": 1,
        "approval_decisions": 1,
        "approval_steps": 1,
        "sales": 1,
        "tokens": 1,
        "entries": 1,
    }


def test_an_executor_may_refuse_to_begin_late(desk: Desk) -> None:
    """What is answered at any time is begun in time alone."""
    seen: list[str] = []

    def execute(approved: Any) -> str:
        if not seen:
            approved.check_time()
        seen.append(approved.id)
        return f"{approved.requested_by} {approved.approver.name} {approved.payload['x']}"

    everyone = frozenset(Role)
    act = Act("late", everyone, everyone, dict, execute=execute)
    approvals = type(desk.approvals)(desk.people, {"late": act}, desk.town.clock)
    approvals.request(OMAR, "a", "late", {"x": 1}, WHY)
    desk.town.clock.forward(hours=23)
    # Approved, and its executor fails for now.
    nothing_done: dict[str, object] = {}
    failing = replace(act, execute=lambda approved: nothing_done[approved.id])
    with pytest.raises(KeyError):
        type(desk.approvals)(desk.people, {"late": failing}, desk.town.clock).approve(NADIA, "a")
    desk.town.clock.forward(hours=2)
    assert refused(lambda: approvals.approve(NADIA, "a")) == "approval.expired"
    desk.town.clock.forward(hours=-2)
    assert approvals.approve(NADIA, "a").outcome == "Omar Saleh Nadia 1"
    desk.town.clock.forward(days=20)
    assert approvals.approve(NADIA, "a").outcome == "Omar Saleh Nadia 1"


def test_an_act_that_fails_within_still_waits(desk: Desk) -> None:
    desk.blocks.block(OMAR, "operator", "Samir", "Counted short three days running")
    desk.blocks.lift(OMAR, "l-1", "operator", "samir", WHY)
    desk.blocks.lift(LAYLA, "l-2", "operator", "SAMIR", WHY)
    assert desk.approvals.approve(NADIA, "l-1").outcome == {
        "kind": "operator",
        "subject": "samir",
        "blocked": False,
    }
    assert refused(lambda: desk.approvals.approve(NADIA, "l-2")) == "block.not_blocked"
    assert [a.id for a in desk.approvals.pending(LAYLA)] == ["l-2"]


def test_pages(desk: Desk) -> None:
    for i in range(5):
        desk.ask(f"a-{i}")
        # Two in one moment: their ids keep them apart.
        desk.town.clock.forward(minutes=i % 2)
    desk.blocks.block(OMAR, "point", "P2", "Water in the shop")
    desk.blocks.lift(OMAR, "l-1", "point", "P2", WHY)
    found, before = [], None
    while page := desk.approvals.approvals(LAYLA, before=before, limit=2):
        found += [one.id for one in page]
        before = found[-1]
    assert found == ["l-1", "a-4", "a-3", "a-2", "a-1", "a-0"]
    lifts = desk.approvals.approvals(LAYLA, act="lift_block")
    assert [a.id for a in lifts] == ["l-1"]
    assert desk.approvals.approvals(LAYLA, before="none") == []


def test_no_row_holds_digits_of_a_token(desk: Desk) -> None:
    desk.approvals.request(SAMIR, "s-1", "sell", {"agorot": 5000}, WHY)
    done = desk.approvals.approve(NADIA, "s-1")
    assert isinstance(done.outcome, SaleReceipt)
    digits = done.outcome.tokens[0].digits
    with desk.town.store.engine.connect() as db:
        rows = [
            tuple(r)
            for table in (t.approvals, t.approval_decisions)
            for r in db.execute(select(table))
        ]
    assert digits not in json.dumps(rows, default=str)
