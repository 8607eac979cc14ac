"""Writing the books: inserts only, except for the caches that follow them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from ..aftersale import DeliveryEvent, MeterReading, Void
from ..clock import ClockConfirmation
from ..finding import Marks, searchable
from ..ground import BookedSale, Ground, KeptQuote, Wanted
from ..ledger import ChainHead, PostedEntry, Posting
from ..outbox import Message
from ..parties import GatewayPlace, PartyExists, Reached, Registration
from . import schema as t
from .attesting import add_row
from .booking import BOOKING
from .clock import add_confirmation
from .errors import translated
from .ground import GROUND
from .queueing import call_off, insert_messages
from .reading import SqlReading
from .registering import row_in_the_way
from .tariff_rows import SqlTariffRows

_INSERTS = {table.name: insert(table) for table in t.metadata.sorted_tables}


class SqlWriting(SqlReading):
    """See `vending.ports.Writing`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.kept = True
        """Whether there may be something to commit."""

    @classmethod
    def alone(cls, connection: Connection) -> SqlWriting:
        """For a transaction that has just begun: waits for the writer's place before anything is
        read, so that what is read stays true until the end."""
        made = cls(connection)
        if connection.dialect.name != "sqlite":
            made.chain_head()
        return made

    def tariff_rows(self) -> SqlTariffRows:
        return SqlTariffRows(self._db)

    def confirm_clock(self, confirmation: ClockConfirmation) -> None:
        add_confirmation(self._db, confirmation)

    def register(self, registration: Registration) -> None:
        """Raises PartyExists."""
        rows: list[tuple[Table, list[dict[str, Any]]]] = [
            (t.points, [_plain(point) for point in registration.points]),
            (t.counters, [{"point": p.code, "receipts": 0} for p in registration.points]),
            (t.customers, [_plain(customer) for customer in registration.customers]),
            (t.customer_marks, _marks(registration)),
            (t.service_points, [_plain(place) for place in registration.service_points]),
            (t.meters, [_meter_row(meter) for meter in registration.meters]),
            (
                t.agreements,
                [
                    {**_plain(a), "meter": a.meter.number, "commodity": a.commodity.value}
                    for a in registration.agreements
                ],
            ),
        ]
        for table, values in rows:
            if values:
                row = row_in_the_way(self._db, table.name, values)
                if row is not None:
                    raise PartyExists(table.name, row)
                try:
                    if table is t.points:
                        for point in values:
                            add_row(self._db, "point", point)
                    else:
                        self._db.execute(_INSERTS[table.name], values)
                except IntegrityError:
                    raise PartyExists(table.name) from None

    def chain_head(self) -> ChainHead:
        return GROUND[self._db.dialect.name].head(self._db)

    def ground(self, wanted: Wanted) -> Ground:
        return GROUND[self._db.dialect.name].load(self._db, wanted)

    @property
    def can_begin(self) -> bool:
        return BOOKING[self._db.dialect.name].can_begin

    def begin_booking(self, sales: Sequence[BookedSale]) -> None:
        BOOKING[self._db.dialect.name].begin(self._db, sales)

    def book(self, sales: Sequence[BookedSale], begun: int = 0) -> None:
        BOOKING[self._db.dialect.name].write(self._db, sales, begun)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        with translated(0), self._db.begin_nested():
            yield

    def nothing_to_keep(self) -> None:
        self.kept = False

    def add_delivery_event(self, vend_id: str, event: DeliveryEvent) -> None:
        add_row(
            self._db,
            "delivery_event",
            {
                "vend_id": vend_id,
                "seq": event.seq,
                "state": event.state.value,
                "at": event.at,
                "actor": event.actor,
                "result": None if event.result is None else int(event.result),
                "log_sequence": event.log_sequence,
                "note": event.note,
            },
        )

    def keep_quote(self, quote: KeptQuote) -> KeptQuote:
        maker: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[
            self._db.dialect.name
        ]
        statement = maker(t.quotes).values(**_plain(quote))
        self._db.execute(statement.on_conflict_do_nothing())
        kept = select(*t.quotes.columns).where(t.quotes.c.id == quote.id)
        return KeptQuote(*self._db.execute(kept).one())

    def queue(self, messages: Sequence[Message], now: datetime) -> None:
        insert_messages(self._db, messages, now)

    def forget_quotes(self, before: datetime) -> int:
        gone = self._db.execute(delete(t.quotes).where(t.quotes.c.expires_at < before))
        return gone.rowcount

    def add_showing(self, vend_id: str, at: datetime, actor: str, point: str) -> None:
        row = {"vend_id": vend_id, "at": at, "actor": actor, "point": point}
        add_row(self._db, "showing", row)

    def add_void(
        self, void: Void, posted: PostedEntry, cached: tuple[Posting, ...], account: str | None
    ) -> None:
        BOOKING[self._db.dialect.name].write_entry(self._db, posted, cached)
        self._db.execute(_INSERTS["voids"], {**_plain(void), "evidence": void.evidence.value})
        if account is not None:
            self.keep_account(self._agreement_of(void.vend_id), account)

    def call_off(self, vend_id: str, now: datetime) -> bool:
        return call_off(self._db, vend_id, now, "voided")

    def withdraw_key(
        self, meter: str, vend_id: str, at: datetime, actor: str, *, taken: bool | None = None
    ) -> bool:
        # Here, because it reads through the store that this module is a part of.
        from .key_issues import withdraw_rows

        return withdraw_rows(self._db, meter, vend_id, at, actor, taken=taken)

    def _agreement_of(self, vend_id: str) -> str:
        found = select(t.sales.c.agreement).where(t.sales.c.vend_id == vend_id)
        return str(self._db.execute(found).scalar_one())

    def keep_account(self, agreement: str, document: str) -> None:
        """The agreement's account is this from here on."""
        BOOKING[self._db.dialect.name].keep_accounts(self._db, {agreement: document})

    def add_reprint(self, vend_id: str, copy: int, at: datetime, actor: str, point: str) -> None:
        self._db.execute(
            _INSERTS["reprints"],
            {"vend_id": vend_id, "copy": copy, "at": at, "actor": actor, "point": point},
        )

    def add_reading(self, reading: MeterReading) -> int:
        account = reading.account
        (id,) = add_row(
            self._db,
            "reading",
            {
                "meter": reading.meter,
                "read_at": account.read_at,
                "actor": reading.actor,
                "commodity": account.commodity.value,
                "balance": account.balance.value,
                "total_supplied": account.total_supplied.value,
                "unit": account.balance.unit,
                "output": int(account.supply.output),
                "state": int(account.supply.state),
                "reasons": " ".join(sorted(account.supply.reasons)),
                "tokens_accepted": account.tokens_accepted,
                "last_result": int(account.last_result),
            },
        )
        return int(id)


