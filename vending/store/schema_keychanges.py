"""Tables of key changes: what is planned for a meter, and how far it is."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, PrimaryKeyConstraint, String, Table, Text

from .schema_base import SERIAL, UtcTime, metadata

key_changes = Table(
    "key_changes",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("meter", ForeignKey("meters.number"), nullable=False, index=True),
    Column("from_sgc", String(6), nullable=False),
    Column("from_krn", Integer, nullable=False),
    Column("from_ti", Integer, nullable=False),
    Column("to_sgc", String(6), nullable=False),
    Column("to_krn", Integer, nullable=False),
    Column("to_ti", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("planned_at", UtcTime, nullable=False),
    Column("planned_by", Text, nullable=False),
    # Years of base dates, and expiry numbers; null in changes from before they were tracked.
    Column("from_base_date", Integer),
    Column("from_ken", Integer),
    Column("to_base_date", Integer),
    Column("to_ken", Integer),
)

key_change_events = Table(
    "key_change_events",
    metadata,
    Column("change", ForeignKey("key_changes.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    # `issued`, `entered`, `confirmed` or `cancelled`
    Column("state", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("vend_id", String(64)),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("change", "seq"),
)

KEY_CHANGE_BOOKS = (
    "key_changes",
    "key_change_events",
)
"""Insert-only tables."""
