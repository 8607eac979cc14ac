"""What the use cases need from the world, as Protocols. `wiring` supplies the real things."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Protocol

from meters.errors import Unavailable
from meters.gateway import Gateway
from tokens.sts import BaseDate, SecurityModule

from .aftersale import DeliveryEvent, MeterReading, Printing, SoldHere, Void
from .blocking import Block, BlockKey
from .clock import UNWATCHED, ClockConfirmation, ClockGuard
from .finding import Sought
from .ground import BookedSale, Ground, KeptQuote, OpenShift, Wanted
from .ledger import ChainHead, Chart, LedgerProblem, PostedEntry, Posting, StoredEntry
from .meterlog import TokenOfMeter
from .operators import Operator
from .outbox import Message, OutboxPlan
from .parties import Customer, Meter, MeterFile, Registration, VendingPoint
from .record import SaleRecord
from .tariff import TariffBook
from .tariff.months import PLACE
from .tariff.rows import TariffRows
from .voids import TakenOut


@dataclass(eq=False)
class StoreLocked(Unavailable, code="store.locked"):
    """Another program is writing and did not finish in time."""

    waited_s: float


Clock = Callable[[], datetime]
"""Now, as an aware UTC datetime."""

Randomness = Callable[[], int]
"""A random nibble, 0 to 15, for the RND field of a token."""

GatewayFor = Callable[[Meter], Gateway]
"""A gateway to this meter; the caller closes it. Raises MeterUnreachable if it has no address."""


class Reading(Protocol):
    """One consistent view of everything. Nothing is changed by it.

    Every method may raise Unavailable (`store.locked`, `store.full`, `store.failed`).
    """

    def meter_file(self, number: str) -> MeterFile | None:
        """Meter, agreement, customer and place by DRN; None if it is not in use."""
        ...

    def meter(self, number: str) -> Meter | None:
        """A meter on record by DRN, in use or not."""
        ...

    def meter_files(
        self, *, customer: str | None = None, after: str = "", limit: int = 100
    ) -> list[MeterFile]:
        """Meters in use by DRN, ascending, those behind `after`; of one customer or of all."""
        ...

    def customer(self, account: str) -> Customer | None: ...

    def files_of(self, accounts: Collection[str]) -> dict[str, list[MeterFile]]:
        """The meters in use of each of these customers, by number."""
        ...

    def find_customers(self, what: Sought, limit: int, *, whole: bool = False) -> list[Customer]:
        """By account, telephone, identity number or card if it is a number, else by words of the
        name: every word must begin one of theirs. Those with exactly that account first. `whole`:
        the end of a telephone and the beginning of a word find nobody."""
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

    def last_bought(self, meter: str) -> SaleRecord | None:
        """The latest sale of units for money, not taken back, to the agreement that this meter is
        at; whichever meter it had then. None for a meter at none."""
        ...

    def sales_at(self, point: str, terminal: str, since: datetime, limit: int) -> list[SaleRecord]:
        """Made at one terminal from a moment on, newest first."""
        ...

    def operator(self, code: str) -> Operator | None:
        """Somebody who sells, by the person; None if they are not written down."""
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

    def left_known_at(self, meter: str) -> datetime | None:
        """The latest moment for which something says what was on this meter: a kept reading, or a
        photo or laboratory that a transfer was asked for by. None if nothing does."""
        ...

    def taken_out(self, meter: str) -> TakenOut | None:
        """The exchange that took this meter out of use last."""
        ...

    def called_off_by(self, approval: str) -> str | None:
        """Who called off, before it was done, what two people had approved under this id."""
        ...

    def units_given_back(self, vend_id: str) -> bool:
        """Whether two people have given back units of this sale, and that stands."""
        ...

    def blocked(self, keys: Collection[BlockKey]) -> dict[BlockKey, Block]:
        """Those of these that are barred now."""
        ...

    def cash_in_drawer(self, shift: str, chart: Chart) -> int:
        """The cash that should lie in the drawer of a shift, in minor units."""
        ...

    def account_document(self, agreement: str) -> str | None:
        """What is kept of an agreement's account (accounts/state.py); None before there is any."""
        ...

    def taken_since(self, point: str | None, operator: str | None, since: datetime) -> int:
        """Money taken in sales at a point, or at all of them (by one person, or all), from a moment
        on, in minor units. What was taken back does not count. A correction takes nothing: the sale
        that it puts right still counts, where and when and for whom it was."""
        ...

    def basket(self, vend_id: str) -> list[SaleRecord]:
        """The sales of the basket that this sale leads, itself first; empty if there is none."""
        ...

    def last_sales(self, point: str, terminal: str, operator: str) -> tuple[SoldHere, ...]:
        """The basket sold last at a terminal by anybody, and behind it the last one of this person,
        if that is another and among the last two thousand; empty if nobody sold there."""
        ...

    def shown(self, vend_id: str) -> bool:
        """Whether the digits of a held sale have been shown."""
        ...

    def first_shown(self, vend_id: str) -> datetime | None:
        """When the digits of a held sale were first shown; None if they never were."""
        ...

    def void_of(self, vend_id: str) -> Void | None: ...

    def voided_of(self, meter: str) -> list[str]:
        """Vend ids of the sales of tokens to this meter that were taken back, and that it is not
        known to have taken all the same; latest first, at most 20."""
        ...

    def tokens_of(self, meter: str) -> list[TokenOfMeter]:
        """Every token of every sale to this meter, key-change tokens too, in no order."""
        ...

    def note_number(self, void: Void) -> int:
        """Its place among the voids and refunds of its point, the first 1. Without gaps, and always
        the same: nothing is ever taken out of them, and each is booked behind the ones before."""
        ...

    def last_tid(self, pan: str, base_date: BaseDate) -> int | None:
        """The largest TID ever issued to this meter under this base date."""
        ...

    def chain_head(self) -> ChainHead:
        """The end of the journal. Inside `writing()` it stays the end until the block ends."""
        ...

    def clock_confirmed(self) -> ClockConfirmation | None:
        """The latest word of somebody who looked at the clock."""
        ...

    def entries(self, cause: str) -> list[PostedEntry]:
        """Journal entries booked because of this vend id."""
        ...

    def delivery_events(self, vend_id: str) -> list[DeliveryEvent]: ...

    def copies(self, vend_id: str) -> int:
        """How many copies there are; the original is none."""
        ...

    def printings(self, vend_id: str) -> list[Printing]:
        """By their number, the original first."""
        ...

    def unsettled(self, limit: int, after: str = "") -> list[str]:
        """Vend ids whose delivery is `unknown` or was left `delivering`, oldest first; those
        behind `after`, a vend id that was among them."""
        ...

    def readings(
        self, meter: str, *, before: int | None = None, limit: int = 50
    ) -> list[MeterReading]:
        """Newest first, by the order they were stored in; those with an id below `before`."""
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

    def tariff_rows(self) -> TariffRows:
        """What is kept of tariffs, as it stays until the end: for `TariffBook.seen_by`."""
        ...

    def confirm_clock(self, confirmation: ClockConfirmation) -> None:
        """From here on it is the latest."""
        ...

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

    def withdraw_key(
        self, meter: str, vend_id: str, at: datetime, actor: str, *, taken: bool | None = None
    ) -> bool:
        """Looks again at the meter's key change, for this sale is being voided: where nothing that
        stands carries its set or needs the new key any more, it is planned anew. `taken` is what
        the meter's log says of the set of this very sale, if it has one. Whether it was planned
        anew."""
        ...

    @property
    def can_begin(self) -> bool:
        """Whether `begin_booking` gains anything: the database works while this program does."""
        ...

    def begin_booking(self, sales: Sequence[BookedSale]) -> None:
        """Begins to write the next sales of a batch, while those behind them are reckoned. Called
        only where `can_begin`; `book` ends it, and raises what it has met."""
        ...

    def book(self, sales: Sequence[BookedSale], begun: int = 0) -> None:
        """Writes sales whole: idempotency, sale, receipt, tokens, entry, postings; and moves the
        receipt counters, the cached balances and the head of the chain along. Entries follow on
        `chain_head()`, receipt numbers on the counters of `ground`. The first `begun` of them
        were given to `begin_booking`."""
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

    def add_reading(self, reading: MeterReading) -> int:
        """Its id from here on."""
        ...


class Store(Protocol):
    """The books. Every change happens in one `writing()` block, whole or not at all."""

    @property
    def is_embedded(self) -> bool:
        """They lie in this process: only the disk and other writers are ever waited for."""
        ...

    def reading(self) -> AbstractContextManager[Reading]:
        """A consistent view; changes nothing."""
        ...

    def writing(
        self, *, wait: bool = True, ground_first: bool = False
    ) -> AbstractContextManager[Writing]:
        """Commits at the end of the block, durably, before it returns; any exception inside rolls
        everything back. Raises StoreLocked when another writer does not finish in time, without
        `wait` as soon as there is one: then nothing has happened. With `ground_first` nothing may
        be read before `ground`, which then takes the writer's place on its own trip."""
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
    guard: ClockGuard = UNWATCHED
    """What `clock` says is held against it."""
    outbox: OutboxPlan = field(default_factory=OutboxPlan)
    zone: tzinfo = PLACE
    """Whose midnight begins a day of takings."""
