"""A UUID with capital letters begins nothing, whatever it is for: asked for again in small letters
it would be done twice. What has such an id from before is found and ended; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from meters.quantities import Money
from tests.databases import counted
from tests.vending.accounts.support import BILLING, TILL
from tests.vending.accounts.support import Counter as AccountsCounter
from tests.vending.acts.support import RAMI, P, new_meter, office_at
from tests.vending.approvals.support import HUDA, KIOSK, OMAR
from tests.vending.approvals.support import Desk as ApprovalsDesk
from tests.vending.drawer.support import LAYLA, SAMIR, Counter, counting, shekels
from tests.vending.support import OPERATOR, Town, put_operator, request
from vending.accounts import Outcome
from vending.acts import Source
from vending.drawer import BankRequest
from vending.ids import IdInCapitals, check_new
from vending.ledger import Posting
from vending.sale import VendIdMalformed

UUID = "5b0a4c2e-9d51-4a53-8f0e-2f3f0f6f7f1a"
CAPITALS = UUID.upper()
WHY = "Agreed at the counter"
TABLES = (
    *("sales", "quotes", "entries", "shifts", "cash_moves", "x_reports", "bankings"),
    *("adjustments", "approvals", "account_events", "meters"),
)
Act = Callable[[str], object]


def refused(place: Path | str, *acts: Act) -> None:
    """In capitals, and nothing has happened; in small letters the same is done."""
    for act in acts:
        before = counted(TABLES, place)
        with pytest.raises(IdInCapitals):
            act(CAPITALS)
        assert counted(TABLES, place) == before
        act(UUID)
        done = counted(TABLES, place)
        assert done != before
        act(UUID)
        assert counted(TABLES, place) == done


@pytest.mark.parametrize("id", [UUID, UUID.replace("-", ""), "TILL-1", "A" * 31, "X" + CAPITALS])
def test_what_may_be_begun(id: str) -> None:
    check_new(id, VendIdMalformed)


@pytest.mark.parametrize("id", [CAPITALS, CAPITALS.replace("-", ""), UUID[:-1] + "A"])
def test_what_may_not(id: str) -> None:
    with pytest.raises(IdInCapitals):
        check_new(id, VendIdMalformed)


def test_sales_and_quotes(place: Path | str) -> None:
    town = Town(place)
    refused(
        place,
        lambda id: town.service.vend(OPERATOR, request(id)),
        lambda id: town.service.bind(OPERATOR, P, Money(5000), quote_id=id),
    )
    town.store.close()


def test_drawers(place: Path | str) -> None:
    here = Counter(place)
    drawers = here.drawers
    refused(place, lambda id: drawers.open(SAMIR, id, Money(0)))
    refused(place, lambda id: drawers.cash_in(SAMIR, id, shekels("10"), WHY))
    with pytest.raises(IdInCapitals):
        drawers.cash_out(SAMIR, CAPITALS, shekels("10"), WHY)
    refused(place, lambda id: here.x_reports.take(SAMIR, id))
    drawers.close(SAMIR, counting(1_000))
    refused(place, lambda id: here.bankings.bank(LAYLA, BankRequest(id, "P1")))
    put_operator(here.town.store, "rana")
    refused(place, lambda id: here.deposits.request(LAYLA, id, "Rana", shekels("10"), WHY))
    here.close()


def test_a_shift_with_such_an_id_from_before_is_closed_and_banked(
    place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Counter(place)
    with monkeypatch.context() as then:
        then.setattr("vending.drawer.drawers.new_id", lambda id: id)
        here.drawers.open(SAMIR, CAPITALS, shekels("100"))
    here.drawers.cash_in(SAMIR, UUID, shekels("10"), WHY, CAPITALS)
    here.drawers.close(SAMIR, counting(11_000), CAPITALS)
    assert here.bankings.bank(LAYLA, BankRequest("B-1", "P1", (CAPITALS,))).amount == 11_000
    here.close()


def test_approvals(place: Path | str) -> None:
    desk = ApprovalsDesk(Town(place))
    desk.operators.register(HUDA, KIOSK)
    limit = {"credit_limit": "500.00"}
    refused(place, lambda id: desk.operators.change(OMAR, id, "Samir", limit, WHY))
    desk.town.store.close()


def test_exchanges(place: Path | str) -> None:
    with office_at(place) as office:
        refused(
            place,
            lambda id: office.exchanges.exchange(RAMI, id, "A1", new_meter(), Source.NONE, WHY),
        )


def test_adjustments(place: Path | str) -> None:
    here = Counter(place)
    lines = (Posting("1010", "P1", "ILS", -500), Posting("5010", "", "ILS", 500))
    refused(place, lambda id: here.keeping.adjust(LAYLA, id, lines, WHY))
    here.close()


def test_accounts(place: Path | str) -> None:
    counter = AccountsCounter(place)
    counter.debt()
    acts = counter.accounts
    refused(place, lambda id: acts.dispute(TILL, "A1", "arrears", WHY, id))
    others: tuple[Act, ...] = (
        lambda id: acts.settle_dispute(BILLING, "A1", "arrears", Outcome.UPHELD, WHY, id),
        lambda id: acts.settle_dispute(BILLING, "A1", "arrears", Outcome.REJECTED, WHY, id),
        lambda id: acts.write_down(BILLING, "A1", "arrears", Money(100), WHY, id),
        lambda id: acts.add_fee(BILLING, "A3", "connection", WHY, id),
    )
    for act in others:
        with pytest.raises(IdInCapitals):
            act(CAPITALS)
    counter.close()
