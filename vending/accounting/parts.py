"""How a sale was paid, as its document tells: which parts in which way, what rounding added, what
the operator earned. Pure.

Many sales are read at once, and most are paid in one way, which stands beside the document: only
the others' documents are opened.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

NO_MONEY = "no_money"
"""Stands for a way of paying where nothing was paid."""
_TOLD = ('"parts":', '"rounding":', '"commission":', '"on_deposit":')
"""What a document holds if there is more to it. In canonical JSON a name or a reason cannot
contain these: quotes are escaped there."""


class Taken(NamedTuple):
    """Money of one sale, in minor units; of what was taken back, below zero."""

    parts: tuple[tuple[str, int], ...]
    """(way of paying, amount), in order; nothing of zero."""
    rounding: int = 0
    """What rounding to the coin added to what was due."""
    commission: int = 0
    on_deposit: bool = False
    """Whether it was set off against the operator's deposit."""
    deposit_of: str = ""
    """The person whose deposit that is, where it is not the seller's."""
    references: tuple[tuple[str, str], ...] = ()
    """(way of paying, number of the cheque, card slip, ...), where one was told."""

    @property
    def amount(self) -> int:
        """In all ways together: what was due, and `rounding`."""
        return sum(amount for _, amount in self.parts)


def taken_of(document: str, tender: str, tendered: int) -> Taken:
    """How a sale of `tendered` minor units was paid. Raises ValueError or another error of plain
    reading if the document is not one of a sale."""
    if not any(name in document for name in _TOLD):
        return Taken(_parts([(tender, tendered)]))
    return taken_from(json.loads(document), tender, tendered)


def taken_from(data: dict[str, Any], tender: str, tendered: int) -> Taken:
    """The same from a document that is open already."""
    rounding = int(data.get("rounding", 0))
    parts = data.get("parts") or [(tender, tendered + rounding)]
    return Taken(
        _parts([(str(part[0]), int(part[1])) for part in parts]),
        rounding,
        int(data.get("commission", 0)),
        bool(data.get("on_deposit", False)),
        str(data.get("deposit_of", "")),
        tuple((str(part[0]), str(part[2])) for part in parts if len(part) > 2 and part[2]),
    )


def taken_back(taken: Taken, given: int | None = None) -> Taken:
    """What the void of a sale takes back: all of it, the commission too. `given` is what its
    document says was given to the customer (None: what was paid)."""
    return _back(taken, given)._replace(commission=-taken.commission)


def given_back(taken: Taken, given: int | None = None) -> Taken:
    """What a refund gives back; as `taken_back`, but the commission stays."""
    return _back(taken, given)


def _back(taken: Taken, given: int | None) -> Taken:
    """In the ways in which it came, and with it what rounding to the coin had added or taken off.
    The last way, cash where there was any, bears what is given beside that, and so does what
    rounding costs."""
    sums: dict[str, int] = {}
    for tender, amount in taken.parts:
        sums[tender] = sums.get(tender, 0) - amount
    more = 0 if given is None else given - taken.amount
    if sums:
        sums[list(sums)[-1]] -= more
    rounding = -taken.rounding - more
    return taken._replace(parts=_parts(list(sums.items())), rounding=rounding, commission=0)


def _parts(parts: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple((tender, amount) for tender, amount in parts if amount)
