"""A quote binds until it expires, unless what it was made from has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.quantities import Energy, Money
from meters.values import replace
from tests import examples
from tests.vending.support import IN_CAPITALS, tariffs
from tests.vending.tariff.strategies import NOW as ANY_NOW
from tests.vending.tariff.strategies import accounts
from tests.vending.tariff.strategies import tariffs as any_tariffs
from vending.ids import IdInCapitals
from vending.tariff import (
    AccountState,
    Debt,
    FeeDue,
    Instalment,
    Label,
    Month,
    MonthUse,
    QuoteChanged,
    QuoteExpired,
    QuoteIdMalformed,
    QuoteInputs,
    QuoteRequest,
    binding,
    quote,
    still_binds,
)

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MONTH = Month(2026, 11)
TARIFF = tariffs().active("electricity-domestic-blocks", NOW)
STATE = AccountState(Money(3), MonthUse(MONTH, Energy(40_000)), since=MONTH)
INPUTS = QuoteInputs("A1 07000010047", TARIFF, QuoteRequest(Money(10_000)), STATE, MONTH)
PRICED = quote(TARIFF, INPUTS.request, STATE, NOW)
DEBT = Debt("d", Label("د", "D"), Money(100), 1, Instalment(Money(50)))


def test_it_is_honoured_line_by_line_until_it_expires() -> None:
    promise = binding(PRICED, INPUTS, NOW)
    last = promise.expires_at - timedelta(microseconds=1)
    assert still_binds(promise, INPUTS, last) is PRICED
    with pytest.raises(QuoteExpired) as error:
        still_binds(promise, INPUTS, promise.expires_at)
    assert error.value.until == "2026-11-23T09:45:00+00:00"


@pytest.mark.parametrize(
    ("changed", "change"),
    [
        ("meter", lambda i: replace(i, subject="A2 07000010047")),
        ("amount", lambda i: replace(i, request=QuoteRequest(Money(10_001)))),
        ("amount", lambda i: replace(i, request=QuoteRequest(Energy(10_000)))),
        ("amount", lambda i: replace(i, request=QuoteRequest(Money(10_000), Energy(10**6)))),
        ("tariff", lambda i: replace(i, tariff=replace(TARIFF, version=2))),
        ("tariff", lambda i: replace(i, tariff=replace(TARIFF, earlier=TARIFF))),
        (
            "tariff",
            lambda i: replace(i, tariff=replace(TARIFF, charges=TARIFF.charges[:1])),
        ),
        ("balance", lambda i: replace(i, state=replace(STATE, balance=Money(4)))),
        ("month", lambda i: replace(i, month=Month(2026, 12))),
        ("month", lambda i: replace(i, state=replace(STATE, use=MonthUse(MONTH, Energy(41_000))))),
        ("debts", lambda i: replace(i, state=replace(STATE, debts=(DEBT,)))),
    ],
)
def test_it_is_refused_with_the_name_of_what_changed(
    changed: str, change: Callable[[QuoteInputs], QuoteInputs]
) -> None:
    promise = binding(PRICED, INPUTS, NOW, quote_id="q-1")
    with pytest.raises(QuoteChanged) as error:
        still_binds(promise, change(INPUTS), NOW)
    assert (error.value.quote, error.value.changed) == ("q-1", [changed])


def inputs_at(now: datetime) -> QuoteInputs:
    """As they stand at a moment, when nothing has been bought."""
    tariff = tariffs().active("electricity-public", now)
    return replace(INPUTS, tariff=tariff, month=Month.of(now, tariff.zone))


def test_a_season_that_begins_meanwhile_is_no_change_and_a_month_is() -> None:
    """Winter begins on 15 November, at midnight in the municipality."""
    asked = datetime(2026, 11, 14, 21, 55, tzinfo=UTC)
    inputs = inputs_at(asked)
    told = quote(inputs.tariff, inputs.request, STATE, asked)
    promise = binding(told, inputs, asked)
    later = asked + timedelta(minutes=10)
    assert quote(inputs.tariff, inputs.request, STATE, later).quantity < told.quantity
    assert still_binds(promise, inputs_at(later), later) is told

    asked = datetime(2026, 11, 30, 21, 55, tzinfo=UTC)
    inputs = inputs_at(asked)
    promise = binding(quote(inputs.tariff, inputs.request, STATE, asked), inputs, asked)
    later = asked + timedelta(minutes=10)
    with pytest.raises(QuoteChanged) as error:
        still_binds(promise, inputs_at(later), later)
    assert error.value.changed == ["month"]


def test_a_sale_in_between_changes_balance_and_month() -> None:
    promise = binding(PRICED, INPUTS, NOW)
    after = replace(STATE, balance=Money(1), use=MonthUse(MONTH, Energy(90_000)))
    with pytest.raises(QuoteChanged) as error:
        still_binds(promise, replace(INPUTS, state=after), NOW)
    assert error.value.changed == ["balance", "month"]


def test_a_fee_that_was_put_on_since_unbinds_a_quote() -> None:
    promise = binding(PRICED, INPUTS, NOW)
    later = replace(STATE, fees=(FeeDue("seal"),))
    with pytest.raises(QuoteChanged) as error:
        still_binds(promise, replace(INPUTS, state=later), NOW + timedelta(minutes=1))
    assert error.value.changed == ["charges"]


def test_its_name_is_the_callers_or_follows_from_what_it_is() -> None:
    assert binding(PRICED, INPUTS, NOW, quote_id="till-7:12").id == "till-7:12"
    derived = binding(PRICED, INPUTS, NOW).id
    assert derived == binding(PRICED, INPUTS, NOW).id
    assert derived != binding(PRICED, INPUTS, NOW + timedelta(seconds=1)).id
    assert len(derived) == 32
    for wrong in ("x" * 65, "a b", "عرض"):
        with pytest.raises(QuoteIdMalformed):
            binding(PRICED, INPUTS, NOW, quote_id=wrong)
    with pytest.raises(IdInCapitals):
        binding(PRICED, INPUTS, NOW, quote_id=IN_CAPITALS)


@settings(max_examples=examples(40))
@given(st.data())
def test_equal_inputs_have_equal_fingerprints_and_others_do_not(data: st.DataObject) -> None:
    """For any two accounts of one tariff: the fingerprint is exactly of what it was made from."""
    tariff = data.draw(any_tariffs())
    one, two = data.draw(accounts(tariff)), data.draw(accounts(tariff))
    request = QuoteRequest(Money(5000))
    month = Month.of(ANY_NOW)
    first = QuoteInputs("A1", tariff, request, one, month)
    second = QuoteInputs("A1", tariff, request, two, month)
    copy = QuoteInputs("A1", replace(tariff), QuoteRequest(Money(5000)), replace(one), month)
    assert first.digests() == copy.digests()
    assert (first.digests() == second.digests()) == (one == two)
