"""The office machine: who and what is barred by one person, and let go on by two."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.system.desks import WHY
from tests.system.everything import CHIEF, LAYLA
from tests.vending.approvals.support import NADIA
from tests.vending.support import OPERATOR
from vending.parties import Actor, Role

from .office_bars import SELLERS, WHO_BARS, WRITTEN, Bar
from .office_choices import AGREEMENT, SOON, WISHES
from .office_given import Given
from .office_model import expect, told

MAY_BAR = (Role.BILLING, Role.SUPERVISOR, Role.ADMINISTRATOR)


class Blocking(Given):
    """One stops at once, two let go on."""

    @rule(
        by=st.sampled_from(WHO_BARS),
        seller=st.sampled_from(SELLERS),
        agreement=AGREEMENT,
        what=st.sampled_from(["seller", "seller", "agreement", "meter"]),
        why=st.sampled_from([WHY, WHY, "Another reason"]),
    )
    def block(self, by: Actor, seller: Bar, agreement: str, what: str, why: str) -> None:
        named = {"agreement": agreement, "meter": self.meters[agreement]}
        bar = seller if what == "seller" else (what, named[what])
        written = WRITTEN.get(bar[1], bar[1])
        _, code = told(self.office.blocks.block, by, bar[0], written, why)
        expect(
            code,
            ("actor.not_allowed", by.role not in MAY_BAR),
            ("block.already", self.bars.get(bar, why) != why),
        )
        if not code:
            self.bars[bar] = why
        found = {block.key: block.reason for block in self.office.blocks.blocks(LAYLA)}
        assert found == self.bars

    @rule(
        target=WISHES,
        by=st.sampled_from([LAYLA, LAYLA, CHIEF, OPERATOR]),
        which=st.integers(0, 20),
        then=SOON,
    )
    def ask_lift(self, by: Actor, which: int, then: Actor | None) -> object:
        bars = [*sorted(self.bars), ("point", "P1")]
        bar = bars[which % len(bars)]
        asks = by.role in MAY_BAR
        reasons = [
            ("actor.not_allowed", not asks),
            ("block.not_blocked", bar not in self.bars),
        ]
        kind, subject = bar
        return self.wish(by, then, "lift_block", *reasons, kind=kind, subject=subject)

    @rule()
    def let_all_go(self) -> None:
        """So that no example ends with nobody who may sell."""
        for kind, subject in sorted(self.bars):
            second = NADIA if subject == "omar" else CHIEF
            self.wish(LAYLA, second, "lift_block", kind=kind, subject=subject)
        assert not self.bars or any(holds for _, holds in self.misled)
