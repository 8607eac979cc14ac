"""The register in the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from sqlalchemy import func, select, update

from meters.account import Commodity

from ..finding import Marks, searchable
from ..parties import Customer, Meter, ServicePoint, SupplyAgreement
from ..registry.ports import CustomerFile
from . import schema as t
from .key_changes import SqlKeyChangesReading
from .parties import NUL
from .reading import SqlReading
from .sqlstore import SqlStore
from .writing import SqlWriting

_LONGEST_WHOLE = 18
_LOOKED_AT = 50


class SqlRegisterReading(SqlReading):
    """See `vending.registry.RegisterReading`."""

    def customer_file(self, account: str) -> CustomerFile | None:
        customer = self.customer(account)
        if customer is None:
            return None
        c = t.customer_marks.c
        row = self._db.execute(
            select(c.account, c.national_id, c.card, c.language).where(c.account == account)
        ).first()
        marks = Marks(account) if row is None else Marks(*row)
        places = select(t.service_points).where(
            t.service_points.c.code.in_(
                select(t.agreements.c.service_point).where(t.agreements.c.customer == account)
            )
        )
        found = self._db.execute(places.order_by(t.service_points.c.code))
        return CustomerFile(customer, marks, tuple(ServicePoint(*one) for one in found))

    def place(self, code: str) -> ServicePoint | None:
        if NUL in code:
            return None
        found = select(t.service_points).where(t.service_points.c.code == code)
        row = self._db.execute(found).first()
        return None if row is None else ServicePoint(*row)

    def agreement(self, number: str) -> SupplyAgreement | None:
        if NUL in number:
            return None
        c = t.agreements.c
        meter = self._db.execute(select(c.meter).where(c.number == number)).scalar()
        file = None if meter is None else self.meter_file(meter)
        return None if file is None else file.agreement

    def meter(self, number: str) -> Meter | None:
        return SqlKeyChangesReading(self).meter(number)

    def last_account(self) -> str:
        c = t.customers.c.account
        # The longest first: numbers of one length sort as text as they do by size.
        longest = select(c).order_by(func.length(c).desc(), c.desc()).limit(_LOOKED_AT)
        found = self._db.execute(longest).scalars()
        whole = (one for one in found if one.isdecimal() and one.isascii())
        return next((one for one in whole if len(one) <= _LONGEST_WHOLE), "")

    def usual_meter(self, commodity: Commodity) -> Meter | None:
        c = t.meters.c
        alike = (c.ea, c.sgc, c.krn, c.ti, c.model)
        most = (
            select(func.max(c.number))
            .where(c.commodity == commodity.value)
            .group_by(*alike)
            .order_by(func.count().desc(), *alike)
            .limit(1)
        )
        number = self._db.execute(most).scalar()
        return None if number is None else self.meter(number)


class SqlRegisterWriting(SqlRegisterReading, SqlWriting):
    """See `vending.registry.RegisterWriting`. The store's writer's place is already held."""

    def put_customer(self, customer: Customer, marks: Marks) -> None:
        c, m = t.customers.c, t.customer_marks.c
        values = _values(customer)
        self._db.execute(update(t.customers).where(c.account == customer.account).values(values))
        words = searchable(customer.name_ar, customer.name_en)
        kept = {**_values(marks), "words": words}
        self._db.execute(update(t.customer_marks).where(m.account == customer.account).values(kept))

    def put_place(self, place: ServicePoint) -> None:
        c = t.service_points.c
        changed = update(t.service_points).where(c.code == place.code)
        self._db.execute(changed.values(_values(place)))


class SqlRegister:
    """See `vending.registry.RegisterStore`: the same database as `store`, with the same place for
    one writer."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[SqlRegisterReading]:
        with self._store.reading() as books:
            yield SqlRegisterReading(books._db)

    @contextmanager
    def writing(self) -> Iterator[SqlRegisterWriting]:
        with self._store.writing() as books:
            mine = SqlRegisterWriting(books._db)
            yield mine
            if not mine.kept:
                books.nothing_to_keep()


def _values(party: Any) -> dict[str, Any]:
    return {one.name: getattr(party, one.name) for one in fields(party)}
