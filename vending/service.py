"""The use cases, over ports. Everything the API, the command line and the demo do goes through
`VendingService`; each answer is a frozen dataclass of `sale`, `parties`, `tariff` or `ledger`.
"""

from __future__ import annotations

from collections.abc import Sequence

from meters.identity import meter_from_text
from meters.quantities import Money
from tokens.sts import SecurityModule

from .handover import Handover
from .ledger import Chart, LedgerReport, PostedEntry, verify
from .parties import (
    Actor,
    Customer,
    CustomerUnknown,
    MeterFile,
    Registration,
    VendingPoint,
    require,
)
from .ports import Clock, GatewayFor, Ports, Randomness, Store
from .sale import Delivery, MeterReading, SaleReceipt, SaleStatus, VendRequest
from .selling import Answer, Selling, meter_in_use
from .tariff import Quote, TariffBook, TariffCommodity
from .vend import ClockLimits


class VendingService:
    """One instance serves many threads."""

    def __init__(
        self,
        store: Store,
        security: SecurityModule,
        tariffs: TariffBook,
        chart: Chart,
        clock: Clock,
        randomness: Randomness,
        gateway_for: GatewayFor,
        clock_limits: ClockLimits | None = None,
    ) -> None:
        self._ports = Ports(
            store=store,
            security=security,
            tariffs=tariffs,
            chart=chart,
            clock=clock,
            randomness=randomness,
            gateway_for=gateway_for,
            clock_limits=clock_limits or ClockLimits(),
        )
        self._selling = Selling(self._ports)
        self._handover = Handover(self._ports)

    # Parties

    def register(self, actor: Actor, registration: Registration) -> None:
        """Writes down points, customers, places, meters and agreements, all or none.

        Raises ActorNotAllowed (administrators only), TariffMissing and TariffCommodity for an
        agreement at a tariff that is not there or not for what its meter measures, PartyExists.
        """
        require(actor, "register")
        now = self._ports.clock()
        for agreement in registration.agreements:
            tariff = self._ports.tariffs.active(agreement.tariff, now)
            if tariff.commodity is not agreement.commodity:
                raise TariffCommodity(tariff.code, agreement.meter.number)
        with self._ports.store.writing() as books:
            books.register(registration)

    def customers(
        self, actor: Actor, search: str = "", *, after: str = "", limit: int = 100
    ) -> list[Customer]:
        """Customers by account number, those behind `after`; `search` is part of a name,
        an account number or a phone number."""
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            return books.customers(search.strip(), after=after, limit=limit)

    def customer(self, actor: Actor, account: str) -> tuple[Customer, list[MeterFile]]:
        """A customer and their meters. Raises CustomerUnknown."""
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            found = books.customer(account.strip())
            if found is None:
                raise CustomerUnknown(account.strip()[:30])
            return found, books.meter_files(customer=found.account)

    def meters(self, actor: Actor, *, after: str = "", limit: int = 100) -> list[MeterFile]:
        """Meters in use by number, those behind `after`."""
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            return books.meter_files(after=after, limit=limit)

    def meter(self, actor: Actor, number: str) -> MeterFile:
        """By what was typed: DRN or PAN, any script's digits, spaces and dashes.

        Raises NotDigits, MeterNumberLength, CheckDigitWrong, IssuerUnknown, MeterUnknown.
        """
        require(actor, "look_up")
        typed = meter_from_text(number).number
        with self._ports.store.reading() as books:
            return meter_in_use(books, typed)

    def points(self, actor: Actor) -> list[VendingPoint]:
        """Vending points by code."""
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            return books.points()

    def balance(self, actor: Actor, number: str) -> Money:
        """What the agreement of this meter carries over from earlier payments (0 or more)."""
        require(actor, "look_up")
        typed = meter_from_text(number).number
        with self._ports.store.reading() as books:
            file = meter_in_use(books, typed)
            currency = self._ports.tariffs.active(
                file.agreement.tariff, self._ports.clock()
            ).currency
            return self._selling.balance_of(books, file, currency)

    # Selling

    def quote(self, actor: Actor, meter: str, amount: Money) -> Quote:
        """Prices a sale; no effect.

        Raises the errors of `meter`, AmountNotPositive, AmountTooLow, AmountTooHigh,
        CurrencyWrong, TariffMissing, TariffCommodity, KeyUnknown.
        """
        return self._selling.quote(actor, meter, amount)

    def vend(self, actor: Actor, request: VendRequest) -> SaleReceipt:
        """Sells, exactly once per vend id, and answers after the sale is durable.

        Same id and same meter, amount, tender and point: the stored receipt (`replayed` True).
        Same id, other inputs: VendIdReused. Raises the errors of `quote`, PointUnknown,
        ActorNotAllowed, ClockWentBack, TidOutOfRange, the security module's refusals and the
        store's Unavailable; after any of them nothing has happened. Only `store.commit_unknown`
        (Unknown) leaves it open: ask again with the same id.
        """
        return self._selling.vend(actor, request)

    def vend_many(self, orders: Sequence[tuple[Actor, VendRequest]]) -> list[Answer]:
        """Any number of sales in one transaction, in their order: for each the receipt, or the
        error that `vend` would have raised. Raises nothing for them.

        A sale that is refused spoils no other; later sales see earlier ones (balance, TID,
        receipt number, vend id). If the database itself fails, every sale has that error, and
        nothing has happened; only after `store.commit_unknown` all or none of them has.
        """
        return self._selling.vend_many(orders)

    def reprint(self, actor: Actor, vend_id: str) -> SaleReceipt:
        """The same digits, marked as copy 1, 2, ...; each is recorded. Raises VendUnknown."""
        return self._selling.reprint(actor, vend_id)

    def what_became(self, actor: Actor, vend_id: str) -> SaleStatus:
        """The sale with this id and how far its delivery went. Raises VendUnknown: then no
        money was booked under this id, and it may be vended."""
        return self._selling.what_became(actor, vend_id)

    def sales(
        self, actor: Actor, *, meter: str | None = None, before: int | None = None, limit: int = 50
    ) -> list[SaleReceipt]:
        """Latest first; of one meter (as typed) or of all; those below journal entry `before`."""
        return self._selling.sales(actor, meter, before, limit)

    # The meter

    def deliver(self, actor: Actor, vend_id: str) -> Delivery:
        """Pushes the sale's token to its meter, once.

        The answer's state is delivered, refused or unknown (no verdict came back: reconcile). A
        sale that is delivered, or refused for good, is answered as it stands. Raises VendUnknown,
        DeliveryNotPossible (it is unknown, or being delivered), DeliveryChanged, and
        MeterUnreachable or MeterMismatch (the token did not reach the meter; the sale is issued
        as before).
        """
        return self._handover.deliver(actor, vend_id)

    def reconcile(self, actor: Actor, vend_id: str) -> Delivery:
        """Reads the meter's token log and settles what became of the token.

        delivered or refused if the log holds it; issued again if the log proves that the meter
        never judged it; else it stays unknown. Raises VendUnknown, DeliveryNotPossible (being
        delivered this minute), MeterUnreachable, MeterMismatch.
        """
        return self._handover.reconcile(actor, vend_id)

    def read_account(self, actor: Actor, meter: str) -> MeterReading:
        """Reads balance and supply from the meter and stores the reading."""
        return self._handover.read_account(actor, meter)

    def unsettled(self, actor: Actor, *, limit: int = 100) -> list[str]:
        """Vend ids that wait for `reconcile`, oldest first: pushed, and no verdict known."""
        require(actor, "what_became")
        with self._ports.store.reading() as books:
            return books.unsettled(limit)

    def readings(self, actor: Actor, meter: str, *, limit: int = 50) -> list[MeterReading]:
        """Stored readings of a meter, newest first. Raises the errors of `meter`."""
        require(actor, "look_up")
        typed = meter_from_text(meter).number
        with self._ports.store.reading() as books:
            meter_in_use(books, typed)
            return books.readings(typed, limit=limit)

    # The books

    def entries(self, actor: Actor, vend_id: str) -> list[PostedEntry]:
        """The journal entries of one sale. Raises VendUnknown."""
        return self._selling.entries(actor, vend_id)

    def verify(self, actor: Actor) -> LedgerReport:
        """Recomputes every sum, hash and link, in flat memory. The report names the first entry
        that differs; nothing is raised for it."""
        require(actor, "verify")
        with self._ports.store.reading() as books:
            return verify(
                books.stored_entries(),
                books.loose_ends(self._ports.chart.cached()),
                self._ports.chart,
            )
