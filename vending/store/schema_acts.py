"""Tables of who sells, what is barred, and acts that need two people."""

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

operators = Table(
    "operators",
    metadata,
    # The person (`persons.person`).
    Column("code", String(60), primary_key=True),
    Column("name_ar", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    # `till`: the money lies in the point's till. `deposit`: it is set off against what the
    # operator has paid in (and the credit limit).
    Column("settlement", String(10), nullable=False),
    # Minor units; NULL: no limit (most_*), no credit (credit_limit).
    Column("credit_limit", BigInteger),
    Column("most_per_sale", BigInteger),
    Column("most_per_day", BigInteger),
    # Percent of what is taken, plain decimal text; `0` for none.
    Column("commission", String(12), nullable=False),
)

blocks = Table(
    "blocks",
    metadata,
    # `meter`, `agreement`, `operator`, `point`, `terminal`
    Column("kind", String(10), nullable=False),
    Column("subject", String(60), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    PrimaryKeyConstraint("kind", "subject"),
)

block_events = Table(
    "block_events",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("subject", String(60), nullable=False),
    # `blocked` or `lifted`
    Column("act", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "kind", "subject"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("act", String(30), nullable=False),
    Column("document", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_at", UtcTime, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("point", String(20), nullable=False),
    Column("terminal", String(60), nullable=False),
)

approval_decisions = Table(
    "approval_decisions",
    metadata,
    Column("approval", ForeignKey("approvals.id"), primary_key=True),
    # `approved`, `refused` or `withdrawn`
    Column("state", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
)

approval_steps = Table(
    "approval_steps",
    metadata,
    Column("approval", ForeignKey("approvals.id"), primary_key=True),
    # 1, 2, ... behind the decision: what became of an act that is done after its approval.
    Column("seq", Integer, primary_key=True),
    # `begun` anew, `done`, `failed` or `called_off`
    Column("state", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    # Why it was called off.
    Column("note", Text, nullable=False),
    # Code and facts of the error that it failed with, as JSON; empty for other steps.
    Column("document", Text, nullable=False),
)

ACT_BOOKS = (
    "block_events",
    "approvals",
    "approval_decisions",
    "approval_steps",
)
"""Insert-only tables."""
