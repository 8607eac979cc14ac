"""People who sell, limits of points, and what is barred."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from ..approvals.ports import BlockEvent
from ..blocking import Block
from ..operators import Operator
from ..parties import VendingPoint
from . import schema as t
from .attesting import add_row, change_row
from .parties import operator_of
from .reading import SqlReading

_SUBJECTS = {
    "meter": t.agreements.c.meter,
    "agreement": t.agreements.c.number,
    "point": t.points.c.code,
}
"""Where the subjects of a kind are on record; a meter counts when it is in use."""


class SqlOperatorsReading(SqlReading):
    """The part of `vending.approvals.ports.PeopleReading` about operators and blocks."""

    def block(self, kind: str, subject: str) -> Block | None:
        return self.blocked([(kind, subject)]).get((kind, subject))

    def blocks(self, kind: str | None, *, after: str = "", limit: int = 100) -> list[Block]:
        c = t.blocks.c
        statement = select(t.blocks).order_by(c.kind, c.subject).limit(limit)
        if kind is not None:
            statement = statement.where(c.kind == kind)
        if after:
            behind, _, subject = after.replace("\x00", "").partition(":")
            statement = statement.where(
                (c.kind > behind) | ((c.kind == behind) & (c.subject > subject))
            )
        return [Block(*row) for row in self._db.execute(statement)]

    def block_events(
        self,
        kind: str | None,
        subject: str | None,
        *,
        before: int | None = None,
        limit: int = 100,
    ) -> list[BlockEvent]:
        c = t.block_events.c
        statement = select(c.kind, c.subject, c.act, c.at, c.actor, c.reason, c.id)
        if before is not None:
            statement = statement.where(c.id < before)
        if kind is not None:
            statement = statement.where(c.kind == kind)
        if subject is not None:
            statement = statement.where(c.subject == subject)
        return [
            BlockEvent(*row)
            for row in self._db.execute(statement.order_by(c.id.desc()).limit(limit))
        ]

    def in_use(self, kind: str, subject: str) -> bool:
        column = _SUBJECTS[kind]
        return self._db.execute(select(column).where(column == subject)).first() is not None

    def operators(self, *, after: str = "", limit: int = 100) -> list[Operator]:
        c = t.operators.c
        statement = (
            select(t.operators)
            .where(c.code > after.replace("\x00", ""))
            .order_by(c.code)
            .limit(limit)
        )
        return [operator_of(row) for row in self._db.execute(statement)]


class SqlOperatorsWriting(SqlOperatorsReading):
    """The part of `vending.approvals.ports.PeopleWriting` about operators and blocks."""

    def set_block(self, block: Block, actor: str) -> None:
        row = {n: getattr(block, n) for n in ("kind", "subject", "reason", "since")}
        self._db.execute(insert(t.blocks), row)
        self._add_event(block, "blocked", block.since, actor, block.reason)

    def lift_block(self, block: Block, at: datetime, actor: str, reason: str) -> None:
        c = t.blocks.c
        self._db.execute(delete(t.blocks).where(c.kind == block.kind, c.subject == block.subject))
        self._add_event(block, "lifted", at, actor, reason)

    def _add_event(self, block: Block, act: str, at: datetime, actor: str, reason: str) -> None:
        add_row(
            self._db,
            "block_event",
            {
                "kind": block.kind,
                "subject": block.subject,
                "act": act,
                "at": at,
                "actor": actor,
                "reason": reason,
            },
        )

    def add_operator(self, operator: Operator) -> None:
        add_row(self._db, "operator", _row(operator))

    def change_operator(self, operator: Operator) -> None:
        change_row(self._db, "operator", _row(operator))

    def change_point(self, point: VendingPoint) -> None:
        row = {column.name: getattr(point, column.name) for column in t.points.columns}
        change_row(self._db, "point", row)


def _row(operator: Operator) -> dict[str, Any]:
    row = {column.name: getattr(operator, column.name) for column in t.operators.columns}
    return {**row, "settlement": operator.settlement.value}
