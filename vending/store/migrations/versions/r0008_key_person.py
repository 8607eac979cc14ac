"""Whose an API key is, besides its name: who has a key for each of two terminals is one person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "api_keys", sa.Column("person", sa.String(length=40), server_default="", nullable=False)
    )


def downgrade() -> None:
    """Each key is a person of its own again."""
    op.drop_column("api_keys", "person")
