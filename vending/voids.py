"""What a void is: why one is refused, what it is booked by, what is kept of it. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from meters.errors import Invalid, Refused
from meters.gateway import MeterUnreachable
from meters.quantities import Money

from .aftersale import Void
from .ledger import Chart, JournalEntry, PostedEntry, Posting, canonical_json, canonical_time
from .masking import check_no_secret
from .plaintext import in_one_line, visible
from .sale import SaleReceipt

LEAST_REASON = 5
"""Characters; `ok` explains nothing."""


@dataclass(eq=False)
class TokenTaken(Refused, code="void.token_taken"):
    """The meter has taken the token: what it gave cannot be given back."""

    vend_id: str
    meter: str


@dataclass(eq=False)
class NotProved(Refused, code="void.not_proved"):
    """The token has been seen by the customer, and nothing proves that the meter has not taken
    it."""

    vend_id: str
    meter: str
    why: str
    """`log_too_short` or `being_delivered`."""


@dataclass(eq=False)
class GoneUnproved(NotProved, code="void.gone_unproved"):
    """The meter is out of use: that it is off the wall does not say that it had not taken the
    token. `why`: a row of `voidrules.GONE`, or `log_too_short`."""


@dataclass(eq=False)
class VoidUnseen(MeterUnreachable, code="void.meter_unreachable"):
    """The meter does not answer, so nothing proves that it has not taken the token of a sale that
    is to be taken back."""


@dataclass(eq=False)
class VoidWithoutAddress(Refused, code="void.meter_without_address"):
    """Nobody has written down where the meter can be reached, so that nothing will ever prove that
    it has not taken the token; a supervisor refunds."""

    meter: str


@dataclass(eq=False)
class VoidNotAllowed(Refused, code="void.not_allowed"):
    """It may not be voided by this person, at this point, or at all."""

    vend_id: str
    why: str
    """`other_point`, `other_shift`, `other_day`, `needs_supervisor` (one who did not sell it),
    `balance_used`, `units_refunded`, `tariff_changed`, `voided` or `kind`."""


@dataclass(eq=False)
class GivenBackBefore(Refused, code="void.done_before"):
    """The sale was taken back, refunded or sold anew already, by somebody else or for another
    reason: nothing is given for it a second time."""

    vend_id: str
    actor: str
    moment: datetime


@dataclass(eq=False)
class VoidReasonMissing(Invalid, code="void.reason_missing"):
    """A void needs a reason."""

    least: int


@dataclass(frozen=True, slots=True)
class TakenOut:
    """The exchange that took a meter out of use last, as it was written down."""

    at: datetime
    down_since: datetime | None = None
    """From when on it was off the wall or dead, as whoever took it down has said."""
    confirmed: bool = False
    """Whether a second person has approved what was written down."""


SALES = frozenset({"sale", "payment"})
"""Kinds of entries that a sale is booked by."""


def void_entry(void: Void, postings: tuple[Posting, ...]) -> JournalEntry:
    """What a void is booked by."""
    return JournalEntry(
        at=void.at,
        kind="void" if void.evidence.takes_back else "refund",
        cause=void.vend_id,
        actor=void.actor,
        point=void.point,
        content_hash=void_hash(void),
        postings=postings,
    )


def void_hash(void: Void) -> str:
    """SHA-256 over everything that is kept of a void."""
    fields = [
        void.vend_id,
        canonical_time(void.at),
        void.actor,
        void.point,
        void.terminal,
        void.shift,
        void.evidence.value,
        void.reason,
        void.document,
    ]
    return sha256(canonical_json(fields)).hexdigest()


def money_back(entries: Sequence[PostedEntry], chart: Chart) -> list[Posting]:
    """The payments of a sale (among the entries of its cause), turned around: out of where they
    went, to the coin, so that what rounding had added or taken off is turned around as well. Empty
    if nothing was paid."""
    roles = ("till", "cards", "cheques", "wallets", "transfers", "operator_deposit")
    accounts = {chart.role(role).code for role in roles}
    rounding = chart.role("coin_rounding").code
    lines = [p for e in entries if e.entry.kind in SALES for p in e.entry.postings]
    paid = [p for p in lines if p.account in accounts and p.amount > 0]
    rounded = [p for p in lines if p.account == rounding]
    return [p._replace(amount=-p.amount) for p in (*paid, *rounded)] if paid else []


def checked_reason(reason: str) -> str:
    text = in_one_line(reason)
    if visible(text) < LEAST_REASON or len(text) > 500:
        raise VoidReasonMissing(LEAST_REASON)
    check_no_secret(text)
    return text


def given_back(void: Void, receipt: SaleReceipt) -> Money:
    """What was given back for a sale, in all ways together: as the void says, or else what was
    paid."""
    paid = receipt.quote.tendered + Money(receipt.rounding, receipt.quote.tendered.currency)
    said = given_of(void.document)
    return paid if said is None else Money(said, paid.currency)


def moves_money(void: Void) -> bool:
    """Whether the customer was given money: a sale that was sold anew took it along."""
    return replaced_by(void) is None


def replaced_by(void: Void) -> str | None:
    """The vend id under which the sale was sold anew, and which took its money along."""
    found = read_document(void).get("replaced_by")
    return None if found is None else str(found)


def given_of(document: str) -> int | None:
    """What a void's document says was given back, in minor units; None where it says nothing:
    then it was what was paid. Raises ValueError, LookupError or TypeError for any other text."""
    given = dict(json.loads(document)).get("given")
    return None if given is None else int(given)


def read_document(void: Void) -> dict[str, object]:
    """What was seen, as it was kept."""
    found: dict[str, object] = json.loads(void.document)
    return found
