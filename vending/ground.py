"""What a batch of sales asks for, what it stands on, and what it writes. Plain data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from .blocking import Block
from .keymoves import KeyMove
from .ledger import ChainHead, PostedEntry, Posting
from .operators import Operator
from .outbox import Message
from .parties import MeterFile, VendingPoint
from .record import SaleRecord


class BookedSale(Struct, frozen=True):
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
    """Persons."""
    terminals: Collection[str]
    quotes: Collection[str]
    balance_account: str
    """Code of the account of the agreements' carried money; the others likewise."""
    till_account: str = ""
    deposit_account: str = ""


class MeterGround(Struct, frozen=True):
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
