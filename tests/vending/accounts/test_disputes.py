"""Debts that customers object to, or that nobody will pay; on both databases."""

from __future__ import annotations

import pytest

from meters.errors import RaseedError
from meters.quantities import Money
from tests.vending.accounts.support import (
    BILLING,
    CHIEF,
    TILL,
    Counter,
    proved,
    standing,
    taken,
)
from tests.vending.support import START
from vending.accounting import Adjustment, AdjustmentKind
from vending.accounting.errors import (
    AdjustmentIdReused,
    DebtNotNamed,
    OwnRequest,
)
from vending.accounts import DebtUnknown, Outcome, Standing
from vending.accounts.checks import check_off, struck_off
from vending.accounts.errors import (
    DebtWrong,
    DisputedAlready,
    EventIdReused,
    MoreThanOwed,
    NotDisputed,
    ReductionWrong,
)
from vending.accounts.events import DebtDisputed
from vending.ledger import Posting
from vending.parties import Actor
from vending.tariff import AccountState, CurrencyWrong, Debt, Label, Percentage

WHY = "Agreed at the counter"


def test_a_dispute_that_is_rejected(counter: Counter) -> None:
    counter.debt()
    acts = counter.accounts
    acts.dispute(TILL, "A1", "arrears", "Not his account", "d-1")
    assert standing(counter) is Standing.DISPUTED
    with pytest.raises(DisputedAlready):
        acts.dispute(TILL, "A1", "arrears", "Not his account", "d-2")
    assert taken(counter, "v-1") == 0
    with pytest.raises(ReductionWrong):
        acts.settle_dispute(BILLING, "A1", "arrears", Outcome.REJECTED, WHY, "d-3", to=Money(100))
    acts.settle_dispute(BILLING, "A1", "arrears", Outcome.REJECTED, "Checked: it is his", "d-3")
    assert standing(counter) is Standing.OPEN
    assert taken(counter, "v-2") > 0
    with pytest.raises(NotDisputed):
        acts.settle_dispute(BILLING, "A1", "arrears", Outcome.UPHELD, WHY, "d-4")
    proved(counter)


@pytest.mark.parametrize(
    ("outcome", "to", "left"),
    [(Outcome.UPHELD, None, 0), (Outcome.REDUCED, Money(4000), 4000)],
)
def test_a_dispute_that_strikes_something_off_needs_two_people(
    counter: Counter, outcome: Outcome, to: Money | None, left: int
) -> None:
    counter.debt()
    acts = counter.accounts
    acts.dispute(TILL, "A1", "arrears", "Paid in 2024", "d-1")
    args = (CHIEF, "A1", "arrears", outcome, "The slip was found", "d-2")
    asked = acts.settle_dispute(*args, to=to)
    assert acts.settle_dispute(*args, to=to) == asked
    with pytest.raises(AdjustmentIdReused):
        acts.settle_dispute(BILLING, *args[1:], to=to)
    (waiting,) = asked.waiting
    assert (waiting.id, waiting.off, waiting.outcome) == ("d-2", Money(15_000 - left), outcome)
    assert (counter.owed(), standing(counter)) == ({"arrears": 15_000}, Standing.DISPUTED)
    with pytest.raises(OwnRequest):
        counter.keeping.approve(CHIEF, "d-2")
    counter.keeping.approve(Actor("Nadia", CHIEF.role), "d-2")
    assert counter.owed() == {"arrears": left}
    assert standing(counter) is (Standing.OPEN if left else Standing.SETTLED)
    # It had never been owed, so it goes back to where it was taken over from.
    assert (counter.ledger("debts_taken_over"), counter.ledger("write_offs")) == (-left, 0)
    assert acts.account(TILL, "A1").waiting == ()
    proved(counter)
    if to is not None:
        with pytest.raises(NotDisputed):
            acts.settle_dispute(CHIEF, "A1", "arrears", outcome, WHY, "d-3", to=Money(1))


