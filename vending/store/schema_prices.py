"""Tables of what a price depends on: accounts of agreements with what happened to them, quotes that
bind, and versions of tariffs that came in by the program, not with the configuration."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from .schema_base import UtcTime, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("agreement", ForeignKey("agreements.number"), primary_key=True),
    # Everything of AccountState but the balance, which the ledger keeps; canonical JSON. A cache:
    # sales, voids and account_events say the same.
    Column("document", Text, nullable=False),
)

account_events = Table(
    "account_events",
    metadata,
    Column("agreement", ForeignKey("agreements.number"), nullable=False),
    Column("seq", Integer, nullable=False),
    # Number of the last journal entry before it: where it stands among the sales.
    Column("after_entry", BigInteger, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False),
    PrimaryKeyConstraint("agreement", "seq"),
)

quotes = Table(
    "quotes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("meter", String(13), nullable=False),
    Column("agreement", String(30), nullable=False),
    Column("actor", Text, nullable=False),
    Column("document", Text, nullable=False),
)

tariff_files = Table(
    "tariff_files",
    metadata,
    Column("code", String(60), nullable=False),
    Column("version", Integer, nullable=False),
    # TOML, one version.
    Column("document", Text, nullable=False),
    Column("drafted_at", UtcTime, nullable=False),
    Column("drafted_by", Text, nullable=False),
    PrimaryKeyConstraint("code", "version"),
)

tariff_approvals = Table(
    "tariff_approvals",
    metadata,
    Column("code", String(60), nullable=False),
    Column("version", Integer, nullable=False),
    # `approved`, `rejected` or `retired`
    Column("act", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    # When a retirement takes effect; NULL for the other acts.
    Column("effective_at", UtcTime),
    PrimaryKeyConstraint("code", "version", "act"),
)

PRICE_BOOKS = (
    "account_events",
    "tariff_files",
    "tariff_approvals",
)
"""Insert-only tables."""
