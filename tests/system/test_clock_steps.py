"""The computer's clock is set back an hour and forward a day, on both databases: a sale is refused
as such or gets its own TID, nothing is lost, and a copy is a copy whatever the clock says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.system.everything import MORE_METERS
from tests.system.invariants import Witness, digits_of, order, settle_and_check
from tests.vending.support import ADMIN, OPERATOR, POWER, START, Town, request
from tokens.sts import BaseDate, tid_at
from vending.sale import SaleReceipt
from vending.vend import ClockWentBack

pytestmark = pytest.mark.system


@pytest.fixture
def here(place: Path | str) -> Iterator[Town]:
    made = Town(place, more_meters=MORE_METERS)
    yield made
    made.store.close()


def sold(here: Town, witness: Witness, name: str, sales: int = 10) -> list[SaleReceipt]:
    ids = [f"{name}-{i}" for i in range(sales)]
    witness.ask(ids)
    receipts = [here.service.vend(*order(vend_id)) for vend_id in ids]
    for receipt in receipts:
        witness.tell(receipt.vend_id, digits_of(receipt))
    return receipts


def refused(here: Town, name: str) -> None:
    """One sale, and each of a batch."""
    with pytest.raises(ClockWentBack) as error:
        here.service.vend(*order(f"{name}-0"))
    assert error.value.code == "clock.went_back"
    assert error.value.limit_s == 300
    answers = here.service.vend_many([order(f"{name}-{i}") for i in range(3)])
    assert [type(answer) for answer in answers] == [ClockWentBack] * 3


def same_as_before(here: Town, receipts: list[SaleReceipt]) -> None:
    """Answers and copies do not depend on the clock."""
    for receipt in receipts:
        assert here.service.vend(*order(receipt.vend_id)) == receipt
        copied = here.service.reprint(OPERATOR, receipt.vend_id)
        assert digits_of(copied) == digits_of(receipt)
        assert copied.sold_at == receipt.sold_at
        assert here.service.what_became(OPERATOR, receipt.vend_id).receipt == receipt


def test_an_hour_back(here: Town) -> None:
    witness = Witness()
    before = sold(here, witness, "before")
    here.clock.forward(hours=-1)
    refused(here, "meanwhile")
    same_as_before(here, before)
    # Set right again, and even before the last sale's second: as if nothing had been.
    here.clock.now = START - timedelta(seconds=30)
    after = sold(here, witness, "after")
    same_as_before(here, before + after)
    settle_and_check(here.place, here.service, witness)


def test_a_day_forward_and_back_again(here: Town) -> None:
    """What was sold under the wrong day stays as it is; nothing more is sold until the clock has
    come up to it, because the journal would run backwards."""
    witness = Witness()
    before = sold(here, witness, "before")
    here.clock.forward(days=1)
    wrong = sold(here, witness, "wrong")
    tomorrow = tid_at(BaseDate.BASE_2014, START + timedelta(days=1))
    assert all(token.tid >= tomorrow for receipt in wrong for token in receipt.tokens)
    here.clock.now = START + timedelta(minutes=1)
    refused(here, "meanwhile")
    same_as_before(here, before + wrong)
    here.clock.now = START + timedelta(days=1, minutes=-4)
    after = sold(here, witness, "after")
    same_as_before(here, before + wrong + after)
    settle_and_check(here.place, here.service, witness)


def test_steps_back_do_not_repeat_a_tid(here: Town) -> None:
    """Back within what time synchronisation does, again and again, at one meter."""
    tids = []
    for step in range(20):
        here.clock.now = START + timedelta(seconds=-290 * (step % 2))
        (token,) = here.service.vend(OPERATOR, request(f"v-{step}", POWER)).tokens
        tids.append(token.tid)
    first = tid_at(BaseDate.BASE_2014, START)
    assert tids == list(range(first, first + 20))
    assert here.service.verify(ADMIN).ok
