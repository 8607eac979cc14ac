"""What each kind of item costs and gives: one function a kind, one table. Everything here happens
inside the sale's transaction, before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from meters.errors import Refused
from meters.quantities import Money, Quantity
from tokens.sts import KeyAttributes, MeterKeyRef, Stamp, Token, TokenKindUnknown, kind_named
from tokens.sts.policy import held_by

from .accounts.folding import Opening, after_sale
from .accounts.state import postponed_for_sale
from .ground import KeptQuote
from .keychanges import KeySet, attributes_of, key_set
from .parties import MeterFile
from .ports import Ports
from .quoting import binding_from
from .requests import (
    Allowance,
    Correction,
    Credit,
    DebtPayment,
    Engineering,
    FreeIssue,
    Item,
    Postponement,
    Refund,
    Transfer,
    Units,
    units_of,
)
from .sale import IssuedToken
from .tariff import (
    AccountState,
    Month,
    Quote,
    QuoteChanged,
    QuoteInputs,
    QuoteMissing,
    QuoteRequest,
    Tariff,
    TariffCommodity,
    TariffCurrency,
    free_left,
    pay_owed,
    quote,
    still_binds,
    unpaid,
)
from .till import Till
from .vend import credit_token, next_tid

POSTPONED_FOR = timedelta(hours=1)
"""How long a debt that a clerk postpones within one sale is left alone: for this sale."""


@dataclass(eq=False)
class NoAllowance(Refused, code="vend.no_allowance"):
    """Nothing is left of the month's free units, or the tariff has none."""

    meter: str


class Rung(Struct, frozen=True):
    """One item, rung up: priced, its tokens made, nothing written."""

    item: Item
    file: MeterFile
    """As before a key change that it carries."""
    key: KeyAttributes
    """The vending key behind its tokens."""
    quote: Quote
    state: AccountState
    """The account behind it."""
    tokens: tuple[IssuedToken, ...]
    keys: KeySet | None
    refers_to: str


class Bench(Struct, frozen=True):
    """What one item is priced on."""

    file: MeterFile
    tariff: Tariff
    state: AccountState
    now: datetime
    most: Quantity | None
    """What one token of the vending key may carry."""
    kept: KeptQuote | None
    """The binding quote that the item names."""

    def units(self, typed: Units) -> Quantity:
        """Raises NotANumber, TooFine."""
        return units_of(typed, self.file.meter.commodity.quantity)

    def settle(self, sold: Quote) -> AccountState:
        since = self.file.agreement.since
        month = None if since is None else Month.from_text(since)
        opening = Opening(self.tariff.commodity, self.tariff.currency, month)
        return after_sale(self.state, opening, sold, self.now, self.tariff)


Priced = tuple[Quote, AccountState, str]
"""The quote, the account behind it, and what the sale refers to."""


def bench_of(
    ports: Ports,
    file: MeterFile,
    key: KeyAttributes,
    state_at: Callable[[Tariff], AccountState],
    now: datetime,
    kept: KeptQuote | None = None,
) -> Bench:
    """Raises TariffMissing, TariffCommodity, TariffCurrency."""
    commodity = file.meter.commodity
    tariff = ports.tariffs.active(file.agreement.tariff, now)
    if tariff.commodity is not commodity:
        raise TariffCommodity(tariff.code, file.meter.number.number)
    if tariff.currency != ports.chart.currency:
        raise TariffCurrency(tariff.code, tariff.currency, ports.chart.currency)
    most: Quantity | None = None
    if key.unit_limit is not None:
        most = commodity.quantity(key.unit_limit * commodity.token_step)
    return Bench(file, tariff, state_at(tariff), now, most, kept)


def credit_quote(bench: Bench, ask: Money | Units, postpone: Sequence[Postponement]) -> Quote:
    """Prices units for money, or money for units. Raises the errors of `tariff.quote`."""
    return quote(bench.tariff, *credit_inputs(bench, ask, postpone), bench.now)


def credit_inputs(
    bench: Bench, ask: Money | Units, postpone: Sequence[Postponement]
) -> tuple[QuoteRequest, AccountState]:
    wanted = ask if isinstance(ask, Money) else bench.units(ask)
    state = bench.state
    if postpone:
        debts = [(one.debt, one.reason) for one in postpone]
        until = bench.now + POSTPONED_FOR
        state = postponed_for_sale(state, debts, bench.now, until)
    return QuoteRequest(wanted, bench.most), state


def inputs_of(bench: Bench, request: QuoteRequest) -> QuoteInputs:
    """What a binding quote depends on."""
    number, agreement = bench.file.meter.number.number, bench.file.agreement.number
    month = Month.of(bench.now, bench.tariff.zone)
    return QuoteInputs(f"{agreement} {number}", bench.tariff, request, bench.state, month)


