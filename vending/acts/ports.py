"""What sales of two people and exchanges need from the store beside the books, as Protocols."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

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

    def exchange_of(self, old_meter: str) -> Approval | None:
        """The request that an exchange of this meter wrote down."""
        ...


class ActsWriting(ActsReading, Writing, Protocol):
    """One transaction with the sole right to write until it ends."""

    def add_approval(self, approval: Approval) -> None: ...

    def exchange(self, agreement: str, meter: Meter) -> None:
        """Writes a new meter down, and the agreement has it from here on. Raises PartyExists."""
        ...


class ActsStore(Protocol):
    """The same database as the books'."""

    def reading(self) -> AbstractContextManager[ActsReading]: ...

    def writing(self) -> AbstractContextManager[ActsWriting]:
        """Commits at the end of the block, durably, before it returns; any exception inside rolls
        everything back."""
        ...
