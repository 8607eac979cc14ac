"""Tables about meters themselves, beside their sales."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from .schema_base import UtcTime, metadata

# A row when a command begins (seq 0) and one when it has ended (seq 1).
meter_commands = Table(
    "meter_commands",
    metadata,
    Column("id", String(64), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    # Empty for a meter that is known by its place alone: no reference into the parties.
    Column("meter", String(13), nullable=False),
    Column("place", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("command", String(60), nullable=False),
    # `begun`, then `done`, `declined`, `unknown` or `not_sent`
    Column("state", String(10), nullable=False),
    Column("detail", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    # What was given and the frames of the line, secrets blanked.
    Column("document", Text, nullable=False),
    PrimaryKeyConstraint("id", "seq"),
    Index(None, "meter"),
    Index(None, "at"),
)

METER_BOOKS = ("meter_commands",)
"""Insert-only tables."""
