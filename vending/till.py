"""The counter while a batch of sales is rung up: what they stand on is loaded once and moves along
with each sale, so that a later one sees the earlier ones as if they had been booked before. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .ledger import JournalEntry, chained
from .parties import MeterFile, MeterUnknown, PointUnknown, VendingPoint
from .ports import BookedSale, Ground, MeterGround
from .record import SaleRecord


class Till:
    """The ground of a batch, moving."""

    def __init__(self, ground: Ground, cached: Collection[str]) -> None:
        """`cached` are the codes of the accounts whose balances are kept ready."""
        self.head = ground.head
        self.booked: list[BookedSale] = []
        """The new sales of the batch, in order."""
        self._ground = ground
        self._cached = cached
        self._sales: dict[str, SaleRecord] = {}
        self._moved: dict[tuple[str, str, str], int] = {}
        self._tids: dict[tuple[str, str], int] = {}
        self._receipts: dict[str, int] = {}

    def sale(self, vend_id: str) -> SaleRecord | None:
        """The sale under this id, from before or from this batch."""
        return self._sales.get(vend_id) or self._ground.sales.get(vend_id)

    def file(self, number: str) -> MeterFile:
        """Raises MeterUnknown."""
        return self._meter(number).file

    def point(self, code: str) -> VendingPoint:
        """Raises PointUnknown."""
        found = self._ground.points.get(code)
        if found is None:
            raise PointUnknown(code)
        return found.point

    def balance(self, file: MeterFile, account: str, unit: str) -> int:
        """The ledger balance of the meter's agreement, debit positive; `account` is the one that
        the ground was loaded for."""
        before = self._meter(file.meter.number.number).balances.get(unit, 0)
        return before + self._moved.get((account, file.agreement.number, unit), 0)

    def last_tid(self, file: MeterFile, base_date: str) -> int | None:
        """The largest TID of this meter under the base date with this short code."""
        number = file.meter.number
        moved = self._tids.get((number.pan.number, base_date))
        return self._meter(number.number).last_tids.get(base_date) if moved is None else moved

    def next_receipt(self, code: str) -> int:
        """The number that the next sale at this point gets."""
        last = self._receipts.get(code)
        return (self._ground.points[code].receipts if last is None else last) + 1

    def add(self, record: SaleRecord, entry: JournalEntry) -> None:
        """From here on the sale counts. It carries the next receipt number and TIDs.

        Raises PeriodClosed; then nothing has moved.
        """
        posted = chained(entry, self.head)
        cached = tuple(p for p in entry.postings if p.account in self._cached)
        self.booked.append(BookedSale(record, posted, cached))
        # The latest moment, not the last entry's: small steps back must not add up.
        latest = entry.at if self.head.at is None else max(entry.at, self.head.at)
        self.head = replace(posted.head, at=latest)
        self._sales[record.vend_id] = record
        self._receipts[record.point] = record.receipt_number
        for p in cached:
            key = (p.account, p.holder, p.unit)
            self._moved[key] = self._moved.get(key, 0) + p.amount
        for token in record.tokens:
            if token.tid is None:
                continue
            self._tids[(token.pan, token.base_date)] = token.tid

    def _meter(self, number: str) -> MeterGround:
        found = self._ground.meters.get(number)
        if found is None:
            raise MeterUnknown(number)
        return found
