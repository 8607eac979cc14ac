"""A prepaid meter, pure: time is passed in, nothing is read or sent.

It judges tokens with the acceptance machine of `tokens.sts`, holds credit in Wh or litres,
counts it down as its load draws, and opens its relay or valve exactly at zero. All sums are
whole numbers with the remainder kept, so that what was credited is always what was supplied
plus what is left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from meters.account import Commodity, MeterAccount, Supply, SupplyState, TokenLogEntry
from meters.gateway import token_fingerprint
from meters.identity import Drn
from meters.quantities import Quantity
from meters.verdicts import TokenResult
from tokens.sts import (
    AcceptanceState,
    ClearCredit,
    ClearTamperCondition,
    InitiateMeterTest1,
    InitiateMeterTest2,
    MeterCapabilities,
    Set1stSectionDecoderKey,
    Set2ndSectionDecoderKey,
    Set3rdSectionDecoderKey,
    Set3rdSectionSupplyGroup,
    Set4thSectionDecoderKey,
    SetMaximumPowerLimit,
    Token,
    TransferCreditElectricity,
    TransferCreditWater,
    judge,
)

from .display import RESULT_WORDS, shown_tests

LOG_LINES: Final = 10
EVENT_LINES: Final = 200
CAPACITY: Final = 999_999_999
"""The credit register's end, in Wh or litres."""
LARGEST_POWER_W: Final = 20_000

