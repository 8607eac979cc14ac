"""What the use cases need from the world, as Protocols. `wiring` supplies the real things."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Protocol

from meters.gateway import Gateway
from tokens.sts import BaseDate, SecurityModule

from .blocking import Block
from .finding import Sought
from .ledger import ChainHead, Chart, LedgerProblem, PostedEntry, Posting, StoredEntry
from .operators import Operator
from .outbox import Message, OutboxPlan
from .parties import Customer, Meter, MeterFile, Registration, VendingPoint
from .record import SaleRecord
from .sale import DeliveryEvent, KeyMove, MeterReading, Void
from .tariff import TariffBook
from .tariff.months import PLACE
from .vend import ClockLimits

Clock = Callable[[], datetime]
"""Now, as an aware UTC datetime."""

Randomness = Callable[[], int]
"""A random nibble, 0 to 15, for the RND field of a token."""

GatewayFor = Callable[[Meter], Gateway]
"""A gateway to this meter; the caller closes it. Raises MeterUnreachable if it has no address."""


@dataclass(frozen=True, slots=True)
class BookedSale:
    """All that one sale writes: idempotency, sale, receipt, tokens, entry and postings; and what
    follows from it."""

    record: SaleRecord
    entry: PostedEntry
    cached: tuple[Posting, ...]
    """Those of its postings whose holders' balances are kept ready."""
    account: str | None = None
    """The document of its agreement's account from here on; None: as it was."""
    move: KeyMove | None = None
    """The planned key change whose tokens it carries: the meter's key from here on."""
    messages: tuple[Message, ...] = ()
    """What is to be sent because of it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch of sales needs to stand on."""

    vend_ids: Collection[str]
    meters: Collection[str]
    """DRNs."""
    points: Collection[str]
    operators: Collection[str]
    terminals: Collection[str]
    quotes: Collection[str]
    balance_account: str
    """Code of the account of the agreements' carried money; the others likewise."""
    till_account: str = ""
    deposit_account: str = ""


@dataclass(frozen=True, slots=True)
class MeterGround:
    """A meter in use, and what its next sale builds on."""

    file: MeterFile
    balances: Mapping[str, int]
    """Ledger balance of its agreement (debit positive) by unit, in the account asked for."""
    last_tids: Mapping[str, int]
    """The largest TID ever issued to it, by short code of the base date."""
    account: str | None = None
    """The document of its agreement's account; None before there is one."""


@dataclass(frozen=True, slots=True)
class PointGround:
    """A vending point and the last receipt number that was drawn there."""

    point: VendingPoint
    receipts: int
    in_till: Mapping[str, int] = field(default_factory=dict)
    """Money that lies in its till, by currency."""


@dataclass(frozen=True, slots=True)
class OperatorGround:
    """Somebody who sells, and the ledger balance of what they have paid in (debit positive)."""

    operator: Operator
    deposit: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OpenShift:
    """A shift that is open at one terminal."""

    id: str
    point: str
    terminal: str
    operator: str


@dataclass(frozen=True, slots=True)
class KeptQuote:
    """A binding quote as it is kept."""

    id: str
    made_at: datetime
    expires_at: datetime
    meter: str
    agreement: str
    actor: str
    document: str
    """See `quoting.py`."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What was found for a batch of sales to stand on; what is missing is not there."""

    head: ChainHead
    """As `chain_head`."""
    sales: Mapping[str, SaleRecord]
    """Sold before, by vend id."""
    meters: Mapping[str, MeterGround]
    """By DRN."""
    points: Mapping[str, PointGround]
    """By code."""
    operators: Mapping[str, OperatorGround] = field(default_factory=dict)
    """By code; who is not written down has no limits of their own."""
    blocks: Mapping[tuple[str, str], Block] = field(default_factory=dict)
    """What is barred, by kind and subject."""
    shifts: Mapping[tuple[str, str], OpenShift] = field(default_factory=dict)
    """Open ones by point and terminal."""
    quotes: Mapping[str, KeptQuote] = field(default_factory=dict)
    """By id."""
    voided: Collection[str] = frozenset()
    """Those of the sales that were taken back."""
    shown: Collection[str] = frozenset()
    """Those of the sales that were held and have been shown."""


