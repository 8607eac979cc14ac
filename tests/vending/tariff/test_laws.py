"""What holds for every tariff and every account."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from meters.quantities import Energy, Money
from tests import examples
from tests.vending.tariff.strategies import NOW, THIS_MONTH, accounts, payments, tariffs
from tokens.sts import carried
from vending.tariff import (
    AccountState,
    AmountTooHigh,
    AmountTooLow,
    LineKind,
    MonthUse,
    Quote,
    QuoteRequest,
    Tariff,
    owed,
    pay_owed,
    quote,
    rounded_fraction,
    settled,
    shares_of,
    unpaid,
)
from vending.tariff.costs import UnitCost
from vending.tariff.months import local_day
from vending.tariff.pricing import use_of


@st.composite
def situations(draw: st.DrawFn) -> tuple[Tariff, AccountState]:
    tariff = draw(tariffs())
    return tariff, draw(accounts(tariff))


def sold(tariff: Tariff, state: AccountState, ask: Money | Energy) -> Quote | None:
    try:
        return quote(tariff, QuoteRequest(ask), state, NOW)
    except (AmountTooLow, AmountTooHigh):
        return None


def unit_cost(tariff: Tariff, state: AccountState) -> UnitCost:
    day = NOW.astimezone(tariff.zone).date()
    return UnitCost(tariff, day, use_of(tariff, state, NOW))


@settings(max_examples=examples(40))
@given(situations(), payments)
def test_no_money_is_lost(situation: tuple[Tariff, AccountState], paid: Money) -> None:
    """tendered + balance before = all lines + balance after, to the agora."""
    tariff, state = situation
    q = sold(tariff, state, paid)
    assume(q is not None)
    assert q is not None
    lines = sum(line.amount.minor for line in q.lines if not line.included)
    assert paid.minor + state.balance.minor == lines + q.balance_after.minor
    assert q.net.minor + q.vat.minor == lines
    assert q.balance_after.minor >= 0
    assert sum(share.minor for share in shares_of(q.lines)) == lines
    assert q.quantity.value > 0
    assert carried(q.quantity) == q.quantity


@settings(max_examples=examples(40))
@given(situations(), payments)
def test_each_line_is_its_exact_amount_rounded_as_it_says(
    situation: tuple[Tariff, AccountState], paid: Money
) -> None:
    q = sold(*situation, paid)
    assume(q is not None)
    assert q is not None
    for line in q.lines:
        assert line.exact == line.amount.minor + line.remainder
        if line.left is None:
            assert line.amount.minor == rounded_fraction(line.exact, line.rounding)
        else:
            assert 0 <= line.amount.minor <= rounded_fraction(line.exact, line.rounding)
            assert line.left.minor >= 0


@settings(max_examples=examples(40))
@given(situations(), payments)
def test_units_are_the_most_that_the_money_buys(
    situation: tuple[Tariff, AccountState], paid: Money
) -> None:
    tariff, state = situation
    q = sold(tariff, state, paid)
    assume(q is not None)
    assert q is not None
    following = carried(Energy(q.quantity.value + 100))
    left = paid.minor + state.balance.minor - q.deducted.minor
    assert unit_cost(tariff, state).cost(following.value) > left


@settings(max_examples=examples(40))
@given(situations(), payments)
def test_money_to_units_to_money_never_costs_more(
    situation: tuple[Tariff, AccountState], paid: Money
) -> None:
    """Who paid and got these units could not have had them for more; and for one agora less than
    the price asked for units, they cannot be had."""
    tariff, state = situation
    first = sold(tariff, state, paid)
    assume(first is not None)
    assert first is not None
    back = quote(tariff, QuoteRequest(first.quantity), state, NOW)
    assert back.quantity == first.quantity
    assert back.tendered <= paid
    if back.tendered.minor > 0:
        again = quote(tariff, QuoteRequest(back.tendered), state, NOW)
        assert not again.quantity < first.quantity
    if back.tendered.minor > 1:
        less = sold(tariff, state, back.tendered - Money(1))
        assert less is None or less.quantity < first.quantity


@settings(max_examples=examples(40))
@given(situations(), st.integers(1, 16_383))
def test_units_to_money_to_units_never_gives_less(
    situation: tuple[Tariff, AccountState], steps: int
) -> None:
    tariff, state = situation
    asked, cost = Energy(steps * 100), unit_cost(tariff, state)
    q = sold(tariff, state, asked)
    if q is None:
        # Not for nothing: the first that is sold costs something.
        assert cost.full(asked.value) == 0
        return
    assert q.quantity == asked
    total = sum(line.amount.minor for line in q.lines if not line.included)
    assert q.tendered.minor + state.balance.minor == total + q.balance_after.minor
    if q.tendered.minor:
        got = quote(tariff, QuoteRequest(q.tendered), state, NOW)
        assert not got.quantity < asked


@settings(max_examples=examples(40))
@given(situations(), st.one_of(payments, st.integers(1, 30).map(lambda n: Energy(n * 100))))
def test_units_that_only_rounding_makes_free_are_not_sold(
    situation: tuple[Tariff, AccountState], ask: Money | Energy
) -> None:
    q = sold(*situation, ask)
    assume(q is not None)
    assert q is not None
    supported = any(line.kind is LineKind.SUPPORT for line in q.lines)
    assert supported or unit_cost(*situation).full(q.quantity.value) > 0


@settings(max_examples=examples(40))
@given(situations(), st.integers(0, 20_000), st.integers(0, 2_000))
def test_the_cost_never_falls_and_is_the_sum_of_its_lines(
    situation: tuple[Tariff, AccountState], steps: int, more: int
) -> None:
    cost = unit_cost(*situation)
    units = Energy(steps * 100)
    lines = cost.lines(units)
    assert sum(line.amount.minor for line in lines if not line.included) == cost.cost(units.value)
    assert 0 <= cost.cost(units.value) <= cost.cost(units.value + more * 100)


@settings(max_examples=examples(40))
@given(situations(), payments)
def test_deductions_keep_to_cap_and_guarantee(
    situation: tuple[Tariff, AccountState], paid: Money
) -> None:
    tariff, state = situation
    q = sold(tariff, state, paid)
    assume(q is not None)
    assert q is not None
    assert q.deducted.minor <= tariff.protection.cap * paid.minor
    least = tariff.protection.units
    if least is not None and not q.deducted.is_zero:
        assert not q.quantity < least
    for line in q.of_kind(LineKind.DEBT):
        debt = next(d for d in state.debts if d.code == line.code)
        assert line.amount.minor <= debt.owed.minor
        if debt.disputed or debt.postponed is not None:
            assert line.amount.is_zero


@settings(max_examples=examples(40))
@given(situations(), st.lists(payments, min_size=1, max_size=4))
def test_what_is_owed_is_taken_once(
    situation: tuple[Tariff, AccountState], paid: list[Money]
) -> None:
    """Over several sales in one month: what was owed is what was taken and what is left. A payment
    that is refused (too little for a unit, say) takes nothing and moves nothing."""
    tariff, before = situation
    state = before
    due = {d.code: d.owed.minor for d in state.debts}
    taken = dict.fromkeys(due, 0)
    months: dict[str, int] = {}
    for number, one in enumerate(paid):
        q = sold(tariff, state, one)
        if q is None:
            continue
        for line in q.of_kind(LineKind.DEBT):
            taken[line.code] += line.amount.minor
        for line in q.of_kind(LineKind.CHARGE):
            months[line.code] = months.get(line.code, 0) + line.months
        state = settled(state, tariff, q, NOW + timedelta(minutes=number))
        assert state.use is not None
        assert state.use.month == THIS_MONTH
    assert {d.code: d.owed.minor + taken[d.code] for d in state.debts} == due
    # July to November at most, and no month twice.
    assert all(count <= 4 for count in months.values())
    if state is before:
        # Every payment was refused: charges stand where they stood.
        assert not months
        assert not any(taken.values())
    else:
        assert all(stand.through == THIS_MONTH for stand in state.charges)


@st.composite
def any_sales(draw: st.DrawFn) -> tuple[Tariff, AccountState, Quote]:
    """A quote of every kind that a counter books: units for money, a payment for what is owed (of
    one code, or of all), and units that nobody pays for."""
    tariff, state = draw(situations())
    kind = draw(st.sampled_from(["units", "owed", "owed", "free"]))
    if kind == "units":
        q = sold(tariff, state, draw(payments))
        assume(q is not None)
        assert q is not None
        return tariff, state, q
    if kind == "free":
        return tariff, state, unpaid(tariff, "free_issue", Energy(draw(steps) * 100), state, NOW)
    due = owed(tariff, state, NOW)
    disputed = {debt.code for debt in state.debts if debt.disputed}
    assume(due.keys() - disputed)
    code = draw(st.sampled_from(["", *due]))
    most = due[code].minor if code else sum(due[one].minor for one in due.keys() - disputed)
    amount = Money(draw(st.integers(1, most)))
    return tariff, state, pay_owed(tariff, amount, state, NOW, code)


steps = st.integers(0, 3000)


def owing(tariff: Tariff, state: AccountState) -> dict[tuple[str, str], int]:
    """All that is owed on the account, worked out once more: each month by the version that held
    when it began."""
    found: dict[tuple[str, str], int] = {}
    for debt in state.debts:
        found["debt", debt.code] = debt.owed.minor
    for due in state.fees:
        fee = tariff.due_fee(due.code)
        assert fee is not None
        found["fee", due.code] = (fee.sum.gross if due.owed is None else due.owed).minor
    stands = {stand.code: stand for stand in state.charges}
    for code in ("month", "lamp"):
        stand = stands.get(code)
        first = (state.since or THIS_MONTH) if stand is None else stand.through.plus(1)
        found["charge", code] = 0 if stand is None else stand.owed.minor
        while first <= THIS_MONTH:
            found["charge", code] += tariff.monthly_sum(code, first)
            first = first.plus(1)
    return {what: minor for what, minor in found.items() if minor}


@settings(max_examples=examples(120))
@given(any_sales())
def test_what_was_owed_is_what_was_taken_and_what_is_owed_after(
    sale: tuple[Tariff, AccountState, Quote],
) -> None:
    """For fees, monthly charges and debts, and for every kind of quote: none of them is forgotten
    by a sale that does not ask for it, and none is asked for twice."""
    tariff, state, q = sale
    after = owing(tariff, settled(state, tariff, q, NOW))
    for line in q.lines:
        if line.left is None:
            continue
        kind = "fee" if line.code == "once" else line.kind.value
        what = (kind, line.code)
        assert after.get(what, 0) == line.left.minor
        after[what] = after.get(what, 0) + line.amount.minor
    assert {what: minor for what, minor in after.items() if minor} == owing(tariff, state)


@settings(max_examples=examples(40))
@given(situations(), payments, payments)
def test_two_payments_fill_the_same_blocks_as_one(
    situation: tuple[Tariff, AccountState], one: Money, two: Money
) -> None:
    """The second sale begins where the first one ended: the same units in the month."""
    tariff, state = situation
    first = sold(tariff, state, one)
    assume(first is not None)
    assert first is not None
    after = settled(state, tariff, first, NOW)
    before = use_of(tariff, state, NOW)
    assert after.use == MonthUse(
        THIS_MONTH, before.units + first.quantity, after.use.supported if after.use else ()
    )
    second = sold(tariff, after, two)
    assume(second is not None)
    assert second is not None
    if tariff.price.begins_anew(local_day(NOW, tariff.zone)):
        assert second.used_before is None
    elif tariff.needs_history:
        assert second.used_before == before.units + first.quantity
    paid = one.minor + two.minor + state.balance.minor
    assert paid == first.total.minor + second.total.minor + second.balance_after.minor
