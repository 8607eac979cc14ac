"""The daily check: what the sales say, what the ledger says, what receipts and tokens say, counted
apart over the same stretch of the journal and held against each other. Pure.

The money of a sale is read from the parts that its document tells and never from its entry; units
from the sale and, apart, from its tokens.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..ledger import Chart
from ..persons import person
from ..vend import CREDIT_TOKENS, TENDER_ROLES
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
    SaleMade,
    TokenMade,
    VoidMade,
)
from .issuer import Issuer, MadeUnder, made_under
from .parts import Taken, given_back, taken_from

_CREDIT = {kind.quantity.unit: name for kind, (name, _) in CREDIT_TOKENS.items()}
"""Kind of token that carries units, by unit."""
_KEY_CHANGE = "key_change_"

_Key = tuple[str, str, str]
"""Account, holder, unit."""


@dataclass(slots=True)
class _Counts:
    """What the sales of the stretch add up to."""

    sales: int = 0
    unreadable: list[str] = field(default_factory=list)
    by_entry: Counter[str] = field(default_factory=Counter)
    right_entries: int = 0
    wanted: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    uses: dict[tuple[str, int, str], list[int]] = field(default_factory=dict)
    """Tokens, sales with such tokens, and tokens that were opened and are right."""
    not_made: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Sales with tokens that are not what their rows say: how many could be opened, and how many
    of these are right."""
    sold: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)
    moves: int = 0
    sets: int = 0
    points: dict[str, list[int]] = field(default_factory=dict)
    """Receipt numbers of each point."""
    leading: Counter[str] = field(default_factory=Counter)
    following: Counter[str] = field(default_factory=Counter)
    following_held: Counter[str] = field(default_factory=Counter)
    money: Counter[_Key] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    telling: str = ""
    """The sale that tells how the whole basket was paid, while its basket goes by."""
    paid: Counter[str] = field(default_factory=Counter)
    """By way of paying, as baskets tell it of the whole."""
    of_paid: Counter[str] = field(default_factory=Counter)
    """The same, as their sales tell it."""


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
    accounts = _Accounts(chart)
    facts = _by_person(facts, accounts.deposit)
    counts = _Counts()
    for sale in facts.sales:
        _count(counts, sale, accounts, issuer)
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


class _Accounts:
    """The accounts that money and units of sales stand in."""

    def __init__(self, chart: Chart) -> None:
        self.tenders = {
            tender.value: chart.role(role).code for tender, role in TENDER_ROLES.items()
        }
        self.deposit = chart.role("operator_deposit").code
        self.rounding = chart.role("coin_rounding").code
        self.commission = chart.role("commission").code
        self.balance = chart.role("customer_balance").code
        self.vat = chart.role("vat_due").code
        self.refunds = chart.role("refunds").code
        self.meters = {
            chart.role(f"meters_{what}").code for what in ("electricity", "water", "tokens")
        }
        self.shown = {
            *self.tenders.values(),
            self.deposit,
            self.rounding,
            self.commission,
            self.refunds,
        }
        self.checked = {*self.shown, self.balance, self.vat}

    def of(self, taken: Taken, point: str, operator: str, currency: str) -> Counter[_Key]:
        """Where this money stands. Raises KeyError for a way of paying that there is not."""
        found: Counter[_Key] = Counter()
        operator = person(taken.deposit_of or operator)
        for tender, amount in taken.parts:
            account, holder = self.tenders[tender], point
            if taken.on_deposit:
                account, holder = self.deposit, operator
            found[account, holder, currency] += amount
        found[self.rounding, "", currency] -= taken.rounding
        found[self.commission, "", currency] += taken.commission
        found[self.deposit, operator, currency] -= taken.commission
        return found


def _by_person(facts: DayFacts, deposit: str) -> DayFacts:
    """The same, where what operators have paid in stands under the person: entries of before were
    booked under the name that somebody came in by (`api:samir`)."""

    def told(rows: Iterable[Booked]) -> list[Booked]:
        sums: dict[_Key, list[int]] = {}
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


def _count(counts: _Counts, sale: SaleMade, accounts: _Accounts, issuer: Issuer | None) -> None:
    counts.sales += 1
    without = sale.kind == "payment"
    kind = "payment" if without else "sale"
    counts.by_entry[kind] += 1
    counts.right_entries += (sale.entry_kind, sale.entry_cause) == (kind, sale.vend_id)
    if sale.basket is None:
        counts.leading[sale.point] += 1
    else:
        counts.following[sale.point] += 1
        counts.following_held[sale.point] += sale.shared is not None
    if sale.receipt is not None:
        counts.points.setdefault(sale.point, []).append(sale.receipt)
    try:
        data = json.loads(sale.document)
        taken = taken_from(data, sale.tender, sale.tendered)
        money = accounts.of(taken, sale.point, person(sale.operator), sale.currency)
        whole = _paid_of(data)
        under = made_under(data)
        refers_to = str(data.get("refers_to", ""))
    except (ValueError, LookupError, TypeError, AttributeError):
        counts.unreadable.append(sale.vend_id)
        return
    counts.money.update(money)
    counts.money[accounts.balance, "", sale.currency] += sale.balance_used
    counts.money[accounts.vat, "", sale.currency] -= sale.vat
    counts.due[sale.currency] += sale.tendered + taken.rounding
    counts.parts[sale.currency] += taken.amount
    _count_paid(counts, sale, taken, whole)
    _count_tokens(counts, sale, under, "key_move" in data, refers_to)
    _count_opened(counts, sale, under, issuer)