def _marks(registration: Registration) -> list[dict[str, Any]]:
    told = {marks.account: marks for marks in registration.marks}
    found = []
    for customer in registration.customers:
        marks = told.pop(customer.account, Marks(customer.account))
        words = searchable(customer.name_ar, customer.name_en)
        found.append({**_plain(marks), "words": words})
    if told:
        raise PartyExists("marks")
    return found


def _plain(party: Any) -> dict[str, Any]:
    return {f.name: getattr(party, f.name) for f in fields(party)}


def gateway_columns(at: Reached | None) -> dict[str, Any]:
    """Where a meter answers, as columns of meters: what is no Modbus TCP has no port of its own."""
    if isinstance(at, GatewayPlace):
        return {"gateway_host": at.place, "gateway_port": None, "gateway_unit": None}
    return {
        "gateway_host": None if at is None else at.host,
        "gateway_port": None if at is None else at.port,
        "gateway_unit": None if at is None else at.unit_id,
    }


def _meter_row(meter: Any) -> dict[str, Any]:
    return {
        "number": meter.number.number,
        "pan": meter.number.pan.number,
        "commodity": meter.commodity.value,
        "ea": meter.ea.value,
        "sgc": meter.sgc,
        "krn": meter.krn,
        "ti": meter.ti,
        "model": meter.model,
        **gateway_columns(meter.gateway),
        "next_sgc": None if meter.planned is None else meter.planned.sgc,
        "next_krn": None if meter.planned is None else meter.planned.krn,
        "next_ti": None if meter.planned is None else meter.planned.ti,
        "base_date": None if meter.base_date is None else meter.base_date.value,
        "ken": meter.ken,
    }
