"""Writing the books: inserts only, except for the caches that follow them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, case, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from ..ledger import ChainHead
from ..parties import PartyExists, Registration
from ..ports import BookedSale
from ..record import TokenRecord
from ..sale import DeliveryEvent, MeterReading
from . import schema as t
from .reading import SALE_COLUMNS, SqlReading

_CHAIN_LOCKED = (
    # Where many may write, the row lock makes the journal single file; SQLite's writer has it all.
    t.chain.select().with_only_columns(t.chain.c.number, t.chain.c.hash, t.chain.c.at)
).with_for_update()
_NEW_AT = bindparam("new_at", type_=t.chain.c.at.type)
_MOVE_CHAIN = update(t.chain).values(
    number=bindparam("new_number"),
    hash=bindparam("new_hash"),
    # The latest moment, not the last entry's: small steps back must not add up.
    at=case((t.chain.c.at > _NEW_AT, t.chain.c.at), else_=_NEW_AT),
)
_NEXT_RECEIPT = (
    update(t.counters)
    .where(t.counters.c.point == bindparam("at_point"))
    .values(receipts=t.counters.c.receipts + 1)
    .returning(t.counters.c.receipts)
)
_INSERTS = {table.name: insert(table) for table in t.metadata.sorted_tables}
_SALE_FIELDS = tuple(column.name for column in SALE_COLUMNS)
_TOKEN_FIELDS = tuple(f.name for f in fields(TokenRecord))


def _adder(dialect: str) -> Any:
    """Adds to a cached balance, or begins it."""
    maker: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
    statement = maker(t.balances)
    return statement.on_conflict_do_update(
        index_elements=["account", "holder", "unit"],
        set_={"amount": t.balances.c.amount + statement.excluded.amount},
    )


_ADD_BALANCE = {dialect: _adder(dialect) for dialect in ("sqlite", "postgresql")}


class SqlWriting(SqlReading):
    """See `vending.ports.Writing`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._add_balance = _ADD_BALANCE[connection.dialect.name]

    def register(self, registration: Registration) -> None:
        """Raises PartyExists."""
        rows: list[tuple[Table, list[dict[str, Any]]]] = [
            (t.points, [_plain(point) for point in registration.points]),
            (t.counters, [{"point": p.code, "receipts": 0} for p in registration.points]),
            (t.customers, [_plain(customer) for customer in registration.customers]),
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
                try:
                    self._db.execute(_INSERTS[table.name], values)
                except IntegrityError:
                    raise PartyExists(table.name) from None

    def chain_head(self) -> ChainHead:
        return ChainHead(*self._db.execute(_CHAIN_LOCKED).one())

    def next_receipt_number(self, point: str) -> int:
        return int(self._db.execute(_NEXT_RECEIPT, {"at_point": point}).scalar_one())

    def book(self, sales: Sequence[BookedSale]) -> None:
        rows: dict[str, list[dict[str, Any]]] = {
            name: []
            for name in (
                "entries",
                "postings",
                "sales",
                "idempotency",
                "receipts",
                "tokens",
                "balances",
            )
        }
        for sale in sales:
            _collect(sale, rows)
        balances = rows.pop("balances")
        for name, values in rows.items():
            if values:
                self._db.execute(_INSERTS[name], values)
        if balances:
            self._db.execute(self._add_balance, balances)
        head = sales[-1].entry.head
        self._db.execute(
            _MOVE_CHAIN, {"new_number": head.number, "new_hash": head.hash, "new_at": head.at}
        )

    def add_delivery_event(self, vend_id: str, event: DeliveryEvent) -> None:
        self._db.execute(
            _INSERTS["delivery_events"],
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

    def add_reprint(self, vend_id: str, copy: int, at: datetime, actor: str, point: str) -> None:
        self._db.execute(
            _INSERTS["reprints"],
            {"vend_id": vend_id, "copy": copy, "at": at, "actor": actor, "point": point},
        )

    def add_reading(self, reading: MeterReading) -> None:
        account = reading.account
        self._db.execute(
            _INSERTS["readings"],
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


def _collect(sale: BookedSale, rows: dict[str, list[dict[str, Any]]]) -> None:
    """The rows of one sale, by table."""
    record, posted = sale.record, sale.entry
    vend_id = record.vend_id
    entry = posted.entry
    rows["entries"].append(
        {
            "number": posted.number,
            "at": entry.at,
            "kind": entry.kind,
            "cause": entry.cause,
            "actor": entry.actor,
            "point": entry.point,
            "content_hash": entry.content_hash,
            "previous_hash": posted.previous_hash,
            "hash": posted.hash,
        }
    )
    rows["postings"].extend(
        {
            "entry": posted.number,
            "line": line,
            "account": p.account,
            "holder": p.holder,
            "unit": p.unit,
            "amount": p.amount,
        }
        for line, p in enumerate(entry.postings, start=1)
    )
    row = {name: getattr(record, name) for name in _SALE_FIELDS}
    rows["sales"].append({"vend_id": vend_id, "entry": posted.number, **row})
    rows["idempotency"].append({"vend_id": vend_id, "input_hash": record.input_hash})
    rows["receipts"].append(
        {"point": record.point, "number": record.receipt_number, "vend_id": vend_id}
    )
    rows["tokens"].extend(
        {"vend_id": vend_id, **{name: getattr(token, name) for name in _TOKEN_FIELDS}}
        for token in record.tokens
    )
    rows["balances"].extend(
        {"account": p.account, "holder": p.holder, "unit": p.unit, "amount": p.amount}
        for p in sale.cached
    )


def _plain(party: Any) -> dict[str, Any]:
    return {f.name: getattr(party, f.name) for f in fields(party)}


def _meter_row(meter: Any) -> dict[str, Any]:
    gateway = meter.gateway
    return {
        "number": meter.number.number,
        "pan": meter.number.pan.number,
        "commodity": meter.commodity.value,
        "ea": meter.ea.value,
        "sgc": meter.sgc,
        "krn": meter.krn,
        "ti": meter.ti,
        "model": meter.model,
        "gateway_host": None if gateway is None else gateway.host,
        "gateway_port": None if gateway is None else gateway.port,
        "gateway_unit": None if gateway is None else gateway.unit_id,
    }
