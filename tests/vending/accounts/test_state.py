"""An account as it is kept, and sales taken back out of it, for every tariff and account."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import assume, given, settings

from meters.account import Commodity
from meters.quantities import Energy, Money, Volume
from meters.values import replace
from tests import examples
from tests.vending.tariff.strategies import NOW, THIS_MONTH, payments
from tests.vending.tariff.test_laws import any_sales, situations, sold
from tests.vending.tariff.worked import BEGUN, HEAD, SIGNED
from vending.accounting.errors import ReasonMissing
from vending.accounts import (
    AccountDocumentBroken,
    DebtUnknown,
    document_of,
    postponed_for_sale,
    state_of,
    unsettled,
)
from vending.accounts.state import USUAL_PRIORITY, begun, kept_state
from vending.ledger import canonical_time
from vending.tariff import (
    AccountState,
    ChargeState,
    Debt,
    FeeDue,
    Instalment,
    Label,
    Limited,
    LineKind,
    Month,
    MonthUse,
    Percentage,
    Postponed,
    Quote,
    QuoteRequest,
    Tariff,
    TariffBook,
    owed,
    parse_tariffs,
    pay_owed,
    quote,
    settled,
)
from vending.tariff.counted import counted
from vending.tariff.pricing import use_of

Situation = tuple[Tariff, AccountState]


def kept(state: AccountState) -> AccountState:
    return state_of(document_of(state), state.balance, Commodity.ELECTRICITY, None, THIS_MONTH)


def as_told(tariff: Tariff, state: AccountState) -> AccountState:
    """The account without what the quote of a sale does not tell of it: see `unsettled`."""
    charges = [
        ChargeState(one.code, one.through, Money(one.owed))
        for one in counted(tariff, state, THIS_MONTH)
    ]
    use = use_of(tariff, state, NOW)
    return replace(
        state,
        use=replace(use, supported=tuple(one for one in use.supported if not one[1].is_zero)),
        charges=tuple(charges),
        debts=tuple(
            debt
            if debt.taken_in == THIS_MONTH and debt.taken is not None and debt.taken.minor > 0
            else replace(debt, taken_in=None, taken=None)
            for debt in state.debts
        ),
    )


def plainly(tariff: Tariff, state: AccountState) -> AccountState:
    """What was taken of debts in earlier months, and nothing of it, are the same; so are a fee of
    which nothing has been paid, and all of it."""
    once = tariff.due_fee("once")
    return replace(
        state,
        fees=tuple(
            FeeDue(fee.code, once.sum.gross) if once is not None and fee.owed is None else fee
            for fee in state.fees
        ),
        debts=tuple(
            debt
            if debt.taken is not None and debt.taken.minor > 0
            else replace(debt, taken_in=None, taken=None)
            for debt in state.debts
        ),
    )


@settings(max_examples=examples(30))
@given(situations(), payments)
def test_an_account_is_kept_whole(situation: Situation, paid: Money) -> None:
    tariff, state = situation
    back = kept(state)
    assert document_of(back) == document_of(replace(state, since=state.since or THIS_MONTH))
    assert kept(back) == back
    # What is left out of the text changes no price.
    assert sold(tariff, back, paid) == sold(tariff, state, paid)


@settings(max_examples=examples(120))
@given(any_sales())
def test_a_sale_of_any_kind_taken_back_leaves_the_account_of_before(
    sale: tuple[Tariff, AccountState, Quote],
) -> None:
    tariff, state, q = sale
    back = unsettled(settled(state, tariff, q, NOW), q, NOW, tariff)
    assert back.balance == state.balance
    before = plainly(tariff, as_told(tariff, state))
    assert document_of(plainly(tariff, back)) == document_of(before)
    # The same is asked for as before.
    assert owed(tariff, back, NOW) == owed(tariff, state, NOW)


@settings(max_examples=examples(50))
@given(situations(), payments)
def test_a_sale_taken_back_buys_the_same_again(situation: Situation, paid: Money) -> None:
    tariff, state = situation
    q = sold(tariff, state, paid)
    assume(q is not None)
    assert q is not None
    back = unsettled(settled(state, tariff, q, NOW), q, NOW, tariff)
    # To the agora, the same payment buys the same again; months that stay counted are owed from
    # before by now.
    again = sold(tariff, back, paid)
    assert again is not None
    assert [replace(line, months=0, before=None) for line in again.lines] == [
        replace(line, months=0, before=None) for line in q.lines
    ]
    assert (again.quantity, again.balance_after) == (q.quantity, q.balance_after)


@settings(max_examples=examples(30))
@given(situations(), payments, payments)
def test_of_two_sales_either_can_be_taken_back(
    situation: Situation, first: Money, second: Money
) -> None:
    """Taking back the first of two leaves what is owed and used as the second alone made it."""
    tariff, state = situation
    one = sold(tariff, state, first)
    assume(one is not None)
    assert one is not None
    between = settled(state, tariff, one, NOW)
    two = sold(tariff, between, second)
    assume(two is not None)
    assert two is not None
    left = unsettled(settled(between, tariff, two, NOW), one, NOW, tariff)
    start = as_told(tariff, state)
    for of, paid_by in (("debts", LineKind.DEBT), ("charges", LineKind.CHARGE)):
        paid = sum(
            line.amount.minor
            for line in two.of_kind(paid_by)
            if line.left is not None and line.rule != "once"
        )
        before, after = (sum(x.owed.minor for x in getattr(s, of)) for s in (start, left))
        assert after == before - paid
    assert left.use is not None
    assert start.use is not None
    assert left.use.units == start.use.units + two.quantity
    # It may fall below zero: the second sale may have spent what the first carried over.
    assert left.balance == state.balance + two.balance_after - two.balance_before


LABEL = Label("دين", "Debt")
DEBT = Debt("d", LABEL, Money(1500), 5, Instalment(Money(2000)))
TARIFF = parse_tariffs(
    HEAD.format(commodity="electricity")
    + """
