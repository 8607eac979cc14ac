"""The rules of a sale, pure: which state follows which, what makes two requests the same, which
TID a token gets, when the clock is not to be trusted, and how the sale is booked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from meters.account import Commodity
from meters.errors import Broken, Invalid, Refused
from meters.quantities import Quantity
from tokens.sts import (
    BaseDate,
    TransferCreditElectricity,
    TransferCreditWater,
    free_tid,
    tid_at,
    tid_moment,
)

from .ledger import Chart, JournalEntry, Posting, canonical_json, canonical_time
from .record import SaleRecord, content_hash, shares_in
from .sale import SaleState, VendRequest

TRANSITIONS: Mapping[SaleState, frozenset[SaleState]] = {
    SaleState.QUOTED: frozenset({SaleState.PAID}),
    SaleState.PAID: frozenset({SaleState.ISSUED}),
    # A customer may type the token at the meter, so the log can settle a sale never pushed.
    SaleState.ISSUED: frozenset({SaleState.DELIVERING, SaleState.RECONCILED}),
    SaleState.DELIVERING: frozenset(
        {
            SaleState.DELIVERED,
            SaleState.REFUSED,
            SaleState.UNKNOWN,
            SaleState.ISSUED,
            SaleState.RECONCILED,
        }
    ),
    # Never back to delivering from here: what may have happened is not repeated.
    SaleState.UNKNOWN: frozenset({SaleState.RECONCILED}),
    SaleState.REFUSED: frozenset({SaleState.DELIVERING, SaleState.RECONCILED}),
    SaleState.RECONCILED: frozenset(
        {SaleState.DELIVERED, SaleState.REFUSED, SaleState.UNKNOWN, SaleState.ISSUED}
    ),
    SaleState.DELIVERED: frozenset(),
}
"""What may follow what. Quoted and paid are passed inside the one transaction of `vend`."""


@dataclass(eq=False)
class StateImpossible(Broken, code="vend.state_impossible"):
    """A step that the table of states does not have."""

    vend_id: str
    state: str
    next: str


@dataclass(eq=False)
class VendUnknown(Invalid, code="vend.unknown"):
    """No sale has this id: nothing was booked under it, and it may be used."""

    vend_id: str


@dataclass(eq=False)
class VendIdReused(Refused, code="vend.id_reused"):
    """A sale with this id exists and had other inputs. It stands as it is; use a new id."""

    vend_id: str
    differs: str
    """The first input that differs: `meter`, `amount`, `tender` or `point`."""


@dataclass(eq=False)
class ClockWentBack(Refused, code="clock.went_back"):
    """The clock stands earlier than what is already booked. Set it right, then sell."""

    now: str
    last: str
    limit_s: int


@dataclass(frozen=True, slots=True)
class ClockLimits:
    """How far the clock may stand behind what has been written."""

    entry: timedelta = timedelta(minutes=5)
    """Behind the last journal entry: small corrections by time synchronisation pass."""
    tid: timedelta = timedelta(days=1)
    """Behind the last TID of the meter. Wider: many sales in one minute run TIDs ahead."""


def follow(vend_id: str, state: SaleState, next_state: SaleState) -> SaleState:
    """`next_state`, if it may follow. Raises StateImpossible."""
    if next_state not in TRANSITIONS[state]:
        raise StateImpossible(vend_id, state.value, next_state.value)
    return next_state


def input_hash(request: VendRequest, meter: str, point: str) -> str:
    """What makes two requests with one vend id the same: meter (as its DRN), amount, currency,
    tender and vending point. Not the person or terminal: a colleague may ask again."""
    fields = [meter, request.amount.minor, request.amount.currency, request.tender.value, point]
    return sha256(canonical_json(fields)).hexdigest()


def first_difference(record: SaleRecord, request: VendRequest, meter: str, point: str) -> str:
    """Which input of a reused vend id is not the stored one."""
    pairs = {
        "meter": (record.meter, meter),
        "amount": (
            (record.tendered, record.currency),
            (request.amount.minor, request.amount.currency),
        ),
        "tender": (record.tender, request.tender.value),
        "point": (record.point, point),
    }
    return next((name for name, (old, new) in pairs.items() if old != new), "inputs")


def check_clock(now: datetime, last_entry: datetime | None, limits: ClockLimits) -> None:
    """Raises ClockWentBack if `now` is too far behind the last journal entry."""
    if last_entry is not None and now < last_entry - limits.entry:
        raise _went_back(now, last_entry, limits.entry)


def next_tid(base_date: BaseDate, now: datetime, last: int | None, limits: ClockLimits) -> int:
    """The TID of the next token for a meter: this minute's, or the one after its `last` if that
    is later; never the reserved minute.

    Raises ClockWentBack if the last TID is too far ahead of the clock, TidOutOfRange when the
    base date has no such minute.
    """
    candidate = tid_at(base_date, now)
    if last is not None and last >= candidate:
        candidate = last + 1
        ahead = tid_moment(base_date, candidate)
        if ahead - now > limits.tid:
            raise _went_back(now, ahead, limits.tid)
    return free_tid(candidate, (), base_date)


def _went_back(now: datetime, last: datetime, limit: timedelta) -> ClockWentBack:
    return ClockWentBack(canonical_time(now), canonical_time(last), int(limit.total_seconds()))


CREDIT_TOKENS = {
    Commodity.ELECTRICITY: ("credit_electricity", TransferCreditElectricity),
    Commodity.WATER: ("credit_water", TransferCreditWater),
}
"""Token kind by commodity: our name for it and its class."""


def credit_token(
    commodity: Commodity, quantity: Quantity, tid: int, rnd: int
) -> tuple[str, TransferCreditElectricity | TransferCreditWater]:
    """The kind's name and the token that carries `quantity`."""
    name, kind = CREDIT_TOKENS[commodity]
    return name, kind(amount=quantity, tid=tid, rnd=rnd)


def sale_entry(record: SaleRecord, chart: Chart) -> JournalEntry:
    """The exchange: money in the till against income, tax and the customer's balance; units given
    out by the network against units issued to the meter. Both sides sum to zero. Charges, debts
    and what others bear stand on accounts of their own."""
    commodity = record.commodity
    till, balance, given, issued = (
        chart.role(role)
        for role in (
            "till",
            "customer_balance",
            f"supply_{commodity}",
            f"meters_{commodity}",
        )
    )
    postings = (
        Posting(till.code, record.point, record.currency, record.tendered),
        # The balance is owed to the customer: using it up debits, what is left over credits.
        Posting(
            balance.code,
            record.agreement,
            record.currency,
            record.balance_before - record.balance_after,
        ),
        *(
            Posting(
                account.code,
                record.agreement if account.per == "agreement" else "",
                record.currency,
                -share.minor,
            )
            for share in shares_in(record)
            for account in (chart.role(share.role or f"sales_{commodity}"),)
        ),
        Posting(issued.code, record.meter, record.unit, record.quantity),
        Posting(given.code, "", record.unit, -record.quantity),
    )
    return JournalEntry(
        at=record.sold_at,
        kind="sale",
        cause=record.vend_id,
        actor=record.operator,
        point=record.point,
        content_hash=content_hash(record),
        postings=tuple(posting for posting in postings if posting.amount != 0),
    )
