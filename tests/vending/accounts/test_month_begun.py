"""A month that has begun does not begin anew: where the clock is set back a little over midnight,
or another counter's stands behind, a sale goes on in the month that the account is in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meters.quantities import Energy, Money
from tests.vending.support import OPERATOR, POWER, request
from vending.accounts import TariffMoves, account_acts
from vending.approvals import Approvals
from vending.requests import Allowance, BasketRequest
from vending.ringing import NoAllowance
from vending.sale import SaleReceipt
from vending.store.approvals import SqlPeople
from vending.tariff import Instalment, LineKind, Month

from .support import ARREARS, BILLING, CHIEF, Counter, chart, tariffs

BEFORE = datetime(2026, 11, 30, 21, 58, tzinfo=UTC)
BEHIND = datetime(2026, 11, 30, 22, 1, tzinfo=UTC)
"""Two minutes before December begins in Hebron, and one behind it."""
DECEMBER = Month(2026, 12)
P = POWER.number


def at(counter: Counter, moment: datetime, vend_id: str, amount: str = "200.00") -> SaleReceipt:
    counter.clock.now = moment
    return counter.service.vend(OPERATOR, request(vend_id, POWER, amount))


def blocks(sold: SaleReceipt) -> set[int]:
    return {line.block for line in sold.quote.of_kind(LineKind.UNITS)}


def taken(sold: SaleReceipt) -> int:
    return sum(line.amount.minor for line in sold.quote.of_kind(LineKind.DEBT))


def test_its_blocks_stay_filled(counter: Counter) -> None:
    first = at(counter, BEHIND, "v-1")
    again = at(counter, BEFORE, "v-2")
    last = at(counter, BEHIND, "v-3")
    assert [blocks(one) for one in (first, again, last)] == [{1, 2}, {2, 3}, {3}]
    assert again.quote.used_before == first.quote.quantity
    used = first.quote.quantity + again.quote.quantity
    assert last.quote.used_before == used
    counter.clock.now = BEFORE
    view = counter.accounts.account(BILLING, "A1")
    assert (view.month, view.bought) == (DECEMBER, used + last.quote.quantity)
    assert counter.accounts.verify_accounts(BILLING).problems == ()


def test_its_instalment_is_taken_once(counter: Counter) -> None:
    twenty = Instalment(Money(2_000))
    counter.accounts.add_debt(
        BILLING, "A1", "arrears", ARREARS, Money(15_000), twenty, "From the old ledger", "Bill 7"
    )
    moments = (BEFORE, BEHIND, BEFORE, BEHIND)
    sold = [at(counter, moment, f"v-{place}") for place, moment in enumerate(moments)]
    # One for November, one for December.
    assert [taken(one) for one in sold] == [2_000, 2_000, 0, 0]
    assert counter.accounts.verify_accounts(BILLING).problems == ()


def test_its_free_units_are_given_once(place: Path | str) -> None:
    counter = Counter(place, power="electricity-social")

    def free(moment: datetime, vend_id: str) -> Energy:
        counter.clock.now = moment
        given = counter.service.vend_basket(OPERATOR, BasketRequest(vend_id, (Allowance(P),)))
        return Energy(given.leading.quote.quantity.value)

    assert free(BEHIND, "a-1") == Energy(20_000)
    for vend_id, moment in (("a-2", BEFORE), ("a-3", BEHIND)):
        with pytest.raises(NoAllowance):
            free(moment, vend_id)
    counter.close()


def test_a_sale_that_counted_in_it_goes_on_to_count_when_it_is_taken_back(
    counter: Counter,
) -> None:
    """The sale tells its moment, and not that it was priced in the month behind it."""
    first, again = at(counter, BEHIND, "v-1"), at(counter, BEFORE, "v-2")
    counter.void("v-2")
    view = counter.accounts.account(BILLING, "A1")
    assert (view.month, view.bought) == (DECEMBER, first.quote.quantity + again.quote.quantity)
    assert counter.accounts.verify_accounts(BILLING).problems == ()


def test_it_is_the_month_that_a_tariff_is_left_in(place: Path | str) -> None:
    """December was begun by the old tariff; what the new one charges begins with January."""
    counter = Counter(place, power="electricity-social")
    moves = TariffMoves(counter.rows, tariffs(), chart(), counter.clock)
    approvals = Approvals(SqlPeople(counter.store), account_acts(moves), counter.clock)
    document = {"agreement": "A1", "tariff": "electricity-domestic-blocks"}
    at(counter, BEHIND, "v-1")
    counter.clock.now = BEFORE
    approvals.request(BILLING, "m-1", "change_tariff", document, "No longer on the list")
    approvals.approve(CHIEF, "m-1")
    months = {
        moment: {line.code: line.months for line in sold.quote.lines if line.rule == "monthly"}
        for moment in (BEHIND, BEHIND + timedelta(days=31))
        for sold in [at(counter, moment, f"v-{moment:%m}")]
    }
    assert list(months.values()) == [{}, {"meter": 1, "waste": 1}]
    assert counter.accounts.verify_accounts(BILLING).problems == ()
    counter.close()
