"""Requests for acts of two people, and their decisions; with operators and blocks in one
transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from ..approvals.approval import LIFE, Approval, ApprovalDecision, ApprovalState
from ..ledger import canonical_json
from . import schema as t
from .operators import SqlOperatorsReading, SqlOperatorsWriting
from .sqlstore import SqlStore

_DECIDED = t.approval_decisions.c
_APPROVALS = (
    select(t.approvals, _DECIDED.state, _DECIDED.at, _DECIDED.actor, _DECIDED.note)
    .select_from(t.approvals)
    .outerjoin(t.approval_decisions, _DECIDED.approval == t.approvals.c.id)
)


class SqlPeopleReading(SqlOperatorsReading):
    """See `vending.approvals.ports.PeopleReading`."""

    def approval(self, id: str) -> Approval | None:
        if "\x00" in id:
            return None
        row = self._db.execute(_APPROVALS.where(t.approvals.c.id == id)).first()
        return None if row is None else _approval(row)

    def approvals(
        self,
        state: ApprovalState | None,
        now: datetime,
        *,
        act: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[Approval]:
        c = t.approvals.c
        statement = _APPROVALS.order_by(c.requested_at.desc(), c.id.desc()).limit(limit)
        if state is ApprovalState.PENDING:
            statement = statement.where(_DECIDED.state.is_(None), c.requested_at > now - LIFE)
        elif state is ApprovalState.EXPIRED:
            statement = statement.where(_DECIDED.state.is_(None), c.requested_at <= now - LIFE)
        elif state is not None:
            statement = statement.where(_DECIDED.state == state.value)
        if act is not None:
            statement = statement.where(c.act == act.replace("\x00", ""))
        if before is not None:
            last = self.approval(before)
            if last is None:
                return []
            statement = statement.where(
                (c.requested_at < last.requested_at)
                | ((c.requested_at == last.requested_at) & (c.id < last.id))
            )
        return [_approval(row) for row in self._db.execute(statement)]


class SqlPeopleWriting(SqlPeopleReading, SqlOperatorsWriting):
    """See `vending.approvals.ports.PeopleWriting`. The store's writer's place is already held."""

    def add_approval(self, approval: Approval) -> None:
        self._db.execute(
            insert(t.approvals),
            {
                "id": approval.id,
                "act": approval.act,
                "document": canonical_json(approval.document).decode("ascii"),
                "reason": approval.reason,
                "requested_at": approval.requested_at,
                "requested_by": approval.requested_by,
                "point": approval.point,
                "terminal": approval.terminal,
            },
        )

    def decide(self, approval: str, decision: ApprovalDecision) -> None:
        outcome = decision.outcome
        self._db.execute(
            insert(t.approval_decisions),
            {
                "approval": approval,
                "state": decision.state.value,
                "at": decision.at,
                "actor": decision.actor,
                # An approval has no note of its own: what the act did is kept in its place.
                "note": decision.note
                if outcome is None
                else canonical_json(outcome).decode("ascii"),
            },
        )


class SqlPeople:
    """See `vending.approvals.ports.PeopleStore`: the same database as `store`, with the same place
    for one writer."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[SqlPeopleReading]:
        with self._store.reading() as books:
            yield SqlPeopleReading(books._db)

    @contextmanager
    def writing(self) -> Iterator[SqlPeopleWriting]:
        with self._store.writing() as books:
            yield SqlPeopleWriting(books._db)


def _approval(row: Any) -> Approval:
    (id, act, document, reason, at, by, point, terminal, state, *decided) = row
    return Approval(
        id=id,
        act=act,
        document=json.loads(document),
        reason=reason,
        requested_at=at,
        requested_by=by,
        point=point,
        terminal=terminal,
        decision=None if state is None else _decision(ApprovalState(state), *decided),
    )


def _decision(state: ApprovalState, at: datetime, actor: str, note: str) -> ApprovalDecision:
    if state is ApprovalState.APPROVED:
        return ApprovalDecision(state, at, actor, "", json.loads(note) if note else None)
    return ApprovalDecision(state, at, actor, note)
