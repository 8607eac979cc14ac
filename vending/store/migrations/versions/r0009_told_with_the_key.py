"""What a meter was told with its key, beside the key's name: base date and expiry number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHANGES = ("from_base_date", "from_ken", "to_base_date", "to_ken")
_UNTOLD = sa.text("base_date IS NULL")


def upgrade() -> None:
    for name in ("base_date", "ken"):
        op.add_column("meters", sa.Column(name, sa.Integer(), nullable=True))
    for name in _CHANGES:
        op.add_column("key_changes", sa.Column(name, sa.Integer(), nullable=True))
    # Those of which it is not known yet are found at each start, and are none soon.
    op.create_index(
        "ix_meters_untold",
        "meters",
        ["number"],
        sqlite_where=_UNTOLD,
        postgresql_where=_UNTOLD,
    )


def downgrade() -> None:
    """Whatever a meter was told counts as what its vending key has again."""
    op.drop_index("ix_meters_untold", table_name="meters")
    for name in _CHANGES:
        op.drop_column("key_changes", name)
    for name in ("base_date", "ken"):
        op.drop_column("meters", name)
