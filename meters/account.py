"""What a payment meter tells of its account and supply, in COSEM words.

Account, Credit and disconnect control are IEC 62056-6-2 classes 111, 112 and 70.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum

from .quantities import Energy, Quantity, Volume
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
