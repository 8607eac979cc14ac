"""Tables of what becomes of a sale: shown, copied, pushed to its meter, found in a reading, taken
back."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from .schema_base import SERIAL, UtcTime, metadata

showings = Table(
    "showings",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("point", String(20), nullable=False),
)

reprints = Table(
    "reprints",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), nullable=False),
    Column("copy", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("point", String(20), nullable=False),
    PrimaryKeyConstraint("vend_id", "copy"),
)

delivery_events = Table(
    "delivery_events",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("result", Integer),
    Column("log_sequence", BigInteger),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("vend_id", "seq"),
)

readings = Table(
    "readings",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("meter", ForeignKey("meters.number"), nullable=False),
    Column("read_at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("commodity", String(20), nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("total_supplied", BigInteger, nullable=False),
    Column("unit", String(8), nullable=False),
    Column("output", Integer, nullable=False),
    Column("state", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("tokens_accepted", BigInteger, nullable=False),
    Column("last_result", Integer, nullable=False),
    Index(None, "meter", "id"),
)

voids = Table(
    "voids",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), primary_key=True),
    Column("entry", ForeignKey("entries.number"), nullable=False, unique=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("point", String(20), nullable=False),
    Column("terminal", String(60), nullable=False),
    Column("shift", String(64)),
    # `not_shown`, `not_in_log`, `meter_gone` or `refund`
    Column("evidence", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False),
    Index(None, "shift"),
)

AFTERSALE_BOOKS = (
    "showings",
    "reprints",
    "delivery_events",
    "readings",
    "voids",
)
"""Insert-only tables."""
