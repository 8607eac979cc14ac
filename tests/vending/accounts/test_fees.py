"""One-off fees and monthly charges of an account, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meters.quantities import Money
from meters.values import replace
from tests.vending.accounts.support import (
    BILLING,
    CHIEF,
    SITE,
    TILL,
    ZONE,
    Counter,
    chart,
    proved,
    tariffs,
)
from vending.accounts import Accounts
from vending.accounts.errors import (
    FeeDueAlready,
    FeeNotDue,
    FeeUnknown,
)
from vending.tariff import (
    OneOffFee,
    TariffBook,
)

WHY = "Agreed at the counter"


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
