"""What counts as a payment, and what is rounded to the coin."""

from __future__ import annotations

import pytest

from meters.quantities import Money
from vending.payments import PaymentNotPositive, settle
from vending.sale import Payment, Tender


def test_who_has_the_sum_to_the_agora_pays_it() -> None:
    due = Money(5_003)
    exact = settle(due, (Payment(Tender.CASH, due),), as_told=False)
    assert (exact.rounding.minor, exact.change.minor) == (0, 0)
    assert [p.amount.minor for p in exact.payments] == [5_003]
    other = settle(due, (Payment(Tender.CASH, Money(5_010)),), as_told=False)
    assert (other.rounding.minor, other.change.minor) == (-3, 10)


def test_a_payment_of_nothing_is_none() -> None:
    """Else a slip of zero would stand on the receipt as a way of paying."""
    for offered in (
        (Payment(Tender.CARD, Money(0)), Payment(Tender.CASH, Money(5_000))),
        (Payment(Tender.CASH, Money(5_100)), Payment(Tender.CARD, Money(-100))),
    ):
        with pytest.raises(PaymentNotPositive):
            settle(Money(5_000), offered, as_told=False)
