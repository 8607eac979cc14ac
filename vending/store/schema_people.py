"""Tables of people and doors: how customers are found, users, sessions, tries, devices, the trail;
what the municipality says of itself; faults; what is there for trying out."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from .schema_base import UtcTime, metadata

customer_marks = Table(
    "customer_marks",
    metadata,
    Column("account", ForeignKey("customers.account"), primary_key=True),
    Column("national_id", String(20), nullable=False, index=True),
    Column("card", String(40), nullable=False, index=True),
    # Words of the names as `vending.finding` writes them, each after a space.
    Column("words", Text, nullable=False),
    # Of papers and SMS: `ar`, `en`; empty: they have not said.
    Column("language", String(5), nullable=False, server_default=""),
)

users = Table(
    "users",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("name_ar", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("point", ForeignKey("points.code")),
    Column("language", String(5), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("must_change", Boolean, nullable=False),
    # Argon2id.
    Column("password", Text, nullable=False),
    # Secret of the second factor; empty: none. Whoever reads the database has it: the books
    # are their owner's alone.
    Column("second", String(64), nullable=False),
    Column("second_used", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    # SHA-256 of the id in the browser.
    Column("digest", String(64), primary_key=True),
    Column("user", ForeignKey("users.name"), nullable=False),
    Column("terminal", String(60), nullable=False),
    Column("address", String(60), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    # The device's name and point; empty: it has no key.
    Column("device", String(40), nullable=False),
    Column("point", String(30), nullable=False),
    Column("ended_at", UtcTime),
    Column("ending", String(20)),
)
Index(
    "ix_sessions_open",
    sessions.c.user,
    sqlite_where=sessions.c.ended_at.is_(None),
    postgresql_where=sessions.c.ended_at.is_(None),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    # `user` or `address`
    Column("kind", String(10), nullable=False),
    Column("subject", String(60), nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("kind", "subject"),
)

trail = Table(
    "trail",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False, index=True),
    Column("role", String(20), nullable=False),
    Column("point", String(30), nullable=False),
    Column("terminal", String(60), nullable=False),
    Column("act", String(30), nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

trail_head = Table(
    "trail_head",
    metadata,
    # One row: the end of the trail, so that lines missing there are seen.
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

device_keys = Table(
    "device_keys",
    metadata,
    Column("name", String(40), primary_key=True),
    # SHA-256 of the key in the device's browser.
    Column("digest", String(64), nullable=False, unique=True),
    Column("point", ForeignKey("points.code"), nullable=False),
    Column("terminal", String(60), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("seen_at", UtcTime),
    Column("revoked_at", UtcTime),
)

municipality = Table(
    "municipality",
    metadata,
    # One row.
    Column("id", Integer, primary_key=True),
    Column("name_ar", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("address_ar", Text, nullable=False),
    Column("address_en", Text, nullable=False),
    Column("phone", String(30), nullable=False),
    Column("tax_number", String(30), nullable=False),
    Column("currency", String(3), nullable=False),
    # Percent, plain decimal text; empty: none is charged.
    Column("vat", String(10), nullable=False),
    # Codes with spaces between.
    Column("tariffs", Text, nullable=False),
    Column("logo", LargeBinary),
    Column("logo_media", String(20), nullable=False),
    # To every customer, at the foot of a receipt.
    Column("message_ar", Text, nullable=False, server_default=""),
    Column("message_en", Text, nullable=False, server_default=""),
)

faults = Table(
    "faults",
    metadata,
    # 1, 2, ... without gaps.
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("account", ForeignKey("customers.account"), nullable=False, index=True),
    Column("meter", String(20), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("point", String(30), nullable=False),
    Column("reported_at", UtcTime, nullable=False),
    Column("reported_by", Text, nullable=False),
    Column("state", String(10), nullable=False, index=True),
    Column("taken_by", Text, nullable=False),
)

fault_notes = Table(
    "fault_notes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("fault", ForeignKey("faults.number"), nullable=False, index=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    # The state that it went into with this note.
    Column("state", String(10), nullable=False),
    Column("note", Text, nullable=False),
)

sample_parties = Table(
    "sample_parties",
    metadata,
    # Parties that are there for trying out: `customer`, `meter` ... and its number or code.
    Column("kind", String(20), nullable=False),
    Column("key", String(40), nullable=False),
    PrimaryKeyConstraint("kind", "key"),
)

PEOPLE_BOOKS = ("trail", "fault_notes")
"""Insert-only tables."""