def test_what_a_dispute_was_to_come_to_is_not_posted_once_it_was_rejected(
    counter: Counter,
) -> None:
    counter.debt()
    acts = counter.accounts
    acts.dispute(TILL, "A1", "arrears", "Paid in 2024", "d-1")
    acts.settle_dispute(BILLING, "A1", "arrears", Outcome.UPHELD, "The slip was found", "d-2")
    acts.settle_dispute(BILLING, "A1", "arrears", Outcome.REJECTED, "It is another's slip", "d-3")
    with pytest.raises(NotDisputed):
        counter.keeping.approve(CHIEF, "d-2")
    assert counter.owed() == {"arrears": 15_000}
    counter.keeping.void(CHIEF, "d-2", "It is another's slip")
    assert acts.account(TILL, "A1").waiting == ()
    proved(counter)


def test_what_is_given_up_is_a_loss_and_can_be_taken_back(counter: Counter) -> None:
    counter.debt()
    acts = counter.accounts
    with pytest.raises(MoreThanOwed):
        acts.write_down(BILLING, "A1", "arrears", Money(15_001), WHY, "w-1")
    acts.write_down(BILLING, "A1", "arrears", Money(14_000), "He has died", "w-1")
    acts.write_down(BILLING, "A1", "arrears", Money(14_000), "Asked a second time", "w-2")
    counter.keeping.approve(CHIEF, "w-1")
    assert (counter.owed(), counter.ledger("write_offs")) == ({"arrears": 1000}, 14_000)
    proved(counter)
    with pytest.raises(MoreThanOwed):
        counter.keeping.approve(CHIEF, "w-2")
    counter.keeping.void(CHIEF, "w-2", "It was asked twice")
    entry = counter.keeping.approve(CHIEF, "w-1").decision
    assert entry is not None
    assert entry.entry is not None
    counter.keeping.reverse(BILLING, "r-1", entry.entry, "His heirs will pay")
    counter.keeping.approve(CHIEF, "r-1")
    assert (counter.owed(), counter.ledger("write_offs")) == ({"arrears": 15_000}, 0)
    proved(counter)
    told = [one.event.kind for one in acts.history(TILL, "A1", limit=2)]
    assert told == ["debt_restored", "debt_written_down"]
    older = acts.history(TILL, "A1", before=4, limit=2)
    assert [one.seq for one in older] == [3, 2]
    # The largest that the API lets through, on both databases.
    assert acts.history(TILL, "A1", before=2**63 - 1, limit=2)[0].seq == 5


def test_a_part_given_up_is_asked_for_once_under_its_id(counter: Counter) -> None:
    counter.debt()
    acts = counter.accounts
    args = ("A1", "arrears", Money(14_000), "He has died", "w-1")
    asked = acts.write_down(BILLING, *args)
    assert acts.write_down(BILLING, *args) == asked
    with pytest.raises(AdjustmentIdReused):
        acts.write_down(CHIEF, *args)
    with pytest.raises(AdjustmentIdReused):
        acts.write_down(BILLING, "A1", "arrears", Money(13_000), "He has died", "w-1")
    assert len(acts.account(TILL, "A1").waiting) == 1


def test_an_id_names_one_act_of_an_account(counter: Counter) -> None:
    """Whoever asks again, not knowing what became of it, has to be told of that act."""
    counter.debt()
    acts = counter.accounts
    disputed = acts.dispute(TILL, "A1", "arrears", "Not his account", "d-1")
    with pytest.raises(EventIdReused):
        acts.write_down(BILLING, "A1", "arrears", Money(100), WHY, "d-1")
    with pytest.raises(EventIdReused):
        acts.settle_dispute(BILLING, "A1", "arrears", Outcome.UPHELD, WHY, "d-1")
    assert acts.dispute(TILL, "A1", "arrears", "Not his account", "d-1") == disputed
    # Nor is an adjustment of the books a request of the account, whatever it has the id of.
    till = (Posting("5010", "", "ILS", 100), Posting("1010", "P1", "ILS", -100))
    counter.keeping.adjust(BILLING, "d-1", till, WHY)
    with pytest.raises(AdjustmentIdReused):
        acts.write_down(BILLING, "A1", "arrears", Money(100), WHY, "d-1")
    assert acts.account(TILL, "A1").waiting == ()


