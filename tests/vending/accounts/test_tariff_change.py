"""An agreement at another tariff: by two people, no month charged twice or by nobody, and the
account still follows from the books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.account import Commodity
from meters.errors import RaseedError
from meters.quantities import Money
from tests.vending.accounts.support import BILLING, CHIEF, TILL, ZONE, Counter
from tests.vending.accounts.support import chart as accounts_chart
from tests.vending.support import START, tariffs
from vending import trailed
from vending.accounting.errors import AgreementUnknown
from vending.accounts import CHANGE_TARIFF, TariffChanges, begun
from vending.accounts.errors import TariffOwing, TariffTheSame
from vending.accounts.events import TariffChanged
from vending.accounts.tariff_change import counted_until
from vending.approvals import Approvals, acts_table
from vending.approvals.errors import DocumentMalformed, OwnAct
from vending.parties import ActorNotAllowed, TariffNotOffered
from vending.people.recording import recorded
from vending.store.approvals import SqlPeople
from vending.store.house import SqlHouse, tell_acts
from vending.tariff import (
    AccountState,
    LineKind,
    Month,
    Quote,
    QuoteRequest,
    TariffCommodity,
    TariffMissing,
    quote,
    settled,
)

FLAT, BLOCKS = "electricity-domestic", "electricity-domestic-blocks"
WHY = "Two homes on one meter"


class Desk(Counter):
    """A counter with people who put agreements at other tariffs."""

    def __post_init__(self) -> None:
        super().__post_init__()
        tell_acts(self.store, self.clock)
        changes = TariffChanges(
            self.rows, tariffs(), accounts_chart(), self.clock, self.service.tariff_for
        )
        self.approvals = recorded(
            Approvals(SqlPeople(self.store), acts_table(changes.act), self.clock),
            trailed.APPROVALS,
        )

    def ask(self, tariff: str, agreement: str = "A1", id: str = "t-1") -> None:
        document = {"agreement": agreement, "tariff": tariff}
        self.approvals.request(BILLING, id, CHANGE_TARIFF, document, WHY)

    def change(self, tariff: str, agreement: str = "A1", id: str = "t-1") -> None:
        self.ask(tariff, agreement, id)
        self.approvals.approve(CHIEF, id)

    def tariff(self, agreement: str = "A1") -> str:
        with self.rows.reading() as rows:
            file = rows.agreement_file(agreement)
        assert file is not None
        return file.tariff

    def check(self) -> None:
        assert self.accounts.verify_accounts(CHIEF).ok


@pytest.fixture
def flat(place: Path | str) -> Iterator[Desk]:
    made = Desk(place, power=FLAT)
    yield made
    made.check()
    made.close()


@pytest.fixture
def blocks(place: Path | str) -> Iterator[Desk]:
    made = Desk(place, power=BLOCKS)
    yield made
    made.check()
    made.close()


def charged(sold: Quote) -> dict[str, int]:
    """Monthly charges that a sale took, by code."""
    return {line.code: line.amount.minor for line in sold.of_kind(LineKind.CHARGE)}


def test_the_month_of_the_change_is_charged_by_the_tariff_of_before(flat: Desk) -> None:
    flat.sell("v-1", 10_000)
    flat.clock.now = datetime(2027, 3, 10, 9, tzinfo=UTC)
    flat.change(BLOCKS)
    assert flat.tariff() == BLOCKS
    assert charged(flat.sell("v-2", 10_000)) == {}
    flat.clock.now = datetime(2027, 4, 2, 9, tzinfo=UTC)
    # Of one month, and not of all since the agreement began.
    assert charged(flat.sell("v-3", 10_000)) == {"meter": 580, "waste": 1200}


def test_what_the_other_tariff_does_not_have_is_paid_first(blocks: Desk) -> None:
    with pytest.raises(TariffOwing) as refused:
        blocks.ask(FLAT)
    assert refused.value.charge in ("meter", "waste")
    assert charged(blocks.sell("v-1", 10_000)) == {"meter": 580, "waste": 1200}
    blocks.change(FLAT)
    blocks.clock.now = datetime(2027, 1, 10, 9, tzinfo=UTC)
    assert charged(blocks.sell("v-2", 10_000)) == {}


def test_a_fee_that_is_due_is_paid_first(flat: Desk) -> None:
    flat.accounts.add_fee(BILLING, "A3", "connection", "The site is connected", "f-1")
    with pytest.raises(TariffOwing):
        flat.ask(FLAT, "A3")
    flat.accounts.waive_fee(BILLING, "A3", "connection", "It was connected before", "f-2")
    flat.change(FLAT, "A3")


def test_it_is_looked_at_again_when_it_is_approved(flat: Desk) -> None:
    flat.clock.now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    flat.change(BLOCKS)
    flat.ask("electricity-commercial", id="t-2")
    # Meanwhile a month has begun, and its charges are owed.
    flat.clock.now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    with pytest.raises(TariffOwing):
        flat.approvals.approve(CHIEF, "t-2")
    assert flat.tariff() == BLOCKS
    flat.sell("v-1", 10_000)
    flat.approvals.approve(CHIEF, "t-2")
    assert flat.tariff() == "electricity-commercial"


def test_two_people_and_what_the_trail_says(flat: Desk) -> None:
    with pytest.raises(ActorNotAllowed):
        flat.approvals.request(
            TILL, "t-0", CHANGE_TARIFF, {"agreement": "A1", "tariff": BLOCKS}, WHY
        )
    chief = {"agreement": "A1", "tariff": BLOCKS}
    flat.approvals.request(CHIEF, "t-1", CHANGE_TARIFF, chief, WHY)
    with pytest.raises(OwnAct):
        flat.approvals.approve(CHIEF, "t-1")
    with pytest.raises(ActorNotAllowed):
        flat.approvals.approve(BILLING, "t-1")
    assert flat.tariff() == FLAT
    flat.approvals.approve(replace(CHIEF, name="Nadia"), "t-1")
    with SqlHouse(flat.store).reading() as house:
        given_, asked = house.trail(0, 10)
    assert (asked.act, asked.actor, asked.reason) == ("approval_asked", "Omar", WHY)
    assert (given_.act, given_.actor) == ("approval_given", "Nadia")
    assert f'"tariff":"{FLAT}"' in given_.before
    assert f'"tariff":"{BLOCKS}"' in given_.after
    (event, *_) = flat.accounts.history(BILLING, "A1")
    assert event.id == "t-1"
    assert isinstance(event.event, TariffChanged)
    assert (event.event.before, event.event.tariff) == (FLAT, BLOCKS)


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({"agreement": "A1", "tariff": FLAT}, TariffTheSame),
        ({"agreement": "A9", "tariff": BLOCKS}, AgreementUnknown),
        ({"agreement": "A1", "tariff": "water-domestic"}, TariffCommodity),
        ({"agreement": "A1", "tariff": "nothing"}, TariffMissing),
        ({"agreement": "A1"}, DocumentMalformed),
        ({"agreement": "A1", "tariff": BLOCKS, "since": "2020-01"}, DocumentMalformed),
    ],
)
def test_what_cannot_be_asked_for(
    flat: Desk, document: dict[str, str], error: type[RaseedError]
) -> None:
    with pytest.raises(error):
        flat.approvals.request(BILLING, "t-1", CHANGE_TARIFF, document, WHY)
    assert not flat.approvals.pending(CHIEF)


def test_only_tariffs_on_offer(flat: Desk) -> None:
    flat.service._offered = lambda: (FLAT,)
    with pytest.raises(TariffNotOffered):
        flat.ask(BLOCKS)


STEP = st.tuples(st.integers(0, 70), st.sampled_from(["sell", "change"]))


@given(st.booleans(), st.lists(STEP, max_size=12))
def test_each_month_is_charged_once_by_the_tariff_that_it_began_with(
    begins_flat: bool, steps: list[tuple[int, str]]
) -> None:
    code, now = FLAT if begins_flat else BLOCKS, START
    month = Month.of(now, ZONE)
    state = begun(AccountState(Money(0)), Commodity.ELECTRICITY, None, month)
    began_with = {month: code}
    paid = 0

    def sell(state: AccountState) -> AccountState:
        nonlocal paid
        tariff = tariffs().active(code, now)
        sold = quote(tariff, QuoteRequest(Money(100_000)), state, now)
        paid += charged(sold).get("meter", 0)
        return settled(state, tariff, sold, now)

    for days, act in [*steps, (0, "sell")]:
        now += timedelta(days=days)
        this = Month.of(now, ZONE)
        while month < this:
            month = month.plus(1)
            began_with[month] = code
        if act == "change":
            other = BLOCKS if code == FLAT else FLAT
            old, new = (tariffs().active(one, now) for one in (code, other))
            try:
                counted = counted_until(old, new, state, this)
            except TariffOwing:
                state = sell(state)
                counted = counted_until(old, new, state, this)
            event = TariffChanged(reason=WHY, tariff=other, before=code, counted=counted)
            state, code = event.applied(state, now), other
        else:
            state = sell(state)
    assert paid == 580 * sum(one == BLOCKS for one in began_with.values())
