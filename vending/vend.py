"""The rules of a sale, pure: which state follows which, what makes two requests the same, which
TID a token gets, and how the sale is booked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from meters.account import Commodity
from meters.errors import Broken, Invalid, Refused
from meters.quantities import Money, Quantity
from tokens.sts import (
    BaseDate,
    TransferCreditElectricity,
    TransferCreditWater,
    free_tid,
    tid_at,
    tid_moment,
)

from .aftersale import SaleState
from .clock import ClockLimits, went_back
from .ledger import Account, Chart, JournalEntry, Posting
from .persons import person
from .record import SaleRecord, content_hash, receipt_of
from .sale import Payment, SaleKind, SaleReceipt, Tender
from .tariff import shares_of

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


def follow(vend_id: str, state: SaleState, next_state: SaleState) -> SaleState:
    """`next_state`, if it may follow. Raises StateImpossible."""
    if next_state not in TRANSITIONS[state]:
        raise StateImpossible(vend_id, state.value, next_state.value)
    return next_state


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
            raise went_back(now, ahead, limits.tid)
    return free_tid(candidate, (), base_date)


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


TENDER_ROLES: Mapping[Tender, str] = {
    Tender.CASH: "till",
    Tender.CARD: "cards",
    Tender.CHEQUE: "cheques",
    Tender.WALLET: "wallets",
    Tender.TRANSFER: "transfers",
}
"""In which account of the point money lies, by way of paying."""


def sale_entry(record: SaleRecord, chart: Chart) -> JournalEntry:
    """As `entry_of`, from a sale as it is kept."""
    return entry_of(receipt_of(record), record, chart)


def entry_of(receipt: SaleReceipt, record: SaleRecord, chart: Chart) -> JournalEntry:
    """The exchange: money taken, in accounts of the point by way of paying (or off the operator's
    deposit), against income, tax and the customer's balance; units given out by the network (or
    left on an old meter) against units issued to the meter. Both sides sum to zero. Charges,
    debts and what others bear stand on accounts of their own."""
    commodity, currency = record.commodity, record.currency
    operator = receipt.deposit_of or person(record.operator)
    postings = [
        Posting(account.code, operator if account.per == "operator" else record.point, currency, n)
        for account, n in _taken(receipt, chart)
    ]
    if receipt.rounding:
        postings.append(Posting(chart.role("coin_rounding").code, "", currency, -receipt.rounding))
    # The balance is owed to the customer: using it up debits, what is left over credits.
    used = record.balance_before - record.balance_after
    postings.append(Posting(chart.role("customer_balance").code, record.agreement, currency, used))
    for share in shares_of(receipt.quote.lines):
        account = chart.role(share.role or f"sales_{commodity}")
        holder = record.agreement if account.per == "agreement" else ""
        postings.append(Posting(account.code, holder, currency, -share.minor))
    if receipt.commission is not None:
        earned = receipt.commission.minor
        postings.append(Posting(chart.role("commission").code, "", currency, earned))
        deposit = chart.role("operator_deposit")
        postings.append(Posting(deposit.code, operator, currency, -earned))
    issued, given = chart.role(f"meters_{commodity}"), chart.role(f"supply_{commodity}")
    source = (given.code, "")
    if receipt.kind is SaleKind.TRANSFER:
        source = (issued.code, receipt.refers_to)
    postings.append(Posting(issued.code, record.meter, record.unit, record.quantity))
    postings.append(Posting(*source, record.unit, -record.quantity))
    if receipt.kind is SaleKind.ENGINEERING:
        # It carries no units; the token itself is counted, so that none is without an entry.
        made, held = chart.role("supply_tokens"), chart.role("meters_tokens")
        postings.append(Posting(held.code, record.meter, held.unit, len(receipt.tokens)))
        postings.append(Posting(made.code, "", made.unit, -len(receipt.tokens)))
    return JournalEntry(
        at=record.sold_at,
        kind="sale" if receipt.tokens else "payment",
        cause=record.vend_id,
        actor=record.operator,
        point=record.point,
        content_hash=content_hash(record),
        postings=tuple([posting for posting in postings if posting.amount != 0]),
    )


def paid_parts(receipt: SaleReceipt) -> tuple[Payment, ...]:
    """What was paid for a sale in which ways; perhaps nothing, in one way."""
    if receipt.parts:
        return receipt.parts
    # All of it, less what rounding to the coin has taken off: less than half a coin is nothing.
    rounding = Money(receipt.rounding, receipt.quote.tendered.currency)
    return (Payment(receipt.tender, receipt.quote.tendered + rounding),)


def _taken(receipt: SaleReceipt, chart: Chart) -> list[tuple[Account, int]]:
    """What was paid, by account."""
    found: dict[str, int] = {}
    for part in paid_parts(receipt):
        role = "operator_deposit" if receipt.on_deposit else TENDER_ROLES[part.tender]
        found[role] = found.get(role, 0) + part.amount.minor
    return [(chart.role(role), minor) for role, minor in found.items()]