def _credit(bench: Bench, item: Credit) -> Priced:
    if item.quote_id:
        if bench.kept is None:
            raise QuoteMissing(item.quote_id[:64])
        promise, _, postpone = binding_from(bench.kept)
        if item.postpone != postpone:
            raise QuoteChanged(promise.id, ["debts"])
        request, _ = credit_inputs(bench, item.ask, ())
        inputs, then = inputs_of(bench, request), replace(bench, now=promise.made_at)
        sold = still_binds(promise, inputs, bench.now)
        # Its row is no part of the books, and may be changed: what it promises has to follow from
        # what it was made from, or whoever writes there sets the price.
        if inputs_of(then, request) != inputs or sold != credit_quote(then, item.ask, postpone):
            raise QuoteChanged(promise.id, ["price"])
    else:
        request, state = credit_inputs(bench, item.ask, item.postpone)
        sold = quote(bench.tariff, request, state, bench.now)
    # A postponement for one sale leaves no trace on the account but what was not taken.
    return sold, bench.settle(sold), ""


def _allowance(bench: Bench, item: Allowance) -> Priced:  # noqa: ARG001
    # What one token does not carry is given by the next one.
    units = free_left(bench.tariff, bench.state, bench.now, bench.most)
    if units.is_zero:
        raise NoAllowance(bench.file.meter.number.number)
    sold = quote(bench.tariff, QuoteRequest(units, bench.most), bench.state, bench.now)
    if not sold.tendered.is_zero:
        raise NoAllowance(bench.file.meter.number.number)
    return sold, bench.settle(sold), ""


def _payment(bench: Bench, item: DebtPayment) -> Priced:
    sold = pay_owed(bench.tariff, item.amount, bench.state, bench.now, item.code)
    return sold, bench.settle(sold), item.code


def _free_issue(bench: Bench, item: FreeIssue) -> Priced:
    sold = unpaid(bench.tariff, "free_issue", bench.units(item.units), bench.state, bench.now)
    return sold, bench.settle(sold), ""


def _correction(bench: Bench, item: Correction) -> Priced:
    sold = credit_quote(bench, item.amount, ())
    return sold, bench.settle(sold), item.refers_to


def _refund(bench: Bench, item: Refund) -> Priced:
    sold = unpaid(bench.tariff, "refund", bench.units(item.units), bench.state, bench.now)
    return sold, bench.settle(sold), item.refers_to


def _transfer(bench: Bench, item: Transfer) -> Priced:
    # They filled the month's blocks when they were bought.
    sold = unpaid(bench.tariff, "transfer", bench.units(item.units), bench.state, bench.now)
    return sold, bench.state, item.old_meter


def _engineering(bench: Bench, item: Engineering) -> Priced:
    nothing = bench.tariff.commodity.quantity(0)
    return unpaid(bench.tariff, "", nothing, bench.state, bench.now), bench.state, item.token


RINGS: dict[type[Any], Callable[[Bench, Any], Priced]] = {
    Credit: _credit,
    Allowance: _allowance,
    DebtPayment: _payment,
    FreeIssue: _free_issue,
    Correction: _correction,
    Refund: _refund,
    Transfer: _transfer,
    Engineering: _engineering,
}
"""By kind of item."""


def ring(
    ports: Ports, till: Till, balance_account: str, item: Item, number: str, now: datetime
) -> Rung:
    """Prices an item and makes its tokens; nothing is written. The tokens leave the transaction
    only after its commit.

    Raises MeterUnknown, the errors of pricing, TidOutOfRange, ClockWentBack, KeyChangeDue and the
    refusals of the security module.
    """
    file = till.file(number)
    has_token = not isinstance(item, DebtPayment)
    keys = None
    if has_token:
        credit = not isinstance(item, Engineering)
        keys = key_set(ports.security, file.meter, now, credit=credit)
    ref = file.meter.key if keys is None else keys.after
    key = held_by(ref, attributes_of(ports.security, ref.key))

    def state_at(tariff: Tariff) -> AccountState:
        # The ledger owes it to the customer, so it stands as a credit.
        minor = -till.balance(file, balance_account, tariff.currency)
        return till.account(file, Money(minor, tariff.currency), tariff, now)

    kept = till.quote(item.quote_id) if isinstance(item, Credit) and item.quote_id else None
    bench = bench_of(ports, file, key, state_at, now, kept)
    sold, state, refers_to = RINGS[type(item)](bench, item)
    tokens: tuple[IssuedToken, ...] = ()
    if has_token:
        last = till.last_tid(file, key.base_date.short)
        tid = next_tid(key.base_date, now, last, ports.guard.limits)
        tokens = (_token(ports, ref, item, sold, tid, now),)
    return Rung(item, file, key, sold, state, tokens, keys, refers_to)


def _token(
    ports: Ports, ref: MeterKeyRef, item: Item, sold: Quote, tid: int, now: datetime
) -> IssuedToken:
    rnd = ports.randomness()
    token: Token
    if isinstance(item, Engineering):
        kind = kind_named(item.token, ref.ea)
        if kind.token_class != 2 or not kind.has_tid:
            # Credit has its own kinds of sale, and key changes go by plan.
            raise TokenKindUnknown(item.token[:60])
        name, token = item.token, kind.from_fields(dict(item.fields), Stamp(tid, rnd))
        quantity = None
    else:
        name, token = credit_token(sold.commodity, sold.quantity, tid, rnd)
        quantity = sold.quantity
    return IssuedToken(name, ports.security.issue(ref, token, now), tid, quantity)
