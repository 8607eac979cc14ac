"""Debts, disputes, postponements and fees at the desk, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meters.errors import RaseedError
from meters.quantities import Money
from meters.values import replace
from tests.vending.accounts.support import (
    ARREARS,
    BILLING,
    CHIEF,
    SITE,
    TILL,
    ZONE,
    Counter,
    chart,
    tariffs,
)
from tests.vending.support import ADMIN, POWER, TECHNICIAN
from vending.accounting.errors import (
    AdjustmentIdReused,
    AgreementUnknown,
    DebtNotNamed,
    OwnRequest,
    ReasonMissing,
)
from vending.accounts import Accounts, Outcome, Standing
from vending.accounts.errors import (
    DebtCodeReused,
    DebtCodeTaken,
    DebtUnknown,
    DebtWrong,
    DisputedAlready,
    EventIdReused,
    FeeDueAlready,
    FeeNotDue,
    FeeUnknown,
    MoreThanOwed,
    NotDisputed,
    NothingOwed,
    NotPostponed,
    PostponedPast,
    PostponedTooLong,
    ReductionWrong,
)
from vending.ledger import Posting
from vending.parties import Actor, ActorNotAllowed
from vending.tariff import (
    CurrencyWrong,
    Instalment,
    Label,
    LineKind,
    OneOffFee,
    Percentage,
    TariffBook,
)

WHY = "Agreed at the counter"


@pytest.fixture
def counter(place: Path | str) -> Iterator[Counter]:
    made = Counter(place)
    yield made
    made.close()


def standing(counter: Counter, code: str = "arrears") -> Standing:
    view = counter.accounts.account(TILL, "A1")
    return next(one.standing for one in view.debts if one.debt.code == code)


def taken(counter: Counter, vend_id: str, amount: int = 10_000) -> int:
    """What a sale takes of debts."""
    sold = counter.sell(vend_id, amount)
    return sum(line.amount.minor for line in sold.of_kind(LineKind.DEBT))


def proved(counter: Counter) -> None:
    report = counter.accounts.verify_accounts(TILL)
    assert report.problems == ()
    assert (report.ok, report.accounts) == (True, 3)
    assert counter.ledger("debts", "A1") == sum(counter.owed().values())


def test_a_debt_from_its_first_day_to_its_last(counter: Counter) -> None:
    counter.debt(amount=3000, percent="50")
    assert (counter.owed(), counter.ledger("debts", "A1")) == ({"arrears": 3000}, 3000)
    assert counter.ledger("debts_taken_over") == -3000
    # The tariff guards 60 % of each payment; its monthly charge comes before the debt.
    first = taken(counter, "v-1")
    assert 0 < first < 4000
    counter.clock.forward(days=2)
    assert taken(counter, "v-2") == 3000 - first
    assert standing(counter) is Standing.SETTLED
    counter.void("v-1")
    assert counter.owed() == {"arrears": first}
    assert standing(counter) is Standing.OPEN
    proved(counter)
    (event,) = counter.accounts.history(TILL, POWER.number)
    assert (event.event.kind, event.actor, event.after_entry) == ("debt_added", "Layla", 1)


def test_the_same_debt_again_is_the_same_debt(counter: Counter) -> None:
    counter.debt()
    counter.debt()
    counter.debt("waste-2025", to="A2")
    assert counter.ledger("debts", "A1") == 15_000
    with pytest.raises(DebtCodeReused):
        counter.debt(amount=16_000)
    taken(counter, "v-1")
    counter.debt()
    proved(counter)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "Arrears 1"}, DebtWrong("code")),
        ({"code": "a" * 41}, DebtWrong("code")),
        ({"label": Label("دين", " ")}, DebtWrong("name")),
        ({"amount": Money(0)}, DebtWrong("amount")),
        ({"amount": Money(100, "JOD")}, CurrencyWrong("JOD", "ILS")),
        ({"priority": 0}, DebtWrong("priority")),
        ({"recovery": Percentage("0")}, DebtWrong("recovery")),
        ({"recovery": Percentage("100.1")}, DebtWrong("recovery")),
        ({"recovery": Percentage("half")}, DebtWrong("recovery")),
        ({"recovery": Instalment(Money(-1))}, DebtWrong("recovery")),
        ({"source": "  "}, DebtWrong("source")),
        ({"reason": "ok"}, ReasonMissing(5)),
        ({"agreement": "A9"}, AgreementUnknown("A9")),
        ({"actor": TILL}, ActorNotAllowed("add_debt", "operator")),
    ],
)
def test_what_is_no_debt(tmp_path: Path, changes: dict[str, object], error: RaseedError) -> None:
    counter = Counter(tmp_path / "books.db")
    debt: dict[str, object] = {
        "actor": BILLING,
        "agreement": "A1",
        "code": "arrears",
        "label": ARREARS,
        "amount": Money(100),
        "recovery": Percentage("25"),
        "reason": WHY,
        "source": "Bill 7",
    }
    with pytest.raises(type(error)) as raised:
        counter.accounts.add_debt(**{**debt, **changes})  # type: ignore[arg-type]
    assert raised.value.facts() == error.facts()
    assert counter.document() is None
    counter.close()


def test_arabic_digits_in_a_percentage_are_kept_as_plain_ones(tmp_path: Path) -> None:
    counter = Counter(tmp_path / "books.db")
    counter.debt(percent="١٢٫٥")
    (one,) = counter.accounts.account(TILL, "A1").debts
    assert one.debt.recovery == Percentage("12.5")
    counter.close()


def test_a_debt_is_put_off_as_far_as_the_role_may(counter: Counter) -> None:
    counter.debt()
    put_off = counter.accounts.postpone_debt
    # It is 23 November: the end of next month is 31 December.
    with pytest.raises(PostponedTooLong) as refused:
        put_off(TILL, "A1", "arrears", "2027-01-01", WHY, "p-1")
    assert refused.value.last == "2026-12-31"
    put_off(TILL, "A1", "arrears", "2026-12-31", WHY, "p-1")
    assert standing(counter) is Standing.POSTPONED
    assert taken(counter, "v-1") == 0
    counter.clock.now = datetime(2026, 12, 31, 21, 59, tzinfo=UTC)
    assert taken(counter, "v-2") == 0
    counter.clock.forward(minutes=1)
    assert taken(counter, "v-3") > 0
    with pytest.raises(PostponedTooLong):
        put_off(BILLING, "A1", "arrears", "2027-05-01", WHY, "p-2")
    put_off(CHIEF, "A1", "arrears", "2028-01-31", WHY, "p-2")
    counter.accounts.end_postponement(TILL, "A1", "arrears", "He can pay now", "p-3")
    assert standing(counter) is Standing.OPEN
    with pytest.raises(NotPostponed):
        counter.accounts.end_postponement(TILL, "A1", "arrears", "He can pay now", "p-4")
    with pytest.raises(PostponedPast):
        put_off(TILL, "A1", "arrears", "2026-12-31", WHY, "p-5")
    with pytest.raises(DebtUnknown):
        put_off(TILL, "A1", "other", "2027-01-31", WHY, "p-5")
    with pytest.raises(ActorNotAllowed):
        put_off(TECHNICIAN, "A1", "arrears", "2027-01-31", WHY, "p-5")
    proved(counter)


def test_an_act_asked_for_twice_happens_once(counter: Counter) -> None:
    counter.debt()
    acts = counter.accounts
    first = acts.postpone_debt(TILL, "A1", "arrears", "2026-12-31", WHY, "p-1")
    again = acts.postpone_debt(TILL, "A1", "arrears", "2026-12-31", WHY, "p-1")
    assert again == first
    for actor, until, reason in (
        (TILL, "2026-12-30", WHY),
        (TILL, "2026-12-31", "Another reason"),
        (CHIEF, "2026-12-31", WHY),
    ):
        with pytest.raises(EventIdReused):
            acts.postpone_debt(actor, "A1", "arrears", until, reason, "p-1")
    assert len(acts.history(TILL, "A1")) == 2
    acts.add_fee(BILLING, "A3", "connection", WHY, "f-1")
    sold = counter.sell("v-1", 90_000, SITE)
    assert any(line.code == "connection" for line in sold.lines)
    # Paid meanwhile: asking again must not put it on the account a second time.
    assert acts.add_fee(BILLING, "A3", "connection", WHY, "f-1").fees == ()
    assert len(acts.history(TILL, "A3")) == 1
    proved(counter)


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


def test_debts_are_moved_by_name_only(counter: Counter) -> None:
    counter.debt()
    lines = (Posting("5010", "", "ILS", 100), Posting("1210", "A1", "ILS", -100))
    with pytest.raises(DebtNotNamed):
        counter.keeping.adjust(BILLING, "adj-1", lines, WHY)
    with pytest.raises(DebtNotNamed):
        counter.keeping.write_off(BILLING, "adj-1", "1210", "A1", 100, WHY)
    # One that was asked for by an older program.
    with counter.rows.writing() as rows:
        from vending.accounting import Adjustment, AdjustmentKind

        rows.add_adjustment(
            Adjustment("old-1", AdjustmentKind.WRITE_OFF, counter.clock(), "Layla", WHY, lines)
        )
    with pytest.raises(DebtNotNamed):
        counter.keeping.approve(CHIEF, "old-1")
    proved(counter)


def test_fees_of_the_tariff(counter: Counter) -> None:
    acts = counter.accounts
    with pytest.raises(FeeUnknown):
        acts.add_fee(BILLING, "A1", "photocopy", WHY, "f-1")
    view = acts.add_fee(BILLING, SITE.number, "connection", WHY, "f-1")
    assert view.agreement.number == "A3"
    (fee,) = view.fees
    assert fee.owed.minor > 0
    assert fee.label is not None
    with pytest.raises(FeeDueAlready):
        acts.add_fee(BILLING, "A3", "connection", WHY, "f-2")
    assert acts.waive_fee(CHIEF, "A3", "connection", WHY, "f-3").fees == ()
    with pytest.raises(FeeNotDue):
        acts.waive_fee(CHIEF, "A3", "connection", WHY, "f-4")
    acts.add_fee(BILLING, "A3", "connection", WHY, "f-5")
    counter.sell("v-1", 90_000, SITE)
    assert acts.account(TILL, "A3").fees == ()
    # What had been paid of it is owed again when the payment is taken back.
    counter.void("v-1")
    assert acts.account(TILL, "A3").fees == view.fees
    proved(counter)


def test_a_fee_is_asked_for_as_it_was_told(counter: Counter) -> None:
    """A later version is dearer; what was put on before it stays what the customer was told."""
    (first,) = tariffs().versions("electricity-temporary")
    (fee,) = [charge for charge in first.charges if isinstance(charge, OneOffFee)]
    dearer = OneOffFee(replace(fee.sum, amount=fee.sum.amount + Money(5_000)))
    begins = counter.clock() + timedelta(hours=1)
    second = replace(first, version=2, active_from=begins, charges=(dearer,))
    acts = Accounts(counter.rows, TariffBook([first, second]), chart(), counter.clock, ZONE)
    told = acts.add_fee(BILLING, "A3", "connection", WHY, "f-1").fees
    assert [one.owed for one in told] == [fee.sum.gross]
    counter.clock.forward(hours=2)
    assert acts.account(TILL, "A3").fees == told
    # Asked for again it is the same request, whatever the tariff says by now.
    assert acts.add_fee(BILLING, "A3", "connection", WHY, "f-1").fees == told
    acts.waive_fee(CHIEF, "A3", "connection", WHY, "f-2")
    anew = acts.add_fee(BILLING, "A3", "connection", WHY, "f-3").fees
    assert [one.owed for one in anew] == [dearer.sum.gross]
    proved(counter)


def test_a_debt_has_no_code_of_the_tariff(counter: Counter) -> None:
    """Who pays for `meter` pays for one thing."""
    for code in ("meter", "waste"):
        with pytest.raises(DebtCodeTaken):
            counter.debt(code)
    counter.debt("network")
    assert list(counter.owed()) == ["network"]


def test_an_account_shows_months_that_nobody_has_counted_yet(counter: Counter) -> None:
    counter.sell("v-1", 10_000)
    before = counter.accounts.account(TILL, "A1")
    assert [one.owed.minor for one in before.charges] == [0, 0]
    assert before.bought.value > 0
    counter.clock.forward(days=62)
    after = counter.accounts.account(TILL, " 0100 0010 015")
    assert after.agreement == before.agreement
    assert after.bought.is_zero
    assert str(after.month) == "2027-01"
    assert [(one.owed.minor, str(one.through)) for one in after.charges] == [
        (1160, "2027-01"),
        (2400, "2027-01"),
    ]


def test_nothing_owed_is_nothing_to_put_off(counter: Counter) -> None:
    counter.debt(amount=100, percent="100")
    counter.sell("v-1", 20_000)
    assert standing(counter) is Standing.SETTLED
    with pytest.raises(NothingOwed):
        counter.accounts.postpone_debt(TILL, "A1", "arrears", "2026-12-31", WHY, "p-1")
    with pytest.raises(NothingOwed):
        counter.accounts.dispute(TILL, "A1", "arrears", WHY, "p-1")


def test_the_journal_covers_the_debts(counter: Counter) -> None:
    counter.debt()
    assert counter.service.verify(ADMIN).ok
    counter.clock.forward(minutes=1)
    counter.debt("waste-2025", to="A2")
    report = counter.service.verify(ADMIN)
    assert (report.ok, report.entries) == (True, 2)
    assert timedelta(0) < counter.clock() - datetime(2026, 11, 23, tzinfo=UTC)
