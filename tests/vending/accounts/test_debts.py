"""Debts at the desk: written down, put off, owed no more; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meters.errors import RaseedError
from meters.quantities import Money
from tests.vending.accounts.support import (
    ARREARS,
    BILLING,
    CHIEF,
    SITE,
    TILL,
    ZONE,
    Counter,
    chart,
    proved,
    standing,
    taken,
    tariffs,
)
from tests.vending.support import ADMIN, IN_CAPITALS, POWER, TECHNICIAN, WATER
from vending.accounting.errors import (
    AgreementUnknown,
    ReasonMissing,
)
from vending.accounts import Accounts, Standing
from vending.accounts.errors import (
    DebtCodeReused,
    DebtCodeTaken,
    DebtUnknown,
    DebtWrong,
    EventIdReused,
    NothingOwed,
    NotPostponed,
    PostponedPast,
    PostponedTooLong,
)
from vending.accounts.views import DebtOwed
from vending.clock import ClockWentBack
from vending.ids import IdInCapitals
from vending.messages import Language
from vending.permissions import ActorNotAllowed
from vending.shapes.account_words import sentences
from vending.tariff import (
    CurrencyWrong,
    Instalment,
    Label,
    Percentage,
    Postponed,
    TariffBook,
    TariffMissing,
)

WHY = "Agreed at the counter"
PLAIN: dict[str, object] = {
    "actor": BILLING,
    "agreement": "A1",
    "code": "arrears",
    "label": ARREARS,
    "amount": Money(100),
    "recovery": Percentage("25"),
    "reason": WHY,
    "source": "Bill 7",
}


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
        ({"code": "arrears--1"}, DebtWrong("code")),
        ({"code": "arrears_"}, DebtWrong("code")),
        ({"label": Label("دين", " ")}, DebtWrong("name")),
        ({"label": Label("دين", "D" * 61)}, DebtWrong("name")),
        ({"amount": Money(0)}, DebtWrong("amount")),
        ({"amount": Money(100, "JOD")}, CurrencyWrong("JOD", "ILS")),
        ({"priority": 0}, DebtWrong("priority")),
        ({"priority": 100}, DebtWrong("priority")),
        ({"recovery": Percentage("0")}, DebtWrong("recovery")),
        ({"recovery": Percentage("100.1")}, DebtWrong("recovery")),
        ({"recovery": Percentage("half")}, DebtWrong("recovery")),
        ({"recovery": Instalment(Money(0))}, DebtWrong("recovery")),
        ({"recovery": Instalment(Money(100, "JOD"))}, DebtWrong("recovery")),
        ({"source": "  "}, DebtWrong("source")),
        ({"source": "B" * 201}, DebtWrong("source")),
        ({"reason": "ok"}, ReasonMissing(5)),
        ({"agreement": "A9"}, AgreementUnknown("A9")),
        ({"actor": TILL}, ActorNotAllowed("add_debt", "operator")),
    ],
)
def test_what_is_no_debt(tmp_path: Path, changes: dict[str, object], error: RaseedError) -> None:
    counter = Counter(tmp_path / "books.db")
    with pytest.raises(type(error)) as raised:
        counter.accounts.add_debt(**{**PLAIN, **changes})  # type: ignore[arg-type]
    assert raised.value.facts() == error.facts()
    assert counter.document() is None
    counter.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "a" * 40},
        {"amount": Money(1)},
        {"priority": 1},
        {"priority": 99},
        {"label": Label("د" * 60, "D")},
        {"source": "B" * 200},
        {"source": "B"},
        {"recovery": Percentage("100")},
        {"recovery": Percentage("0.01")},
        {"recovery": Instalment(Money(1))},
    ],
)
def test_what_is_just_a_debt(tmp_path: Path, changes: dict[str, object]) -> None:
    counter = Counter(tmp_path / "books.db")
    counter.accounts.add_debt(**{**PLAIN, **changes})  # type: ignore[arg-type]
    assert len(counter.owed()) == 1
    counter.close()


def test_a_name_is_kept_without_spaces_around_it(tmp_path: Path) -> None:
    counter = Counter(tmp_path / "books.db")
    spaced = {"label": Label(f" {'د' * 60} ", f" {'D' * 60} "), "source": f" {'B' * 200} "}
    counter.accounts.add_debt(**{**PLAIN, **spaced})  # type: ignore[arg-type]
    (one,) = counter.accounts.account(TILL, "A1").debts
    assert one.debt.label == Label("د" * 60, "D" * 60)
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
    with pytest.raises(PostponedTooLong):
        put_off(CHIEF, "A1", "arrears", "2028-02-01", WHY, "p-2")
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


def test_a_debt_is_put_off_to_the_end_of_today_and_asked_for_by_itself_then(
    counter: Counter,
) -> None:
    counter.debt()
    counter.accounts.postpone_debt(TILL, "A1", "arrears", "2026-11-23", WHY, "p-1")
    assert standing(counter) is Standing.POSTPONED
    counter.clock.now = datetime(2026, 11, 23, 22, tzinfo=UTC)
    assert standing(counter) is Standing.OPEN
    with pytest.raises(NotPostponed):
        counter.accounts.end_postponement(TILL, "A1", "arrears", "He can pay now", "p-2")


def test_what_is_carried_over_is_the_customers(counter: Counter) -> None:
    sold = counter.sell("v-1", 10_007, WATER)
    assert counter.accounts.account(TILL, "A2").balance == sold.balance_after
    assert sold.balance_after > Money(0)


def test_an_account_is_seen_and_settled_where_nothing_is_sold_any_more(counter: Counter) -> None:
    """By the version that held last; a draft holds never."""
    counter.debt()
    (held,) = tariffs().versions("electricity-domestic-blocks")
    now = counter.clock()
    week = timedelta(days=7)
    ended = TariffBook(
        [
            replace(held, charges=(), active_from=now - 9 * week, retired_from=now - 8 * week),
            replace(held, version=2, active_from=now - 8 * week, retired_from=now),
            replace(held, version=3, charges=(), active_from=now - week, approved_by=""),
        ]
    )
    acts = Accounts(counter.rows, ended, chart(), counter.clock, ZONE)
    view = acts.account(TILL, " A1 ")
    assert [one.code for one in view.charges] == ["meter", "waste"]
    acts.dispute(TILL, "A1", "arrears", "Not his account", "d-1")
    assert standing(counter) is Standing.DISPUTED
    never = TariffBook([replace(held, approved_by="")])
    with pytest.raises(TariffMissing):
        Accounts(counter.rows, never, chart(), counter.clock, ZONE).account(TILL, "A1")


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
    with pytest.raises(IdInCapitals):
        acts.postpone_debt(TILL, "A1", "arrears", "2026-12-31", WHY, IN_CAPITALS)
    with pytest.raises(IdInCapitals):
        acts.write_down(BILLING, "A1", "arrears", Money(100), WHY, IN_CAPITALS)
    with pytest.raises(IdInCapitals):
        acts.add_fee(BILLING, "A3", "connection", WHY, IN_CAPITALS)
    assert len(acts.history(TILL, "A1")) == 2
    acts.add_fee(BILLING, "A3", "connection", WHY, "f-1")
    sold = counter.sell("v-1", 90_000, SITE)
    assert any(line.code == "connection" for line in sold.lines)
    # Paid meanwhile: asking again must not put it on the account a second time.
    assert acts.add_fee(BILLING, "A3", "connection", WHY, "f-1").fees == ()
    assert len(acts.history(TILL, "A3")) == 1
    proved(counter)


def test_a_debt_has_no_code_of_the_tariff(counter: Counter) -> None:
    """Who pays for `meter` pays for one thing."""
    for code in ("meter", "waste"):
        with pytest.raises(DebtCodeTaken):
            counter.debt(code)
    counter.debt("network")
    assert list(counter.owed()) == ["network"]


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


def test_the_journal_says_who_wrote_a_debt_down_and_where(counter: Counter) -> None:
    counter.accounts.add_debt(**{**PLAIN, "actor": replace(BILLING, point="P1")})  # type: ignore[arg-type]
    counter.debt("waste-2025", to="A2")
    with counter.rows.reading() as rows:
        found = [rows.entry(number) for number in (1, 2)]
    told = [(one.entry.cause, one.entry.actor, one.entry.point) for one in found if one]
    assert told == [("A1:1", "Layla", "P1"), ("A2:1", "Layla", "")]


def test_the_last_day_that_a_debt_is_put_off_is_told(counter: Counter) -> None:
    """Also where the next day has no midnight, as the clocks were put forward then until 2021."""
    counter.debt()
    view = counter.accounts.account(BILLING, "A1")
    (owed,) = view.debts
    until = datetime(2021, 3, 26, 22, tzinfo=UTC)
    put_off = replace(owed.debt, postponed=Postponed(until, WHY))
    view = replace(view, debts=(DebtOwed(put_off, Standing.POSTPONED),))
    told = " ".join(sentences(view, Language.ENGLISH))
    assert "2021-03-26" in told
    assert "2021-03-27" not in told


def test_a_debt_is_not_taken_over_by_a_clock_that_is_behind(counter: Counter) -> None:
    counter.debt()
    counter.clock.forward(hours=-1)
    with pytest.raises(ClockWentBack):
        counter.debt("waste-2025")
    assert counter.owed() == {"arrears": 15_000}
    proved(counter)
