"""What a payment meter tells of its account and supply, in COSEM words.

Account, Credit and disconnect control are IEC 62056-6-2 classes 111, 112 and 70.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, IntEnum

from .quantities import Energy, Quantity, Volume
from .readings import Quality, Reading
from .verdicts import TokenResult


class Commodity(Enum):
    """What is sold."""

    ELECTRICITY = "electricity"
    WATER = "water"

    @property
    def quantity(self) -> type[Energy] | type[Volume]:
        """The type that measures it: Energy in Wh, Volume in litres."""
        return Energy if self is Commodity.ELECTRICITY else Volume

    @property
    def token_step(self) -> int:
        """Smallest units in one STS credit step (0.1 kWh, 0.1 m3)."""
        return 100


class SupplyState(IntEnum):
    """Disconnect control state (class 70, attribute 3)."""

    DISCONNECTED = 0
    CONNECTED = 1
    READY_FOR_RECONNECTION = 2


@dataclass(frozen=True, slots=True)
class Supply:
    """Relay or valve: what it is, and why it is open if it is."""

    output: bool
    """True if electricity or water physically flows when drawn."""
    state: SupplyState
    reasons: frozenset[str] = frozenset()
    """Why the supply is interrupted (`credit`, `tamper`, `remote`, `power_limit`); the meter
    reconnects only when the set is empty."""
    travel: str = ""
    """`opening` or `closing` (`moving` where the meter does not tell which) while a valve is on its
    way, which takes it 10 to 60 seconds."""


@dataclass(frozen=True, slots=True)
class MeterAccount:
    """One reading of a prepaid meter's account. `balance` may be negative."""

    commodity: Commodity
    balance: Quantity
    total_supplied: Quantity
    supply: Supply
    tokens_accepted: int
    last_result: TokenResult
    read_at: datetime
    """Head-end time, UTC."""


@dataclass(frozen=True, slots=True)
class CreditAccount:
    """What a meter of any model that holds the credit itself tells of it: Account and Credit in
    COSEM words, of one fetch. Each reading says how far it may be trusted; what the model does not
    keep is None."""

    balance: Reading
    """May be negative; in money or in what is sold, as the meter has it."""
    debt: Reading | None = None
    emergency: Reading | None = None
    """Lent: to be paid back by the next top-up."""
    total_purchased: Reading | None = None
    total_supplied: Reading | None = None
    taken: Reading | None = None
    """Counts the top-ups or tokens that it took: what has grown by one has arrived."""
    last_result: Reading | None = None
    """Its verdict on the last token."""
    low_threshold: Reading | None = None
    """It warns below this."""
    last_threshold: Reading | None = None
    """It warns again, or cuts off to be heard, below this."""
    overdraft_limit: Reading | None = None
    """How far the balance may go below zero."""
    hoarding_limit: Reading | None = None
    """It takes no top-up that would bring the balance above this."""

    @property
    def is_low(self) -> bool | None:
        """Whether the balance is below the first threshold; None if that cannot be told."""
        if self.low_threshold is None or self.balance.unit != self.low_threshold.unit:
            return None
        balance, threshold = _number(self.balance), _number(self.low_threshold)
        return None if balance is None or threshold is None else balance < threshold


def _number(reading: Reading) -> Decimal | None:
    if reading.quality is Quality.GOOD and isinstance(reading.value, Decimal):
        return reading.value
    return None


@dataclass(frozen=True, slots=True)
class TokenLogEntry:
    """One line of the meter's token log: enough to recognise a token, not to replay it."""

    fingerprint: str
    """16 hex digits, see `token_fingerprint`."""
    result: TokenResult
    sequence: int
    """Counts every entry the meter judged, from 1."""


@dataclass(frozen=True, slots=True)
class MeterSts:
    """The STS data the meter carries (COSEM class 116), for comparing with the records."""

    supply_group: str | None
    """None if the meter cannot know it, after a key change by two tokens."""
    key_revision: int
    tariff_index: int
    key_expiry: int
    key_type: int
    algorithm: int
