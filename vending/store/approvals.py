"""Requests for acts of two people, and their decisions; with operators and blocks in one
transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from ..approvals.approval import (
    LIFE,
    Approval,
    ApprovalDecision,
    ApprovalState,
    ApprovalStep,
    Failure,
    StepState,
)
from ..ledger import canonical_json
from ..requests import WITHOUT_SECOND
from . import schema as t
from .attesting import add_row
from .operators import SqlOperatorsReading, SqlOperatorsWriting
from .sqlstore import SqlStore

_DECIDED = t.approval_decisions.c
_SOLD_ALONE = [item.kind.value for item in WITHOUT_SECOND]
"""Kinds of sales that no approval makes."""
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
        found = self._with_steps(_APPROVALS.where(t.approvals.c.id == id))
        return found[0] if found else None

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
        c = t.approvals.c
        statement = _APPROVALS.order_by(c.requested_at.desc(), c.id.desc()).limit(limit)
        if states:
            statement = statement.where(or_(*(_in_state(one, now) for one in states)))
        if act is not None:
            statement = statement.where(c.act == act.replace("\x00", ""))
        if without:
            statement = statement.where(c.act.not_in(without))
        if before is not None:
            last = self.approval(before)
            if last is None:
                return []
            statement = statement.where(
                (c.requested_at < last.requested_at)
                | ((c.requested_at == last.requested_at) & (c.id < last.id))
            )
        return self._with_steps(statement)

    def sold(self, vend_id: str) -> bool:
        under = select(t.sales.c.vend_id).where(t.sales.c.vend_id == vend_id)
        return self._db.execute(under).first() is not None

    def booked_under(self, approval: Approval) -> bool:
        s, v = t.sales.c, t.voids.c
        # Whoever sells may have named an ordinary sale so. When it was made tells nothing: the
        # clock may have been put back between the approval and the act.
        sold = select(s.vend_id).where(s.vend_id == approval.id, s.kind.not_in(_SOLD_ALONE))
        if self._db.execute(sold).first() is not None:
            return True
        kept = canonical_json({"approval": approval.id}).decode("ascii")[1:-1]
        given = select(v.document).where(v.document.contains(kept, autoescape=True))
        # SQLite finds it in letters of another case, too: that is another request.
        found = self._db.execute(given).scalars()
        return any(json.loads(one).get("approval") == approval.id for one in found)

    def _with_steps(self, statement: Select[Any]) -> list[Approval]:
        rows = self._db.execute(statement).all()
        c = t.approval_steps.c
        steps: dict[str, list[ApprovalStep]] = {row.id: [] for row in rows}
        if steps:
            behind = select(t.approval_steps).where(c.approval.in_(list(steps))).order_by(c.seq)
            for approval, *step in self._db.execute(behind):
                steps[approval].append(_step(*step))
        return [_approval(row, steps[row.id]) for row in rows]


class SqlPeopleWriting(SqlPeopleReading, SqlOperatorsWriting):
    """See `vending.approvals.ports.PeopleWriting`. The store's writer's place is already held."""

    def add_approval(self, approval: Approval) -> None:
        add_row(
            self._db,
            "approval",
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
        add_row(
            self._db,
            "approval_decision",
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

    def add_step(self, approval: str, step: ApprovalStep) -> None:
        why = step.failure
        told = None if why is None else {"code": why.code, "facts": why.facts}
        add_row(
            self._db,
            "approval_step",
            {
                "approval": approval,
                "seq": step.seq,
                "state": step.state.value,
                "at": step.at,
                "actor": step.actor,
                "note": step.note,
                "document": "" if told is None else canonical_json(told).decode("ascii"),
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


def _in_state(state: ApprovalState, now: datetime) -> ColumnElement[bool]:
    waits = _DECIDED.state.is_(None)
    approved = _DECIDED.state == ApprovalState.APPROVED.value
    # What an act changed within its approval is kept there; one without is done behind it.
    done = (_DECIDED.note != "") | _has_step(StepState.DONE)
    called_off = _has_step(StepState.CALLED_OFF)
    found: dict[ApprovalState, ColumnElement[bool]] = {
        ApprovalState.PENDING: and_(waits, t.approvals.c.requested_at > now - LIFE),
        ApprovalState.EXPIRED: and_(waits, t.approvals.c.requested_at <= now - LIFE),
        ApprovalState.APPROVED: and_(approved, done),
        ApprovalState.NOT_DONE: and_(approved, ~done, ~called_off),
        ApprovalState.CALLED_OFF: called_off,
    }
    return found.get(state, _DECIDED.state == state.value)


def _has_step(state: StepState) -> ColumnElement[bool]:
    c = t.approval_steps.c
    return exists().where(c.approval == t.approvals.c.id, c.state == state.value)


def _step(seq: int, state: str, at: datetime, actor: str, note: str, document: str) -> ApprovalStep:
    told = json.loads(document) if document else None
    failure = None if told is None else Failure(told["code"], told["facts"])
    return ApprovalStep(seq, StepState(state), at, actor, note, failure)


def _approval(row: Any, steps: list[ApprovalStep]) -> Approval:
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
        steps=tuple(steps),
    )


def _decision(state: ApprovalState, at: datetime, actor: str, note: str) -> ApprovalDecision:
    if state is ApprovalState.APPROVED:
        return ApprovalDecision(state, at, actor, "", json.loads(note) if note else None)
    return ApprovalDecision(state, at, actor, note)
