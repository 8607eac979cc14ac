"""The model beside which the counter machine runs: what the books must say after each sale, in
plain numbers."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from meters.account import Commodity
from meters.identity import Drn
from meters.quantities import Money
from tests.databases import Postgres, new_place
from tests.system.everything import AGREEMENTS, Office, new_office
from tests.vending.books.support import ZONE
from tests.vending.support import OPERATOR
from vending.accounting.days import Month
from vending.drawer import ShiftReport
from vending.parties import Actor
from vending.persons import person
from vending.requests import BasketRequest, Credit, DebtPayment
from vending.sale import BasketReceipt, Payment, SaleReceipt, Tender
from vending.tariff import LineKind

TENDERS: Final = {Tender.CASH: "1010", Tender.CARD: "1020", Tender.CHEQUE: "1030"}
WATCHED: Final = (
    *TENDERS.values(),
    *("1110", "1120", "1210", "2010", "2020", "2030", "5020", "5030", "5040", "6110", "6120"),
)
"""Accounts that the model keeps; income and supply are what is left over."""
COIN: Final = 10
Sums = Counter[tuple[str, str]]
"""By account and holder."""


@dataclass
class Sold:
    """A basket as the model knows it."""

    request: BasketRequest
    actor: Actor
    receipts: list[SaleReceipt]
    moved: list[Sums]
    """What each of its sales did."""
    paid_off: list[Counter[tuple[str, str]]]
    """Of debts, by agreement and code."""
    shift: str | None
    gone: set[str] = field(default_factory=set)
    """Those that were taken back."""
    shown: set[str] = field(default_factory=set)

    def cash(self, receipt: SaleReceipt) -> int:
        """What of this sale was paid in cash, in minor units."""
        parts = receipt.parts or (
            Payment(receipt.tender, receipt.quote.tendered + Money(receipt.rounding)),
        )
        return sum(part.amount.minor for part in parts if part.tender is Tender.CASH)

    def more_in_coins(self, receipt: SaleReceipt) -> int:
        """By how much the cash that goes back with it is more than what was paid for it: a basket
        that was paid in coins goes back in coins, whichever of its sales come first."""
        if sum(map(self.cash, self.receipts)) % COIN or not self.cash(receipt):
            return 0
        before = sum(self.cash(one) for one in self.receipts if one.vend_id in self.gone)
        own = self.cash(receipt)
        return in_coins(before + own) - in_coins(before) - own


def in_coins(minor: int) -> int:
    """The nearest sum that coins can pay; halves up."""
    return (minor + COIN // 2) // COIN * COIN


class Model:
    """A municipality on one database, and what of it is known without asking it."""

    def __init__(self, kind: str, server: Postgres | None) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.place = new_place(kind, self.folder, server)
        self.office = self.opened()
        self.sums: Sums = Counter()
        self.owed = {
            (agreement, code): 90_000_000
            for agreement in AGREEMENTS.values()
            for code in ("old", "bill")
        }
        for (agreement, _), owed in self.owed.items():
            self.sums["1210", agreement] += owed
        self.put_off: dict[tuple[str, str], Any] = {}
        """Until when."""
        self.planned: set[str] = set()
        self.blocked: set[str] = set()
        self.shift: str | None = None
        self.cash = 0
        """In the drawer of the open shift."""
        self.taken: list[ShiftReport] = []
        """X reports, as they were answered."""
        self.behind = 0
        """Minutes that the clock may stand behind the latest entry (0 or less)."""
        self.closed: list[int] = []
        """Counted at the close of shifts that wait for the bank."""
        self.receipts: Counter[str] = Counter()
        self.entries = len(self.owed)
        self.ids = 0

    def opened(self) -> Office:
        """On the new database."""
        return new_office(self.place)

    def name(self, prefix: str) -> str:
        """A new one."""
        self.ids += 1
        return f"{prefix}-{self.ids}"

    def asked(self, item: Any) -> int:
        """Minor units that this item of a basket names."""
        money = item.amount if isinstance(item, DebtPayment) else item.ask
        assert isinstance(money, Money)
        return money.minor

    def modelled(
        self, actor: Actor, request: BasketRequest, answer: BasketReceipt, due: int | None
    ) -> Sold:
        """Takes a sale into the model. `due`: what it must have cost, if that is known."""
        point = actor.point or ""
        self.receipts[point] += 1
        self.entries += len(request.items)
        whole = sum(receipt.quote.tendered.minor for receipt in answer.receipts)
        assert due in (None, whole)
        made = Sold(
            request, actor, list(answer.receipts), [], [], self.shift if actor == OPERATOR else None
        )
        paid: Counter[str] = Counter()
        for item, receipt in zip(request.items, answer.receipts, strict=True):
            assert receipt.number == self.receipts[point]
            assert receipt.shift == made.shift
            sums = self.moved(item, receipt)
            off = self.paid_off(item, receipt)
            for code in TENDERS.values():
                paid[code] += sums[code, point]
            self.sums.update(sums)
            for key, amount in off.items():
                self.owed[key] -= amount
            made.moved.append(sums)
            made.paid_off.append(off)
        if actor == OPERATOR:
            assert +paid == +self.expected_payments(request, whole)
            self.cash += paid["1010"]
        return made

    def expected_payments(self, request: BasketRequest, due: int) -> Counter[str]:
        """Where the money of a basket lies, worked out from what was handed over."""
        paid: Counter[str] = Counter()
        for payment in request.payments:
            if payment.tender is not Tender.CASH:
                paid[TENDERS[payment.tender]] += payment.amount.minor
        cash = [p.amount.minor for p in request.payments if p.tender is Tender.CASH]
        rest = due - sum(paid.values())
        told = all(isinstance(getattr(item, "ask", Money(0)), Money) for item in request.items)
        exact = rest in cash or (not request.payments and told)
        paid["1010"] += rest if exact else in_coins(rest)
        return paid

    def moved(self, item: Any, receipt: SaleReceipt) -> Sums:
        """What a sale does to the accounts that are watched, from what it says of itself."""
        quote, point = receipt.quote, receipt.seller.point
        agreement, meter = receipt.buyer.agreement, receipt.buyer.meter
        assert meter == item.meter
        sums: Sums = Counter()
        parts = receipt.parts or (
            Payment(receipt.tender, quote.tendered + Money(receipt.rounding)),
        )
        for part in parts:
            if receipt.on_deposit:
                whose = receipt.deposit_of or person(receipt.seller.operator)
                sums["2030", whose] += part.amount.minor
            else:
                sums[TENDERS[part.tender], point] += part.amount.minor
        if receipt.commission is not None:
            sums["5020", ""] += receipt.commission.minor
            sums["2030", person(receipt.seller.operator)] -= receipt.commission.minor
        sums["5040", ""] -= receipt.rounding
        sums["2010", agreement] += quote.balance_before.minor - quote.balance_after.minor
        sums["2020", ""] -= quote.vat.minor
        units = {Commodity.ELECTRICITY: "6110", Commodity.WATER: "6120"}[quote.commodity]
        sums[units, meter] += quote.quantity.value
        # A key change comes with the first tokens after it was planned.
        assert bool(receipt.key_tokens) == (meter in self.planned and bool(receipt.tokens))
        if receipt.tokens:
            self.planned.discard(meter)
        assert bool(receipt.tokens) != isinstance(item, DebtPayment)
        return sums

    def paid_off(self, item: Any, receipt: SaleReceipt) -> Counter[tuple[str, str]]:
        """What a sale takes off debts; the account of debts is the model's by then."""
        off: Counter[tuple[str, str]] = Counter()
        agreement = receipt.buyer.agreement
        later = {one.debt for one in getattr(item, "postpone", ())}
        for line in receipt.quote.lines:
            if line.kind is not LineKind.DEBT:
                continue
            key = agreement, line.code
            until = self.put_off.get(key)
            if isinstance(item, Credit) and (
                line.code in later or (until is not None and self.office.clock.now < until)
            ):
                assert line.amount.minor == 0, line
            off[key] += line.amount.minor
            self.sums["1210", agreement] -= line.amount.minor
            assert line.left is None or line.left.minor == self.owed[key] - off[key]
        if isinstance(item, DebtPayment) and item.code:
            assert +off == Counter({(agreement, item.code): item.amount.minor})
        return off

    def stand(self, meter: Drn) -> object:
        """What the price of a meter depends on. An account that something was bought for and taken
        back again is priced as it was before: that it has begun is no part of it, in the month that
        it began in."""
        agreement = AGREEMENTS[meter]
        with self.office.store.reading() as books:
            account = json.loads(books.account_document(agreement) or "{}")
        month = str(Month.of(self.office.clock.now, ZONE))
        if account.get("use") == [month, 0, []]:
            del account["use"]
        if account.get("since") == month:
            del account["since"]
        return account, self.sums["2010", agreement]

    def teardown(self) -> None:
        self.office.close()
        shutil.rmtree(self.folder)
