"""Books and approvals together, for sales of two people and exchanges of meters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select, update

from ..aftersale import Evidence, MeterReading, SaleState
from ..approvals.approval import Approval
from ..keychanges.changes import KeyChangeEvent, KeyChangeState
from ..parties import Meter, MeterFile, Registration
from ..record import SaleRecord
from . import schema as t
from .approvals import SqlPeopleReading, SqlPeopleWriting
from .key_changes import SqlKeyChangesWriting
from .parties import NUL
from .reading import SqlReading, reading_of
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

    def exchange_of(self, old_meter: str, before: datetime | None = None) -> Approval | None:
        asked = (
            self.approval(id)
            for id in reversed(self.acts_about("transfer", "old_meter", old_meter))
        )
        exchanges = (one for one in asked if one is not None and "exchange" in one.document)
        return next((e for e in exchanges if before is None or e.requested_at < before), None)

    def last_reading(
        self, meter: str, since: datetime | None, until: datetime | None
    ) -> MeterReading | None:
        r = t.readings.c
        own = [r.meter == meter]
        if since is not None:
            own.append(r.read_at > since)
        if until is not None:
            own.append(r.read_at <= until)
        found = select(t.readings).where(*own).order_by(r.id.desc()).limit(1)
        row = self._db.execute(found).first()
        return None if row is None else reading_of(row)

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

    def taken_all_the_same(self, meter: str, agreement: str) -> list[str]:
        e, v, s = t.delivery_events.c, t.voids.c, t.sales.c
        statement = (
            select(s.vend_id)
            .distinct()
            .join(t.voids, v.vend_id == s.vend_id)
            .join(t.delivery_events, e.vend_id == s.vend_id)
            .where(
                s.meter == meter,
                s.agreement == agreement,
                v.evidence != Evidence.REFUND.value,
                e.state == SaleState.DELIVERED.value,
            )
            .order_by(s.vend_id)
        )
        return list(self._db.execute(statement).scalars())

    def seen_alive_at(self, meter: str) -> datetime | None:
        r, e = t.readings.c, t.delivery_events.c
        read = select(r.read_at).where(r.meter == meter).order_by(r.read_at.desc()).limit(1)
        # A step with a verdict or with where the log stood is one at which the meter answered.
        answered = (
            select(e.at)
            .join(t.sales, t.sales.c.vend_id == e.vend_id)
            .where(t.sales.c.meter == meter, e.result.is_not(None) | e.log_sequence.is_not(None))
            .order_by(e.at.desc())
            .limit(1)
        )
        # Taken back by its log, which was read for that.
        v = t.voids.c
        by_log = (
            select(v.at)
            .join(t.sales, t.sales.c.vend_id == v.vend_id)
            .where(t.sales.c.meter == meter, v.evidence == Evidence.NOT_IN_LOG.value)
            .order_by(v.at.desc())
            .limit(1)
        )
        moments = [self._db.execute(one).scalar() for one in (read, answered, by_log)]
        return max((one for one in moments if one is not None), default=None)


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
        # One that was called off says nothing of the set before it.
        latest = changes.latest(meter)
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