price = { rule = "flat", rate = "0.50", rounding = "half_up" }
vat = { percent = "0", rounding = "half_up" }
""",
    "t",
)[0]
WITH_FEE = (
    HEAD.format(commodity="electricity")
    + """
price = { rule = "flat", rate = "0.50", rounding = "half_up" }
vat = { percent = "0", rounding = "half_up" }
[[versions.charges]]
rule = "once"
code = "once"
name_ar = "خ"
name_en = "Seal"
amount = "9.00"
book = "fees"
"""
)
STATE = AccountState(Money(0), MonthUse(THIS_MONTH, Energy(0)), THIS_MONTH, debts=(DEBT,))
SOLD = quote(TARIFF, QuoteRequest(Money(10_000)), STATE, NOW)


def test_what_an_earlier_stay_at_the_tariff_paid_brings_no_further_month_with_it() -> None:
    """An agreement went to another tariff and came back, and a version had dropped the charge
    meanwhile: it stands nowhere. A sale of before is taken back: what it paid is owed, and not
    also the months behind it, which were counted on leaving or belong to the other tariff."""
    priced = (
        'price = { rule = "flat", rate = "0.50", rounding = "half_up" }\n'
        'vat = { percent = "0", rounding = "half_up" }\n'
    )
    waste = (
        'charges = [ { rule = "monthly", code = "waste", name_ar = "نفايات", name_en = "Waste", '
        'amount = "10.00", book = "waste" } ]\n'
    )
    dropped = (
        SIGNED.format(version=2) + BEGUN.replace("01-01T00:00:00+02", "10-01T00:00:00+03") + priced
    )
    text = HEAD.format(commodity="electricity") + priced + waste + dropped
    one, two = TariffBook(parse_tariffs(text, "waste")).versions("worked")
    june = Month(2026, 6)
    sold_at = june.begins() + timedelta(days=3)
    new = AccountState(Money(0), MonthUse(june, Energy(0)), since=june)
    sale = quote(one, QuoteRequest(Money(5000)), new, sold_at)
    # It left in August, and is back since October.
    back = AccountState(Money(0), since=Month(2026, 11))
    after = unsettled(back, sale, sold_at, one)
    assert owed(two, after, NOW) == {"waste": Money(1000)}
    # The same sale of an agreement that never left: July to September are asked for.
    stayed = AccountState(Money(0), since=june)
    assert owed(two, unsettled(stayed, sale, sold_at, one), NOW) == {"waste": Money(4000)}


def test_a_month_that_has_passed_is_left_alone() -> None:
    later = MonthUse(Month(2026, 12), Energy(700))
    after = replace(settled(STATE, TARIFF, SOLD, NOW), use=later)
    assert unsettled(after, SOLD, NOW, TARIFF).use == later


def test_a_kept_account_that_never_saw_the_sale_falls_to_nothing_and_not_below() -> None:
    assert unsettled(STATE, SOLD, NOW, TARIFF).use == MonthUse(THIS_MONTH, Energy(0))


def test_what_other_sales_took_of_a_months_instalment_stays_taken() -> None:
    """20.00 a month, 12.00 of it taken before: a sale takes 8.00, and is taken back."""
    debt = replace(DEBT, owed=Money(5000), taken_in=THIS_MONTH, taken=Money(1200))
    state = replace(STATE, debts=(debt,))
    sale = quote(TARIFF, QuoteRequest(Money(10_000)), state, NOW)
    after = settled(state, TARIFF, sale, NOW)
    assert (after.debts[0].owed, after.debts[0].taken) == (Money(4200), Money(2000))
    assert unsettled(after, sale, NOW, TARIFF).debts == (debt,)


def test_a_sale_of_an_earlier_month_gives_back_nothing_of_this_ones_instalment() -> None:
    """Taken again this month, it would be taken twice in it."""
    debt = replace(DEBT, owed=Money(9000))
    before = NOW - timedelta(days=31)
    state = replace(STATE, use=None, debts=(debt,))
    earlier = quote(TARIFF, QuoteRequest(Money(10_000)), replace(state, use=STATE.use), before)
    between = settled(replace(state, use=STATE.use), TARIFF, earlier, before)
    after = settled(between, TARIFF, quote(TARIFF, QuoteRequest(Money(10_000)), between, NOW), NOW)
    (back,) = unsettled(after, earlier, before, TARIFF).debts
    assert (back.owed, back.taken_in, back.taken) == (Money(7000), THIS_MONTH, Money(2000))


def test_a_fee_of_before_that_was_put_on_once_more_is_owed_with_what_is_given_back() -> None:
    """Books of before: nobody noted its sum, which the tariff says."""
    (tariff,) = parse_tariffs(WITH_FEE, "t")
    state = replace(STATE, debts=(), fees=(FeeDue("once", Money(900)),))
    paid = pay_owed(tariff, Money(400), state, NOW, "once")
    again = replace(settled(state, tariff, paid, NOW), fees=(FeeDue("once"),))
    assert unsettled(again, paid, NOW, tariff).fees == (FeeDue("once", Money(1300)),)


def test_what_was_struck_off_since_is_owed_again() -> None:
    struck = replace(settled(STATE, TARIFF, SOLD, NOW), debts=())
    (again,) = unsettled(struck, SOLD, NOW, TARIFF).debts
    assert again == replace(DEBT, priority=USUAL_PRIORITY)


@pytest.mark.parametrize("percent", ["25", "12.5", "12.25"])
def test_what_was_struck_off_since_is_recovered_by_the_percentage_of_before(percent: str) -> None:
    """Though it is written as a sum of money would be."""
    debt = replace(DEBT, recovery=Percentage(percent), priority=USUAL_PRIORITY)
    state = replace(STATE, debts=(debt,))
    sale = quote(TARIFF, QuoteRequest(Money(10_000)), state, NOW)
    struck = replace(settled(state, TARIFF, sale, NOW), debts=())
    assert [one.recovery for one in unsettled(struck, sale, NOW, TARIFF).debts] == [debt.recovery]


def test_a_payment_that_paid_a_fee_makes_it_due_again_when_it_is_taken_back() -> None:
    """Its line does not say that it was for a fee; the tariff does."""
    (tariff,) = parse_tariffs(WITH_FEE, "t")
    state = replace(STATE, fees=(FeeDue("once", Money(900)),))
    for amount in (900, 400):
        paid = pay_owed(tariff, Money(amount), state, NOW, "once")
        back = unsettled(settled(state, tariff, paid, NOW), paid, NOW, tariff)
        assert (back.fees, back.charges) == (state.fees, ())
        assert quote(tariff, QuoteRequest(Money(10_000)), back, NOW).quantity.value > 0


@pytest.mark.parametrize(
    "recovery", [Instalment(Money(2000)), Percentage("25"), Percentage("12.5")]
)
def test_a_debt_that_only_a_payment_remembers_is_recovered_as_it_was(
    recovery: Instalment | Percentage,
) -> None:
    debt = replace(DEBT, recovery=recovery, priority=USUAL_PRIORITY)
    state = replace(STATE, debts=(debt,))
    paid = pay_owed(TARIFF, Money(1500), state, NOW)
    struck = replace(settled(state, TARIFF, paid, NOW), debts=())
    assert unsettled(struck, paid, NOW, TARIFF).debts == (debt,)


def test_a_debt_put_off_for_one_sale_takes_nothing_and_says_why() -> None:
    until = NOW + timedelta(minutes=15)
    put_off = postponed_for_sale(STATE, [("d", "ill this month")], NOW, until)
    q = quote(TARIFF, QuoteRequest(Money(10_000)), put_off, NOW)
    (line,) = q.of_kind(LineKind.DEBT)
    assert (line.amount, line.limited, line.reason) == (
        Money(0),
        Limited.POSTPONED,
        "ill this month",
    )
    assert q.quantity == Energy(200_000)
    assert document_of(settled(STATE, TARIFF, q, NOW)) == document_of(
        replace(STATE, use=MonthUse(THIS_MONTH, q.quantity))
    )
    longer = replace(DEBT, postponed=Postponed(until + timedelta(days=9), "until the harvest"))
    has_longer = replace(STATE, debts=(longer,))
    assert postponed_for_sale(has_longer, [("d", "ill again")], NOW, until).debts == (longer,)
    with pytest.raises(DebtUnknown):
        postponed_for_sale(STATE, [("e", "ill this month")], NOW, until)
    for reason in ("", "  ", "x"):
        with pytest.raises(ReasonMissing):
            postponed_for_sale(STATE, [("d", reason)], NOW, until)


def test_put_off_for_one_sale_is_what_was_named_and_for_as_long() -> None:
    until = NOW + timedelta(minutes=15)
    shorter = Postponed(NOW + timedelta(minutes=5), "until he is back")
    other = replace(DEBT, code="e")
    state = replace(STATE, debts=(replace(DEBT, postponed=shorter), other))
    put_off = postponed_for_sale(state, [("d", "ill this month")], NOW, until)
    assert put_off.debts == (replace(DEBT, postponed=Postponed(until, "ill this month")), other)
    for moment in (NOW, NOW - timedelta(minutes=1)):
        with pytest.raises(ValueError, match="later moment"):
            postponed_for_sale(state, [("d", "ill this month")], NOW, moment)


OTHER = Debt(
    "c",
    LABEL,
    Money(700),
    7,
    Percentage("12.5"),
    book="fines",
    disputed="Not his",
    postponed=Postponed(NOW, "ill this month"),
    taken_in=THIS_MONTH,
    taken=Money(300),
)
WHOLE = AccountState(
    Money(5),
    MonthUse(THIS_MONTH, Energy(1200), (("social", Energy(400)), ("free", Energy(800)))),
    Month(2026, 8),
    charges=(
        ChargeState("waste", THIS_MONTH, Money(1000)),
        ChargeState("meter", THIS_MONTH, Money(0)),
    ),
    fees=(FeeDue("seal"), FeeDue("once", Money(900))),
    debts=(DEBT, OTHER),
)
TEXT = (
    '{"charges":[["meter","2026-11",0],["waste","2026-11",1000]],"debts":[{"book":"fines",'
    '"code":"c","disputed":"Not his","name":["\\u062f\\u064a\\u0646","Debt"],"owed":700,'
    '"percent":"12.5","postponed":["AT","ill this month"],"priority":7,'
    '"taken":["2026-11",300]},{"code":"d","instalment":2000,'
    '"name":["\\u062f\\u064a\\u0646","Debt"],"owed":1500,"priority":5}],'
    '"fees":[["once",900],["seal"]],"since":"2026-08",'
    '"use":["2026-11",1200,[["free",800],["social",400]]]}'
)


def test_the_text_of_an_account_has_not_changed_and_says_all_of_it_in_one_order() -> None:
    """Accounts in the database were written so."""
    text = TEXT.replace("AT", canonical_time(NOW))
    assert document_of(WHOLE) == text
    other_way = replace(
        WHOLE,
        use=replace(WHOLE.use, supported=WHOLE.use.supported[::-1]) if WHOLE.use else None,
        charges=WHOLE.charges[::-1],
        fees=WHOLE.fees[::-1],
        debts=WHOLE.debts[::-1],
    )
    assert document_of(other_way) == text
    assert kept_state(text, Money(5), Commodity.ELECTRICITY) == replace(
        other_way, charges=WHOLE.charges[::-1], fees=WHOLE.fees[::-1], debts=WHOLE.debts[::-1]
    )
    assert document_of(AccountState(Money(5))) == "{}"


def test_what_a_move_to_another_tariff_fixed_holds_at_the_first_sale() -> None:
    """Its monthly charges begin with the month that the move says, not with the agreement's."""
    moved = AccountState(Money(0), since=Month(2026, 12))
    state = begun(moved, Commodity.WATER, Month(2026, 8), THIS_MONTH)
    assert (state.since, state.use) == (Month(2026, 12), MonthUse(THIS_MONTH, Volume(0)))


@pytest.mark.parametrize(
    ("since", "begins"), [(None, THIS_MONTH), (Month(2026, 8), Month(2026, 8))]
)
def test_the_first_sale_fixes_where_an_account_begins(since: Month | None, begins: Month) -> None:
    state = state_of(None, Money(5), Commodity.WATER, since, THIS_MONTH)
    assert state == AccountState(Money(5), MonthUse(THIS_MONTH, Volume(0)), begins)
    # A debt may have been written down long before.
    with_debt = document_of(AccountState(Money(5), debts=(DEBT,)))
    state = state_of(with_debt, Money(5), Commodity.WATER, since, THIS_MONTH)
    assert (state.use, state.since) == (MonthUse(THIS_MONTH, Volume(0)), begins)
    assert state_of(document_of(state), Money(5), Commodity.WATER, None, Month(2027, 3)) == state


@pytest.mark.parametrize("text", ["", "[]", '{"use":["2026-11"]}', '{"debts":[{}]}'])
def test_a_document_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(AccountDocumentBroken):
        state_of(text, Money(0), Commodity.WATER, None, THIS_MONTH)


def test_one_account_has_one_currency() -> None:
    with pytest.raises(TypeError):
        document_of(replace(STATE, balance=Money(0, "JOD")))