class Reading(Protocol):
    """One consistent view of everything. Nothing is changed by it.

    Every method may raise Unavailable (`store.locked`, `store.full`, `store.failed`).
    """

    def meter_file(self, number: str) -> MeterFile | None:
        """Meter, agreement, customer and place by DRN; None if it is not in use."""
        ...

    def meter_files(
        self, *, customer: str | None = None, after: str = "", limit: int = 100
    ) -> list[MeterFile]:
        """Meters in use by DRN, ascending, those behind `after`; of one customer or of all."""
        ...

    def customer(self, account: str) -> Customer | None: ...

    def find_customers(self, what: Sought, limit: int) -> list[Customer]:
        """By account, telephone, identity number or card if it is a number, else by words of the
        name: every word must begin one of theirs. Those with exactly that account first."""
        ...

    def customers(self, search: str = "", *, after: str = "", limit: int = 100) -> list[Customer]:
        """Customers by account number, ascending, those behind `after`; `search` is part of a
        name, an account number or a phone number."""
        ...

    def point(self, code: str) -> VendingPoint | None: ...

    def points(self) -> list[VendingPoint]: ...

    def balance(self, account: str, holder: str, unit: str) -> int:
        """The ledger balance of one holder in one account (debit positive); 0 if never used."""
        ...

    def sale(self, vend_id: str) -> SaleRecord | None: ...

    def sales(
        self, *, meter: str | None = None, before: int | None = None, limit: int = 50
    ) -> list[SaleRecord]:
        """Newest first by journal entry; those below entry number `before`."""
        ...

    def sales_at(self, point: str, terminal: str, since: datetime, limit: int) -> list[SaleRecord]:
        """Made at one terminal from a moment on, newest first."""
        ...

    def operator(self, code: str) -> Operator | None:
        """Somebody who sells, by the actor's name; None if they are not written down."""
        ...

    def open_shift(self, point: str, terminal: str) -> OpenShift | None:
        """The shift that is open at this terminal."""
        ...

    def moved_on(self, account: str, meter: str) -> bool:
        """Whether units issued to this meter were transferred to another one; `account` is that of
        units issued to meters."""
        ...

    def log_sequence_before(self, meter: str, moment: datetime) -> int:
        """The newest sequence of the meter's token log that was read up to a moment; 0 if it was
        never read."""
        ...

    def account_document(self, agreement: str) -> str | None:
        """What is kept of an agreement's account (accounts/state.py); None before there is any."""
        ...

    def taken_since(self, point: str | None, operator: str | None, since: datetime) -> int:
        """Money taken in sales at a point, or at all of them (by one operator, or all), from a
        moment on, in minor units; voided sales do not count."""
        ...

    def basket(self, vend_id: str) -> list[SaleRecord]:
        """The sales of the basket that this sale leads, itself first; empty if there is none."""
        ...

    def last_sale(self, point: str, terminal: str) -> str | None:
        """Vend id of the basket sold last at a terminal."""
        ...

    def shown(self, vend_id: str) -> bool:
        """Whether the digits of a held sale have been shown."""
        ...

    def void_of(self, vend_id: str) -> Void | None: ...

    def last_tid(self, pan: str, base_date: BaseDate) -> int | None:
        """The largest TID ever issued to this meter under this base date."""
        ...

    def chain_head(self) -> ChainHead:
        """The end of the journal. Inside `writing()` it stays the end until the block ends."""
        ...

    def entries(self, cause: str) -> list[PostedEntry]:
        """Journal entries booked because of this vend id."""
        ...

    def delivery_events(self, vend_id: str) -> list[DeliveryEvent]: ...

    def copies(self, vend_id: str) -> int: ...

    def unsettled(self, limit: int) -> list[str]:
        """Vend ids whose delivery is `unknown` or was left `delivering`, oldest first."""
        ...

    def readings(self, meter: str, *, limit: int = 50) -> list[MeterReading]:
        """Newest first, by the order they were stored in."""
        ...

    def stored_entries(self) -> Iterator[StoredEntry]:
        """Every entry in order, unchecked, with what its sale says of itself. Streams: flat
        memory."""
        ...

    def loose_ends(self, cached: Collection[str]) -> Iterator[LedgerProblem]:
        """What no walk along the entries can see: tokens and receipts without a sale, sales
        without an entry, gaps between receipt numbers, cached balances, counters and the chain's
        head where they differ from what they stand for. `cached` are the codes of the accounts
        whose balances are kept ready."""
        ...


