"""The last purchase is found by the agreement: it is the customer's, not the meter's."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_sales_agreement_entry"), "sales", ["agreement", "entry"])


def downgrade() -> None:
    """Found by the meter again, or slowly."""
    op.drop_index(op.f("ix_sales_agreement_entry"), table_name="sales")
