"""Commands to meters leave a record: who, why, with what, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vending.store import triggers
from vending.store.schema_base import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meter_commands",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("meter", sa.String(length=13), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("command", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "seq", name=op.f("pk_meter_commands")),
    )
    for column in ("meter", "at"):
        op.create_index(op.f(f"ix_meter_commands_{column}"), "meter_commands", [column])
    for statement in triggers.create(op.get_bind().dialect.name, "meter_commands"):
        op.execute(statement)


def downgrade() -> None:
    """The records are given up."""
    for statement in triggers.drop(op.get_bind().dialect.name, "meter_commands"):
        op.execute(statement)
    op.drop_table("meter_commands")
