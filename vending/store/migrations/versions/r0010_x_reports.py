"""X reports are kept: numbered within their shift, as they were on the paper, and their copies
counted as those of Z reports are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vending.store import triggers
from vending.store.schema_base import UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BOOKS = ("x_reports", "x_report_prints")


def upgrade() -> None:
    op.create_table(
        "x_reports",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("shift", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("after_entry", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["shift"], ["shifts.id"], name=op.f("fk_x_reports_shift")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_x_reports")),
        sa.UniqueConstraint("shift", "number", name=op.f("uq_x_reports_shift_number")),
    )
    op.create_table(
        "x_report_prints",
        sa.Column("report", sa.String(length=64), nullable=False),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report"], ["x_reports.id"], name=op.f("fk_x_report_prints_report")
        ),
        sa.PrimaryKeyConstraint("report", "copy", name=op.f("pk_x_report_prints")),
    )
    for table in BOOKS:
        for statement in triggers.create(op.get_bind().dialect.name, table):
            op.execute(statement)


def downgrade() -> None:
    """The reports are given up, and the Z reports that hold their hashes with them cannot be proved
    any more."""
    for table in BOOKS:
        for statement in triggers.drop(op.get_bind().dialect.name, table):
            op.execute(statement)
    op.drop_table("x_report_prints")
    op.drop_table("x_reports")
