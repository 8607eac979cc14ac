"""What acts of two people, blocks and operators need from the store, as Protocols."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ..blocking import Block, BlockKey
from ..clock import Confirmed
from ..ledger import ChainHead
from ..operators import Operator
from ..parties import VendingPoint
from .approval import Approval, ApprovalDecision, ApprovalState, ApprovalStep


@dataclass(frozen=True, slots=True)
class BlockEvent:
    """One blocking or lifting, never edited."""

    kind: str
    subject: str
    act: str
    """`blocked` or `lifted`"""
    at: datetime
    actor: str
    reason: str
    id: int = field(default=0, compare=False)
    """In the order they happened in."""


class PeopleReading(Confirmed, Protocol):
    """One consistent view."""

    def chain_head(self) -> ChainHead: ...

    def approval(self, id: str) -> Approval | None: ...

    def approvals(
        self,
        states: Collection[ApprovalState],
        now: datetime,
        *,
        act: str | None = None,
        without: Collection[str] = (),
        before: str | None = None,
        limit: int = 100,
    ) -> list[Approval]:
        """In one of these states (none named: in any), latest request first; those behind the
        request `before` (an id), none of the acts `without`. `now` tells the waiting from the
        expired."""
        ...

    def sold(self, vend_id: str) -> bool:
        """Whether a sale was made under this id, by whomever."""
        ...

    def booked_under(self, approval: Approval) -> bool:
        """Whether the books hold a sale or a refund that may be what was approved here."""
        ...

    def block(self, kind: str, subject: str) -> Block | None: ...

    def blocked(self, keys: Collection[BlockKey]) -> dict[BlockKey, Block]:
        """Those of these subjects that are barred."""
        ...

    def blocks(self, kind: str | None, *, after: str = "", limit: int = 100) -> list[Block]:
        """By kind and subject, those behind `after` (`kind:subject`)."""
        ...

    def block_events(
        self,
        kind: str | None,
        subject: str | None,
        *,
        before: int | None = None,
        limit: int = 100,
    ) -> list[BlockEvent]:
        """Latest first; those with an id below `before`."""
        ...

    def in_use(self, kind: str, subject: str) -> bool:
        """Whether there is such a meter, agreement or point."""
        ...

    def operator(self, code: str) -> Operator | None:
        """By the person."""
        ...

    def operators(self, *, after: str = "", limit: int = 100) -> list[Operator]:
        """By code, those behind `after`."""
        ...

    def point(self, code: str) -> VendingPoint | None: ...

    def balance(self, account: str, holder: str, unit: str) -> int:
        """The ledger balance of one holder in one account (debit positive), as it is kept ready."""
        ...


class PeopleWriting(PeopleReading, Protocol):
    """One transaction with the sole right to write until it ends."""

    def add_approval(self, approval: Approval) -> None: ...

    def decide(self, approval: str, decision: ApprovalDecision) -> None: ...

    def add_step(self, approval: str, step: ApprovalStep) -> None: ...

    def set_block(self, block: Block, actor: str) -> None:
        """And its event."""
        ...

    def lift_block(self, block: Block, at: datetime, actor: str, reason: str) -> None:
        """And its event."""
        ...

    def add_operator(self, operator: Operator) -> None: ...

    def change_operator(self, operator: Operator) -> None:
        """Everything but the code."""
        ...

    def change_point(self, point: VendingPoint) -> None:
        """Its limits, and whether it needs a shift."""
        ...


class PeopleStore(Protocol):
    """The same database as the books'."""

    def reading(self) -> AbstractContextManager[PeopleReading]: ...

    def writing(self) -> AbstractContextManager[PeopleWriting]:
        """Commits at the end of the block, durably, before it returns; any exception inside rolls
        everything back."""
        ...
