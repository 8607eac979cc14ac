"""Who looked at the machine's clock and found it right, where it stood too far ahead of the books
to be believed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vending.store import triggers
from vending.store.schema_base import SERIAL, UtcTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLE = "clock_confirmations"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("number", SERIAL, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("last", UtcTime, nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_clock_confirmations")),
    )
    dialect = op.get_bind().dialect.name
    for statement in triggers.create(dialect, TABLE):
        op.execute(statement)
    for statement in triggers.create_no_replace(dialect, TABLE, [("number",)]):
        op.execute(statement)


def downgrade() -> None:
    """The trail still tells who confirmed it."""
    dialect = op.get_bind().dialect.name
    for statement in triggers.drop_no_replace(dialect, TABLE):
        op.execute(statement)
    for statement in triggers.drop(dialect, TABLE):
        op.execute(statement)
    op.drop_table(TABLE)
