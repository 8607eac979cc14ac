"""The office machine: what one person asks for and a second one approves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    multiple,
    rule,
)

from meters.identity import Drn
from tests.system.desks import WHY
from tests.system.everything import CHIEF, LAYLA
from tests.vending.support import SGC, TECHNICIAN
from tokens.sts import EncryptionAlgorithm
from vending.acts import NewMeter, Source
from vending.parties import Actor
from vending.requests import Units

from .counter_model import Sold
from .office_choices import (
    AGREEMENT,
    COMMODITY,
    SALES,
    SOON,
    WISHED,
    WISHES,
)
from .office_decisions import Decisions
from .office_model import (
    Wish,
    expect,
    told,
)


class Wishes(Decisions):
    """Requests under an approval."""

    def wish(
        self,
        by: Actor,
        then: Actor | None,
        act: str,
        *reasons: tuple[str, bool],
        sale: tuple[Sold, int] | None = None,
        perhaps: tuple[str, ...] | list[str] = (),
        **facts: Any,
    ) -> object:
        id = self.name("w")
        if sale is not None:
            facts["sale"] = sale[0].receipts[sale[1]].vend_id
        request = self.office.approvals.request
        made, code = told(request, by, id, act, facts, WHY)
        expect(code, *reasons, *self.misled, perhaps=perhaps)
        if code:
            return multiple()
        assert request(by, id, act, facts, WHY) == made
        wrong = None if sale is None else sale[0].receipts[sale[1]]
        made = Wish(id, act, by, self.now, facts, sale, wrong)
        return self.kept_wish(made, then)

    def kept_wish(self, wish: Wish, then: Actor | None) -> Wish:
        self.wishes[wish.id] = wish
        if then is not None:
            self.decide(wish, then)
        return wish

    @rule(target=WISHES, sale=SALES, by=WISHED, then=SOON, last=st.booleans())
    def ask_money_back(self, sale: Sold, by: Actor, then: Actor | None, last: bool) -> object:
        place = len(sale.receipts) - 1 if last else 0
        receipt = sale.receipts[place]
        id = receipt.vend_id
        return self.wish(
            by,
            then,
            "void_refund",
            ("void.done_before", id in sale.gone),
            ("void.not_allowed", bool(self.given[id]) or not receipt.quote.tendered.minor),
            sale=(sale, place),
        )

    @rule(
        target=WISHES,
        sale=SALES,
        by=WISHED,
        units=st.integers(1, 300),
        then=SOON,
        last=st.booleans(),
    )
    def ask_units_back(
        self, sale: Sold, by: Actor, units: int, then: Actor | None, last: bool
    ) -> object:
        place = len(sale.receipts) - 1 if last else 0
        receipt = sale.receipts[place]
        return self.wish(
            by,
            then,
            "refund",
            *self.no_units(sale, receipt, units * 100),
            sale=(sale, place),
            meter=self.meters[receipt.buyer.agreement],
            units=f"{units // 10}.{units % 10}",
        )

    @rule(target=WISHES, sale=SALES, by=WISHED, agreement=AGREEMENT, then=SOON)
    def ask_correction(self, sale: Sold, by: Actor, agreement: str, then: Actor | None) -> object:
        receipt, meter = sale.receipts[0], self.meters[agreement]
        return self.wish(
            by,
            then,
            "correction",
            ("correction.not_possible", self.not_corrected(receipt, sale, meter)),
            ("void.not_allowed", bool(self.given[receipt.vend_id])),
            ("void.token_taken", receipt.vend_id in self.delivered),
            sale=(sale, 0),
            meter=meter,
            perhaps=["vend.amount_too_low"],
        )

    @rule(target=WISHES, agreement=AGREEMENT, by=WISHED, units=st.integers(1, 500), then=SOON)
    def ask_free_units(self, agreement: str, by: Actor, units: int, then: Actor | None) -> object:
        text = f"{units // 10}.{units % 10}"
        return self.wish(by, then, "free_issue", meter=self.meters[agreement], units=text)

    @rule(
        target=WISHES,
        agreement=AGREEMENT,
        units=st.sampled_from(["0", "1.5", "200"]),
        then=SOON,
        again=st.booleans(),
    )
    def exchange(self, agreement: str, units: str, then: Actor | None, again: bool) -> object:
        """For one from the shelf, or for one that hung here or elsewhere before."""
        if units == "0":
            return self.put_in(agreement, Source.NONE, None, units, then, again)
        return self.put_in(agreement, Source.PHOTO, Units(units), units, then, again)

    def put_in(
        self,
        agreement: str,
        source: Source,
        given: Units | None,
        left: str,
        then: Actor | None,
        again: bool,
        *reasons: tuple[str, bool],
        down: datetime | None = None,
    ) -> object:
        """`left`: what is to be moved."""
        id, old = self.name("w"), self.meters[agreement]
        fresh = Drn.from_serial("01", 8000 + self.ids)
        shelf = [
            meter
            for meter in self.out
            if meter not in self.meters.values() and self.measures[meter] is COMMODITY[agreement]
        ]
        if again and shelf:
            fresh = Drn(shelf[0])
        self.measures[fresh.number] = self.measures[old] = COMMODITY[agreement]
        new = NewMeter(fresh, EncryptionAlgorithm.EA07, SGC, *self.key_of(fresh.number))
        by = replace(TECHNICIAN, point="P1")
        put_in = self.office.house.exchanges.exchange
        made, code = told(put_in, by, id, agreement, new, source, WHY, given, down)
        expect(code, *self.misled, *reasons)
        if code:
            return multiple()
        # No two in one moment: which came first could not be told.
        self.machine.passes(seconds=1)
        self.meters[agreement] = fresh.number
        self.out[old] = self.now - timedelta(seconds=1)
        self.dead_since.pop(old, None)
        if down is not None:
            self.dead_since[old] = down, id
        self.exchanges += 1
        self.taken_down(old)
        self.lives.setdefault(old, []).append((agreement, self.exchanges, id))
        units = made.request.document["units"]
        assert Decimal(units) == Decimal(left)
        facts = {"agreement": agreement, "old_meter": old, "units": units, "source": source.value}
        wish = Wish(id, "transfer", by, self.out[old], facts, asked_at=self.exchanges)
        return self.kept_wish(wish, then)

    @rule(target=WISHES, wish=WISHES, by=WISHED, then=SOON)
    def ask_transfer_again(self, wish: Wish, by: Actor, then: Actor | None) -> object:
        if wish.act != "transfer":
            return multiple()
        reasons = self.not_moved(wish.facts, self.exchanges)
        # Once the meter has hung here again, its last reading may tell less.
        read = ["exchange.reading_missing", "transfer.too_much"]
        perhaps = read if wish.facts["source"] == "reading" else []
        made = self.wish(by, None, "transfer", *reasons, perhaps=perhaps, **wish.facts)
        if isinstance(made, Wish):
            made.asked_at = self.exchanges
            if then is not None:
                self.decide(made, then)
        return made

    @rule(
        target=WISHES,
        agreement=AGREEMENT,
        tariff=st.sampled_from(["domestic", "domestic-blocks", "social", "temporary"]),
        then=SOON,
    )
    def ask_tariff(self, agreement: str, tariff: str, then: Actor | None) -> object:
        water = agreement == "A2"
        if water and tariff in ("social", "temporary"):
            return multiple()
        code = f"{'water' if water else 'electricity'}-{tariff}"
        same = code == self.tariffs[agreement]
        return self.wish(
            LAYLA,
            then,
            "change_tariff",
            ("account.tariff_same", same),
            agreement=agreement,
            tariff=code,
            perhaps=["account.charges_owed"],
        )

    @rule(
        target=WISHES,
        percent=st.sampled_from(["0", "2.5", "7.25"]),
        limit=st.sampled_from(["0", "1000", "3000"]),
        by=st.sampled_from([LAYLA, CHIEF]),
        then=SOON,
    )
    def ask_terms(self, percent: str, limit: str, by: Actor, then: Actor | None) -> object:
        terms = {"commission": percent, "credit_limit": limit}
        return self.wish(by, then, "change_operator", code="Kiosk", set=terms)
