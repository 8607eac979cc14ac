"""Bookkeeping: daily seals, closed periods, adjustments that two people make."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vending.store import triggers
from vending.store.schema import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BOOKS = ("seals", "period_acts", "adjustments", "decisions")


def upgrade() -> None:
    op.add_column("chain", sa.Column("closed_until", UtcTime, nullable=True))
    op.create_table(
        "seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("sealed_at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seals")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_seals_previous_hash")),
    )
    op.create_table(
        "period_acts",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("closed_until", UtcTime, nullable=True),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_period_acts")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_period_acts_previous_hash")),
    )
    op.create_table(
        "adjustments",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("requested_at", UtcTime, nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("booked_on", sa.String(length=10), nullable=True),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reverses"], ["entries.number"], name=op.f("fk_adjustments_reverses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustments")),
    )
    op.create_table(
        "decisions",
        sa.Column("adjustment", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["adjustment"], ["adjustments.id"], name=op.f("fk_decisions_adjustment")
        ),
        sa.ForeignKeyConstraint(["entry"], ["entries.number"], name=op.f("fk_decisions_entry")),
        sa.PrimaryKeyConstraint("adjustment", name=op.f("pk_decisions")),
        sa.UniqueConstraint("entry", name=op.f("uq_decisions_entry")),
    )
    for table in BOOKS:
        for statement in triggers.create(op.get_bind().dialect.name, table):
            op.execute(statement)


def downgrade() -> None:
    for table in BOOKS:
        for statement in triggers.drop(op.get_bind().dialect.name, table):
            op.execute(statement)
    op.drop_table("decisions")
    op.drop_table("adjustments")
    op.drop_table("period_acts")
    op.drop_table("seals")
    with op.batch_alter_table("chain") as chain:
        chain.drop_column("closed_until")
