"""The meters on the walls: what each has taken, which the office model knows, and the papers that
their customers have."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from meters.gateway import Gateway, token_fingerprint
from meters.identity import Drn
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from simulators.payment_meter import CAPACITY, PaymentMeter
from tests.databases import Postgres
from tests.vending.meters import in_town
from tests.vending.support import START, TEST_KEY, no_gateway
from tokens.sts import VendingKey
from vending.parties import Meter
from vending.sale import SaleReceipt

from .office_choices import COMMODITY
from .office_keys import FIRST, Change, HasKeys, Key


class HasWalls(HasKeys):
    """Each meter as it comes from its box, and what has happened to it since."""

    def __init__(self, kind: str, server: Postgres | None) -> None:
        super().__init__(kind, server)
        self.walls: dict[str, PaymentMeter] = {}
        self.on_line = ""
        """The one meter that answers, if any does."""
        self.papers: dict[str, SaleReceipt] = {}
        """Those whose digits somebody has seen."""
        self.in_meters: set[str] = set()
        """Sales whose token is in its meter."""
        self.delivered: set[str] = set()
        """Those of which the books know it."""
        self.log_read: defaultdict[str, int] = defaultdict(int)
        """How far the books have read in the log of a meter before a push."""
        self.log_at: dict[str, int] = {}
        """How far they had when a sale was made."""
        self.made_under: dict[str, Key] = {}
        """By sale, the key of its tokens."""
        self.readings: dict[str, tuple[datetime, int]] = {}
        """Of each meter the last that is kept: when, and its balance."""
        self.alive_at: dict[str, datetime] = {}
        """When each was last used, or answered."""

    def line_to(self, meter: Meter) -> Gateway:
        number = meter.number.number
        if number != self.on_line:
            return no_gateway(meter)
        return DirectGateway(self.wall(number), meter.number, self.machine)

    def wall(self, meter: str) -> PaymentMeter:
        if meter not in self.walls:
            here = [agreement for agreement, number in self.meters.items() if number == meter]
            commodity = COMMODITY[here[0]] if here else self.measures[meter]
            secret = VendingKey(TEST_KEY[:-1] + bytes([FIRST[0]]))
            self.walls[meter] = in_town(
                Drn(meter), commodity, secret=secret, now=START, most=CAPACITY
            )
        return self.walls[meter]

    def key_on(self, meter: str) -> Key:
        """What it opens tokens with."""
        state = self.wall(meter).memory.acceptance
        return state.krn, state.ti

    def issued(self, receipt: SaleReceipt) -> None:
        super().issued(receipt)
        self.made_under[receipt.vend_id] = self.key_of(receipt.buyer.meter)
        self.log_at[receipt.vend_id] = self.log_read[receipt.buyer.meter]
        if not receipt.held:
            self.papers[receipt.vend_id] = receipt

    def was_shown(self, receipt: SaleReceipt) -> None:
        """Somebody has seen the digits of a sale."""
        assert all(token.digits for token in receipt.key_tokens)
        assert all(token.digits for token in receipt.tokens)
        self.papers[receipt.vend_id] = receipt
        if receipt.vend_id in self.unseen:
            self.unseen.remove(receipt.vend_id)
            self.seen_at[receipt.vend_id] = self.head if self.ahead else self.now

    def seen(self, receipt: SaleReceipt) -> datetime:
        """When somebody could type its token first."""
        return self.seen_at.get(receipt.vend_id, receipt.sold_at)

    def unproved(self, receipt: SaleReceipt) -> tuple[tuple[str, bool], ...]:
        """Why nothing speaks for it that the token of a sale was not used."""
        if not receipt.tokens or receipt.vend_id in self.unseen:
            return ()
        if receipt.vend_id in self.delivered:
            return (("void.token_taken", True),)
        meter = receipt.buyer.meter
        out, gone = self.down_since(meter), self.gone_since(meter)
        if gone is not None and self.seen(receipt) >= gone:
            return ()
        if meter != self.on_line:
            return (
                ("void.meter_unreachable", out is None),
                ("void.gone_unproved", out is not None),
            )
        memory = self.wall(meter).memory
        lines = [line for line in memory.log if line.fingerprint in self.marks(receipt)]
        taken = any(line.result.is_taken or line.result is TokenResult.USED_ERROR for line in lines)
        short = self.log_at[receipt.vend_id] < memory.sequence - len(memory.log)
        return (
            ("void.token_taken", taken),
            ("void.not_proved", not taken and short and out is None),
            ("void.gone_unproved", not taken and short and out is not None),
        )

    def marks(self, receipt: SaleReceipt) -> set[str]:
        """What a log says of its token."""
        paper = self.papers[receipt.vend_id]
        return {token_fingerprint(token.digits) for token in paper.tokens}

    def set_in_log(self, receipt: SaleReceipt) -> bool | None:
        """What the meter's log, where it was read, says of the set that came with a sale."""
        if self.unproved_by_books(receipt) and receipt.buyer.meter == self.on_line:
            return self.has_set(self.carried_by(receipt))
        return None

    def unproved_by_books(self, receipt: SaleReceipt) -> bool:
        """Whether a void has to ask the meter."""
        line, self.on_line = self.on_line, ""
        try:
            return bool(self.unproved(receipt))
        finally:
            self.on_line = line

    def carried_by(self, receipt: SaleReceipt) -> Change | None:
        """The change whose set comes with this sale."""
        changes = self.changes[receipt.buyer.meter]
        return next((one for one in changes[::-1] if receipt.vend_id in one.carriers), None)

    def has_set(self, change: Change | None) -> bool:
        """Whether it is in the meter."""
        return change is not None and change.typed
