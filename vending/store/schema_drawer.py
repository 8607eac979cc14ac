"""Tables of the drawer: shifts with what went in and out, reports, and the way to the bank."""

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
    UniqueConstraint,
)

from .schema_base import UtcTime, metadata

shifts = Table(
    "shifts",
    metadata,
    # Made by the caller.
    Column("id", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("point", ForeignKey("points.code"), nullable=False),
    Column("terminal", String(60), nullable=False),
    Column("operator", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("opening_float", BigInteger, nullable=False),
    UniqueConstraint("point", "number"),
)

open_shifts = Table(
    "open_shifts",
    metadata,
    Column("point", ForeignKey("points.code"), nullable=False),
    Column("terminal", String(60), nullable=False),
    Column("shift", ForeignKey("shifts.id"), nullable=False, unique=True),
    Column("operator", Text, nullable=False),
    PrimaryKeyConstraint("point", "terminal"),
)

cash_moves = Table(
    "cash_moves",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("shift", ForeignKey("shifts.id"), nullable=False, index=True),
    # `float`, `in` or `out`
    Column("kind", String(10), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("entry", ForeignKey("entries.number"), nullable=False, unique=True),
)

shift_closes = Table(
    "shift_closes",
    metadata,
    Column("shift", ForeignKey("shifts.id"), primary_key=True),
    Column("closed_at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("expected", BigInteger, nullable=False),
    Column("counted", BigInteger, nullable=False),
    # The over/short entry; NULL where the drawer was right.
    Column("entry", ForeignKey("entries.number"), unique=True),
    # The Z report, canonical JSON: denominations, takings per tender, sales, voids, moves.
    Column("document", Text, nullable=False),
)

shift_prints = Table(
    "shift_prints",
    metadata,
    Column("shift", ForeignKey("shifts.id"), nullable=False),
    Column("copy", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    PrimaryKeyConstraint("shift", "copy"),
)

x_reports = Table(
    "x_reports",
    metadata,
    # Made by the caller.
    Column("id", String(64), primary_key=True),
    Column("shift", ForeignKey("shifts.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    # Number of the last journal entry before it: what its sums hold.
    Column("after_entry", BigInteger, nullable=False),
    # What was on the paper, canonical JSON; of one that was taken blind without the cash.
    Column("document", Text, nullable=False),
    UniqueConstraint("shift", "number"),
)

x_report_prints = Table(
    "x_report_prints",
    metadata,
    Column("report", ForeignKey("x_reports.id"), nullable=False),
    Column("copy", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    PrimaryKeyConstraint("report", "copy"),
)

bankings = Table(
    "bankings",
    metadata,
    # Made by the caller.
    Column("id", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("point", ForeignKey("points.code"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("entry", ForeignKey("entries.number"), nullable=False, unique=True),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    # The deposit slip, canonical JSON: amounts per tender, shifts, beneficiary, reference.
    Column("document", Text, nullable=False),
    UniqueConstraint("point", "number"),
)

banking_prints = Table(
    "banking_prints",
    metadata,
    Column("banking", ForeignKey("bankings.id"), nullable=False),
    Column("copy", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    PrimaryKeyConstraint("banking", "copy"),
)

DRAWER_BOOKS = (
    "shifts",
    "cash_moves",
    "shift_closes",
    "shift_prints",
    "x_reports",
    "x_report_prints",
    "bankings",
    "banking_prints",
)
"""Insert-only tables."""
