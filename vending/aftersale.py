"""What becomes of a sale that is booked: handed to its meter, taken back, printed, asked after."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from meters.account import MeterAccount
from meters.verdicts import TokenResult

from .sale import SaleReceipt


class SaleState(Enum):
    """Where a sale stands; `TRANSITIONS` in vend.py says what may follow what."""

    QUOTED = "quoted"
    PAID = "paid"
    ISSUED = "issued"
    """Paid, booked, token made. The customer can type it."""
    DELIVERING = "delivering"
    """Being pushed to the meter right now, or the process died while pushing."""
    DELIVERED = "delivered"
    REFUSED = "refused"
    """The meter judged the token and did not take it."""
    UNKNOWN = "unknown"
    """Pushed, no verdict came back: reconcile."""
    RECONCILED = "reconciled"
    """Passing: the token log has been read, the next event says what it proved."""


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """One recorded step of handing a sale's token to the meter."""

    seq: int
    """1, 2, ... within the sale."""
    state: SaleState
    at: datetime
    actor: str
    result: TokenResult | None = None
    """The meter's verdict, where there is one."""
    log_sequence: int | None = None
    """Newest sequence of the meter's token log at this step, where it was read."""
    note: str = ""
    """Why, in one stable English phrase (not a message for people)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where the delivery of one sale's token stands."""

    vend_id: str
    meter: str
    state: SaleState
    result: TokenResult | None
    events: tuple[DeliveryEvent, ...]


class Evidence(Enum):
    """Why a sale could be voided."""

    NOT_SHOWN = "not_shown"
    """Nobody has seen its digits."""
    NO_TOKEN = "no_token"  # noqa: S105
    """It had no token."""
    NOT_IN_LOG = "not_in_log"
    """The meter was read, and its token log does not hold the token as taken."""
    METER_GONE = "meter_gone"
    """The meter was out of use before anybody could type the token."""
    REFUND = "refund"
    """None of these: money was given back by two people, the units stay with the customer."""

    @property
    def takes_back(self) -> bool:
        """Whether the sale is undone, so that its token must not be used."""
        return self is not Evidence.REFUND


@dataclass(frozen=True, slots=True)
class Void:
    """How a sale was taken back. The sale itself stays as it was."""

    vend_id: str
    entry: int
    at: datetime
    actor: str
    point: str
    terminal: str
    shift: str | None
    evidence: Evidence
    reason: str
    document: str
    """Canonical JSON: what was read, who asked, what was given back."""


@dataclass(frozen=True, slots=True)
class Printing:
    """One time that a sale went onto paper, or its digits onto a screen as a copy."""

    copy: int
    """0: the original."""
    at: datetime
    actor: str
    point: str


@dataclass(frozen=True, slots=True)
class SoldHere:
    """A basket that was sold at a terminal, as who asks about its last one is told."""

    vend_id: str
    """Of the sale that leads it."""
    sold_at: datetime
    operator: str


@dataclass(frozen=True, slots=True)
class SaleStatus:
    """The answer to `what became of my sale?`."""

    receipt: SaleReceipt
    """The original (copy 0)."""
    delivery: Delivery
    copies: int
    """How many copies have been printed."""
    void: Void | None = None
    later: SoldHere | None = None
    """Asked for the last sale of a terminal: what somebody else has sold there since."""


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One stored reading of a meter's account."""

    meter: str
    account: MeterAccount
    actor: str
    id: int = field(default=0, compare=False)
    """In the order they were stored in; 0 until it is."""