# Watts (or litres an hour) times microseconds that make one Wh (or litre).
_PER_UNIT: Final = 3600 * 10**6
_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND: Final = timedelta(seconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_KEY_CHANGE: Final = (
    Set1stSectionDecoderKey,
    Set2ndSectionDecoderKey,
    Set3rdSectionDecoderKey,
    Set3rdSectionSupplyGroup,
    Set4thSectionDecoderKey,
)
_EVERY_METER: Final = (
    ClearCredit,
    ClearTamperCondition,
    InitiateMeterTest1,
    InitiateMeterTest2,
    *_KEY_CHANGE,
)
_CREDIT_KIND: Final[Mapping[Commodity, type[Token]]] = {
    Commodity.ELECTRICITY: TransferCreditElectricity,
    Commodity.WATER: TransferCreditWater,
}


def capabilities(commodity: Commodity, capacity: int = CAPACITY) -> MeterCapabilities:
    """What tokens our meter for this commodity executes, and how much credit it holds."""
    credit = _CREDIT_KIND[commodity]
    power = (SetMaximumPowerLimit,) if commodity is Commodity.ELECTRICITY else ()
    return MeterCapabilities(
        kinds=frozenset((credit, *power, *_EVERY_METER)),
        capacity={credit: capacity},
        max_power_w=LARGEST_POWER_W,
    )


@dataclass(frozen=True, slots=True)
class MeterMemory:
    """What the meter keeps over a power cut. Units are Wh or litres."""

    acceptance: AcceptanceState = field(repr=False)
    balance: int = 0
    supplied: int = 0
    part: int = 0
    """Drawn but not yet a whole unit, in W (or l/h) times microseconds."""
    credited: int = 0
    """All credit that tokens brought."""
    cleared: int = 0
    """All credit that clear-credit tokens took."""
    tokens_accepted: int = 0
    sequence: int = 0
    last_result: TokenResult = TokenResult.NONE
    log: tuple[TokenLogEntry, ...] = ()
    """Newest first."""
    power_limit_w: int | None = None
    tamper: bool = False
    remote_off: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What the meter shows after 20 digits."""

    result: TokenResult
    text: str
    """`ACCEPT 12.3 kWh`, `USED`: the result and, for a credit, the amount taken."""


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """A line of the meter's event log."""

    at: datetime
    kind: str
    """`supply_on`, `supply_off`, `token`, `tamper`."""
    detail: str


class PaymentMeter:
    """One meter. Every method that takes `now` first lets the time until then pass; a `now`
    before the last one counts as no time."""

    drn: Drn
    commodity: Commodity
    can: MeterCapabilities
    events: deque[MeterEvent]
    """The latest events, oldest first."""

    def __init__(
        self,
        drn: Drn,
        commodity: Commodity,
        memory: MeterMemory,
        now: datetime,
        *,
        load: int = 0,
        can: MeterCapabilities | None = None,
        keep: Callable[[MeterMemory], None] | None = None,
    ) -> None:
        """`load` in W or litres an hour. `keep` stores the memory after each token before its
        result is shown; if it raises, the token was not taken."""
        self.drn = drn
        self.commodity = commodity
        self.can = can or capabilities(commodity)
        self.events = deque(maxlen=EVENT_LINES)
        self._memory = memory
        self._at = now
        self._load = load
        self._keep = keep

    @property
    def memory(self) -> MeterMemory:
        return self._memory

    @property
    def load(self) -> int:
        """What would be drawn if the supply is on, in W or litres an hour."""
        return self._load

    @property
    def at(self) -> datetime:
        """Up to when time has passed."""
        return self._at

    @property
    def reasons(self) -> frozenset[str]:
        """Why the supply is interrupted; empty if it is not."""
        return _reasons(self._memory, self._load)

    def account(self, now: datetime) -> MeterAccount:
        """The account as of `now`."""
        self.advance(now)
        memory, reasons = self._memory, self.reasons
        state = SupplyState.DISCONNECTED if reasons else SupplyState.CONNECTED
        return MeterAccount(
            commodity=self.commodity,
            balance=self._quantity(memory.balance),
            total_supplied=self._quantity(memory.supplied),
            supply=Supply(output=not reasons, state=state, reasons=reasons),
            tokens_accepted=memory.tokens_accepted,
            last_result=memory.last_result,
            read_at=now,
        )

    def advance(self, now: datetime) -> None:
        """Let time pass: supply what the load draws, and stop exactly when credit is zero."""
        elapsed = (now - self._at) // _MICROSECOND
        if elapsed <= 0:
            return
        memory = self._memory
        if self._load > 0 and not self.reasons:
            drawn, part = divmod(memory.part + self._load * elapsed, _PER_UNIT)
            if drawn >= memory.balance:
                wanted = memory.balance * _PER_UNIT - memory.part
                zero_at = self._at + -(-wanted // self._load) * _MICROSECOND
                drawn, part = memory.balance, 0
            else:
                zero_at = now
            balance, supplied = memory.balance - drawn, memory.supplied + drawn
            self._adopt(
                replace(memory, balance=balance, supplied=supplied, part=part), self._load, zero_at
            )
        self._at = now

    def enter_token(self, digits: str, now: datetime) -> Entry:
        """Judge and execute 20 ASCII digits, from the keypad or the mailbox alike."""
        self.advance(now)
        memory = self._memory
        verdict = judge(
            memory.acceptance, self.can, digits, (self._at - _EPOCH) // _SECOND, memory.balance
        )
        sequence = memory.sequence + 1
        line = TokenLogEntry(token_fingerprint(digits), verdict.result, sequence)
        memory = replace(
            memory,
            acceptance=verdict.state,
            tokens_accepted=memory.tokens_accepted + verdict.result.is_taken,
            sequence=sequence,
            last_result=verdict.result,
            log=(line, *memory.log)[:LOG_LINES],
        )
        text = RESULT_WORDS[verdict.result]
        if verdict.token is not None:
            memory, detail = self._execute(memory, verdict.token)
            text = f"{text} {detail}".rstrip()
        if self._keep is not None:
            self._keep(memory)
        self.events.append(MeterEvent(now, "token", RESULT_WORDS[verdict.result]))
        self._adopt(memory, self._load, now)
        return Entry(verdict.result, text)

    def show(self, digits: str, result: TokenResult, now: datetime) -> Entry:
        """Say `result` of 20 digits and write it down, without judging or executing them."""
        self.advance(now)
        sequence = self._memory.sequence + 1
        line = TokenLogEntry(token_fingerprint(digits), result, sequence)
        log = (line, *self._memory.log)[:LOG_LINES]
        memory = replace(self._memory, sequence=sequence, last_result=result, log=log)
        self.events.append(MeterEvent(now, "token", RESULT_WORDS[result]))
        self._adopt(memory, self._load, now)
        return Entry(result, RESULT_WORDS[result])

    def set_load(self, load: int, now: datetime) -> None:
        """From `now` on the customer draws `load` W or litres an hour (not below zero)."""
        self.advance(now)
        self._adopt(self._memory, max(0, load), now)

    def set_tamper(self, now: datetime) -> None:
        """Someone opened the cover: the supply stays off until a clear-tamper token."""
        self.advance(now)
        self.events.append(MeterEvent(now, "tamper", "cover"))
        self._adopt(replace(self._memory, tamper=True), self._load, now)

    def set_remote_off(self, off: bool, now: datetime) -> None:
        """The head-end opens or releases the supply."""
        self.advance(now)
        self._adopt(replace(self._memory, remote_off=off), self._load, now)

    def _execute(self, memory: MeterMemory, token: Token) -> tuple[MeterMemory, str]:
        for kind, effect in _EFFECTS.items():
            if isinstance(token, kind):
                return effect(self, memory, token)
        return memory, ""

    def _credit(self, memory: MeterMemory, token: Any) -> tuple[MeterMemory, str]:
        amount = token.amount
        credited = replace(
            memory,
            balance=memory.balance + amount.value,
            credited=memory.credited + amount.value,
        )
        return credited, str(amount)

    def _clear_credit(self, memory: MeterMemory, _: Any) -> tuple[MeterMemory, str]:
        return replace(memory, balance=0, part=0, cleared=memory.cleared + memory.balance), ""

    def _clear_tamper(self, memory: MeterMemory, _: Any) -> tuple[MeterMemory, str]:
        return replace(memory, tamper=False), ""

    def _limit_power(self, memory: MeterMemory, token: Any) -> tuple[MeterMemory, str]:
        return replace(memory, power_limit_w=token.limit.value), str(token.limit)

    def _show(self, memory: MeterMemory, token: Any) -> tuple[MeterMemory, str]:
        return memory, shown_tests(self, token.control)

    def _adopt(self, memory: MeterMemory, load: int, at: datetime) -> None:
        before, after = self.reasons, _reasons(memory, load)
        self._memory, self._load = memory, load
        if bool(before) != bool(after):
            kind = "supply_off" if after else "supply_on"
            self.events.append(MeterEvent(at, kind, ", ".join(sorted(after))))

    def _quantity(self, value: int) -> Quantity:
        return self.commodity.quantity(value)


def _reasons(memory: MeterMemory, load: int) -> frozenset[str]:
    limit = memory.power_limit_w
    causes = (
        ("credit", memory.balance <= 0),
        ("tamper", memory.tamper),
        ("remote", memory.remote_off),
        ("power_limit", limit is not None and load > limit),
    )
    return frozenset(name for name, holds in causes if holds)


_Effect = Callable[[PaymentMeter, MeterMemory, Any], tuple[MeterMemory, str]]
_EFFECTS: Final[Mapping[type[Token], _Effect]] = {
    TransferCreditElectricity: PaymentMeter._credit,
    TransferCreditWater: PaymentMeter._credit,
    ClearCredit: PaymentMeter._clear_credit,
    ClearTamperCondition: PaymentMeter._clear_tamper,
    SetMaximumPowerLimit: PaymentMeter._limit_power,
    InitiateMeterTest1: PaymentMeter._show,
    InitiateMeterTest2: PaymentMeter._show,
}
