"""What sales of two people and exchanges need from the store beside the books, as Protocols."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from ..aftersale import MeterReading
from ..approvals import Approval
from ..parties import Meter, MeterFile
from ..ports import Reading, Writing
from ..record import SaleRecord


class ActsReading(Reading, Protocol):
    """One consistent view of books and approvals."""

    def approval(self, id: str) -> Approval | None: ...

    def file_of_agreement(self, number: str) -> MeterFile | None:
        """The meter that this agreement has now."""
        ...

    def sold_by(self, act: str, field: str, value: str) -> list[SaleRecord]:
        """The sales that approvals of this act have made whose document has this value in this
        field."""
        ...

    def exchange_of(self, old_meter: str, before: datetime | None = None) -> Approval | None:
        """The request that the last exchange of this meter wrote down, of those asked for before a
        moment."""
        ...

    def last_reading(
        self, meter: str, since: datetime | None, until: datetime | None
    ) -> MeterReading | None:
        """The last that is kept of a meter, of those behind `since` and not behind `until`."""
        ...

    def taken_back_as_gone(self, meter: str, since: datetime) -> list[SaleRecord]:
        """The sales to this meter that were taken back from a moment on because it was out of
        use, by entry of their voids."""
        ...

    def taken_all_the_same(self, meter: str, agreement: str) -> list[str]:
        """Vend ids of sales to this meter at this agreement that were taken back, whose tokens it
        has taken all the same, as its log has told since."""
        ...

    def seen_alive_at(self, meter: str) -> datetime | None:
        """When this meter answered last, as far as it was written down: a kept reading, a verdict,
        its log."""
        ...


class ActsWriting(ActsReading, Writing, Protocol):
    """One transaction with the sole right to write until it ends."""

    def add_approval(self, approval: Approval) -> None: ...

    def exchange(self, agreement: str, meter: Meter) -> None:
        """The agreement has this meter from here on. It is written down if it was not; of one from
        the shelf, model and address become these."""
        ...

    def cancel_key_plan(self, meter: str, at: datetime, actor: str, note: str) -> bool:
        """Cancels the key change that is planned for a meter; whether there was one."""
        ...


class ActsStore(Protocol):
    """The same database as the books'."""

    def reading(self) -> AbstractContextManager[ActsReading]: ...

    def writing(self) -> AbstractContextManager[ActsWriting]:
        """Commits at the end of the block, durably, before it returns; any exception inside rolls
        everything back."""
        ...
