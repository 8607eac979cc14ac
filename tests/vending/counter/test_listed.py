"""A list of sales: some at a time, each answered in its place, and stopped where going on would
help nobody; on both databases where it is sold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meters.errors import Unavailable, Unknown
from meters.identity import Drn
from tests.vending.support import ADMIN, OPERATOR, Town
from vending import listed as module
from vending.listed import TOGETHER, Listed, NotTried, VendIdRepeated, sell_listed
from vending.parties import Actor, MeterUnknown
from vending.ports import StoreLocked
from vending.requests import BasketRequest, Credit, DebtPayment
from vending.sale import BasketReceipt, TenderUnknown
from vending.selling import Answer
from vending.store.errors import CommitUnknown
from vending.tariff import MoreThanOwed

from .support import P, W, ils

GUIDE = Path(__file__).parents[3] / "docs" / "billing.md"


def basket(vend_id: str, meter: str = P, amount: str = "20.00") -> BasketRequest:
    return BasketRequest(vend_id, (Credit(meter, ils(amount)),))


class Seller:
    """Answers each sale by what its vend id begins with, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, orders: Sequence[tuple[Actor, BasketRequest]]) -> list[Answer]:
        self.asked.append([order.vend_id for _, order in orders])
        return [self.answer(order.vend_id) for _, order in orders]

    @staticmethod
    def answer(vend_id: str) -> Answer:
        kinds: dict[str, Exception] = {
            "locked": StoreLocked(5.0),
            "lost": CommitUnknown("disk"),
            "refused": MoreThanOwed("5.00 ILS", "0.00 ILS"),
        }
        # Only its place counts here.
        return kinds.get(vend_id.partition("-")[0], BasketReceipt(()))


KINDS = st.sampled_from(["sold"] * 20 + ["refused", "locked", "lost", "wrong", "again"])
FEW = 3
"""Sales in one transaction: so few that short lists take several."""


@given(st.lists(KINDS, max_size=5 * FEW))
@example(["sold"] * FEW + ["locked"] + ["sold"] * 3 * FEW)
@example(["locked"] + ["sold"] * (FEW - 1) + ["wrong"] * FEW + ["sold"])
@example(["lost"] + ["sold"] * FEW + ["wrong"] + ["sold"] * 2 * FEW)
@example(["sold"] * FEW + ["refused"] + ["sold"] * 2 * FEW)
def test_each_is_answered_in_its_place_and_asked_once_at_most(kinds: list[str]) -> None:
    wrong = TenderUnknown("x")
    listed: list[Listed] = []
    for place, kind in enumerate(kinds):
        again = place and isinstance(listed[0], BasketRequest)
        if kind == "wrong" or (kind == "again" and not again):
            listed.append(wrong)
        else:
            listed.append(listed[0] if kind == "again" else basket(f"{kind}-{place}"))
    seller = Seller()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TOGETHER", FEW)
        answers = list(sell_listed(seller, OPERATOR, listed))
    assert len(answers) == len(listed)
    asked = [vend_id for some in seller.asked for vend_id in some]
    assert len(set(asked)) == len(asked)
    assert all(len(some) <= FEW for some in seller.asked)
    first_stop = next(
        (p for p, a in enumerate(answers) if isinstance(a, Unavailable | Unknown)), len(answers)
    )
    for place, (one, answer) in enumerate(zip(listed, answers, strict=True)):
        if one is wrong:
            assert answer is wrong
        elif place and one is listed[0]:
            assert isinstance(answer, VendIdRepeated)
        elif isinstance(answer, NotTried):
            assert place // FEW > first_stop // FEW
            assert isinstance(one, BasketRequest)
            assert one.vend_id not in asked
        else:
            assert isinstance(one, BasketRequest)
            assert type(answer) is type(Seller.answer(one.vend_id))
            assert place // FEW <= first_stop // FEW


def test_a_list_is_sold_and_sent_again(here: Town) -> None:
    """More than goes into a transaction, with one that is refused, one for a meter that nobody
    knows and one that cannot be read."""
    listed: list[Listed] = [basket(f"l-{n}", (P, W)[n % 2], f"{10 + n}.00") for n in range(140)]
    listed[3] = TenderUnknown("gold")
    listed[70] = BasketRequest("l-70", (DebtPayment(P, ils("5.00")),))
    listed[100] = basket("l-100", Drn.from_serial("01", 777).number)
    kinds = {3: TenderUnknown, 70: MoreThanOwed, 100: MeterUnknown}
    sold: list[list[str]] = []
    for replayed in (False, True):
        answers = list(sell_listed(here.service.vend_many, OPERATOR, listed))
        codes = []
        for place, answer in enumerate(answers):
            if place in kinds:
                assert isinstance(answer, kinds[place])
                continue
            assert isinstance(answer, BasketReceipt)
            assert answer.replayed is replayed
            assert answer.leading.vend_id == f"l-{place}"
            codes.append(answer.leading.receipt_code)
        sold.append(codes)
    assert sold[0] == sold[1]
    assert len(set(sold[0])) == 137
    report = here.service.verify(ADMIN)
    assert (report.ok, report.entries) == (True, 137)


def test_what_others_sell_meanwhile_stands_between(here: Town) -> None:
    """Sales are made as the answers are taken: a counter is served between two transactions."""
    assert f"Up to {TOGETHER} sales share a transaction" in GUIDE.read_text("utf-8")
    listed = [basket(f"l-{n}") for n in range(TOGETHER + 1)]
    answers = sell_listed(here.service.vend_many, OPERATOR, listed)
    next(answers)
    between = here.service.vend_basket(OPERATOR, basket("counter"))
    *_, last = answers
    assert isinstance(last, BasketReceipt)
    assert between.leading.number == TOGETHER + 1
    assert last.leading.number == TOGETHER + 2
