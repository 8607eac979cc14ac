"""Reports of faults and their notes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from sqlalchemy import func, insert, select, update

from ..faults import Fault, FaultKind, FaultNote, FaultState
from . import schema as t
from .house import SqlHouseReading, SqlHouseWriting
from .sqlstore import SqlStore

_C = t.faults.c
_FAULT = select(*(_C[field.name] for field in fields(Fault)))
_MOST_NUMBER = 2**31 - 1


class _Reading(SqlHouseReading):
    def fault(self, number: int) -> Fault | None:
        if not 0 < number <= _MOST_NUMBER:
            return None
        row = self._db.execute(_FAULT.where(_C.number == number)).first()
        return None if row is None else _fault(row)

    def faults(
        self, state: FaultState | None, account: str, before: int, limit: int
    ) -> list[Fault]:
        wanted = _FAULT.order_by(_C.number.desc()).limit(limit)
        if state is not None:
            wanted = wanted.where(_C.state == state.value)
        if account:
            wanted = wanted.where(_C.account == account.replace("\x00", ""))
        if 0 < before <= _MOST_NUMBER:
            wanted = wanted.where(_C.number < before)
        return [_fault(row) for row in self._db.execute(wanted)]

    def fault_notes(self, number: int) -> list[FaultNote]:
        c = t.fault_notes.c
        wanted = select(c.at, c.actor, c.state, c.note).where(c.fault == number).order_by(c.id)
        return [
            FaultNote(row.at, row.actor, FaultState(row.state), row.note)
            for row in self._db.execute(wanted)
        ]

    def has_customer(self, account: str) -> bool:
        wanted = select(t.customers.c.account).where(
            t.customers.c.account == account.replace("\x00", "")
        )
        return self._db.execute(wanted).first() is not None


class _Writing(SqlHouseWriting, _Reading):
    def next_fault(self) -> int:
        last = self._db.execute(select(func.max(_C.number))).scalar()
        return int(last or 0) + 1

    def put_fault(self, fault: Fault, note: FaultNote) -> None:
        values: dict[str, Any] = {field.name: getattr(fault, field.name) for field in fields(Fault)}
        values |= {"kind": fault.kind.value, "state": fault.state.value}
        if self.fault(fault.number) is None:
            self._db.execute(insert(t.faults), values)
        else:
            self._db.execute(update(t.faults).where(_C.number == fault.number), values)
        told = {"at": note.at, "actor": note.actor, "state": note.state.value, "note": note.note}
        self._db.execute(insert(t.fault_notes), {"fault": fault.number, **told})


class SqlFaults:
    """See `vending.faults.FaultStore`."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[_Reading]:
        with self._store.reading() as books:
            yield _Reading(books._db)

    @contextmanager
    def writing(self) -> Iterator[_Writing]:
        with self._store.writing() as books:
            yield _Writing(books._db)


def _fault(row: Any) -> Fault:
    values = dict(row._mapping)
    values["kind"], values["state"] = FaultKind(values["kind"]), FaultState(values["state"])
    return Fault(**values)
