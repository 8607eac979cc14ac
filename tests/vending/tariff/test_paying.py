"""Payments towards what is owed: what they pay, and what they leave owed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from meters.quantities import Energy, Money
from meters.values import replace
from vending.tariff import (
    AccountState,
    ChargeState,
    FeeDue,
    MoreThanOwed,
    Protection,
    Tariff,
    TariffBook,
    owed,
    parse_tariffs,
    pay_owed,
    settled,
    unpaid,
)

from .owing import CLEAR, FILE, MONTH, NOW, TARIFF, debt, sold, taken


def test_a_fee_stays_due_where_nothing_asks_for_it() -> None:
    """A payment of another code, one that runs out before the fee, and units that nobody pays
    for."""
    state = replace(
        CLEAR, fees=(FeeDue("seal", Money(400)),), debts=(debt("a", 5000, 1, percent="10"),)
    )
    for sale in (
        pay_owed(TARIFF, Money(700), state, NOW, "a"),
        pay_owed(TARIFF, Money(700), state, NOW),
        unpaid(TARIFF, "free_issue", Energy(10_000), state, NOW),
    ):
        assert "seal" not in taken(sale)
        assert settled(state, TARIFF, sale, NOW).fees == state.fees
        untouched = replace(state, fees=(FeeDue("seal"),))
        assert settled(untouched, TARIFF, sale, NOW).fees == untouched.fees


def lamp_twice(name: str) -> tuple[Tariff, AccountState]:
    """A fee with the code of the monthly charge of before, both owed."""
    one, begins, two = FILE.partition("[[versions]]\nversion = 2")
    two = two.replace('code = "seal", name_ar = "خ", name_en = "S"', f'code = "lamp", {name}')
    tariff = TariffBook(parse_tariffs(one + begins + two, "t")).active("t", NOW)
    state = replace(
        CLEAR,
        fees=(FeeDue("lamp", Money(900)),),
        charges=(*CLEAR.charges, ChargeState("lamp", MONTH, Money(300))),
    )
    return tariff, state


def test_a_fee_and_a_monthly_charge_of_one_code_are_two_things() -> None:
    """No new tariff may have them (`check_kinds`); what was sold by an old one stays right."""
    tariff, state = lamp_twice('name_ar = "خ", name_en = "S"')
    small = replace(tariff, protection=Protection("10", Fraction(1, 10)))
    after = settled(state, small, sold(state, 10_000, small), NOW)
    assert after.fees == ()
    assert after.charges[1].owed.minor == 200
    assert owed(tariff, state, NOW) == {"lamp": Money(1200)}
    paid = settled(state, tariff, pay_owed(tariff, Money(1000), state, NOW, "lamp"), NOW)
    assert paid.fees == ()
    assert paid.charges[1].owed.minor == 200


def test_lines_of_a_sale_say_of_which_kind_they_are_where_all_else_is_the_same() -> None:
    """A fee and a monthly charge of one code and one name; a sale pays the fee and a part of the
    charge."""
    tariff, state = lamp_twice('name_ar = "ل", name_en = "L"')
    small = replace(tariff, protection=Protection("10", Fraction(1, 10)))
    after = settled(state, small, sold(state, 10_000, small), NOW)
    assert after.fees == ()
    assert after.charges[1].owed.minor == 200


def test_a_payment_towards_all_leaves_what_is_disputed_alone() -> None:
    """By its own code it may be paid; nobody is asked for it among the others."""
    old = replace(debt("old", 3000, 1, percent="50"), disputed="it was paid")
    state = replace(CLEAR, debts=(old, debt("new", 800, 2, percent="50")))
    paid = pay_owed(TARIFF, Money(800), state, NOW)
    assert [(line.code, line.amount.minor) for line in paid.lines] == [("new", 800)]
    with pytest.raises(MoreThanOwed) as error:
        pay_owed(TARIFF, Money(900), state, NOW)
    assert error.value.owed == "8.00"
    paid = pay_owed(TARIFF, Money(900), state, NOW, "old")
    assert [(line.code, line.amount.minor) for line in paid.lines] == [("old", 900)]


def test_a_payment_towards_one_thing_leaves_the_others_owed() -> None:
    """Also those that come before it among all."""
    state = replace(CLEAR, debts=(debt("a", 500, 1, "50"), debt("b", 700, 2, instalment=100)))
    paid = pay_owed(TARIFF, Money(600), state, NOW, "b")
    assert [(line.rule, line.code, line.amount, line.left) for line in paid.lines] == [
        ("paid", "b", Money(600), Money(100))
    ]
    early = pay_owed(TARIFF, Money(400), state, NOW, "a")
    assert [(line.rule, line.base, line.amount) for line in early.lines] == [
        ("paid", Money(500), Money(400))
    ]
    assert owed(TARIFF, settled(state, TARIFF, paid, NOW), NOW) == {
        "a": Money(500),
        "b": Money(100),
    }
    with pytest.raises(MoreThanOwed) as error:
        pay_owed(TARIFF, Money(701), state, NOW, "b")
    assert error.value.owed == "7.00"
