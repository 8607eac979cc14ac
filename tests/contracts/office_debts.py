"""The office machine: what is done about debts and fees."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    multiple,
    rule,
)

from meters.quantities import Money
from tests.system.desks import WHY
from tests.system.everything import CHIEF, LAYLA
from vending.accounts import Outcome
from vending.parties import Actor

from .counter_model import Sums
from .office_adjusting import Adjusting
from .office_choices import (
    AGREEMENT,
    REQUESTS,
    SOON,
)
from .office_model import (
    Asked,
    expect,
    local,
    told,
)


class Debts(Adjusting):
    """Struck off, put off, disputed."""

    @rule(
        target=REQUESTS,
        by=st.sampled_from([LAYLA, CHIEF]),
        agreement=AGREEMENT,
        debt=st.sampled_from(["old", "bill"]),
        off=st.sampled_from([1, 30_000, 60_000_000]),
        then=SOON,
    )
    def write_down(
        self, by: Actor, agreement: str, debt: str, off: int, then: Actor | None
    ) -> object:
        id, ask = self.name("j"), self.office.accounts.write_down
        _, code = told(ask, by, agreement, debt, Money(off), WHY, id)
        key = agreement, debt
        expect(
            code,
            ("account.more_than_owed", off > self.owed[key]),
            ("account.nothing_owed", not self.owed[key]),
        )
        if code:
            return multiple()
        sums: Sums = Counter({("5010", ""): off, ("1210", agreement): -off})
        return self.kept_request(Asked(id, by, self.now, "write_off", sums, debt=key), then)

    @rule(agreement=AGREEMENT, fee=st.sampled_from(["connection", "inspection"]))
    def add_fee(self, agreement: str, fee: str) -> None:
        add = self.office.accounts.add_fee
        _, code = told(add, LAYLA, agreement, fee, WHY, self.name("e"))
        assert code in ("", "account.fee_unknown", "account.fee_due_already")

    @rule(
        agreement=AGREEMENT,
        debt=st.sampled_from(["old", "bill"]),
        days=st.sampled_from([0, 5, 60]),
    )
    def put_debt_off(self, agreement: str, debt: str, days: int) -> None:
        key, day = (agreement, debt), self.today + timedelta(days=days)
        put_off = self.office.accounts.postpone_debt
        _, code = told(put_off, LAYLA, agreement, debt, day.isoformat(), WHY, self.name("e"))
        expect(code, ("account.nothing_owed", not self.owed[key]))
        if not code:
            self.put_off[key] = local(day + timedelta(days=1))

    @rule(agreement=AGREEMENT, debt=st.sampled_from(["old", "bill"]))
    def dispute(self, agreement: str, debt: str) -> None:
        key = agreement, debt
        _, code = told(self.office.accounts.dispute, LAYLA, agreement, debt, WHY, self.name("e"))
        expect(
            code,
            ("account.disputed_already", key in self.disputed),
            ("account.nothing_owed", not self.owed[key]),
        )
        self.disputed.add(key)

    @rule(
        target=REQUESTS,
        agreement=AGREEMENT,
        debt=st.sampled_from(["old", "bill"]),
        outcome=st.sampled_from(Outcome),
        to=st.sampled_from([1, 20_000_000]),
        then=SOON,
    )
    def settle(
        self, agreement: str, debt: str, outcome: Outcome, to: int, then: Actor | None
    ) -> object:
        id, key = self.name("j"), (agreement, debt)
        ask, owed = self.office.accounts.settle_dispute, self.owed[agreement, debt]
        down = Money(to) if outcome is Outcome.REDUCED else None
        _, code = told(ask, LAYLA, agreement, debt, outcome, WHY, id, to=down)
        expect(
            code,
            ("account.not_disputed", key not in self.disputed),
            ("account.nothing_owed", not owed),
            ("account.reduction_wrong", down is not None and to >= owed),
        )
        if code:
            return multiple()
        if outcome is Outcome.REJECTED:
            self.disputed.discard(key)
            return multiple()
        off = owed if down is None else owed - to
        sums: Sums = Counter({("3010", ""): off, ("1210", agreement): -off})
        asked = Asked(id, LAYLA, self.now, "adjustment", sums, debt=key, settles=True)
        return self.kept_request(asked, then)
