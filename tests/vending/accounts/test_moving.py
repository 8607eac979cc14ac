"""An agreement that goes over to another tariff, by two people, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.account import Commodity
from meters.errors import RaseedError
from meters.quantities import Energy, Money
from meters.values import replace
from tests.vending.accounts.support import (
    BILLING,
    CHIEF,
    SITE,
    TILL,
    ZONE,
    Counter,
    chart,
    tariffs,
)
from tests.vending.support import ADMIN, OPERATOR, POWER, START, request
from vending import trailed
from vending.accounting.errors import AgreementUnknown
from vending.accounts import TariffMoves, account_acts, begun
from vending.accounts.errors import ChargesOwed, EventIdReused, TariffSame
from vending.accounts.events import TariffChanged
from vending.accounts.moving import charges_behind
from vending.approvals import Approvals
from vending.approvals.errors import ApprovalExpired, DocumentMalformed, OwnAct
from vending.parties import TariffNotOffered
from vending.people.recording import recorded
from vending.permissions import ActorNotAllowed
from vending.requests import BasketRequest, Credit
from vending.sale import SaleReceipt
from vending.store.approvals import SqlPeople
from vending.store.house import SqlHouse, tell_acts
from vending.tariff import (
    AccountState,
    CurrencyWrong,
    FeeDue,
    LineKind,
    Month,
    MonthUse,
    QuoteChanged,
    QuoteRequest,
    Tariff,
    TariffBook,
    TariffCommodity,
    TariffMissing,
    owed,
    quote,
    settled,
)
from vending.tariff.errors import TariffEnding
from vending.voids import VoidNotAllowed

BLOCKS, SOCIAL, FLAT = "electricity-domestic-blocks", "electricity-social", "electricity-domestic"
WHY = "The social office has confirmed it"


class Office:
    """A counter whose agreements may move."""

    def __init__(self, place: Path | str) -> None:
        self.counter = Counter(place)
        self.offered: tuple[str, ...] = ()
        self.moves = TariffMoves(
            self.counter.rows, tariffs(), chart(), self.counter.clock, lambda: self.offered
        )
        people = SqlPeople(self.counter.store)
        self.approvals = Approvals(people, account_acts(self.moves), self.counter.clock)

    def ask(self, id: str, tariff: str, agreement: str = "A1") -> None:
        document = {"agreement": agreement, "tariff": tariff}
        self.approvals.request(BILLING, id, "change_tariff", document, WHY)

    def move(self, id: str, tariff: str, agreement: str = "A1") -> object:
        self.ask(id, tariff, agreement)
        return self.approvals.approve(CHIEF, id).outcome

    def sell(self, vend_id: str, amount: str = "100.00") -> SaleReceipt:
        self.counter.clock.forward(minutes=3)
        return self.counter.service.vend(OPERATOR, request(vend_id, POWER, amount))

    def charged(self, vend_id: str) -> dict[str, int]:
        """Months of each monthly charge that a sale counts."""
        lines = self.sell(vend_id).quote.lines
        return {line.code: line.months for line in lines if line.rule == "monthly"}

    def right(self) -> None:
        report = self.counter.accounts.verify_accounts(TILL)
        assert report.ok, report.problems
        assert self.counter.service.verify(ADMIN).ok


@pytest.fixture
def office(place: Path | str) -> Iterator[Office]:
    made = Office(place)
    yield made
    made.right()
    made.counter.close()


def test_a_home_is_supported_from_the_next_quote_on(office: Office) -> None:
    first = office.sell("v-1")
    assert first.quote.tariff == BLOCKS
    office.ask("M-1", SOCIAL)
    assert office.sell("v-2").quote.tariff == BLOCKS
    told = {
        "agreement": "A1",
        "before": {"agreement": "A1", "tariff": BLOCKS},
        "now": {"agreement": "A1", "tariff": SOCIAL},
    }
    assert office.approvals.approve(CHIEF, "M-1").outcome == told
    # Again, as after a lost answer: done once.
    assert office.approvals.approve(replace(CHIEF, name="cli:omar"), "M-1").outcome == told
    third = office.sell("v-3").quote
    assert third.tariff == SOCIAL
    # What was bought this month stays bought, and the free units are there at once.
    assert third.used_before == Energy(
        first.quote.quantity.value + office.counter.service.sales(OPERATOR)[1].quote.quantity.value
    )
    assert {line.code for line in third.lines if line.payer} == {"free", "half"}
    (latest, *_) = office.counter.accounts.history(BILLING, "A1")
    assert (latest.event.kind, latest.event.reason, latest.actor) == ("tariff_changed", WHY, "Omar")
    again = office.counter.service.reprint(OPERATOR, "v-1")
    assert (again.quote, again.tokens) == (first.quote, first.tokens)


def test_no_month_is_charged_twice_nor_by_both(office: Office) -> None:
    assert office.charged("nov") == {"meter": 1, "waste": 1}
    office.move("M-1", FLAT)
    assert office.charged("flat") == {}
    office.counter.clock.forward(days=40)
    assert office.charged("january") == {}
    # Back again: this month is charged as it began, the next one by the blocks.
    office.move("M-2", BLOCKS)
    assert office.charged("same-month") == {}
    office.counter.clock.forward(days=30)
    assert office.charged("february") == {"meter": 1, "waste": 1}


def test_what_the_new_tariff_could_not_ask_for_is_paid_first(office: Office) -> None:
    for month in range(2):
        with pytest.raises(ChargesOwed) as error:
            office.ask("M-1", SOCIAL)
        assert error.value.charges == ["meter", "waste"]
        assert error.value.owed == f"{(month + 1) * 17.8:.2f} ILS"
        office.counter.clock.forward(days=15)
    office.sell("v-1", "300.00")
    office.move("M-1", SOCIAL)
    fee = office.counter.accounts
    fee.add_fee(BILLING, "A3", "connection", "A new site", "F-1")
    with pytest.raises(ChargesOwed) as error:
        office.ask("M-2", FLAT, "A3")
    assert (error.value.charges, error.value.owed) == (["connection"], "174.00 ILS")
    fee.waive_fee(BILLING, "A3", "connection", "Was connected before", "F-2")
    office.move("M-2", FLAT, "A3")
    assert office.counter.service.meter(OPERATOR, SITE.number).agreement.tariff == FLAT


def test_a_quote_of_the_old_tariff_holds_no_longer(office: Office) -> None:
    office.sell("v-1")
    office.counter.service.bind(OPERATOR, POWER.number, Money(5000), (), "Q-1")
    office.move("M-1", SOCIAL)
    basket = BasketRequest("v-2", (Credit(POWER.number, Money(5000), "Q-1"),))
    with pytest.raises(QuoteChanged) as error:
        office.counter.service.vend_basket(OPERATOR, basket)
    assert "tariff" in error.value.changed


def test_a_sale_of_before_is_voided_unless_it_paid_what_only_the_old_tariff_asks_for(
    office: Office,
) -> None:
    basket = BasketRequest("v-1", (Credit(POWER.number, Money(10_000)),), hold=True)
    office.counter.service.vend_basket(OPERATOR, basket)
    held = replace(basket, vend_id="v-2")
    office.counter.service.vend_basket(OPERATOR, held)
    office.move("M-1", SOCIAL)
    with pytest.raises(VoidNotAllowed) as error:
        office.counter.service.void(OPERATOR, "v-1", WHY)
    assert (error.value.vend_id, error.value.why) == ("v-1", "tariff_changed")
    office.counter.service.void(OPERATOR, "v-2", WHY)
    assert office.sell("v-3").quote.tariff == SOCIAL
    # Where the old tariff holds again, it asks for it again.
    office.move("M-2", BLOCKS)
    office.counter.service.void(OPERATOR, "v-1", WHY)
    asked = office.sell("v-4").quote.of_kind(LineKind.CHARGE)
    assert {line.code: line.amount.minor for line in asked} == {"meter": 580, "waste": 1200}
    office.right()


def test_what_is_not_moved(office: Office) -> None:
    office.sell("v-1")
    refused: list[tuple[str, str, type[RaseedError]]] = [
        (BLOCKS, "A1", TariffSame),
        ("water-domestic", "A1", TariffCommodity),
        ("nothing", "A1", TariffMissing),
        (SOCIAL, "A9", AgreementUnknown),
        ("", "A1", DocumentMalformed),
        ("x" * 61, "A1", DocumentMalformed),
        (SOCIAL, "A" * 31, DocumentMalformed),
    ]
    for tariff, agreement, error in refused:
        with pytest.raises(error):
            office.ask("M-1", tariff, agreement)
    with pytest.raises(ActorNotAllowed):
        office.approvals.request(TILL, "M-1", "change_tariff", {}, WHY)
    more = {"agreement": "A1", "tariff": SOCIAL, "from": "2027-01-01"}
    with pytest.raises(DocumentMalformed):
        office.approvals.request(BILLING, "M-1", "change_tariff", more, WHY)
    office.offered = (BLOCKS,)
    with pytest.raises(TariffNotOffered):
        office.ask("M-1", SOCIAL)
    office.offered = ()
    office.ask("M-1", SOCIAL)
    with pytest.raises(OwnAct):
        office.approvals.approve(replace(CHIEF, name="cli:layla"), "M-1")
    office.counter.clock.forward(hours=24)
    with pytest.raises(ApprovalExpired):
        office.approvals.approve(CHIEF, "M-1")
    assert office.sell("v-2").quote.tariff == BLOCKS


def test_an_id_of_another_act_on_the_account_moves_nothing(office: Office) -> None:
    office.sell("v-1")
    office.counter.debt()
    office.counter.accounts.dispute(TILL, "A1", "arrears", "Not his account", "M-1")
    office.ask("M-1", SOCIAL)
    with pytest.raises(EventIdReused):
        office.approvals.approve(CHIEF, "M-1")
    assert office.sell("v-2").quote.tariff == BLOCKS


def test_no_agreement_goes_over_to_a_tariff_that_ends(office: Office) -> None:
    """Its customer could not buy any more: nothing follows."""
    office.sell("v-0")
    end = START + timedelta(days=40)
    (social,) = tariffs().versions(SOCIAL)
    follows = replace(social, version=2, active_from=end + timedelta(days=5))

    def offer(*versions: Tariff) -> None:
        others = [one for code in (BLOCKS, FLAT) for one in tariffs().versions(code)]
        office.moves._tariffs = TariffBook([*versions, *others])

    offer(replace(social, retired_from=end))
    with pytest.raises(TariffEnding) as refused:
        office.ask("M-1", SOCIAL)
    assert refused.value.facts() == {"tariff": SOCIAL, "until": end.isoformat()}
    # Decided between the two people: looked at again.
    offer(social)
    office.ask("M-1", SOCIAL)
    offer(social, replace(follows, retired_from=end + timedelta(days=9)))
    with pytest.raises(TariffEnding):
        office.approvals.approve(CHIEF, "M-1")
    # A version that follows is an end of a version, not of the tariff.
    offer(replace(social, retired_from=end), follows)
    office.approvals.approve(CHIEF, "M-1")
    assert office.sell("v-1").quote.tariff == SOCIAL


def test_it_is_looked_at_again_when_it_is_approved(office: Office) -> None:
    """What has changed meanwhile leaves the request waiting, and nothing of it is done."""
    office.sell("v-1")
    office.ask("M-1", SOCIAL)
    office.offered = (BLOCKS,)
    with pytest.raises(TariffNotOffered):
        office.approvals.approve(CHIEF, "M-1")
    assert office.sell("v-2").quote.tariff == BLOCKS
    assert [one.id for one in office.approvals.pending(CHIEF)] == ["M-1"]
    office.offered = (BLOCKS, SOCIAL)
    office.approvals.approve(CHIEF, "M-1")
    assert office.sell("v-3").quote.tariff == SOCIAL


def test_the_trail_has_both_people_and_both_tariffs(office: Office) -> None:
    tell_acts(office.counter.store, office.counter.clock)
    told = recorded(office.approvals, trailed.APPROVALS)
    office.sell("v-1")
    told.request(BILLING, "M-1", "change_tariff", {"agreement": "A1", "tariff": SOCIAL}, WHY)
    told.approve(CHIEF, "M-1")
    with SqlHouse(office.counter.store).reading() as house:
        approved, asked = house.trail(0, 10)
    assert (asked.act, asked.actor, asked.reason) == ("approval_asked", "Layla", WHY)
    assert (approved.act, approved.actor, approved.subject) == ("approval_given", "Omar", "M-1")
    assert f'"tariff":"{BLOCKS}"' in approved.before
    assert f'"tariff":"{SOCIAL}"' in approved.after


def test_who_comes_to_a_tariff_is_not_asked_for_what_it_charged_before() -> None:
    """Its meter charge was dropped in an earlier month, when this customer was at another one."""
    first = tariffs().active(BLOCKS, START)
    this_month = Month.of(START, ZONE).begins(ZONE)
    dropped = replace(first, version=2, active_from=this_month, charges=(), earlier=first)
    old, month = tariffs().active(FLAT, START), Month.of(START, ZONE)
    state = begun(AccountState(Money(0)), Commodity.ELECTRICITY, month.plus(-3), month)
    charges = charges_behind("A1", old, dropped, state, month)
    event = TariffChanged(reason=WHY, before=FLAT, tariff=BLOCKS, charges=charges)
    assert owed(dropped, event.applied(state, START), START) == {}
    # Who was at it all the time owes those months.
    assert owed(dropped, state, START)["meter"] == Money(3 * 580)


def test_a_charge_that_comes_later_does_not_ask_for_the_month_that_the_move_was_made_in() -> None:
    """The clock was set back a little over midnight: the account is in the next month already, and
    was charged for it by the tariff that it leaves; a version of the new one begins with it."""
    left, flat = tariffs().active(BLOCKS, START), tariffs().active(FLAT, START)
    month = Month.of(START, ZONE).plus(1)
    begins = month.begins(ZONE)
    behind, before = begins + timedelta(minutes=1), begins - timedelta(minutes=2)
    later = replace(flat, version=2, active_from=begins, charges=left.monthly_charges, earlier=flat)
    state = AccountState(Money(0), MonthUse(month, Energy(1000)), month.plus(-3))
    charges = charges_behind("A1", left, flat, replace(state, since=month.plus(1)), month)
    event = TariffChanged(reason=WHY, before=BLOCKS, tariff=FLAT, charges=charges)
    moved = event.applied(state, before)
    assert owed(later, moved, behind) == {}
    assert owed(later, moved, behind + timedelta(days=31))["meter"] == Money(580)


@pytest.mark.parametrize(
    ("fee", "owing"),
    [
        (FeeDue("connection"), "174.00 ILS"),
        (FeeDue("connection", Money(500)), "5.00 ILS"),
        (FeeDue("connection", Money(0)), None),
        # No tariff says any more what it was.
        (FeeDue("seal"), "0.01 ILS"),
        (FeeDue("seal", Money(700)), "7.00 ILS"),
    ],
)
def test_a_fee_that_the_new_tariff_does_not_know_is_paid_first(
    fee: FeeDue, owing: str | None
) -> None:
    site, flat = (tariffs().active(code, START) for code in ("electricity-temporary", FLAT))
    month = Month.of(START, ZONE)
    state = begun(AccountState(Money(0), fees=(fee,)), Commodity.ELECTRICITY, month, month)
    if owing is None:
        assert charges_behind("A3", site, flat, state, month) == ()
    else:
        with pytest.raises(ChargesOwed) as error:
            charges_behind("A3", site, flat, state, month)
        assert (error.value.charges, error.value.owed) == ([fee.code], owing)
    if fee.code == "connection":
        assert charges_behind("A3", flat, site, state, month) is not None


def test_no_agreement_goes_over_to_a_tariff_in_another_currency(office: Office) -> None:
    office.sell("v-1")
    (flat,) = tariffs().versions(FLAT)
    others = tariffs().versions(BLOCKS)
    office.moves._tariffs = TariffBook([*others, replace(flat, currency="JOD")])
    with pytest.raises(CurrencyWrong):
        office.ask("M-1", FLAT)


STEP = st.tuples(st.integers(0, 70), st.sampled_from(["sell", "move"]))


@given(st.booleans(), st.lists(STEP, max_size=12))
def test_each_month_is_charged_once_by_the_tariff_that_it_began_with(
    begins_flat: bool, steps: list[tuple[int, str]]
) -> None:
    """The law behind it, without a database: whatever is bought and moved, and when."""
    code, now, paid = FLAT if begins_flat else BLOCKS, START, 0
    month = Month.of(now, ZONE)
    state = begun(AccountState(Money(0)), Commodity.ELECTRICITY, None, month)
    began_with = {month: code}

    def sold(state: AccountState) -> AccountState:
        nonlocal paid
        tariff = tariffs().active(code, now)
        told = quote(tariff, QuoteRequest(Money(100_000)), state, now)
        paid += sum(
            line.amount.minor for line in told.lines if line.code == "meter" and line.months
        )
        return settled(state, tariff, told, now)

    for days, act in [*steps, (0, "sell")]:
        now += timedelta(days=days)
        while month < Month.of(now, ZONE):
            month = month.plus(1)
            began_with[month] = code
        if act == "sell":
            state = sold(state)
            continue
        other = BLOCKS if code == FLAT else FLAT
        old, new = (tariffs().active(one, now) for one in (code, other))
        try:
            charges = charges_behind("A1", old, new, state, month)
        except ChargesOwed:
            state = sold(state)
            charges = charges_behind("A1", old, new, state, month)
        event = TariffChanged(reason=WHY, before=code, tariff=other, charges=charges)
        state, code = event.applied(state, now), other
    assert paid == 580 * sum(one == BLOCKS for one in began_with.values())
