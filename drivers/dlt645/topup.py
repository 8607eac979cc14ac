"""Top-up of a DL/T 645 prepaid meter: function 03, guarded by the count of purchases.

The meter takes a purchase only under the number that follows its last one. So the number is the
idempotency key: it is fixed by the caller before anything is sent, a purchase is sent at most once
in one conversation, and whatever the answer was, the count read afterwards decides. Asking again
under the same number can never add the money twice.

What makes the money genuine are two MACs of a secure element with national keys, which nobody
hands out: whoever has one supplies them through a `Seal`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ..conversation import Conversation, Quiet
from ..lines import Declined, NoReply
from .core import TRIES, di_bytes, read
from .station import Function, Station, ask

TOP_UP: Final = "070102FF"
COUNT: Final = "03330201"
_NO_MAC: Final = bytes(4)
_LOW_FIRST: Final = "little"


@dataclass(frozen=True, slots=True)
class Purchase:
    """Money for one meter, under its number."""

    number: int
    """One more than the count of purchases before it."""
    amount: int
    """In the meter's hundredths."""
    customer: str
    """12 digits."""
    operator: str = "00000000"
    """8 digits."""


@dataclass(frozen=True, slots=True)
class Macs:
    """Over amount and count, and over the customer: 4 bytes each, as on the wire."""

    first: bytes = field(default=_NO_MAC, repr=False)
    second: bytes = field(default=_NO_MAC, repr=False)


Seal = Callable[[Purchase], Macs]
"""What a secure element makes of a purchase."""


def unsealed(purchase: Purchase) -> Macs:  # noqa: ARG001 - a Seal
    """For meters whose secure element is switched off."""
    return Macs()


class Applied(Enum):
    """What became of a purchase."""

    NOW = "now"
    BEFORE = "before"
    """The count was there already: nothing was sent."""
    DECLINED = "declined"
    """The meter said no for a reason that has nothing to do with the number."""
    OUT_OF_TURN = "out_of_turn"
    """The meter counts fewer purchases than come before this one: nothing was sent."""
    NOT_SEEN = "not_seen"
    """It is not in the count, and may still get there: a request can be under way, and a count can
    be a late answer. Asking again under the same number is safe, under the next one it is not."""


@dataclass(frozen=True, slots=True)
class TopUp:
    """The end of one attempt. `count` is what the meter counted last."""

    applied: Applied
    count: int
    reason: str = ""
    """Of the meter's refusal, or why there was no answer."""


# The national layout; makers also have one with an order number of 8 bytes, which guards nothing.
LAYOUT: Final = ("operator", "amount", "count", "mac1", "customer", "mac2")


def purchase_data(purchase: Purchase, macs: Macs) -> bytes:
    """The data of the request: identification, operator, amount, count, MAC, customer, MAC."""
    fields: Mapping[str, bytes] = {
        "operator": bytes.fromhex(purchase.operator)[::-1],
        "amount": purchase.amount.to_bytes(4, _LOW_FIRST),
        "count": purchase.number.to_bytes(4, _LOW_FIRST),
        "mac1": macs.first,
        "customer": bytes.fromhex(purchase.customer)[::-1],
        "mac2": macs.second,
    }
    return di_bytes(TOP_UP) + b"".join(fields[name] for name in LAYOUT)


def purchase_count(station: Station, di: str = COUNT, tries: int = TRIES) -> Conversation[int]:
    """How many purchases the meter has taken. Raises NoReply, Declined."""
    data = yield from read(station, di, tries)
    digits = data[::-1].hex()
    if not digits.isdecimal():
        raise NoReply(station.line, station.address, "not_bcd")
    return int(digits)


def buy(station: Station, purchase: Purchase, seal: Seal = unsealed) -> Conversation[None]:
    """Sends one purchase, once, and believes the answer. Raises NoReply (may have happened),
    Declined (also for one that the meter has had before: then something did happen)."""
    data = purchase_data(purchase, seal(purchase))
    yield from ask(station, Function.SECURITY, data, secret=((4, len(data)),))


def top_up(
    station: Station, purchase: Purchase, seal: Seal = unsealed, count_di: str = COUNT
) -> Conversation[TopUp]:
    """Brings one purchase to the meter, once.

    Raises NoReply and Declined from the first reading (nothing was sent), and NoReply if the count
    cannot be read after sending: ask again under the same number.
    """
    before = yield from purchase_count(station, count_di)
    if before >= purchase.number:
        return TopUp(Applied.BEFORE, before)
    if before != purchase.number - 1:
        return TopUp(Applied.OUT_OF_TURN, before)
    reason = ""
    refused = False
    try:
        yield from buy(station, purchase, seal)
    except NoReply as error:
        reason = error.reason
    except Declined as error:
        reason = error.reason
        # "Repeated" and "wrong count" are what a meter says to a purchase that it has had already.
        refused = error.nothing_happened and "purchase" not in reason
    # A late answer must not be in the way of the reading that decides.
    yield Quiet(station.settle_s if reason else station.gap_s)
    after = yield from purchase_count(station, count_di)
    if after >= purchase.number:
        return TopUp(Applied.NOW, after)
    return TopUp(Applied.DECLINED if refused else Applied.NOT_SEEN, after, reason)
