"""The office machine: tokens that nobody pays for, shown, taken back, and those that manage a
meter."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.system.desks import WHY
from tests.system.everything import CHIEF, KIOSK
from tests.vending.support import OPERATOR, TECHNICIAN
from vending.parties import Actor

from .office_choices import AGREEMENT, SOON, WISHES
from .office_model import Wish, expect, told
from .office_wishes import Wishes

MANAGE = {
    "clear_credit": {"register": "65535"},
    "clear_tamper_condition": {},
    "credit_electricity": {"amount": "10"},
}
"""Tokens that may be asked for, and one that may not."""


class Given(Wishes):
    """What two people have given."""

    @rule(
        target=WISHES,
        agreement=AGREEMENT,
        by=st.sampled_from([OPERATOR, TECHNICIAN, KIOSK, CHIEF]),
        token=st.sampled_from(list(MANAGE)),
        then=SOON,
    )
    def ask_engineering(self, agreement: str, by: Actor, token: str, then: Actor | None) -> object:
        return self.wish(
            by,
            then,
            "engineering",
            ("token.kind_unknown", token == "credit_electricity"),
            meter=self.meters[agreement],
            token=token,
            fields=MANAGE[token],
        )

    @rule(wish=WISHES, by=st.sampled_from([OPERATOR, KIOSK, CHIEF]))
    def show_given(self, wish: Wish, by: Actor) -> None:
        if wish.made is None:
            return
        vend_id = wish.made.vend_id
        shown, code = told(self.office.service.show, by, vend_id)
        expect(code, ("vend.voided", wish.gone), self.no_seller(by))
        if not code:
            self.was_shown(shown)

    @rule(wish=WISHES)
    def void_given(self, wish: Wish) -> None:
        receipt = wish.made
        if receipt is None:
            return
        chief = replace(CHIEF, point=receipt.seller.point)
        unproved, in_log = self.unproved(receipt), self.set_in_log(receipt)
        seen = receipt.vend_id not in self.unseen
        gone = seen and self.down_since(receipt.buyer.meter) is not None and in_log is None
        _, code = told(self.office.service.void, chief, receipt.vend_id, WHY)
        if wish.gone:
            # No money has moved: there is no answer that could be paid out twice.
            assert code in ("", "void.done_before")
            return
        expect(
            code,
            *unproved,
            # That a meter is gone is said by somebody who did not sell to it.
            ("void.not_allowed", gone and receipt.seller.operator == CHIEF.name),
            self.no_seller(chief),
            *self.untimely(),
        )
        if code:
            return
        wish.gone = True
        if wish.act == "transfer":
            self.voided_wishes.add(wish.id)
        if wish.act == "refund":
            self.given[wish.facts["sale"]] -= receipt.quote.quantity.value
        self.book(Counter({key: -amount for key, amount in wish.sums.items()}), "void")
        self.took(receipt, -1)
        assert receipt.vend_id not in self.in_meters
        self.taken_back(receipt.buyer.meter, receipt.vend_id, in_log)
