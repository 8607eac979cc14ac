"""The daily check: what the sales say, what the ledger says, what receipts and tokens say, counted
apart over the same stretch of the journal and held against each other. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from ..ledger import Chart
from ..persons import person
from ..voids import given_of
from .daily import (
    DIFFERENCES,
    SALE_KINDS,
    VOID_KINDS,
    Booked,
    DailyCheck,
    DayFacts,
    Difference,
    KeptCheck,
    KeyUse,
    MoneyCount,
    ReceiptCount,
    VoidMade,
)
from .daycounts import Accounts, Counts, Key, count
from .issuer import Issuer
from .parts import given_back, taken_from


def checked(
    day: str,
    first: int,
    last: int,
    facts: DayFacts,
    chart: Chart,
    receipt_before: Callable[[str, int], int],
    kept: KeptCheck | None = None,
    issuer: Issuer | None = None,
) -> DailyCheck:
    """The check over entries `first` to `last`; everything that does not agree is told.

    `issuer` opens the tokens, with the keys that it holds; None: they are not opened.
    `receipt_before` answers the largest receipt number of a point below another (0: none).
    """
    accounts = Accounts(chart)
    facts = _by_person(facts, accounts.deposit)
    counts = Counts()
    for sale in facts.sales:
        count(counts, sale, accounts, issuer)
    found = _Differences()
    for vend_id in counts.unreadable:
        found.note("documents", vend_id, 1, 0)
    for kind in SALE_KINDS:
        found.same("sale_entries", kind, counts.by_entry[kind], facts.entries.get(kind, 0))
    found.same("entries_of_sales", "", counts.sales, counts.right_entries)
    found.each("tokens", counts.wanted, counts.made)
    found.each("tokens_carry", counts.sold, counts.carried)
    for vend_id, (opened, right) in counts.not_made.items():
        found.note("issuer", vend_id, opened, right)
    found.same("key_changes", "tokens", counts.moves, counts.sets)
    found.same("key_changes", "issued", counts.moves, facts.key_issues)
    receipts = _receipts(counts, found, receipt_before)
    found.each("parts", counts.due, counts.parts)
    found.each("paid", counts.paid, counts.of_paid)
    booked = {(row.account, row.holder, row.unit): row for row in facts.booked}
    _money(counts, booked, accounts, found)
    issued: Counter[str] = Counter()
    for row in facts.booked:
        # What was left on an old meter leaves it there; only what a token carries is debited.
        if row.account in accounts.meters:
            issued[row.unit] += row.debit
    found.each("issued", counts.sold, issued)
    voided = _voids(facts, accounts, found)
    off: Counter[str] = Counter()
    for _, unit, amount in facts.sums:
        off[unit] += amount
    found.each("balanced", Counter(), off)
    for vend_id in facts.yet_taken:
        found.note("voided_yet_taken", vend_id, 0, 1)
    for number in facts.unread_seals:
        found.note("seals", str(number), 1, 0)
    refunds = sum(void.evidence == "refund" for void in facts.voids)
    back = {key: amount for key, amount in voided.items() if key[0] in accounts.shown}
    told = {key: amount for key, amount in counts.money.items() if key[0] in accounts.shown}
    there = {key: row.net for key, row in booked.items() if key[0] in accounts.shown}
    return DailyCheck(
        day=day,
        first_entry=first,
        last_entry=last,
        sales=counts.sales,
        baskets=sum(counts.leading.values()),
        tokens=sum(tokens for tokens, *_ in counts.uses.values()),
        voids=len(facts.voids) - refunds,
        refunds=refunds,
        keys=tuple(
            KeyUse(*key, tokens, sales, opened if issuer and issuer.holds(*key[:2]) else None)
            for key, (tokens, sales, opened) in sorted(counts.uses.items())
        ),
        receipts=receipts,
        money=tuple(
            MoneyCount(*key, told.get(key, 0), there.get(key, 0), back.get(key, 0))
            for key in sorted({*told, *there, *back})
            if told.get(key) or there.get(key) or back.get(key)
        ),
        differences=tuple(found.all),
        kept=kept,
    )


def _by_person(facts: DayFacts, deposit: str) -> DayFacts:
    """The same, where what operators have paid in stands under the person: entries of before were
    booked under the name that somebody came in by (`api:samir`)."""

    def told(rows: Iterable[Booked]) -> list[Booked]:
        sums: dict[Key, list[int]] = {}
        for row in rows:
            holder = person(row.holder) if row.account == deposit else row.holder
            both = sums.setdefault((row.account, holder, row.unit), [0, 0])
            both[0] += row.debit
            both[1] += row.credit
        return [Booked(*key, *both) for key, both in sums.items()]

    return replace(
        facts,
        booked=told(facts.booked),
        undone=told(facts.undone),
        void_booked=told(facts.void_booked),
    )


class _Differences:
    def __init__(self) -> None:
        self.all: list[Difference] = []

    def note(self, what: str, where: str, expected: int, found: int) -> None:
        assert what in DIFFERENCES
        self.all.append(Difference(what, where, expected, found))

    def same(self, what: str, where: str, expected: int, found: int) -> None:
        if expected != found:
            self.note(what, where, expected, found)

    def each(self, what: str, expected: Mapping[str, int], found: Mapping[str, int]) -> None:
        for where in sorted({*expected, *found}):
            self.same(what, where, expected.get(where, 0), found.get(where, 0))


def _receipts(
    counts: Counts, found: _Differences, receipt_before: Callable[[str, int], int]
) -> tuple[ReceiptCount, ...]:
    rows = []
    for point in sorted({*counts.leading, *counts.following}):
        numbers = counts.points.get(point, [])
        first, last = min(numbers, default=1), max(numbers, default=0)
        held = len(numbers)
        found.same("receipts", point, counts.leading[point], held)
        following = counts.following[point]
        found.same("basket_receipts", point, following, counts.following_held[point])
        if numbers:
            # From the last one before, so that one that is missing between two days shows too.
            first_due = receipt_before(point, first) + 1
            found.same("receipt_numbers", point, last - first_due + 1, held)
        rows.append(ReceiptCount(point, first, last, held, counts.leading[point] + following))
    return tuple(rows)


def _money(
    counts: Counts, booked: Mapping[Key, Booked], accounts: Accounts, found: _Differences
) -> None:
    there = {key: row.net for key, row in booked.items() if key[0] in accounts.checked}
    for key in sorted({*counts.money, *there}):
        account, holder, _ = key
        where = f"{account}:{holder}" if holder else account
        found.same("booked", where, counts.money[key], there.get(key, 0))


def _count_given(wanted: Counter[Key], void: VoidMade, accounts: Accounts) -> None:
    """What was given to the customer, as the void's document tells it: all of it for a refund;
    for a void what it differs by from the sale's entry, which is turned around already."""
    refund, given = void.evidence == "refund", given_of(void.said)
    if not refund and given is None:
        return
    paid = taken_from(json.loads(void.document), void.tender, void.tendered)
    whom = void.point, void.operator, void.currency
    wanted.update(accounts.of(given_back(paid, given), *whom))
    if not refund:
        wanted.subtract(accounts.of(given_back(paid), *whom))


