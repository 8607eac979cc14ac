"""Books that were restored from a copy of two days ago: what was sold since stands on paper and in
meters, and nowhere else. On both databases; the books that were lost lie in a file of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from meters.quantities import Money
from meters.verdicts import TokenResult
from tests.vending.acts.support import CHIEF, CLERK, Office, P, office_at
from tests.vending.support import POWER, chart
from vending.accounting import Bookkeeping
from vending.messages import LOCAL_ZONE
from vending.sale import VendRequest
from vending.store.books import SqlBooks
from vending.voids import TokenTaken

pytestmark = pytest.mark.system


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[Office]:
    """The same town, gone on for longer; `office` is what the copy brings back."""
    with office_at(tmp_path / "lost.db") as made:
        yield made


def keeping(office: Office) -> Bookkeeping:
    return Bookkeeping(SqlBooks(office.town.store), chart(), office.town.clock, LOCAL_ZONE)


def test_a_kept_code_tells_that_they_once_were_longer(office: Office, lost: Office) -> None:
    for one in (office, lost):
        one.sell("before")
        keeping(one).seal(CHIEF)
    lost.town.clock.forward(days=1)
    lost.sell("yesterday")
    kept = keeping(lost).seal(CHIEF).code
    assert keeping(lost).verify(CHIEF, kept).ok
    assert keeping(office).verify(CHIEF).ok, "of themselves they are whole"
    assert not keeping(office).verify(CHIEF, kept).ok
    # Nor once they have gone on, and have a seal of that number.
    office.town.clock.forward(days=2)
    office.sell("after")
    assert keeping(office).seal(CHIEF).number == 2
    assert not keeping(office).verify(CHIEF, kept).ok


def test_numbers_of_receipts_come_twice_but_at_a_new_point(office: Office, lost: Office) -> None:
    printed = lost.sell("lost").receipt_code
    office.town.clock.forward(days=2)
    assert office.sell("after").receipt_code == printed == "P1-000001"
    elsewhere = replace(CLERK, point="P2")
    sold = office.service.vend(elsewhere, VendRequest("after-2", P, Money(5000)))
    assert sold.receipt_code == "P2-000001"


def test_what_was_sold_since_is_sold_again_if_it_is_asked_for_again(
    office: Office, lost: Office
) -> None:
    """The books do not know the id; so nothing may be sent again that gave out a token."""
    first = lost.sell("bank-17")
    office.town.clock.forward(days=2)
    second = office.sell("bank-17")
    assert not second.replayed
    assert second.tokens[0].digits != first.tokens[0].digits


def test_a_token_of_a_later_minute_is_taken(office: Office, lost: Office) -> None:
    given = lost.sell("lost").tokens[0].digits
    assert office.meters[POWER].enter_token(given, lost.town.clock()).result is TokenResult.ACCEPT
    office.town.clock.forward(minutes=1)
    office.sell("after")
    assert office.type_in("after") is TokenResult.ACCEPT
    office.check()


def test_a_token_number_that_was_given_out_before_has_a_way_out(
    office: Office, lost: Office
) -> None:
    """Sold in the very minute that a lost sale has a number of: the meter calls it used. Its log
    cannot say by which of the two, so the sale is not voided; two people give the units again."""
    given = lost.sell("lost", amount=3000).tokens[0]
    taken = office.meters[POWER].enter_token(given.digits, lost.town.clock())
    assert taken.result is TokenResult.ACCEPT
    sold = office.sell("after")
    assert sold.tokens[0].tid == given.tid
    assert sold.tokens[0].digits != given.digits
    assert office.type_in("after") is TokenResult.USED_ERROR
    with pytest.raises(TokenTaken):
        office.service.void(CHIEF, "after", "The meter does not take it")
    units = str(sold.quote.quantity.to_text())
    office.ask("R-1", "refund", meter=P, units=units, sale="after")
    office.approve("R-1")
    assert office.type_in("R-1") is TokenResult.ACCEPT
    office.check()
