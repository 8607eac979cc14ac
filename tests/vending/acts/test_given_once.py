"""What was left on an exchanged meter and the money of its sales: one of them, never both; units go
back to whoever bought them. On both databases."""

from __future__ import annotations

import pytest

from meters.gateway import MeterUnreachable, PushOutcome, PushUnknown
from simulators.direct import DirectGateway
from tests.vending.acts.support import (
    CHIEF,
    CLERK,
    FRESH,
    NEXT_DOOR,
    RAMI,
    WHY,
    Office,
    P,
    T,
    put_in,
)
from tests.vending.support import POWER
from vending.acts import Source
from vending.acts.errors import RefundNotPossible, SaleTakenBack
from vending.aftersale import Evidence, SaleState
from vending.sold import known_sale
from vending.voidproof import Proof, Proved, Proving
from vending.voidrules import GoneRow
from vending.voids import NotProved, TokenTaken

F = FRESH.number


def test_units_are_given_back_to_whoever_bought_them(office: Office) -> None:
    """Their meter may hang at somebody else's by now."""
    office.sell("v-1")
    put_in(office, Source.NONE)
    with office.town.store.writing() as books:
        theirs = T["agreements"].update().where(T["agreements"].c.number == "A3")
        books._db.execute(theirs.values(meter=P, customer="10002"))
    with pytest.raises(RefundNotPossible, match="other_customer"):
        office.ask("R-1", "refund", meter=P, units="10", sale="v-1")
    office.ask("R-2", "refund", meter=F, units="10", sale="v-1")
    assert office.approve("R-2").buyer.meter == F


def test_a_sale_that_was_on_the_meter_when_it_was_read_is_not_taken_back(office: Office) -> None:
    office.sell("v-1")
    office.type_in("v-1")
    office.town.clock.forward(minutes=3)
    office.service.read_account(RAMI, P)
    put_in(office, Source.READING)
    office.lose()
    office.ask("C-1", "correction", sale="v-1", meter=NEXT_DOOR.number)
    for take_back in (
        lambda: office.service.void(CHIEF, "v-1", WHY),
        lambda: office.approve("C-1"),
    ):
        with pytest.raises(NotProved, match="left_known"):
            take_back()
    assert office.approve("X-1").refers_to == P
    office.check()


def test_a_photo_shows_what_was_sold_before_it(office: Office) -> None:
    office.sell("v-1")
    put_in(office, Source.PHOTO, "20")
    office.lose()
    with pytest.raises(NotProved, match="left_known"):
        office.service.void(CHIEF, "v-1", WHY)


def test_units_whose_money_was_given_back_are_not_moved(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was once taken back for no more than that its meter was gone."""
    office.sell("v-1")
    office.type_in("v-1")
    put_in(office, Source.NONE)
    office.lose()
    voiding, gone = office.service._voiding, Proof(Evidence.METER_GONE, {"meter": P})
    monkeypatch.setattr(Proving, "gone", lambda *_: GoneRow("older", lambda _: True, True))
    with office.town.store.writing() as books:
        proved = Proved(known_sale(books, "v-1"), gone, ())
        voiding.replace_within(books, CHIEF, proved, WHY, "v-2")
    asked = {"agreement": "A1", "old_meter": P, "units": "20"}
    with pytest.raises(SaleTakenBack):
        office.ask("X-2", "transfer", **asked, source="photo")


def test_a_paper_that_was_kept_is_not_moved_on_top(office: Office) -> None:
    """Whoever reads the meter before it is exchanged finds it out; the day's check says so too."""
    office.sell("v-1")
    digits = office.service.show(CLERK, "v-1").tokens[0].digits
    assert office.service.void(CHIEF, "v-1", WHY).evidence is Evidence.NOT_IN_LOG
    office.service.read_account(RAMI, P)
    assert office.service.what_became(CLERK, "v-1").delivery.events == ()
    office.meters[POWER].enter_token(digits, office.town.clock())
    office.service.read_account(RAMI, P)
    status = office.service.what_became(CLERK, "v-1")
    assert status.delivery.state is SaleState.DELIVERED
    assert len(status.delivery.events) == 2
    office.service.read_account(RAMI, P)
    assert office.service.what_became(CLERK, "v-1") == status
    (found,) = office.reports.check(CHIEF).differences
    assert (found.what, found.where) == ("voided_yet_taken", "v-1")
    put_in(office, Source.READING)
    with pytest.raises(SaleTakenBack):
        office.approve("X-1")
    assert office.balance("meters_electricity", F) == 0


def test_an_account_is_read_though_the_log_does_not_come(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: DirectGateway) -> None:
        raise MeterUnreachable(P, "no answer")

    office.sell("v-1")
    office.service.void(CHIEF, "v-1", WHY)
    monkeypatch.setattr(DirectGateway, "read_token_log", silent)
    assert office.service.read_account(RAMI, P).account.balance.is_zero


@pytest.mark.parametrize("moved_first", [True, False])
@pytest.mark.parametrize(("source", "units"), [(Source.READING, None), (Source.PHOTO, "20")])
def test_what_others_left_is_moved_beside_a_sale_that_never_came(
    office: Office, source: Source, units: str | None, *, moved_first: bool
) -> None:
    """In either order: the units of the first sale on the new meter, the money of the second. A
    photo, of which nobody knows the hour, moves them too: the second was never typed anywhere."""
    office.sell("v-1")
    office.type_in("v-1")
    office.service.read_account(RAMI, P)
    office.sell_held("v-2")
    put_in(office, source, units)
    office.lose()
    office.service.show(CLERK, "v-2")
    steps = [
        lambda: office.approve("X-1").refers_to == P,
        lambda: office.service.void(CHIEF, "v-2", WHY).evidence is Evidence.METER_GONE,
    ]
    for step in steps if moved_first else reversed(steps):
        assert step()
    office.check()


def test_asked_for_first_and_taken_back_before_it_is_moved(office: Office) -> None:
    """The photo was asked for in time; what it shows is not known to be without the sale."""
    office.sell("v-1")
    put_in(office, Source.NONE)
    office.lose()
    office.ask("X-2", "transfer", agreement="A1", old_meter=P, units="20", source="lab")
    with pytest.raises(NotProved, match="left_known"):
        office.service.void(CHIEF, "v-1", WHY)


def test_a_token_that_may_have_come_is_not_taken_back_with_its_meter(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = DirectGateway.push_token

    def lost(gateway: DirectGateway, digits: str) -> PushOutcome:
        push(gateway, digits)
        return PushUnknown("answer lost")

    office.sell("v-1")
    monkeypatch.setattr(DirectGateway, "push_token", lost)
    assert office.service.deliver(CLERK, "v-1").state is SaleState.UNKNOWN
    put_in(office, Source.NONE)
    # On a bench it still tells what came.
    with pytest.raises(TokenTaken):
        office.service.void(CHIEF, "v-1", WHY)
    office.lose()
    with pytest.raises(NotProved, match="outcome_unknown"):
        office.service.void(CHIEF, "v-1", WHY)