class Writing(Reading, Protocol):
    """One transaction with the sole right to write until it ends."""

    def register(self, registration: Registration) -> None:
        """Raises PartyExists."""
        ...

    def ground(self, wanted: Wanted) -> Ground:
        """What a batch of sales stands on, in few statements however many they are."""
        ...

    def keep_quote(self, quote: KeptQuote) -> KeptQuote:
        """The quote that is kept under its id: an earlier one stays as it is."""
        ...

    def queue(self, messages: Sequence[Message], now: datetime) -> None:
        """What is to be sent; a key that is queued already stays as it is."""
        ...

    def forget_quotes(self, before: datetime) -> int:
        """Gives up quotes that expired before a moment; how many there were."""
        ...

    def add_showing(self, vend_id: str, at: datetime, actor: str, point: str) -> None: ...

    def add_void(
        self, void: Void, posted: PostedEntry, cached: tuple[Posting, ...], account: str | None
    ) -> None:
        """Writes a void with its entry and moves what follows; `account` is the document of the
        agreement's account from here on (None: as it was)."""
        ...

    def call_off(self, vend_id: str, now: datetime) -> bool:
        """Gives up what would still send the digits of this sale. False, and nothing is changed,
        if such a message is being sent right now."""
        ...

    def withdraw_key(self, meter: str, vend_id: str, at: datetime, actor: str) -> bool:
        """Takes back the key change that this sale issued and the meter has not taken: it is
        planned anew. False if it issued none, or the meter was sold to since."""
        ...

    def book(self, sales: Sequence[BookedSale]) -> None:
        """Writes sales whole: idempotency, sale, receipt, tokens, entry, postings; and moves the
        receipt counters, the cached balances and the head of the chain along. Entries follow on
        `chain_head()`, receipt numbers on the counters of `ground`."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """An exception inside takes back what was written inside, and no more."""
        ...

    def nothing_to_keep(self) -> None:
        """Nothing was written and nothing will be: the block ends without a commit."""
        ...

    def add_delivery_event(self, vend_id: str, event: DeliveryEvent) -> None: ...

    def add_reprint(
        self, vend_id: str, copy: int, at: datetime, actor: str, point: str
    ) -> None: ...

    def add_reading(self, reading: MeterReading) -> None: ...


class Store(Protocol):
    """The books. Every change happens in one `writing()` block, whole or not at all."""

    def reading(self) -> AbstractContextManager[Reading]:
        """A consistent view; changes nothing."""
        ...

    def writing(self) -> AbstractContextManager[Writing]:
        """Commits at the end of the block, durably, before it returns; any exception inside rolls
        everything back. Raises `store.locked` when another writer does not finish in time."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the use cases stand on."""

    store: Store
    security: SecurityModule
    tariffs: TariffBook
    chart: Chart
    clock: Clock
    randomness: Randomness
    gateway_for: GatewayFor
    clock_limits: ClockLimits = field(default_factory=ClockLimits)
    outbox: OutboxPlan = field(default_factory=OutboxPlan)
    zone: tzinfo = PLACE
    """Whose midnight begins a day of takings."""
