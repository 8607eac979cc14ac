"""Reading who takes part: customers, places, meters, agreements, points, operators."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from meters.account import Commodity
from meters.identity import Drn
from tokens.sts import BaseDate, EncryptionAlgorithm

from ..finding import LEAST_DIGITS, WHOLE_PHONE, Sought
from ..operators import Operator, Settlement
from ..parties import (
    Customer,
    GatewayAddress,
    GatewayPlace,
    Meter,
    MeterFile,
    PlannedKey,
    Reached,
    ServicePoint,
    SupplyAgreement,
    VendingPoint,
)
from . import schema as t

NUL = "\x00"
"""What no text of PostgreSQL can hold: nobody's name or number has it."""

_FILES = (
    select(t.meters, t.agreements, t.customers, t.service_points)
    .select_from(t.agreements)
    .join(t.meters, t.agreements.c.meter == t.meters.c.number)
    .join(t.customers, t.agreements.c.customer == t.customers.c.account)
    .join(t.service_points, t.agreements.c.service_point == t.service_points.c.code)
)
_WIDTHS = [len(table.c) for table in (t.meters, t.agreements, t.customers, t.service_points)]
_ENDS = list(accumulate(_WIDTHS))
_PARTS = [slice(end - width, end) for end, width in zip(_ENDS, _WIDTHS, strict=True)]
"""Where the columns of each of the four stand in a row."""
_WIDTH = _ENDS[-1]
_FILE = _FILES.where(t.meters.c.number == bindparam("number"))
_METER = select(t.meters).where(t.meters.c.number == bindparam("number"))
_CUSTOMER = select(t.customers).where(t.customers.c.account == bindparam("account"))
_POINT = select(t.points).where(t.points.c.code == bindparam("code"))


