"""What a sale would cost, and promises of it: quotes, from the account as the books have it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from meters.identity import meter_from_text
from meters.quantities import Money
from tokens.sts import KeyAttributes, KeyRef

from .accounts.state import state_of
from .admission import first_month
from .keychanges import attributes_of
from .masks import masked_file
from .parties import Actor, MeterFile
from .permissions import require
from .ports import Ports, Reading
from .quoting import binding_from, kept_quote
from .requests import Item, Postponement, Units
from .ringing import RINGS, Bench, bench_of, credit_inputs, credit_quote, inputs_of
from .sold import agent, meter_in_use
from .tariff import AccountState, BindingQuote, Month, Quote, QuoteIdReused, Tariff, binding

QUOTES_KEPT: Final = timedelta(days=1)
"""How long an expired quote is still known."""


class Offering:
    """See `VendingService`, whose promises these are."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._balance_account = ports.chart.role("customer_balance")

    def quote(
        self,
        actor: Actor,
        meter: str,
        ask: Money | Units,
        postpone: tuple[Postponement, ...] = (),
    ) -> Quote:
        require(actor, "quote")
        with self._ports.store.reading() as books:
            bench = self._bench(books, meter)
        return credit_quote(bench, ask, postpone)

    def priced(self, actor: Actor, item: Item) -> tuple[MeterFile, Quote]:
        require(actor, "quote")
        with self._ports.store.reading() as books:
            bench = self._bench(books, item.meter)
            file = masked_file(bench.file) if agent(books, actor) else bench.file
        return file, RINGS[type(item)](bench, item)[0]

    def bind(
        self,
        actor: Actor,
        meter: str,
        ask: Money | Units,
        postpone: tuple[Postponement, ...] = (),
        quote_id: str = "",
    ) -> BindingQuote:
        require(actor, "quote")
        with self._ports.store.reading() as books:
            bench = self._bench(books, meter)
        priced = credit_quote(bench, ask, postpone)
        request, _ = credit_inputs(bench, ask, ())
        promise = binding(priced, inputs_of(bench, request), bench.now, quote_id=quote_id)
        number, agreement = bench.file.meter.number.number, bench.file.agreement.number
        with self._ports.store.writing() as books:
            kept = books.keep_quote(
                kept_quote(promise, ask, postpone, number, agreement, actor.name)
            )
        # Under an id of the caller's there may be an earlier one: that is what will be honoured.
        earlier, asked, put_off = binding_from(kept)
        if (kept.meter, _said(asked), put_off) != (number, _said(ask), postpone):
            raise QuoteIdReused(kept.id)
        return earlier

    def forget_quotes(self) -> int:
        with self._ports.store.writing() as books:
            # A clock that ran ahead would take those that bind still.
            now = self._ports.guard.no_later(self._ports.clock(), books.chain_head(), books)
            return books.forget_quotes(now - QUOTES_KEPT)

    def balance(self, actor: Actor, number: str) -> Money:
        require(actor, "look_up")
        typed = meter_from_text(number).number
        with self._ports.store.reading() as books:
            file = meter_in_use(books, typed)
            tariff = self._ports.tariffs.active(file.agreement.tariff, self._ports.clock())
            return self._balance_of(books, file, tariff.currency)

    def _bench(self, books: Reading, meter: str) -> Bench:
        file = meter_in_use(books, meter_from_text(meter).number)
        now = self._ports.clock()
        return bench_of(
            self._ports,
            file,
            self._key(file),
            lambda tariff: self._account_of(books, file, tariff, now),
            now,
        )

    def _balance_of(self, books: Reading, file: MeterFile, currency: str) -> Money:
        """The customer's carried money. The ledger owes it to them, so it stands as a credit."""
        account = self._balance_account
        return Money(-books.balance(account.code, file.agreement.number, currency), currency)

    def _account_of(
        self, books: Reading, file: MeterFile, tariff: Tariff, now: datetime
    ) -> AccountState:
        """The account of the meter's agreement now."""
        return state_of(
            books.account_document(file.agreement.number),
            self._balance_of(books, file, tariff.currency),
            tariff.commodity,
            first_month(file.agreement),
            Month.of(now, tariff.zone),
        )

    def _key(self, file: MeterFile) -> KeyAttributes:
        """The vending key that the next token is made with. Raises KeyUnknown."""
        planned = file.meter.planned
        wanted = file.meter.key.key if planned is None else KeyRef(planned.sgc, planned.krn)
        return attributes_of(self._ports.security, wanted)


def _said(ask: Money | Units) -> Money | str:
    """What is asked for, however it is spelt."""
    return ask.plain if isinstance(ask, Units) else ask
