"""A counter whose sales move accounts, by rows written here: what is tested is the proof of them,
and no selling service."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from meters.identity import Drn
from meters.quantities import Money
from tests.vending import support
from tests.vending.support import ADMIN, POWER, WATER, SetClock, new_store, service
from tests.vending.support import town as plain_town
from vending.accounting import Bookkeeping
from vending.accounts import (
    Accounts,
    Opening,
    Standing,
    after_sale,
    document_of,
    kept_state,
    state_of,
    unsettled,
)
from vending.ledger import JournalEntry, Posting, canonical_json, chained
from vending.parties import Actor, Registration, Role
from vending.store import schema as t
from vending.store.account_moves import quote_of
from vending.store.accounts import SqlAccounts, SqlAccountsWriting
from vending.store.books import SqlBooks
from vending.tariff import (
    Label,
    LineKind,
    Month,
    Percentage,
    Quote,
    QuoteRequest,
    kept_line,
    quote,
    shares_of,
)

chart = cache(support.chart)
tariffs = cache(support.tariffs)
ZONE = ZoneInfo("Asia/Hebron")
BILLING = Actor("Layla", Role.BILLING)
CHIEF = Actor("Omar", Role.SUPERVISOR)
TILL = Actor("Samir", Role.OPERATOR, "P1", "T1")
ARREARS = Label("ذمم سابقة", "Arrears")


SITE = Drn.from_serial("01", 5000)


def town(power: str) -> Registration:
    """The small town: A1 buys electricity by this tariff, A2 water in blocks, A3 electricity for a
    building site, with a fee to be connected."""
    parties = plain_town(1)
    chosen = {
        POWER: power,
        WATER: "water-domestic-blocks",
        SITE: "electricity-temporary",
    }
    agreements = tuple(replace(a, tariff=chosen[a.meter]) for a in parties.agreements)
    return replace(parties, agreements=agreements)


@dataclass
class Counter:
    """A town with its accounts and its books."""

    place: Path | str
    clock: SetClock = field(default_factory=SetClock)
    power: str = "electricity-domestic-blocks"
    """Tariff of A1."""

    def __post_init__(self) -> None:
        self.store = new_store(self.place)
        self.service = service(self.store, self.clock)
        self.service.register(ADMIN, town(self.power))
        self.rows = SqlAccounts(self.store)
        self.accounts = Accounts(self.rows, tariffs(), chart(), self.clock, ZONE)
        self.keeping = Bookkeeping(
            SqlBooks(self.store), chart(), self.clock, ZONE, self.accounts.follow
        )

    def close(self) -> None:
        self.store.close()

    def debt(
        self, code: str = "arrears", amount: int = 15_000, percent: str = "25", to: str = "A1"
    ) -> None:
        self.accounts.add_debt(
            BILLING,
            to,
            code,
            ARREARS,
            Money(amount),
            Percentage(percent),
            "From the old ledger",
            "Bill 2025/114",
        )

    def sell(self, vend_id: str, amount: int, meter: Drn = POWER) -> Quote:
        """A sale that is priced by the kept account and moves it."""
        with self.rows.writing() as rows:
            return put_sale(rows, vend_id, Money(amount), meter, self.clock())

    def void(self, vend_id: str) -> None:
        """The sale taken back, out of the account and the ledger."""
        with self.rows.writing() as rows:
            put_void(rows, vend_id, self.clock())

    def document(self, agreement: str = "A1") -> str | None:
        with self.rows.reading() as rows:
            return rows.document(agreement)

    def owed(self, agreement: str = "A1") -> dict[str, int]:
        view = self.accounts.account(BILLING, agreement)
        return {one.debt.code: one.debt.owed.minor for one in view.debts}

    def ledger(self, role: str, holder: str = "") -> int:
        account = chart().role(role)
        with self.rows.reading() as rows:
            return rows.balance(account.code, holder, account.unit)


def standing(counter: Counter, code: str = "arrears") -> Standing:
    view = counter.accounts.account(TILL, "A1")
    return next(one.standing for one in view.debts if one.debt.code == code)


def taken(counter: Counter, vend_id: str, amount: int = 10_000) -> int:
    """What a sale takes of debts."""
    sold = counter.sell(vend_id, amount)
    return sum(line.amount.minor for line in sold.of_kind(LineKind.DEBT))


def proved(counter: Counter) -> None:
    report = counter.accounts.verify_accounts(TILL)
    assert report.problems == ()
    assert (report.ok, report.accounts) == (True, 3)
    assert counter.ledger("debts", "A1") == sum(counter.owed().values())


def put_sale(
    rows: SqlAccountsWriting, vend_id: str, paid: Money, meter: Drn, now: datetime
) -> Quote:
    file = rows.agreement_of(meter.number)
    assert file is not None
    tariff = tariffs().active(file.tariff, now)
    balance = Money(-rows.balance(chart().role("customer_balance").code, file.number, "ILS"))
    month = Month.of(now, tariff.zone)
    state = state_of(rows.document(file.number), balance, file.commodity, file.since, month)
    sold = quote(tariff, QuoteRequest(paid), state, now)
    sales = f"sales_{file.commodity.value}"
    postings = [
        _posting("till", "P1", "ILS", paid.minor),
        _posting(
            "customer_balance",
            file.number,
            "ILS",
            (sold.balance_before - sold.balance_after).minor,
        ),
        *(
            _posting(share.role or sales, file.number, "ILS", -share.minor)
            for share in shares_of(sold.lines)
        ),
    ]
    entry = _book(rows, "sale", vend_id, now, postings)
    lines = [kept_line(line) for line in sold.lines]
    before = sold.used_before
    used = {} if before is None else {"used_before": before.value}
    rows._db.execute(
        insert(t.sales),
        {
            "vend_id": vend_id,
            "entry": entry,
            "sold_at": now,
            "point": "P1",
            "terminal": "T1",
            "operator": "Samir",
            "tender": "cash",
            "customer": file.account,
            "agreement": file.number,
            "meter": file.meter,
            "pan": "",
            "commodity": file.commodity.value,
            "currency": "ILS",
            "tendered": paid.minor,
            "balance_before": sold.balance_before.minor,
            "net": sold.net.minor,
            "vat": sold.vat.minor,
            "balance_after": sold.balance_after.minor,
            "quantity": sold.quantity.value,
            "unit": sold.quantity.unit,
            "tariff": sold.tariff,
            "tariff_version": sold.tariff_version,
            "document": canonical_json({"lines": lines, **used}).decode(),
        },
    )
    opening = Opening(file.commodity, "ILS", file.since)
    kept = kept_state(rows.document(file.number), balance, file.commodity)
    rows.keep(file.number, document_of(after_sale(kept, opening, sold, now, tariff)))
    return sold


def put_void(rows: SqlAccountsWriting, vend_id: str, now: datetime) -> None:
    sale = rows._db.execute(t.sales.select().where(t.sales.c.vend_id == vend_id)).one()
    file = rows.agreement_file(sale.agreement)
    posted = rows.entry(sale.entry)
    assert file is not None
    assert posted is not None
    turned = [line._replace(amount=-line.amount) for line in posted.entry.postings]
    entry = _book(rows, "void", vend_id, now, turned)
    rows._db.execute(
        insert(t.voids),
        {
            "vend_id": vend_id,
            "entry": entry,
            "at": now,
            "actor": "Samir",
            "point": "P1",
            "terminal": "T1",
            "evidence": "not_shown",
            "reason": "Wrong meter",
            "document": "{}",
        },
    )
    tariff = tariffs().version(sale.tariff, sale.tariff_version)
    kept = kept_state(rows.document(file.number), Money(0), file.commodity)
    rows.keep(file.number, document_of(unsettled(kept, quote_of(sale), sale.sold_at, tariff)))


def _posting(role: str, holder: str, unit: str, amount: int) -> Posting:
    account = chart().role(role)
    return Posting(
        account.code, holder if account.per in ("agreement", "point") else "", unit, amount
    )


def _book(
    rows: SqlAccountsWriting, kind: str, cause: str, now: datetime, postings: list[Any]
) -> int:
    moving = tuple(posting for posting in postings if posting.amount)
    entry = JournalEntry(now, kind, cause, "Samir", "P1", "", moving)
    posted = chained(entry, rows.chain_head())
    cached = chart().cached()
    rows.book(posted, tuple(p for p in moving if p.account in cached))
    return posted.number
