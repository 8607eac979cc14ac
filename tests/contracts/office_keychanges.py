"""The office machine: meters are moved to other keys."""

from __future__ import annotations

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import multiple, rule

from tests.system.desks import WHY
from tests.system.everything import CHIEF, LAYLA
from tests.vending.approvals.support import NADIA
from tests.vending.support import OPERATOR, TECHNICIAN
from vending.parties import Actor, Role

from .office_blocks import Blocking
from .office_choices import AGREEMENT, SALES
from .office_keys import Change
from .office_model import expect, told

PLANNERS = (CHIEF, CHIEF, NADIA, NADIA, CHIEF, LAYLA)


class KeyChanging(Blocking):
    """Planned, taken back, handed out again, called entered."""

    @rule(
        target=SALES,
        agreement=AGREEMENT,
        by=st.sampled_from(PLANNERS),
        krn=st.sampled_from([None, 1, 2, 3]),
        ti=st.sampled_from([None, None, 1, 7]),
        sells=st.sampled_from(["", "seen", "held"]),
    )
    def plan_key(
        self, agreement: str, by: Actor, krn: int | None, ti: int | None, sells: str
    ) -> object:
        """And sells what brings the set, perhaps."""
        self.plan_it(agreement, by, krn, ti)
        if not sells:
            return multiple()
        return self.sell_it([(agreement, 9_000, "")], False, sells == "held", False)

    def plan_it(self, agreement: str, by: Actor, krn: int | None, ti: int | None) -> None:
        meter = self.meters[agreement]
        latest, own = self.latest(meter), self.key_of(meter)
        wanted = own[0] if krn is None else krn, own[1] if ti is None else ti
        plan = partial(self.office.key_changes.plan, krn=krn, ti=ti)
        made, code = told(plan, by, meter, WHY)
        planned = latest is not None and latest.state == "planned"
        stands = planned and latest is not None and latest.new == wanted
        under_way = latest is not None and latest.state in ("planned", "issued")
        expect(
            code,
            ("actor.not_allowed", by.role is not Role.SUPERVISOR),
            ("keychange.open", under_way and not stands),
            ("keys.change_not_permitted", wanted == own and not under_way),
        )
        if code:
            return
        assert (made.move.to_krn, made.move.to_ti) == wanted
        if not stands:
            self.changes[meter].append(Change(own, wanted))
            self.set_due(meter)

    @rule(agreement=AGREEMENT, by=st.sampled_from(PLANNERS))
    def cancel_key(self, agreement: str, by: Actor) -> None:
        meter = self.meters[agreement]
        last = self.changes[meter][-1] if self.changes[meter] else None
        _, code = told(self.office.key_changes.cancel, by, meter, WHY)
        expect(
            code,
            ("actor.not_allowed", by.role is not Role.SUPERVISOR),
            ("keychange.none", last is None),
            (
                "keychange.step",
                last is not None and last.state not in ("planned", "cancelled"),
            ),
        )
        if not code and last is not None and last.state == "planned":
            last.state = "cancelled"
            self.not_due(meter)

    @rule(agreement=AGREEMENT, by=st.sampled_from([OPERATOR, TECHNICIAN, LAYLA]))
    def say_entered(self, agreement: str, by: Actor) -> None:
        meter = self.meters[agreement]
        change = self.followed(meter)
        _, code = told(self.office.key_changes.mark_entered, by, meter)
        not_seen = ""
        if change is not None and change.state == "issued":
            not_seen = self.no_set_seen(change)
        expect(
            code,
            ("actor.not_allowed", by == LAYLA),
            ("keychange.none", change is None),
            ("keychange.step", change is not None and change.state == "planned"),
            (not_seen, bool(not_seen)),
        )
        if not code and change is not None and change.state == "issued":
            change.state = "entered"
            self.not_due(meter)

    @rule(agreement=AGREEMENT, by=st.sampled_from([OPERATOR, CHIEF, TECHNICIAN]))
    def set_again(self, agreement: str, by: Actor) -> None:
        meter = self.meters[agreement]
        change = self.followed(meter)
        out = change is not None and change.state in ("issued", "entered")
        made, code = told(self.office.key_changes.tokens_again, by, meter, WHY)
        expect(
            code,
            ("actor.not_allowed", by == TECHNICIAN),
            ("keychange.none", change is None),
            ("keychange.set_not_out", not out),
            (
                "keychange.set_held",
                out and change is not None and self.set_not_shown(meter, change),
            ),
            self.no_seller(by),
        )
        if code or change is None:
            return
        digits = tuple(token.digits for token in made.tokens)
        assert all(digits)
        assert change.digits in ((), digits)
        change.digits, change.given, change.state = digits, True, "issued"
        if all(one in self.voided for one in change.carriers):
            self.set_due(meter)

    @rule()
    def prove_keys(self) -> None:
        """By tokens of which the books know that their meters have taken them."""
        self.office.key_changes.confirm_delivered(OPERATOR)
        for meter, changes in self.changes.items():
            for change in changes:
                out = change.state in ("issued", "entered")
                if out and set(self.since(meter, change)) & self.delivered:
                    change.state = "confirmed"
                    self.proves_earlier(meter, change)
                    if change is self.latest(meter):
                        self.not_due(meter)
