"""What became of an act of two people that is done after its approval: done, failed and why, begun
anew by somebody else, or called off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vending.store import triggers
from vending.store.schema_base import UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approval_steps",
        sa.Column("approval", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval"], ["approvals.id"], name=op.f("fk_approval_steps_approval")
        ),
        sa.PrimaryKeyConstraint("approval", "seq", name=op.f("pk_approval_steps")),
    )
    op.execute(_DONE_BEFORE)
    for statement in triggers.create(op.get_bind().dialect.name, "approval_steps"):
        op.execute(statement)


def downgrade() -> None:
    """What failed and what was called off looks approved again."""
    for statement in triggers.drop(op.get_bind().dialect.name, "approval_steps"):
        op.execute(statement)
    op.drop_table("approval_steps")


_DONE_BEFORE = """
INSERT INTO approval_steps (approval, seq, state, at, actor, note, document)
SELECT a.id, 1, 'done', d.at, d.actor, '', ''
FROM approvals a JOIN approval_decisions d ON d.approval = a.id
WHERE d.state = 'approved' AND d.note = '' AND (
  EXISTS (SELECT 1 FROM sales s WHERE s.vend_id = a.id AND s.sold_at >= a.requested_at)
  OR (a.act = 'void_refund' AND EXISTS (
    SELECT 1 FROM voids v WHERE v.evidence = 'refund'
      AND v.document LIKE '%"approval":"' || a.id || '"%'))
  OR (a.act = 'transfer' AND a.document LIKE '%"units":"0"%')
)
"""
"""What the books hold is done; what they do not hold waits, as it should have."""
