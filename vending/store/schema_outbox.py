"""The table of what waits to be sent."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from .schema_base import SERIAL, UtcTime, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", SERIAL, primary_key=True),
    # Sent along, so that the other side can tell a repetition.
    Column("key", String(100), nullable=False, unique=True),
    # `sms`, `print`, `push`, `webhook`
    Column("topic", String(10), nullable=False),
    # What it is about: a vend id, a shift, an X report, a banking; the message is made from the
    # books when it is sent, so that no token lies here.
    Column("subject", String(64), nullable=False),
    Column("target", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # `waiting`, `sending`, `sent` or `given_up`
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Column("last_error", Text, nullable=False),
    Index(None, "state", "next_at"),
    Index(None, "subject"),
)