class SqlParties:
    """The parties' part of `vending.ports.Reading`."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def meter_file(self, number: str) -> MeterFile | None:
        row = self._db.execute(_FILE, {"number": number}).first()
        return None if row is None else meter_file_of(row)

    def meter(self, number: str) -> Meter | None:
        row = self._db.execute(_METER, {"number": number}).first()
        return None if row is None else meter_of(row)

    def meter_files(
        self, *, customer: str | None = None, after: str = "", limit: int = 100
    ) -> list[MeterFile]:
        if NUL in after:
            return []
        statement = _FILES.where(t.meters.c.number > after)
        if customer is not None:
            statement = statement.where(t.agreements.c.customer == customer)
        rows = self._db.execute(statement.order_by(t.meters.c.number).limit(limit))
        return [meter_file_of(row) for row in rows]

    def customer(self, account: str) -> Customer | None:
        if NUL in account:
            return None
        row = self._db.execute(_CUSTOMER, {"account": account}).first()
        return None if row is None else Customer(*row)

    def files_of(self, accounts: Collection[str]) -> dict[str, list[MeterFile]]:
        found: dict[str, list[MeterFile]] = {account: [] for account in accounts}
        statement = _FILES.where(t.agreements.c.customer.in_(found)).order_by(t.meters.c.number)
        for row in self._db.execute(statement):
            file = meter_file_of(row)
            found[file.customer.account].append(file)
        return found

    def find_customers(self, what: Sought, limit: int, *, whole: bool = False) -> list[Customer]:
        if NUL in what.text:
            return []
        c, m = t.customers.c, t.customer_marks.c
        exact = [select(c.account).where(c.account.in_({what.text, what.digits}))]
        others = []
        # Each by itself: asked for in one, all customers would be joined and sorted.
        if what.is_number:
            others.append(select(m.account).where(m.national_id == what.digits))
            others.append(select(m.account).where(m.card == what.digits))
            end = what.digits.lstrip("0")
            if len(end) >= (WHOLE_PHONE if whole else 1) and len(what.digits) >= LEAST_DIGITS:
                others.append(select(c.account).where(c.phone.endswith(end)))
            elif whole:
                others.append(select(c.account).where(c.phone.in_({what.text, what.digits})))
        else:
            exact.append(select(m.account).where(m.card == what.text))
            kept, after = (m.words + " ", " ") if whole else (m.words, "")
            words = [kept.contains(f" {word}{after}", autoescape=True) for word in what.words]
            if words:
                others.append(select(m.account).where(*words))
        accounts: dict[str, None] = {}
        for group in (exact, others):
            some: set[str] = set()
            for statement in group:
                column = statement.selected_columns[0]
                some.update(self._db.scalars(statement.order_by(column).limit(limit)))
            accounts.update(dict.fromkeys(sorted(some)))
        wanted = list(accounts)[:limit]
        rows = self._db.execute(select(t.customers).where(c.account.in_(wanted)))
        known = {row.account: Customer(*row) for row in rows}
        return [known[account] for account in wanted]

    def customers(self, search: str = "", *, after: str = "", limit: int = 100) -> list[Customer]:
        if NUL in search + after:
            return []
        c = t.customers.c
        statement = select(t.customers).where(c.account > after)
        if search:
            statement = statement.where(
                or_(
                    *(
                        column.icontains(search, autoescape=True)
                        for column in (c.name_ar, c.name_en, c.account, c.phone)
                    )
                )
            )
        rows = self._db.execute(statement.order_by(c.account).limit(limit))
        return [Customer(*row) for row in rows]

    def point(self, code: str) -> VendingPoint | None:
        if NUL in code:
            return None
        row = self._db.execute(_POINT, {"code": code}).first()
        return None if row is None else point_of(row)

    def points(self) -> list[VendingPoint]:
        rows = self._db.execute(select(t.points).order_by(t.points.c.code))
        return [point_of(row) for row in rows]

    def operator(self, code: str) -> Operator | None:
        if NUL in code:
            return None
        row = self._db.execute(select(t.operators).where(t.operators.c.code == code)).first()
        return None if row is None else operator_of(row)


def meter_of(row: Sequence[Any]) -> Meter:
    """From the columns of meters, in their order."""
    (number, _pan, commodity, ea, sgc, krn, ti, model, host, port, unit, *rest) = row
    *planned, base_date, ken = rest
    return Meter(
        Drn(number),
        Commodity(commodity),
        EncryptionAlgorithm(ea),
        sgc,
        krn,
        ti,
        model,
        _reached(host, port, unit),
        None if planned[0] is None else PlannedKey(*planned),
        None if base_date is None else BaseDate(base_date),
        ken,
    )


def _reached(host: str | None, port: int | None, unit: int | None) -> Reached | None:
    if host is None:
        return None
    if port is None or unit is None:
        return GatewayPlace(host)
    return GatewayAddress(host, port, unit)


def meter_file_of(row: Sequence[Any]) -> MeterFile:
    """From the columns of meters, agreements, customers and service points, in their order."""
    return _file_of(tuple(row[:_WIDTH]))


@lru_cache(maxsize=4096)
def _file_of(row: tuple[Any, ...]) -> MeterFile:
    # Kept by what the row says: whoever buys often is not built anew each time.
    agreement, customer, place = (row[part] for part in _PARTS[1:])
    meter = meter_of(row[_PARTS[0]])
    return MeterFile(
        meter,
        SupplyAgreement(
            number=agreement[0],
            customer=agreement[1],
            service_point=agreement[2],
            meter=meter.number,
            commodity=Commodity(agreement[4]),
            tariff=agreement[5],
            since=agreement[6],
        ),
        Customer(*customer),
        ServicePoint(*place),
    )


def point_of(row: Sequence[Any]) -> VendingPoint:
    """From the columns of points, as the driver gives them."""
    code, name_ar, name_en, quarter, most_per_sale, most_per_day, most_in_till, needs_shift = row
    return VendingPoint(
        code,
        name_ar,
        name_en,
        quarter,
        most_per_sale,
        most_per_day,
        most_in_till,
        bool(needs_shift),
    )


def operator_of(row: Sequence[Any]) -> Operator:
    """From the columns of operators, in their order."""
    code, name_ar, name_en, settlement, *rest = row
    return Operator(code, name_ar, name_en, Settlement(settlement), *rest)