def test_what_happens_to_one_debt_happens_to_no_other(counter: Counter) -> None:
    counter.debt()
    acts = counter.accounts
    acts.dispute(TILL, "A1", "arrears", "Not his account", "d-1")
    counter.debt("waste-2025", 4000)
    acts.postpone_debt(TILL, "A1", "waste-2025", "2026-12-31", "Ill this month", "p-1")
    assert standing(counter) is Standing.DISPUTED
    assert standing(counter, "waste-2025") is Standing.POSTPONED
    acts.write_down(BILLING, "A1", "waste-2025", Money(1000), WHY, "w-1")
    counter.keeping.approve(CHIEF, "w-1")
    assert counter.owed() == {"arrears": 15_000, "waste-2025": 3000}
    acts.end_postponement(TILL, "A1", "waste-2025", "He is back", "p-2")
    acts.settle_dispute(BILLING, "A1", "arrears", Outcome.REJECTED, "Checked: it is his", "d-2")
    assert {standing(counter, code) for code in ("arrears", "waste-2025")} == {Standing.OPEN}
    with pytest.raises(NotDisputed):
        acts.settle_dispute(BILLING, "A1", "arrears", Outcome.REJECTED, WHY, "d-3")
    proved(counter)


OWED = Debt("d", Label("دين", "Debt"), Money(15_000), 5, Percentage("25"))


def test_how_far_a_dispute_reduces_a_debt() -> None:
    for to in (1, 14_999):
        assert struck_off(OWED, Outcome.REDUCED, Money(to)) == Money(15_000 - to)
    assert struck_off(OWED, Outcome.UPHELD, None) == Money(15_000)
    assert struck_off(OWED, Outcome.REJECTED, None) == Money(0)
    wrong = [Money(0), Money(-1), Money(15_000), Money(15_001), Money(100, "JOD"), None]
    for told in wrong:
        with pytest.raises(ReductionWrong):
            struck_off(OWED, Outcome.REDUCED, told)
    for outcome in (Outcome.UPHELD, Outcome.REJECTED):
        with pytest.raises(ReductionWrong):
            struck_off(OWED, outcome, Money(100))


@pytest.mark.parametrize(
    ("off", "error"),
    [
        (Money(0), DebtWrong),
        (Money(-1), DebtWrong),
        (Money(15_001), MoreThanOwed),
        (Money(100, "JOD"), CurrencyWrong),
    ],
)
def test_what_cannot_be_given_up(off: Money, error: type[RaseedError]) -> None:
    with pytest.raises(error):
        check_off(OWED, off)
    for some in (1, 15_000):
        check_off(OWED, Money(some))


def test_nothing_happens_to_a_debt_that_is_not_there() -> None:
    event = DebtDisputed(reason=WHY, code="e")
    with pytest.raises(DebtUnknown):
        event.applied(AccountState(Money(0), debts=(OWED,)), START)


def test_debts_are_moved_by_name_only(counter: Counter) -> None:
    counter.debt()
    lines = (Posting("5010", "", "ILS", 100), Posting("1210", "A1", "ILS", -100))
    with pytest.raises(DebtNotNamed):
        counter.keeping.adjust(BILLING, "adj-1", lines, WHY)
    with pytest.raises(DebtNotNamed):
        counter.keeping.write_off(BILLING, "adj-1", "1210", "A1", 100, WHY)
    # One that was asked for by an older program.
    with counter.rows.writing() as rows:
        rows.add_adjustment(
            Adjustment("old-1", AdjustmentKind.WRITE_OFF, counter.clock(), "Layla", WHY, lines)
        )
    with pytest.raises(DebtNotNamed):
        counter.keeping.approve(CHIEF, "old-1")
    proved(counter)
