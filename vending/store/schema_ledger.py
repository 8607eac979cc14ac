"""Tables of the ledger: the journal with its chain, what is kept beside it, seals, periods, and
adjustments by two people, words about the clock. Amounts are BIGINT beside their unit."""

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
)

from .schema_base import SERIAL, UtcTime, metadata

entries = Table(
    "entries",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("cause", String(64), nullable=False),
    Column("actor", Text, nullable=False),
    Column("point", String(20), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
    Index(None, "cause"),
)

postings = Table(
    "postings",
    metadata,
    Column("entry", ForeignKey("entries.number"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("account", String(20), nullable=False),
    Column("holder", String(30), nullable=False),
    Column("unit", String(8), nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("entry", "line"),
    CheckConstraint("amount <> 0", name="moves"),
    Index(None, "account", "holder"),
)

balances = Table(
    "balances",
    metadata,
    Column("account", String(20), nullable=False),
    Column("holder", String(30), nullable=False),
    Column("unit", String(8), nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("account", "holder", "unit"),
)

chain = Table(
    "chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", UtcTime),
    # The end of the last closed period: nothing is booked before it.
    Column("closed_until", UtcTime),
    CheckConstraint("id = 1", name="one_row"),
)

seals = Table(
    "seals",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("day", String(10), nullable=False),
    Column("sealed_at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("entry_hash", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
)

period_acts = Table(
    "period_acts",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("month", String(7), nullable=False),
    Column("act", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("closed_until", UtcTime),
    Column("entry", BigInteger, nullable=False),
    Column("entry_hash", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
)

adjustments = Table(
    "adjustments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("requested_at", UtcTime, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reverses", ForeignKey("entries.number")),
    Column("booked_on", String(10)),
    Column("lines", Text, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("adjustment", ForeignKey("adjustments.id"), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("entry", ForeignKey("entries.number"), unique=True),
)

clock_confirmations = Table(
    "clock_confirmations",
    metadata,
    Column("number", SERIAL, primary_key=True),
    # What the clock said that somebody found right.
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # The end of the journal then: its number, and the latest moment that was booked.
    Column("entry", BigInteger, nullable=False),
    Column("last", UtcTime),
)

LEDGER_BOOKS = (
    "entries",
    "postings",
    "seals",
    "period_acts",
    "adjustments",
    "decisions",
    "clock_confirmations",
)
"""Insert-only tables."""
