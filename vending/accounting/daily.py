"""The daily check: what the books hold of a day, and what the check answers. Facts, pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from ..ledger import Seal
from .days import day_of, read_day
from .errors import DayMalformed

SALE_KINDS = ("sale", "payment")
"""Kinds of entries that sales are booked by."""
VOID_KINDS = ("void", "refund")


class TokenMade(NamedTuple):
    """One token as its row says."""

    kind: str
    tid: int | None
    quantity: int
    unit: str
    pan: str
    base_date: str
    """Short code."""
    digits: str

    def __repr__(self) -> str:
        # Whoever reads the digits has the units.
        return f"TokenMade(kind={self.kind!r}, tid={self.tid})"


class SaleMade(NamedTuple):
    """One sale as its rows say, and what of receipt and entry is found beside it."""

    entry: int
    entry_kind: str
    entry_cause: str
    vend_id: str
    kind: str
    """SaleKind"""
    basket: str | None
    point: str
    operator: str
    tender: str
    currency: str
    tendered: int
    balance_used: int
    """Of the customer's carried money; below 0: put aside."""
    vat: int
    quantity: int
    unit: str
    document: str
    receipt: int | None
    """Its own, at its point."""
    shared: int | None
    """That of the sale that leads its basket, at the same point."""
    tokens: tuple[TokenMade, ...]


class VoidMade(NamedTuple):
    """One void as its row says, and the money of the sale that it is for."""

    vend_id: str
    entry_kind: str
    entry_cause: str
    evidence: str
    point: str
    """Of the sale, as what follows."""
    operator: str
    tender: str
    currency: str
    tendered: int
    document: str
    said: str
    """The document of the void itself."""


class Booked(NamedTuple):
    """What entries moved in one account. The holder is told where points and operators hold it."""

    account: str
    holder: str
    unit: str
    debit: int
    credit: int
    """Above zero, as `debit`."""

    @property
    def net(self) -> int:
        return self.debit - self.credit


class KeyUse(NamedTuple):
    """Tokens of one kind made under one vending key. A key change is made under the key that the
    meter leaves."""

    sgc: str
    krn: int
    kind: str
    tokens: int
    sales: int
    opened: int | None
    """Those that the security module opened with this key and found to be what their rows say;
    None: it does not hold the key."""


class ReceiptCount(NamedTuple):
    """Receipts of one point in the stretch: one for each basket."""

    point: str
    first: int
    last: int
    held: int
    sales: int
    """Sales of this point, which share them."""


class MoneyCount(NamedTuple):
    """Money of sales in one account (of one holder): as the sales tell it and as it is booked, and
    what voids and refunds took back."""

    account: str
    holder: str
    unit: str
    told: int
    """Debit positive, as the next two."""
    booked: int
    back: int


class Difference(NamedTuple):
    """Two counts that must agree and do not."""

    what: str
    """See `DIFFERENCES`."""
    where: str
    """Point, account, unit, kind or vend id."""
    expected: int
    found: int


DIFFERENCES = frozenset(
    {
        "documents",
        "sale_entries",
        "entries_of_sales",
        "tokens",
        "tokens_carry",
        "issuer",
        "key_changes",
        "receipts",
        "basket_receipts",
        "receipt_numbers",
        "parts",
        "paid",
        "booked",
        "issued",
        "void_entries",
        "entries_of_voids",
        "voided",
        "balanced",
        "voided_yet_taken",
        "seals",
    }
)


class KeptCheck(NamedTuple):
    """What a check found that a seal keeps."""

    seal: int
    at: datetime
    actor: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class DailyCheck:
    """Issued tokens = ledger = receipts, and money as told = money as booked."""

    day: str
    first_entry: int
    last_entry: int
    sales: int
    baskets: int
    tokens: int
    voids: int
    refunds: int
    keys: tuple[KeyUse, ...]
    receipts: tuple[ReceiptCount, ...]
    money: tuple[MoneyCount, ...]
    differences: tuple[Difference, ...]
    kept: KeptCheck | None = None
    """The last check of this day that a seal keeps."""
    seals: int = 0
    """How many there were when it was made."""

    @property
    def ok(self) -> bool:
        return not self.differences


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What the books hold of a stretch."""

    sales: Iterable[SaleMade]
    """By entry; read once."""
    entries: Mapping[str, int]
    """How many there are of each kind."""
    booked: Sequence[Booked]
    """By the entries of sales."""
    voids: Sequence[VoidMade]
    void_booked: Sequence[Booked]
    """By the entries of voids and refunds."""
    undone: Sequence[Booked]
    """By the entries of the sales that these voids took back."""
    sums: Sequence[tuple[str, str, int]]
    """(account, unit, amount) by all entries."""
    key_issues: int
    """Key changes that the record of key changes calls issued with these sales."""
    yet_taken: Sequence[str]
    """Vend ids of voided sales whose token a meter has taken."""
    unread_seals: Sequence[int] = ()
    """Numbers of the day's seals that are not what a seal says."""


def first_unchecked(seals: Sequence[Seal], begun: date, now: datetime, zone: tzinfo) -> date:
    """The day after the last one that a seal tells the check of; `begun` where none does. A seal by
    hand says nothing of days before it that nobody has checked; one that was made by a clock that
    stood ahead of `now`, or whose day is none that has begun, nothing of any day."""
    today = day_of(now, zone)
    for seal in reversed(seals):
        content = seal.told if seal.sealed_at <= now else None
        if content is not None and content.differences is not None:
            checked = _day_or_none(seal.day)
            if checked is not None and checked <= today:
                return checked + timedelta(days=1)
    return begun


def _day_or_none(text: str) -> date | None:
    try:
        return read_day(text)
    except DayMalformed:
        return None


def kept_check(seals: Sequence[Seal], day: str) -> KeptCheck | None:
    """The last check of a day that a seal keeps, as far as its seals can be read."""
    for seal in reversed(seals):
        content = seal.told if seal.day == day else None
        differences = None if content is None else content.differences
        if differences is not None:
            found = tuple(Difference(*one) for one in differences)
            return KeptCheck(seal.number, seal.sealed_at, seal.actor, found)
    return None