def _voids(facts: DayFacts, accounts: Accounts, found: _Differences) -> Counter[Key]:
    """Holds the voids against their entries; what these entries took back."""
    kinds: Counter[str] = Counter()
    right = 0
    wanted: Counter[Key] = Counter()
    for row in facts.undone:
        wanted[row.account, row.holder, row.unit] -= row.net
    for void in facts.voids:
        kind = "refund" if void.evidence == "refund" else "void"
        kinds[kind] += 1
        right += (void.entry_kind, void.entry_cause) == (kind, void.vend_id)
        try:
            _count_given(wanted, void, accounts)
            if kind == "refund":
                wanted[accounts.refunds, "", void.currency] += void.tendered
        except (ValueError, LookupError, TypeError, AttributeError):
            found.note("documents", void.vend_id, 1, 0)
    for kind in VOID_KINDS:
        found.same("void_entries", kind, kinds[kind], facts.entries.get(kind, 0))
    found.same("entries_of_voids", "", len(facts.voids), right)
    back: Counter[Key] = Counter()
    for row in facts.void_booked:
        back[row.account, row.holder, row.unit] += row.net
    for key in sorted({*wanted, *back}):
        account, holder, _ = key
        found.same("voided", f"{account}:{holder}" if holder else account, wanted[key], back[key])
    return back
