"""What the use cases need from the world, as Protocols. `wiring` supplies the real things."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from meters.gateway import Gateway
from tokens.sts import BaseDate, SecurityModule

from .ledger import ChainHead, Chart, LedgerProblem, PostedEntry, Posting, StoredEntry
from .parties import Customer, Meter, MeterFile, Registration, VendingPoint
from .record import SaleRecord
from .sale import DeliveryEvent, MeterReading
from .tariff import TariffBook
from .vend import ClockLimits

Clock = Callable[[], datetime]
"""Now, as an aware UTC datetime."""

Randomness = Callable[[], int]
"""A random nibble, 0 to 15, for the RND field of a token."""

GatewayFor = Callable[[Meter], Gateway]
"""A gateway to this meter; the caller closes it. Raises MeterUnreachable if it has no address."""


@dataclass(frozen=True, slots=True)
class BookedSale:
    """All that one sale writes: idempotency, sale, receipt, tokens, entry and postings."""

    record: SaleRecord
    entry: PostedEntry
    cached: tuple[Posting, ...]
    """Those of its postings whose holders' balances are kept ready."""


@dataclass(frozen=True, slots=True)
class MeterGround:
    """A meter in use, and what its next sale builds on."""

    file: MeterFile
    balances: Mapping[str, int]
    """Ledger balance of its agreement (debit positive) by unit, in the account asked for."""
    last_tids: Mapping[str, int]
    """The largest TID ever issued to it, by short code of the base date."""


@dataclass(frozen=True, slots=True)
class PointGround:
    """A vending point and the last receipt number that was drawn there."""

    point: VendingPoint
    receipts: int


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

    def ground(
        self,
        vend_ids: Collection[str],
        meters: Collection[str],
        points: Collection[str],
        account: str,
    ) -> Ground:
        """What sales under these ids to these meters (DRN) at these points stand on, with the
        balances of their agreements in one account, in few statements however many they are."""
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
