"""What stands in a seal, and the seals that there are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Text, func, select, type_coerce

from ..ledger import GENESIS, ChainEnd, ReceiptRange, Seal, TokenCount
from . import schema as t
from .attesting import chain_end

_SEALS = [
    type_coerce(c, Text).label(c.name) if c.name == "sealed_at" else c for c in t.seals.columns
]
"""A seal, its moment as the driver gives it."""
_NEVER = datetime.min.replace(tzinfo=UTC)


class SqlSeals:
    """The part of `vending.accounting.ports.BooksReading` that days are sealed by."""

    _db: Connection

    def receipt_ranges(self, after: int, last: int) -> list[ReceiptRange]:
        number = t.receipts.c.number
        found = self._db.execute(
            select(t.receipts.c.point, func.min(number), func.max(number), func.count())
            .join(t.sales, t.sales.c.vend_id == t.receipts.c.vend_id)
            .where(t.sales.c.entry > after, t.sales.c.entry <= last)
            .group_by(t.receipts.c.point)
        )
        # By the codes themselves: databases differ in what comes before what, and a seal says the
        # same on each.
        return sorted(ReceiptRange(*row) for row in found)

    def token_counts(self, after: int, last: int) -> list[TokenCount]:
        found = self._db.execute(
            select(t.tokens.c.kind, func.count())
            .join(t.sales, t.sales.c.vend_id == t.tokens.c.vend_id)
            .where(t.sales.c.entry > after, t.sales.c.entry <= last)
            .group_by(t.tokens.c.kind)
        )
        return sorted(TokenCount(*row) for row in found)

    def seals(self) -> list[Seal]:
        found = self._db.execute(select(*_SEALS).order_by(t.seals.c.number))
        told = [[*row[:2], _sealed_at(row.sealed_at), *row[3:]] for row in found]
        return [Seal(*values) for values in told]

    def last_period_hash(self) -> str:
        c = t.period_acts.c
        return str(self._db.execute(select(c.hash).order_by(c.number.desc())).scalar() or GENESIS)

    def attested_end(self) -> ChainEnd | None:
        return _readable(chain_end(self._db, t.attestation_head))

    def trail_end(self) -> ChainEnd | None:
        return _readable(chain_end(self._db, t.trail_head))


def _sealed_at(kept: Any) -> datetime:
    """A moment that cannot be read is none that a seal was made at: its hash shows it, and days are
    checked and sealed all the same."""
    try:
        return t.moment(kept) or _NEVER
    except ValueError:
        return _NEVER


def _readable(end: ChainEnd) -> ChainEnd | None:
    """None where an edited head says nothing: a day is sealed all the same."""
    said: tuple[object, object] = end
    return end if isinstance(said[0], int) and isinstance(said[1], str) else None
