"""What is promised of selling. Everything the API, the command line and the demo do goes through
`VendingService`; each answer is a frozen dataclass of `sale`, `parties`, `tariff` or `ledger`.
What keeps a promise is a module of its own, over ports.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from meters.quantities import Money
from tokens.sts import SecurityModule

from .aftersale import Delivery, MeterReading, SaleStatus, Void
from .clock import UNWATCHED, ClockGuard
from .handover import Handover
from .ledger import Chart, LedgerReport, PostedEntry, verify
from .lookups import LookUps
from .meterlog import MeterLog
from .offering import Offering
from .outbox import OutboxPlan
from .paperwork import Paperwork
from .parties import Actor, Customer, MeterFile, Registration, VendingPoint
from .permissions import require
from .ports import Clock, GatewayFor, Ports, Randomness, Store
from .practice import Rehearsal
from .registering import Registering
from .requests import BasketRequest, Credit, DebtPayment, Postponement, Units
from .sale import BasketReceipt, SaleReceipt, VendRequest
from .selling import Answer, Selling
from .sold import Sold
from .tariff import BindingQuote, Quote, TariffBook
from .tariff.rows import TariffRows
from .voiding import Voiding


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
        guard: ClockGuard = UNWATCHED,
        outbox: OutboxPlan | None = None,
        offered: Callable[[], Collection[str]] = tuple,
        models: Collection[str] = (),
    ) -> None:
        """`offered`: codes of the tariffs that new agreements may be at; none: all. `models`: names
        of the register maps that meters may have; none: all."""
        self._ports = Ports(
            store=store,
            security=security,
            tariffs=tariffs,
            chart=chart,
            clock=clock,
            randomness=randomness,
            gateway_for=gateway_for,
            guard=guard,
            outbox=outbox or OutboxPlan(),
        )
        self._registering = Registering(self._ports, offered, models)
        self._look_ups = LookUps(self._ports)
        self._offering = Offering(self._ports)
        self._selling = Selling(self._ports)
        self._sold = Sold(self._ports)
        self._handover = Handover(self._ports)
        self._voiding = Voiding(self._ports)
        self.paperwork = Paperwork(self._ports, self._sold)
        """Sales on paper: the original once, then copies with their numbers."""

    @property
    def is_embedded(self) -> bool:
        """The books lie in this process: only the disk and other writers are ever waited for."""
        return self._ports.store.is_embedded

    @property
    def ports(self) -> Ports:
        """What it stands on, for the use cases that stand beside it."""
        return self._ports

    # Parties

    def register(self, actor: Actor, registration: Registration) -> None:
        """Writes down points, customers, places, meters and agreements, all or none.

        Raises ActorNotAllowed (administrators only), the errors of `admitted`, PartyExists.
        """
        self._registering.register(actor, registration)

    def admitted(self, registration: Registration, rows: TariffRows) -> Registration:
        """The same as the transaction that sees these `rows` of tariffs may write it down now:
        monthly charges of its agreements count from this month on, whenever the first sale comes,
        unless they say otherwise.

        Raises TariffMissing, TariffEnding, TariffCommodity and TariffNotOffered for an agreement
        at a tariff that is not there, comes to an end that nothing follows, is not for what its
        meter measures, or not among those that the municipality has chosen for new agreements;
        SinceWrong for one whose charges would count from a month that is none, long gone or
        further ahead than the next; RowWrong for a text that cannot be kept; KeyUnknown and
        ModelUnknown for meters that could not be sold to.
        """
        return self._registering.admitted(registration, rows)

    def customers(
        self, actor: Actor, search: str = "", *, after: str = "", limit: int = 100
    ) -> list[Customer]:
        """Customers by account number, those behind `after`; `search` is part of a name,
        an account number or a phone number. What an agent searches for is looked for as a whole,
        as `find` does: by parts, what is masked could be asked for sign by sign."""
        return self._look_ups.customers(actor, search, after, limit)

    def find(
        self, actor: Actor, text: str, *, limit: int = 20
    ) -> list[tuple[Customer, list[MeterFile]]]:
        """Customers and their meters by what was typed or scanned: a meter number (with its check
        digit), else what `vending.finding` understands. Empty if nobody is meant. For an agent:
        a whole account, telephone, card or identity number, or whole words of a name.

        Raises CheckDigitWrong for a number as long as a meter's that is mistyped.
        """
        return self._look_ups.find(actor, text, limit)

    def customer(self, actor: Actor, account: str) -> tuple[Customer, list[MeterFile]]:
        """A customer and their meters. Raises CustomerUnknown."""
        return self._look_ups.customer(actor, account)

    def meters(self, actor: Actor, *, after: str = "", limit: int = 100) -> list[MeterFile]:
        """Meters in use by number, those behind `after`."""
        return self._look_ups.meters(actor, after, limit)

    def meter(self, actor: Actor, number: str) -> MeterFile:
        """By what was typed: DRN or PAN, any script's digits, spaces and dashes.

        Raises NotDigits, MeterNumberLength, CheckDigitWrong, IssuerUnknown, MeterUnknown.
        """
        return self._look_ups.meter(actor, number)

    def points(self, actor: Actor) -> list[VendingPoint]:
        """Vending points by code."""
        return self._look_ups.points(actor)

    def balance(self, actor: Actor, number: str) -> Money:
        """What the agreement of this meter carries over from earlier payments (0 or more)."""
        return self._offering.balance(actor, number)

    # Selling

    def last_bought(self, actor: Actor, meter: str) -> Quote | None:
        """What the last purchase at the meter's agreement cost and gave, to explain the next one
        beside it: this customer's, also where an exchange has given them another meter since. What
        was given, moved or taken back, and what paid debts alone, was no purchase. Raises the
        errors of meter numbers."""
        return self._sold.last_bought(actor, meter)

    def forget_quotes(self) -> int:
        """Gives up quotes that have been expired for a day; how many. Until then a sale that names
        one is told that it has expired."""
        return self._offering.forget_quotes()

    def quote(
        self,
        actor: Actor,
        meter: str,
        ask: Money | Units,
        postpone: tuple[Postponement, ...] = (),
    ) -> Quote:
        """Prices units for money, or money for units; no effect. Debts that are postponed are not
        asked for in it.

        Raises the errors of `meter`, AmountNotPositive, AmountTooLow, AmountTooHigh,
        UnitsNotCarried, CurrencyWrong, TariffMissing, TariffCommodity, KeyUnknown, DebtUnknown.
        """
        return self._offering.quote(actor, meter, ask, postpone)

    def priced(self, actor: Actor, item: Credit | DebtPayment) -> tuple[MeterFile, Quote]:
        """What an item of a basket would cost and give; no effect. Raises the errors of `quote`,
        and those of a payment that is more than what is owed."""
        return self._offering.priced(actor, item)

    def rehearse(
        self, actor: Actor, request: BasketRequest, *, shift_open: bool | None = None
    ) -> Rehearsal:
        """What the sale would give now, with digits of zeros, and what it would book; nothing is
        written. For practice, `shift_open` says whether a drawer to practise with is open; None
        is a look ahead at the real sale. Raises what `vend_basket` would raise: limits, blocks,
        shifts and clocks are looked at as ever."""
        return self._selling.rehearse(actor, request, shift_open=shift_open)

    def bind(
        self,
        actor: Actor,
        meter: str,
        ask: Money | Units,
        postpone: tuple[Postponement, ...] = (),
        quote_id: str = "",
    ) -> BindingQuote:
        """The same as a promise: until it expires, the sale that names it is honoured line by
        line, or refused (`quote.changed`) with the name of what has changed. Without an id of
        the caller's one is made; the same id and request again is answered as it stands. Raises
        the errors of `quote`, QuoteIdMalformed, IdInCapitals, QuoteIdReused."""
        return self._offering.bind(actor, meter, ask, postpone, quote_id)

    def vend(self, actor: Actor, request: VendRequest) -> SaleReceipt:
        """Sells, exactly once per vend id, and answers after the sale is durable.

        Same id and same meter, amount, tender and point: the stored receipt (`replayed` True).
        Same id, other inputs: VendIdReused. Raises the errors of `quote`, PointUnknown,
        ActorNotAllowed, ClockWentBack, ClockRanAhead, TidOutOfRange, the security module's refusals
        and the store's Unavailable; after any of them nothing has happened. Only
        `store.commit_unknown` (Unknown) leaves it open: ask again with the same id.
        """
        return self._selling.vend(actor, request)

    def vend_basket(self, actor: Actor, request: BasketRequest) -> BasketReceipt:
        """Sells everything that one customer pays for at once: all of it or nothing, under one
        receipt number, exactly once per vend id. Raises the errors of `vend`, of `payments.settle`
        and of the items' kinds, and ReferenceHoldsToken."""
        return self._selling.vend_basket(actor, request)

    def vend_many(
        self, orders: Sequence[tuple[Actor, VendRequest | BasketRequest]]
    ) -> list[Answer]:
        """Any number of sales in one transaction, in their order: for each the receipt, or the
        error that `vend` would have raised. Raises nothing for them.

        A sale that is refused spoils no other; later sales see earlier ones (balance, TID,
        receipt number, vend id). If the database itself fails, every sale has that error, and
        nothing has happened; only after `store.commit_unknown` all or none of them has.
        """
        return self._selling.vend_many(orders)

    def vend_at_once(
        self, orders: Sequence[tuple[Actor, VendRequest | BasketRequest]]
    ) -> list[Answer] | None:
        """As `vend_many`, but None, and nothing has happened, if another writer would have to be
        waited for."""
        return self._selling.vend_at_once(orders)

    def show(self, actor: Actor, vend_id: str) -> SaleReceipt:
        """The receipt of a sale whose digits were held back, with its digits; from here on they
        count as seen. Raises Blocked, VendUnknown, SaleVoided."""
        return self._sold.show(actor, vend_id)

    def reprint(self, actor: Actor, vend_id: str) -> SaleReceipt:
        """The same digits, marked as copy 1, 2, ...; each is recorded. Raises Blocked,
        VendUnknown, SaleVoided."""
        return self._sold.reprint(actor, vend_id)

    def what_became(self, actor: Actor, vend_id: str) -> SaleStatus:
        """The sale with this id and how far its delivery went. Raises VendUnknown: then no
        money was booked under this id, and it may be vended."""
        return self._sold.what_became(actor, vend_id)

    def last_sale(self, actor: Actor) -> SaleStatus:
        """What became of the sale that this person made last at their point and terminal; what
        somebody else has sold there since (as who approves at a clerk's terminal does) is named
        beside it. Raises NoSaleYet, OthersSold."""
        return self._sold.last_sale(actor)

    def last_basket(self, actor: Actor) -> list[SaleStatus]:
        """The same of everything that was sold with it, the leading sale first. Raises NoSaleYet,
        OthersSold."""
        return self._sold.last_basket(actor)

    def basket(self, actor: Actor, vend_id: str) -> list[SaleStatus]:
        """Every sale of the basket that this sale leads, itself first. Raises VendUnknown."""
        return self._sold.basket(actor, vend_id)

    def sales(
        self, actor: Actor, *, meter: str | None = None, before: int | None = None, limit: int = 50
    ) -> list[SaleReceipt]:
        """Latest first; of one meter (as typed) or of all; those below journal entry `before`. What
        is held back still has no digits."""
        return self._sold.sales(actor, meter, before, limit)

    def sales_here(self, actor: Actor, since: datetime, *, limit: int = 20) -> list[SaleReceipt]:
        """Of the actor's own point and terminal from a moment on, latest first; what is held back
        still has no digits."""
        return self._sold.sales_here(actor, since, limit)

    def void(self, actor: Actor, vend_id: str, reason: str) -> Void:
        """Takes a sale back and gives its money back, on evidence: its digits have not been shown;
        or it had no token; or the meter, read now, has not taken it; or the meter was out of use
        before anybody could type it (`voidrules.GONE`). Nothing is edited. The same person,
        for the same reason, is answered the void that there is.

        Raises VendUnknown, VoidReasonMissing, GivenBackBefore (by somebody else, or for another
        reason), VoidNotAllowed (another point, shift or day; for a supervisor who did not sell it;
        what it left on the balance is spent; units of it were given back), TokenTaken, NotProved,
        GoneUnproved, VoidUnseen, VoidWithoutAddress, MeterMismatch, Blocked (whoever asks, or
        where), ShiftNeeded, CashShort, TillShort.
        """
        return self._voiding.void(actor, vend_id, reason)

    def refund(
        self, actor: Actor, vend_id: str, requested_by: str, reason: str, approval: str
    ) -> Void:
        """Gives the money of a sale back where it was taken, without taking the sale back: two
        people have said why, under the id `approval`. What was paid is given back, to the coin; the
        units stay with the customer, and the loss stands in an account of its own. Once for each
        sale; with the same `approval` again: the refund that there is.

        Raises ActorNotAllowed (supervisors), SecondPersonNeeded (who asked does not decide),
        VendUnknown, VoidReasonMissing, GivenBackBefore (taken back or refunded otherwise),
        VoidNotAllowed (nothing was paid, another point, units of it were given back), Blocked,
        ShiftNeeded, CashShort, TillShort.
        """
        return self._voiding.refund(actor, vend_id, requested_by, reason, approval)

    # The meter

    def deliver(self, actor: Actor, vend_id: str) -> Delivery:
        """Pushes the sale's token to its meter, once.

        The answer's state is delivered, refused or unknown (no verdict came back: reconcile). A
        sale that is delivered, or refused for good, is answered as it stands. Raises VendUnknown,
        DeliveryNotPossible (it is unknown, or being delivered), MeterElsewhere (it hangs at another
        agreement by now), MeterUnknown (it is in no use, or was taken down meanwhile),
        DeliveryChanged, and MeterUnreachable, MeterMismatch or PushTooLate (the token did not reach
        the meter; the sale is issued as before).
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
        """Reads balance and supply from the meter and stores the reading. Where sales to it were
        taken back, its token log is read too: whether it has taken one of their tokens all the
        same. Raises ActorNotAllowed, MeterUnknown (it is in no use; taken down meanwhile, what was
        read is not stored), MeterUnreachable, MeterMismatch."""
        return self._handover.read_account(actor, meter)

    def token_log(self, actor: Actor, meter: str) -> MeterLog:
        """Reads the meter's token log, and tells of each line which sale its token is of. Nothing
        is written down. Raises ActorNotAllowed, MeterUnknown, MeterUnreachable, MeterMismatch."""
        return self._handover.token_log(actor, meter)

    def unsettled(self, actor: Actor, *, after: str = "", limit: int = 100) -> list[str]:
        """Vend ids that wait for `reconcile`, oldest first: pushed, and no verdict known. Those
        behind `after`, one of them."""
        return self._handover.unsettled(actor, limit, after)

    def readings(
        self, actor: Actor, meter: str, *, before: int | None = None, limit: int = 50
    ) -> list[MeterReading]:
        """Stored readings of a meter, newest first; those with an id below `before`. Raises the
        errors of `meter`."""
        return self._look_ups.readings(actor, meter, before, limit)

    # The books

    def entries(self, actor: Actor, vend_id: str) -> list[PostedEntry]:
        """The journal entries of one sale. Raises VendUnknown."""
        return self._sold.entries(actor, vend_id)

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
