"""No other program's `INSERT OR REPLACE` changes a row of the insert-only tables, on SQLite.

But for the six that each sale writes (entries, postings, sales, idempotency, receipts, tokens):
there it would cost a sale five parts in a hundred, and what is changed is found by verifying.
"""

from __future__ import annotations

from alembic import op

from vending.store import triggers

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "account_events": (("agreement", "seq"),),
    "adjustments": (("id",),),
    "approval_decisions": (("approval",),),
    "approval_steps": (("approval", "seq"),),
    "approvals": (("id",),),
    "banking_prints": (("banking", "copy"),),
    "bankings": (("id",), ("entry",), ("point", "number")),
    "block_events": (("id",),),
    "cash_moves": (("id",), ("entry",)),
    "decisions": (("adjustment",), ("entry",)),
    "delivery_events": (("vend_id", "seq"),),
    "fault_notes": (("id",),),
    "key_change_events": (("change", "seq"),),
    "key_changes": (("id",),),
    "meter_commands": (("id", "seq"),),
    "period_acts": (("number",), ("previous_hash",)),
    "readings": (("id",),),
    "reprints": (("vend_id", "copy"),),
    "seals": (("number",), ("previous_hash",)),
    "shift_closes": (("shift",), ("entry",)),
    "shift_prints": (("shift", "copy"),),
    "shifts": (("id",), ("point", "number")),
    "showings": (("vend_id",),),
    "tariff_approvals": (("code", "version", "act"),),
    "tariff_files": (("code", "version"),),
    "trail": (("number",),),
    "voids": (("vend_id",), ("entry",)),
    "x_report_prints": (("report", "copy"),),
    "x_reports": (("id",), ("shift", "number")),
}
"""What a row is known by, each by itself."""


def upgrade() -> None:
    for table, keys in KEYS.items():
        for statement in triggers.create_no_replace(op.get_bind().dialect.name, table, keys):
            op.execute(statement)


def downgrade() -> None:
    """As before: only connections that set `recursive_triggers` are refused."""
    for table in KEYS:
        for statement in triggers.drop_no_replace(op.get_bind().dialect.name, table):
            op.execute(statement)
