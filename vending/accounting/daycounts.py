"""What the sales of a day add up to, from their rows and documents, for the daily check. Pure.

The money of a sale is read from the parts that its document tells and never from its entry; units
from the sale and, apart, from its tokens.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..ledger import Chart
from ..persons import person
from ..vend import CREDIT_TOKENS, TENDER_ROLES
from .daily import SaleMade, TokenMade
from .issuer import Issuer, MadeUnder, made_under
from .parts import Taken, taken_from

_CREDIT = {kind.quantity.unit: name for kind, (name, _) in CREDIT_TOKENS.items()}
"""Kind of token that carries units, by unit."""
_KEY_CHANGE = "key_change_"

Key = tuple[str, str, str]
"""Account, holder, unit."""


@dataclass(slots=True)
class Counts:
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
    money: Counter[Key] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    telling: str = ""
    """The sale that tells how the whole basket was paid, while its basket goes by."""
    paid: Counter[str] = field(default_factory=Counter)
    """By way of paying, as baskets tell it of the whole."""
    of_paid: Counter[str] = field(default_factory=Counter)
    """The same, as their sales tell it."""


class Accounts:
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

    def of(self, taken: Taken, point: str, operator: str, currency: str) -> Counter[Key]:
        """Where this money stands. Raises KeyError for a way of paying that there is not."""
        found: Counter[Key] = Counter()
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


def count(counts: Counts, sale: SaleMade, accounts: Accounts, issuer: Issuer | None) -> None:
    """Adds a sale. One whose document cannot be read is told as that, and counts with its rows; one
    of whose rows cannot be added up counts as a sale alone."""
    counts.sales += 1
    if not _adds_up(sale):
        counts.unreadable.append(str(sale.vend_id))
        return
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
        money = accounts.of(taken, sale.point, sale.operator, sale.currency)
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


def _adds_up(sale: SaleMade) -> bool:
    """Whether its rows hold numbers and text where they should: an SQLite file keeps whatever it is
    given, and a day has to be checked and sealed whatever stands there."""
    receipts = [one for one in (sale.receipt, sale.shared) if one is not None]
    numbers = [sale.tendered, sale.balance_used, sale.vat, sale.quantity, *receipts]
    texts = [sale.kind, sale.point, sale.operator, sale.tender, sale.currency, sale.unit]
    for token in sale.tokens:
        numbers.append(token.quantity)
        texts += (token.kind, token.unit, token.pan, token.base_date, token.digits)
    return all(isinstance(one, int) for one in numbers) and all(
        isinstance(one, str) for one in texts
    )


def _paid_of(data: dict[str, Any]) -> dict[str, int] | None:
    """What the whole basket was paid in, where it is told."""
    if "paid" not in data:
        return None
    sums: dict[str, int] = {}
    for tender, amount, *_ in data["paid"]["payments"]:
        sums[str(tender)] = sums.get(str(tender), 0) + int(amount)
    return sums


def _count_paid(counts: Counts, sale: SaleMade, taken: Taken, whole: dict[str, int] | None) -> None:
    """A basket's sales come one behind the other, the leading one first."""
    leader = sale.basket or sale.vend_id
    if whole is not None:
        counts.paid.update(whole)
        counts.telling = leader
    if leader == counts.telling:
        for tender, amount in taken.parts:
            counts.of_paid[tender] += amount


def _count_tokens(
    counts: Counts,
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
    else:
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
        else:
            counts.carried[token.unit] += token.quantity
    for use in used:
        counts.uses[use][1] += 1


def _count_opened(counts: Counts, sale: SaleMade, under: MadeUnder, issuer: Issuer | None) -> None:
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
