"""The model beside which the office machine runs: every entry of the journal as plain numbers with
its moment, so that any sum of any day can be told without asking the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from meters.account import Commodity
from meters.errors import RaseedError
from meters.gateway import Gateway
from meters.quantities import Money
from tests.databases import Postgres
from tests.system.everything import AGREEMENTS, CHIEF, LAYLA, Office, keys, prepare
from tests.system.machines import Machine
from tests.vending.accounts.support import ZONE
from tests.vending.approvals.support import NADIA
from tests.vending.support import OPERATOR, START, new_store, no_gateway
from vending.accounting.periods import BalanceRow
from vending.parties import Actor, Meter, Role
from vending.requests import DebtPayment
from vending.sale import SaleReceipt
from vending.settings import Settings
from vending.store import open_store
from vending.wiring import compose

from .counter_model import WATCHED as AT_THE_COUNTER
from .counter_model import Model, Sold, Sums

WATCHED: Final = (*AT_THE_COUNTER, "3010", "5010", "5050", "6130")
"""Accounts that the model keeps; income and supply are what is left over."""
HIDDEN: Final = Actor("Kiosk", Role.SUPERVISOR, "P1", "T7")
"""A supervisor who has a deposit: that of the kiosk."""
DECIDERS: Final = (CHIEF, NADIA, NADIA, HIDDEN, LAYLA, OPERATOR)
LEAP: Final = timedelta(minutes=10)
CLOSED: Final = timedelta(days=5)
BACK: Final = timedelta(minutes=5)
LIFE: Final = timedelta(hours=24)


def told(act: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[Any, str]:
    """The answer, or the code of what it was refused for."""
    try:
        return act(*arguments, **named), ""
    except RaseedError as error:
        return None, error.code


def expect(code: str, *reasons: tuple[str, bool], perhaps: Iterable[str] = ()) -> None:
    """Refused for one of the reasons that hold, or for none if none holds; or for what the model
    does not know (`perhaps`)."""
    holding = {reason for reason, holds in reasons if holds}
    assert code in (holding or {""}) or code in perhaps, (code, holding)


@dataclass
class Entry:
    """Of the journal."""

    at: datetime
    sums: Sums
    kind: str = ""


@dataclass
class Asked:
    """A request that a second person decides; an adjustment."""

    id: str
    by: Actor
    at: datetime
    kind: str
    sums: Sums
    booked_on: date | None = None
    reverses: int | None = None
    debt: tuple[str, str] | None = None
    """Agreement and code of the debt that it is about."""
    settles: bool = False
    """A dispute."""
    state: str = "pending"
    by_whom: str = ""
    entry: int = 0


@dataclass
class Wish:
    """The same, an act that is done under an approval."""

    id: str
    act: str
    by: Actor
    at: datetime
    facts: dict[str, Any]
    sale: tuple[Sold, int] | None = None
    receipt: SaleReceipt | None = None
    """Of that sale."""
    state: str = "pending"
    taken_up: set[str] = field(default_factory=set)
    asked_at: int = 0
    """Of a transfer: the last exchange by then, by number."""
    moved_at: int = 0
    made: SaleReceipt | None = None
    """What it was sold as, if that stands in no basket."""
    sums: Sums = field(default_factory=Counter)
    """What that did."""
    gone: bool = False
    """Whether that was taken back."""


@dataclass
class BackOffice(Office):
    """The whole program as it is wired, on a machine whose clocks are the test's."""

    def __post_init__(self) -> None:
        clock = self.clock
        assert isinstance(clock, Machine)
        made = compose(Settings(), self.store, keys(), self.gateway_for, clock, clock.starts())
        self.house = made
        self.service, self.accounts, self.drawers = made.service, made.accounts, made.drawers
        self.x_reports, self.bankings = made.x_reports, made.bankings
        self.key_changes, self.approvals = made.key_changes, made.approvals
        self.blocks, self.operators = made.blocks, made.operators
        self.keeping, self.reports, self.closing = made.bookkeeping, made.reports, made.closing


