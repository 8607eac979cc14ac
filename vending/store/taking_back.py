"""What the books say for and against taking a sale back."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, select, tuple_

from ..aftersale import Evidence, SaleState
from ..blocking import Block, BlockKey
from ..drawer.tally import tally
from ..ledger import Chart, canonical_json
from ..meterlog import TokenOfMeter
from ..persons import person
from ..sale import SaleKind
from ..voids import TakenOut
from . import schema as t
from .drawer_rows import shift_books
from .parties import SqlParties

_A, _S, _V = t.approvals.c, t.sales.c, t.voids.c
_LOOKED_FOR = 20
"""Papers that were kept; a meter's log holds few lines more."""
_ANEW = '"replaced_by":'
"""What the document of a void holds if its sale was sold anew. In canonical JSON no text can
contain it: quotes are escaped there."""


class SqlTakingBack(SqlParties):
    """The part of `vending.ports.Reading` that voids and refunds stand on."""

    def blocked(self, keys: Collection[BlockKey]) -> dict[BlockKey, Block]:
        c = t.blocks.c
        found = self._db.execute(select(t.blocks).where(tuple_(c.kind, c.subject).in_(list(keys))))
        return {(row.kind, row.subject): Block(*row) for row in found}

    def cash_in_drawer(self, shift: str, chart: Chart) -> int:
        return tally(shift_books(self._db, [shift])[shift], chart).expected

    def taken_since(self, point: str | None, operator: str | None, since: datetime) -> int:
        # Points are few, and the index begins with them.
        places = select(t.points.c.code)
        here = _S.point.in_(places) if point is None else _S.point == point
        sold = (
            select(t.sales)
            .outerjoin(t.voids, _V.vend_id == _S.vend_id)
            .where(here, _S.sold_at >= since, _S.kind != SaleKind.CORRECTION.value)
        )
        # By name: which names are one person's, no database can tell.
        standing = sold.where(_V.vend_id.is_(None)).with_only_columns(
            _S.operator, func.sum(_S.tendered)
        )
        found = [tuple(row) for row in self._db.execute(standing.group_by(_S.operator))]
        anew = sold.where(_V.document.contains(_ANEW, autoescape=True))
        corrected = anew.with_only_columns(_S.operator, _S.tendered, _V.document)
        for name, tendered, document in self._db.execute(corrected).all():
            if self._stands(json.loads(document)["replaced_by"]):
                found.append((name, tendered))
        return sum(int(n) for name, n in found if operator in (None, person(name)))

    def _stands(self, vend_id: str) -> bool:
        """Whether a correction, or the one that corrects it in turn, was not taken back."""
        found = select(_V.document).where(_V.vend_id == vend_id)
        document = self._db.execute(found).scalar()
        if document is None:
            return True
        anew = json.loads(document).get("replaced_by")
        return anew is not None and self._stands(anew)

    def moved_on(self, account: str, meter: str) -> bool:
        c, e = t.postings.c, t.entries.c
        statement = (
            select(c.entry)
            .join(t.entries, e.number == c.entry)
            .where(c.account == account, c.holder == meter, c.amount < 0, e.kind == "sale")
            .limit(1)
        )
        return self._db.execute(statement).first() is not None

    def log_sequence_before(self, meter: str, moment: datetime) -> int:
        e = t.delivery_events.c
        statement = (
            select(func.coalesce(func.max(e.log_sequence), 0))
            .join(t.sales, t.sales.c.vend_id == e.vend_id)
            .where(t.sales.c.meter == meter, e.at <= moment)
        )
        return int(self._db.execute(statement).scalar_one())

    def left_known_at(self, meter: str) -> datetime | None:
        r = t.readings.c
        # Typed, so that what SQLite keeps as text comes out as a moment.
        read = select(r.read_at).where(r.meter == meter).order_by(r.read_at.desc()).limit(1)
        moments = list(self._db.execute(read).scalars())
        told = _whose("transfer", "old_meter", meter, _A.requested_at)
        for _, document, requested_at in self._db.execute(told):
            asked = json.loads(document)
            # One by a reading is as old as the reading; one of nothing tells nothing.
            if asked["old_meter"] == meter and asked["source"] not in ("reading", "none"):
                moments.append(requested_at)
        return max(moments, default=None)

    def voided_of(self, meter: str) -> list[str]:
        v, s, d, k = t.voids.c, t.sales.c, t.delivery_events.c, t.tokens.c
        taken = exists().where(d.vend_id == s.vend_id, d.state == SaleState.DELIVERED.value)
        statement = (
            select(s.vend_id)
            .join(t.voids, v.vend_id == s.vend_id)
            .where(
                s.meter == meter,
                v.evidence != Evidence.REFUND.value,
                exists().where(k.vend_id == s.vend_id),
                ~taken,
            )
            .order_by(v.entry.desc())
            .limit(_LOOKED_FOR)
        )
        return list(self._db.execute(statement).scalars())

    def tokens_of(self, meter: str) -> list[TokenOfMeter]:
        k = t.tokens.c
        back = and_(_V.vend_id.is_not(None), _V.evidence != Evidence.REFUND.value)
        statement = (
            select(k.vend_id, k.kind, k.digits, back)
            .join(t.sales, _S.vend_id == k.vend_id)
            .outerjoin(t.voids, _V.vend_id == k.vend_id)
            .where(_S.meter == meter)
        )
        return [
            TokenOfMeter(vend_id, kind, digits, bool(taken_back))
            for vend_id, kind, digits, taken_back in self._db.execute(statement)
        ]

    def taken_out(self, meter: str) -> TakenOut | None:
        found = self._db.execute(_whose("transfer", "old_meter", meter, _A.requested_at)).all()
        for id, document, at in reversed(found):
            told = json.loads(document)
            if told["old_meter"] == meter and "exchange" in told:
                since = told["exchange"].get("down_since")
                moment = None if since is None else datetime.fromisoformat(since)
                return TakenOut(at, moment, self._stands_approved(id))
        return None

    def _stands_approved(self, id: str) -> bool:
        d = t.approval_decisions.c
        decided = select(d.state).where(d.approval == id)
        approved = self._db.execute(decided).scalar() == "approved"
        return approved and self.called_off_by(id) is None

    def called_off_by(self, approval: str) -> str | None:
        s = t.approval_steps.c
        statement = select(s.actor).where(s.approval == approval, s.state == "called_off")
        found = self._db.execute(statement).scalar()
        return None if found is None else str(found)

    def acts_about(self, act: str, field: str, value: str) -> list[str]:
        found = self._db.execute(_whose(act, field, value)).all()
        return [row.id for row in found if json.loads(row.document).get(field) == value]

    def units_given_back(self, vend_id: str) -> bool:
        gave = self.acts_about("refund", "sale", vend_id)
        sold = t.sales.c
        statement = (
            select(sold.vend_id)
            .outerjoin(t.voids, t.voids.c.vend_id == sold.vend_id)
            .where(sold.vend_id.in_(gave), sold.kind == "refund", t.voids.c.vend_id.is_(None))
            .limit(1)
        )
        return bool(gave) and self._db.execute(statement).first() is not None


def _whose(act: str, field: str, value: str, *more: Any) -> Select[Any]:
    """Id and document of the requests that have this value somewhere in this field: the few that
    are read to be sure."""
    kept = canonical_json({field: value}).decode("ascii")[1:-1]
    return (
        select(_A.id, _A.document, *more)
        .where(_A.act == act, _A.document.contains(kept, autoescape=True))
        .order_by(_A.requested_at, _A.id)
    )