def _paid_of(data: dict[str, Any]) -> dict[str, int] | None:
    """What the whole basket was paid in, where it is told."""
    if "paid" not in data:
        return None
    sums: dict[str, int] = {}
    for tender, amount, *_ in data["paid"]["payments"]:
        sums[str(tender)] = sums.get(str(tender), 0) + int(amount)
    return sums


def _count_paid(
    counts: _Counts, sale: SaleMade, taken: Taken, whole: dict[str, int] | None
) -> None:
    """A basket's sales come one behind the other, the leading one first."""
    leader = sale.basket or sale.vend_id
    if whole is not None:
        counts.paid.update(whole)
        counts.telling = leader
    if leader == counts.telling:
        for tender, amount in taken.parts:
            counts.of_paid[tender] += amount


def _count_tokens(
    counts: _Counts,
    sale: SaleMade,
    under: MadeUnder,
    moves: bool,
    refers_to: str,
) -> None:
    management = sale.kind == "engineering"
    if sale.kind != "payment":
        counts.wanted[refers_to if management else _CREDIT.get(sale.unit, "")] += 1
    if management:
        counts.sold["token"] += 1
    elif sale.quantity:
        counts.sold[sale.unit] += sale.quantity
    counts.moves += moves
    sections = sorted(token.kind for token in sale.tokens if token.tid is None)
    counts.sets += bool(sections)
    if sections != [f"{_KEY_CHANGE}{place}" for place in range(1, len(sections) + 1)]:
        # A section is missing or is there twice: such a set moves no meter.
        counts.sets -= 1
    used: set[tuple[str, int, str]] = set()
    for token in sale.tokens:
        use = (*_key_of(token, under), token.kind)
        counts.uses.setdefault(use, [0, 0, 0])[0] += 1
        used.add(use)
        if token.tid is None:
            continue
        counts.made[token.kind] += 1
        if not token.unit:
            counts.carried["token"] += 1
        elif token.quantity:
            counts.carried[token.unit] += token.quantity
    for use in used:
        counts.uses[use][1] += 1


def _count_opened(counts: _Counts, sale: SaleMade, under: MadeUnder, issuer: Issuer | None) -> None:
    opened = right = 0
    for token in sale.tokens if issuer else ():
        sgc, krn = _key_of(token, under)
        if issuer and issuer.holds(sgc, krn):
            made = issuer.made(token, under)
            opened, right = opened + 1, right + made
            counts.uses[sgc, krn, token.kind][2] += made
    if opened != right:
        counts.not_made[sale.vend_id] = opened, right


def _key_of(token: TokenMade, under: MadeUnder) -> tuple[str, int]:
    """The key that it was made under."""
    ref = under.left if token.tid is None else under.own
    return ref.sgc, ref.krn


def _receipts(
    counts: _Counts, found: _Differences, receipt_before: Callable[[str, int], int]
) -> tuple[ReceiptCount, ...]:
    rows = []
    for point in sorted({*counts.leading, *counts.following, *counts.points}):
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
    counts: _Counts, booked: Mapping[_Key, Booked], accounts: _Accounts, found: _Differences
) -> None:
    there = {key: row.net for key, row in booked.items() if key[0] in accounts.checked}
    for key in sorted({*counts.money, *there}):
        account, holder, _ = key
        where = f"{account}:{holder}" if holder else account
        found.same("booked", where, counts.money[key], there.get(key, 0))


def _count_given(wanted: Counter[_Key], void: VoidMade, accounts: _Accounts) -> None:
    """What was given to the customer, as the void's document tells it: all of it for a refund;
    for a void what it differs by from the sale's entry, which is turned around already."""
    refund, given = void.evidence == "refund", given_of(void.said)
    if not refund and given is None:
        return
    paid = taken_from(json.loads(void.document), void.tender, void.tendered)
    whom = void.point, person(void.operator), void.currency
    wanted.update(accounts.of(given_back(paid, given), *whom))
    if not refund:
        wanted.subtract(accounts.of(given_back(paid), *whom))


def _voids(facts: DayFacts, accounts: _Accounts, found: _Differences) -> Counter[_Key]:
    """Holds the voids against their entries; what these entries took back."""
    kinds: Counter[str] = Counter()
    right = 0
    wanted: Counter[_Key] = Counter()
    for row in facts.undone:
        wanted[row.account, row.holder, row.unit] -= row.net
    for void in facts.voids:
        kind = "refund" if void.evidence == "refund" else "void"
        kinds[kind] += 1
        right += (void.entry_kind, void.entry_cause) == (kind, void.vend_id)
        try:
            _count_given(wanted, void, accounts)
        except (ValueError, LookupError, TypeError, AttributeError):
            found.note("documents", void.vend_id, 1, 0)
        if kind == "refund":
            wanted[accounts.refunds, "", void.currency] += void.tendered
    for kind in VOID_KINDS:
        found.same("void_entries", kind, kinds[kind], facts.entries.get(kind, 0))
    found.same("entries_of_voids", "", len(facts.voids), right)
    back: Counter[_Key] = Counter()
    for row in facts.void_booked:
        back[row.account, row.holder, row.unit] += row.net
    for key in sorted({*wanted, *back}):
        account, holder, _ = key
        found.same("voided", f"{account}:{holder}" if holder else account, wanted[key], back[key])
    return back
