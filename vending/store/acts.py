"""Books and approvals together, for sales of two people and exchanges of meters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select, update

from ..approvals.approval import Approval
from ..keychanges.changes import KeyChangeEvent, KeyChangeState
from ..parties import Meter, MeterFile, Registration
from ..record import SaleRecord
from ..sale import Evidence
from . import schema as t
from .approvals import SqlPeopleReading, SqlPeopleWriting
from .key_changes import SqlKeyChangesReading, SqlKeyChangesWriting
from .parties import NUL
from .reading import SqlReading
from .sqlstore import SqlStore
from .writing import SqlWriting, gateway_columns


class SqlActsReading(SqlReading):
    """See `vending.acts.ports.ActsReading`."""

    def approval(self, id: str) -> Approval | None:
        return SqlPeopleReading(self._db).approval(id)

    def file_of_agreement(self, number: str) -> MeterFile | None:
        if NUL in number:
            return None
        meter = self._db.execute(
            select(t.agreements.c.meter).where(t.agreements.c.number == number)
        ).scalar()
        return None if meter is None else self.meter_file(meter)

    def sold_by(self, act: str, field: str, value: str) -> list[SaleRecord]:
        # They are few: what two people have given to one sale or meter.
        ids = self.acts_about(act, field, value)
        found = [record for id in ids if (record := self.sale(id)) is not None]
        return sorted(found, key=lambda one: one.entry)

    def exchange_of(self, old_meter: str) -> Approval | None:
        asked = (
            self.approval(id)
            for id in reversed(self.acts_about("transfer", "old_meter", old_meter))
        )
        return next((one for one in asked if one is not None and "exchange" in one.document), None)

    def taken_back_as_gone(self, meter: str, since: datetime) -> list[SaleRecord]:
        v = t.voids.c
        statement = (
            select(v.vend_id)
            .join(t.sales, t.sales.c.vend_id == v.vend_id)
            .where(
                t.sales.c.meter == meter,
                v.evidence == Evidence.METER_GONE.value,
                v.at >= since,
            )
            .order_by(v.entry)
        )
        ids = self._db.execute(statement).scalars().all()
        return [record for id in ids if (record := self.sale(id)) is not None]

    def meter(self, number: str) -> Meter | None:
        return SqlKeyChangesReading(self).meter(number)


class SqlActsWriting(SqlActsReading, SqlWriting):
    """See `vending.acts.ports.ActsWriting`. The store's writer's place is already held."""

    def add_approval(self, approval: Approval) -> None:
        SqlPeopleWriting(self._db).add_approval(approval)

    def exchange(self, agreement: str, meter: Meter) -> None:
        number = meter.number.number
        if self.meter(number) is None:
            self.register(Registration(meters=(meter,)))
        else:
            self._db.execute(
                update(t.meters)
                .where(t.meters.c.number == number)
                .values(
                    model=meter.model,
                    **gateway_columns(meter.gateway),
                )
            )
        self._db.execute(
            update(t.agreements).where(t.agreements.c.number == agreement).values(meter=number)
        )

    def cancel_key_plan(self, meter: str, at: datetime, actor: str, note: str) -> bool:
        changes = SqlKeyChangesWriting(self)
        (latest,) = changes.changes_of(meter, None, 1) or (None,)
        if latest is not None and latest.state is KeyChangeState.ISSUED:
            # Tokens are out: put in again, the meter may need them with its first sale.
            return False
        changes.drop_plan(meter)
        if latest is None or latest.state is not KeyChangeState.PLANNED:
            return False
        changes.add_event(
            latest, KeyChangeEvent(1, KeyChangeState.CANCELLED, at, actor, None, note)
        )
        return True


class SqlActs:
    """See `vending.acts.ports.ActsStore`: the same database as `store`, with the same place for
    one writer."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[SqlActsReading]:
        with self._store.reading() as books:
            yield SqlActsReading(books._db)

    @contextmanager
    def writing(self) -> Iterator[SqlActsWriting]:
        with self._store.writing() as books:
            yield SqlActsWriting(books._db)
