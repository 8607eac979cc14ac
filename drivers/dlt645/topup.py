"""Top-up of a DL/T 645 prepaid meter: function 03, guarded by the count of purchases.

The meter takes a purchase only under the number that follows its last one. So the number is the
idempotency key, and asking again under the same number can never add the money twice. Who counts,
and who looks at the count afterwards, is the command of the register map (`device/plan.py`): here a
purchase is sent, once.

What makes the money genuine are two MACs of a secure element with national keys, which nobody
hands out: whoever has one supplies them through a `Seal`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..conversation import Conversation
from .core import di_bytes
from .station import Function, Station, ask

TOP_UP: Final = "070102FF"
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


def buy(station: Station, purchase: Purchase, seal: Seal = unsealed) -> Conversation[None]:
    """Sends one purchase, once, and believes the answer. Raises NoReply (may have happened),
    Declined (also for one that the meter has had before: then something did happen)."""
    data = purchase_data(purchase, seal(purchase))
    yield from ask(station, Function.SECURITY, data, secret=((4, len(data)),))
