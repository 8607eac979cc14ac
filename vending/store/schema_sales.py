"""Tables of a sale: what was sold, under which id, on which receipt, with which tokens."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from .schema_base import UtcTime, metadata

sales = Table(
    "sales",
    metadata,
    Column("vend_id", String(64), primary_key=True),
    Column("entry", ForeignKey("entries.number"), nullable=False, unique=True),
    Column("sold_at", UtcTime, nullable=False),
    Column("point", ForeignKey("points.code"), nullable=False),
    Column("terminal", String(60), nullable=False),
    Column("operator", Text, nullable=False),
    Column("tender", String(20), nullable=False),
    Column("customer", String(30), nullable=False),
    Column("agreement", ForeignKey("agreements.number"), nullable=False),
    Column("meter", ForeignKey("meters.number"), nullable=False),
    Column("pan", String(18), nullable=False),
    Column("commodity", String(20), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("tendered", BigInteger, nullable=False),
    Column("balance_before", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("vat", BigInteger, nullable=False),
    Column("balance_after", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit", String(8), nullable=False),
    Column("tariff", String(60), nullable=False),
    Column("tariff_version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("kind", String(20), nullable=False, server_default="credit"),
    # The vend id of the sale that leads the basket; NULL for that one and for a sale by itself.
    Column("basket", String(64)),
    Column("shift", String(64)),
    CheckConstraint("tendered + balance_before = net + vat + balance_after", name="money_kept"),
    Index(None, "meter", "entry"),
    Index(None, "agreement", "entry"),
    Index(None, "point", "sold_at"),
    # Most sales stand alone and in no drawer.
    *(
        Index(None, name, sqlite_where=text(there), postgresql_where=text(there))
        for name, there in (("basket", "basket IS NOT NULL"), ("shift", "shift IS NOT NULL"))
    ),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), primary_key=True),
    Column("input_hash", String(64), nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    Column("point", ForeignKey("points.code"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("vend_id", ForeignKey("sales.vend_id"), nullable=False, unique=True),
    PrimaryKeyConstraint("point", "number"),
)

counters = Table(
    "counters",
    metadata,
    Column("point", ForeignKey("points.code"), primary_key=True),
    Column("receipts", BigInteger, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("digits", String(20), nullable=False),
    # Key-change tokens have none.
    Column("tid", Integer),
    Column("pan", String(18), nullable=False),
    Column("base_date", String(2), nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit", String(8), nullable=False),
    PrimaryKeyConstraint("vend_id", "position"),
    # A TID is used once per meter and base date, whatever the clock does.
    UniqueConstraint("pan", "base_date", "tid"),
)

SALE_BOOKS = (
    "sales",
    "idempotency",
    "receipts",
    "tokens",
)
"""Insert-only tables."""