def local(day: date) -> datetime:
    """When it begins on the clock on the wall."""
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def first_of_next(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


class OfficeModel(Model):
    """A municipality over months."""

    office: BackOffice

    def __init__(self, kind: str, server: Postgres | None) -> None:
        self.machine = Machine()
        super().__init__(kind, server)
        self.journal = [
            Entry(START, Counter({("1210", agreement): owed, ("3010", ""): -owed}))
            for (agreement, _), owed in self.owed.items()
        ]
        for entry in self.journal:
            self.sums["3010", ""] += entry.sums["3010", ""]
        self.meters = {agreement: meter.number for meter, agreement in AGREEMENTS.items()}
        """By agreement, as they hang there now."""
        self.exchanges = 0
        self.lives: dict[str, list[tuple[str, int, str]]] = {}
        """By meter, each time that it was taken down: where, at which exchange, by which
        request."""
        self.measures: dict[str, Commodity] = {}
        self.voided_wishes: set[str] = set()
        self.tariffs = {
            "A1": "electricity-domestic-blocks",
            "A2": "water-domestic-blocks",
            "A3": "electricity-domestic",
        }
        self.moved_tariff: set[str] = set()
        self.unseen: set[str] = set()
        """Sales whose digits are held back."""
        self.seen_at: dict[str, datetime] = {}
        """Those that were shown since, when."""
        self.out: dict[str, datetime] = {}
        """When meters were taken down."""
        self.dead_since: dict[str, tuple[datetime, str]] = {}
        """Since when a meter that was taken down had been dead before, by which request."""
        self.disputed: set[tuple[str, str]] = set()
        self.requests: dict[str, Asked] = {}
        self.reversed: dict[int, str] = {}
        """By which request each entry is reversed, or is asked to be."""
        self.wishes: dict[str, Wish] = {}
        self.closed_months: list[str] = []
        self.kept: dict[str, tuple[BalanceRow, ...]] = {}
        """Trial balances of closed months."""
        self.checks: list[tuple[date, datetime]] = []
        """Days whose check a seal keeps, and when that was made."""
        self.seals: list[tuple[str, int, str]] = []
        """Day, entry and code."""
        self.believed: tuple[datetime, int] | None = (START, self.machine.steady_ns)
        """What this program has booked last, by both clocks."""
        self.confirmed: tuple[datetime, datetime] | None = None
        self.off = timedelta(0)
        """By how much the wall clock is wrong."""
        self.given: Counter[str] = Counter()
        """Units given back, by the sale."""
        self.commission = 250
        """Hundredths of a percent."""
        self.limit = 200_000
        """Of the kiosk."""
        self.takings: Counter[tuple[str, date, str, str, bool]] = Counter()

    def opened(self) -> BackOffice:
        made = BackOffice(new_store(self.place, busy_timeout_s=60), self.machine, self.line_to)
        prepare(made.service, made.accounts, made.operators)
        return made

    def reopened(self) -> BackOffice:
        """A program that has just been started on these books."""
        self.believed = None
        return BackOffice(open_store(self.place, busy_timeout_s=60), self.machine, self.line_to)

    def line_to(self, meter: Meter) -> Gateway:
        """How its meter is reached, if it answers."""
        return no_gateway(meter)

    def down_since(self, meter: str) -> datetime | None:
        """When it was taken down; None while it hangs somewhere."""
        return None if meter in self.meters.values() else self.out.get(meter)

    def gone_since(self, meter: str) -> datetime | None:
        """From when on nobody could type anything into it, as far as that counts: that it was dead
        before it was taken down, two people say."""
        out = self.down_since(meter)
        if out is None or meter not in self.dead_since:
            return out
        moment, id = self.dead_since[meter]
        return moment if self.wishes[id].state in ("done", "failed") else out

    # Time

    @property
    def now(self) -> datetime:
        return self.machine.now

    @property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    @property
    def head(self) -> datetime:
        """The latest moment that is booked."""
        return max(entry.at for entry in self.journal)

    @property
    def closed_until(self) -> datetime | None:
        if not self.closed_months:
            return None
        return local(first_of_next(date.fromisoformat(f"{self.closed_months[-1]}-01")))

    def in_closed(self, moment: datetime) -> bool:
        return self.closed_until is not None and moment < self.closed_until

    @property
    def ahead(self) -> bool:
        """Whether the clock is further ahead than it is believed."""
        head, known, until = self.head, self.head, self.head + CLOSED
        if self.believed is not None:
            known, steady = self.believed
            passed = timedelta(microseconds=(self.machine.steady_ns - steady) // 1000)
            until = max(known + passed, head) + LEAP
        if self.now <= until:
            return False
        if self.confirmed is None or self.confirmed[0] <= known:
            return True
        at, last = self.confirmed
        stands = head >= at - BACK or head == last
        return not (stands and at - BACK <= self.now <= at + CLOSED)

    @property
    def behind_books(self) -> bool:
        return self.now < self.head - BACK

    @property
    def misled(self) -> tuple[tuple[str, bool], ...]:
        """Why nobody is asked and nothing is decided now: the clock cannot be right."""
        return ("clock.ran_ahead", self.ahead), ("clock.went_back", self.behind_books)

    def untimely(self, at: datetime | None = None) -> tuple[tuple[str, bool], ...]:
        """Why nothing may be booked now (for `at`)."""
        return (
            *self.misled,
            ("ledger.period_closed", self.in_closed(self.now if at is None else at)),
        )

    # What is booked

    def book(self, sums: Sums, kind: str, at: datetime | None = None) -> None:
        """An entry, now."""
        self.note(sums, kind, at)
        self.sums.update(sums)
        self.entries += 1

    def note(self, sums: Sums, kind: str, at: datetime | None = None) -> None:
        """The same, of which the sums are known."""
        self.journal.append(Entry(self.now if at is None else at, sums, kind))
        self.believed = (self.now, self.machine.steady_ns)

    def note_sales(self, sold: Sold) -> None:
        """A basket that was taken into the model."""
        rows = zip(sold.request.items, sold.receipts, sold.moved, sold.paid_off, strict=True)
        for item, receipt, sums, off in rows:
            assert receipt.sold_at == self.now
            # Of what is disputed nothing is taken, unless it is paid by its name.
            assert isinstance(item, DebtPayment) or not (+off).keys() & self.disputed
            whole = Counter(sums)
            for (agreement, _), amount in off.items():
                whole["1210", agreement] -= amount
            self.note(whole, "sale" if receipt.tokens else "payment")
            self.took(receipt, 1)
            if receipt.on_deposit:
                due = receipt.quote.tendered.minor
                earned = Money(0) if receipt.commission is None else receipt.commission
                assert earned.minor == (due * self.commission + 5_000) // 10_000

    def took(self, receipt: SaleReceipt, sign: int, more: int = 0) -> None:
        """Money of a sale that was taken, or given back."""
        point, who = receipt.seller.point, receipt.seller.operator
        parts = [(part.tender.value, part.amount.minor) for part in receipt.parts]
        parts = parts or [(receipt.tender.value, receipt.quote.tendered.minor + receipt.rounding)]
        for tender, amount in parts:
            key = (point, self.today, who, tender, receipt.on_deposit)
            self.takings[key] += sign * amount
        if more:
            self.takings[point, self.today, who, "cash", receipt.on_deposit] -= more

    def balances_between(self, start: datetime, end: datetime) -> dict[str, tuple[int, int]]:
        """Opening and closing of each account, in shekels alone."""
        found: dict[str, tuple[int, int]] = {}
        for entry in self.journal:
            for (account, _), amount in entry.sums.items():
                before, after = found.get(account, (0, 0))
                if entry.at < end:
                    after += amount
                if entry.at < start:
                    before += amount
                found[account] = before, after
        return found

    def lines(
        self, account: str, holder: str, start: datetime | None, end: datetime | None
    ) -> tuple[int, list[tuple[int, int]]]:
        """The opening balance of somebody's share of an account, and by which entries it moved."""
        opening, lines = 0, []
        for number, entry in enumerate(self.journal, start=1):
            amount = sum(
                value
                for (code, who), value in entry.sums.items()
                if code == account and holder in ("", who)
            )
            if start is not None and entry.at < start:
                opening += amount
            elif amount and (end is None or entry.at < end):
                lines.append((number, amount))
        return opening, lines
