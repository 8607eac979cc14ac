"""The office machine: what customers type in, and what becomes of tokens at the meters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import multiple, rule

from meters.verdicts import TokenResult
from tests.system.everything import LAYLA
from tests.vending.support import OPERATOR, START, TECHNICIAN
from vending.acts import Source
from vending.aftersale import SaleState
from vending.parties import Actor
from vending.requests import Units
from vending.sale import SaleReceipt

from .counter_model import Sold
from .office_choices import AGREEMENT, SALES, SOON, WISHES
from .office_keychanges import KeyChanging
from .office_keys import Change
from .office_model import expect, local, told

BEFORE: Final = START - timedelta(days=1)


class AtMeters(KeyChanging):
    """Papers typed in, tokens pushed, meters read."""

    @contextmanager
    def line(self, meter: str) -> Iterator[None]:
        """For a moment it answers."""
        self.on_line, self.alive_at[meter] = meter, self.now
        try:
            yield
        finally:
            self.on_line = ""

    @rule(agreement=AGREEMENT)
    def type_papers(self, agreement: str) -> None:
        """All that the customer has, in the order in which it was sold, whatever is needed for it
        before it."""
        meter = self.meters[agreement]
        for vend_id in self.issued_to[meter]:
            paper = self.papers.get(vend_id)
            if paper is None or vend_id in self.voided | self.in_meters:
                continue
            if paper.buyer.agreement != agreement:
                continue
            for change in self.changes[meter]:
                if change.digits and vend_id in self.since(meter, change):
                    self.type_set(meter, change, change.digits)
            self.type_paper(meter, paper)

    def type_paper(self, meter: str, paper: SaleReceipt) -> None:
        if paper.key_tokens:
            change = self.carried_by(paper)
            assert change is not None
            self.type_set(meter, change, tuple(token.digits for token in paper.key_tokens))
        fits = self.key_on(meter) == self.made_under[paper.vend_id]
        (token,) = paper.tokens
        self.machine.passes(seconds=1)
        self.alive_at[meter] = self.now
        result = self.wall(meter).enter_token(token.digits, self.now).result
        if result.is_taken:
            self.in_meters.add(paper.vend_id)
        # What is made under the key that the meter has is taken, unless what was not has locked
        # the keypad for a while.
        wanted = TokenResult.ACCEPT if fits else TokenResult.CRC_ERROR
        assert result in (wanted, TokenResult.LOCKED_OUT), result

    def type_set(self, meter: str, change: Change, digits: tuple[str, ...]) -> None:
        """A set that is in the meter is not typed again."""
        if change.typed:
            return
        before = self.key_on(meter)
        assert change.digits in ((), digits)
        for section in digits:
            self.wall(meter).enter_token(section, self.now)
        if before == change.old:
            assert self.key_on(meter) == change.new
        self.sets_were_typed(meter)

    def sets_were_typed(self, meter: str) -> None:
        """Of changes of which somebody has the set."""
        for change in self.changes[meter]:
            if change.carriers and self.key_on(meter) == change.new:
                change.typed = True

    @rule(sale=SALES, last=st.booleans())
    def push(self, sale: Sold, last: bool) -> None:
        receipt = sale.receipts[-1 if last else 0]
        vend_id, meter = receipt.vend_id, receipt.buyer.meter
        if vend_id in self.unseen:
            return
        here = self.meters[receipt.buyer.agreement] == meter
        hangs = meter in self.meters.values()
        open_ = vend_id not in self.delivered
        if open_ and receipt.tokens and here and vend_id not in self.voided:
            self.log_read[meter] = self.wall(meter).memory.sequence
        with self.line(meter):
            made, code = told(self.office.service.deliver, OPERATOR, vend_id)
        expect(
            code,
            ("delivery.not_possible", not receipt.tokens),
            ("vend.voided", vend_id in self.voided),
            ("meter.unknown", not hangs),
            ("delivery.meter_elsewhere", hangs and not here and open_),
        )
        if code:
            return
        self.sets_were_typed(meter)
        log = self.wall(meter).memory.log
        if vend_id not in self.in_meters and any(
            line.fingerprint in self.marks(receipt) and line.result.is_taken for line in log
        ):
            self.in_meters.add(vend_id)
        assert (made.state is SaleState.DELIVERED) == (vend_id in self.in_meters)
        if made.state is SaleState.DELIVERED:
            self.delivered.add(vend_id)

    @rule(sale=SALES, data=st.data())
    def void_on_line(self, sale: Sold, data: st.DataObject) -> None:
        """The meter's log is read for it."""
        place = data.draw(st.integers(0, len(sale.receipts) - 1))
        with self.line(sale.receipts[place].buyer.meter):
            self.void_one(sale, place)

    @rule(agreement=AGREEMENT, by=st.sampled_from([OPERATOR, TECHNICIAN, OPERATOR, LAYLA]))
    def confirm_key(self, agreement: str, by: Actor) -> None:
        meter = self.meters[agreement]
        change = self.followed(meter)
        out = change is not None and change.state in ("issued", "entered")
        settled = change is not None and change.state == "confirmed"
        behind = change is not self.latest(meter)
        key = self.key_on(meter)
        with self.line(meter):
            _, code = told(self.office.key_changes.confirm_by_reading, by, meter)
        expect(
            code,
            ("actor.not_allowed", by == LAYLA),
            ("keychange.none", change is None),
            ("keychange.set_not_out", not out and not settled),
            perhaps=["keychange.moved"] if behind else [],
        )
        if code or change is None or settled:
            return
        if key == change.new or self.delivered_since(meter, change):
            change.state = "confirmed"
            self.not_due(meter)
            self.proves_earlier(meter, change)
        elif key == change.old and change.state == "entered":
            change.state = "issued"
            if all(one in self.voided for one in change.carriers):
                self.set_due(meter)

    def delivered_since(self, meter: str, change: Change) -> bool:
        """Whether the books know of a token behind the set that the meter has taken."""
        return bool(set(self.since(meter, change)) & self.delivered)

    @rule(step=st.sampled_from(["1", "14", "1440", "month"]))
    def some_time_passes(self, step: str) -> None:
        month = (self.today.replace(day=1) + timedelta(days=32)).replace(day=1)
        span = local(month) - self.now if step == "month" else timedelta(minutes=int(step))
        self.machine.passes(seconds=span.total_seconds() + 1)

    @rule(agreement=AGREEMENT)
    def read_meter(self, agreement: str) -> None:
        meter = self.meters[agreement]
        with self.line(meter):
            made, code = told(self.office.service.read_account, TECHNICIAN, meter)
        assert not code
        assert made.account.balance.value == self.wall(meter).memory.balance
        self.readings[meter] = (self.now, made.account.balance.value)

    @rule(
        target=WISHES,
        agreement=AGREEMENT,
        units=st.sampled_from([None, None, "0.1", "40", "900"]),
        then=SOON,
        again=st.booleans(),
        dead=st.sampled_from([None, 0, 30]),
    )
    def exchange_read(
        self,
        agreement: str,
        units: str | None,
        then: Actor | None,
        again: bool,
        dead: int | None,
    ) -> object:
        """For what its last reading says; it may have been dead for some minutes."""
        meter = self.meters[agreement]
        before = self.out.get(meter)
        at, balance = self.readings.get(meter, (BEFORE, 0))
        known = at > (before or BEFORE)
        left = str(Decimal(balance // 100) / 10) if units is None else units
        down = None if dead is None else self.now - timedelta(minutes=dead)
        if down is not None and self.alive_at.get(meter, BEFORE) >= down:
            return multiple()
        twice = down is not None and before is not None and down <= before
        return self.put_in(
            agreement,
            Source.READING,
            None if units is None else Units(units),
            left,
            then,
            again,
            ("exchange.reading_missing", not known),
            ("transfer.too_much", known and Decimal(left) * 1000 > balance),
            ("exchange.down_since_wrong", twice),
            down=down,
        )
