"""The counter: accounts with their debts, binding quotes, operators, shifts, key changes, acts of
two people, and the outbox.

Sales of before are credit sales by themselves; the books say the same as they did.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vending.store import triggers
from vending.store.schema_base import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BOOKS = (
    "account_events",
    "tariff_files",
    "tariff_approvals",
    "block_events",
    "approvals",
    "approval_decisions",
    "voids",
    "showings",
    "key_changes",
    "key_change_events",
    "shifts",
    "cash_moves",
    "shift_closes",
    "shift_prints",
    "bankings",
    "banking_prints",
)
TILL = "1010"
"""The account of money in tills, whose balances are kept ready from here on."""
ADDED = {
    "agreements": ("since",),
    "meters": ("next_sgc", "next_krn", "next_ti"),
    "points": ("most_per_sale", "most_per_day", "most_in_till", "needs_shift"),
    "sales": ("kind", "basket", "shift"),
}
MADE = (
    "voids",
    "showings",
    "shift_prints",
    "shift_closes",
    "open_shifts",
    "key_change_events",
    "cash_moves",
    "banking_prints",
    "accounts",
    "account_events",
    "shifts",
    "key_changes",
    "bankings",
    "approval_decisions",
    "tariff_files",
    "tariff_approvals",
    "quotes",
    "outbox",
    "operators",
    "blocks",
    "block_events",
    "approvals",
)


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=30), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcTime, nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.Column("terminal", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_table(
        "block_events",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_events")),
    )
    op.create_index(
        op.f("ix_block_events_kind_subject"), "block_events", ["kind", "subject"], unique=False
    )
    op.create_table(
        "blocks",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_blocks")),
    )
    op.create_table(
        "operators",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name_ar", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("settlement", sa.String(length=10), nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), nullable=True),
        sa.Column("most_per_sale", sa.BigInteger(), nullable=True),
        sa.Column("most_per_day", sa.BigInteger(), nullable=True),
        sa.Column("commission", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_operators")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("topic", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcTime, nullable=False),
        sa.Column("done_at", UtcTime, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(op.f("ix_outbox_state_next_at"), "outbox", ["state", "next_at"], unique=False)
    op.create_index(op.f("ix_outbox_subject"), "outbox", ["subject"], unique=False)
    op.create_table(
        "quotes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcTime, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("meter", sa.String(length=13), nullable=False),
        sa.Column("agreement", sa.String(length=30), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotes")),
    )
    op.create_index(op.f("ix_quotes_expires_at"), "quotes", ["expires_at"], unique=False)
    op.create_table(
        "tariff_approvals",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("effective_at", UtcTime, nullable=True),
        sa.PrimaryKeyConstraint("code", "version", "act", name=op.f("pk_tariff_approvals")),
    )
    op.create_table(
        "tariff_files",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("drafted_at", UtcTime, nullable=False),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_tariff_files")),
    )
    op.create_table(
        "approval_decisions",
        sa.Column("approval", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval"], ["approvals.id"], name=op.f("fk_approval_decisions_approval")
        ),
        sa.PrimaryKeyConstraint("approval", name=op.f("pk_approval_decisions")),
    )
    op.create_table(
        "bankings",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.number"], name=op.f("fk_bankings_entry")),
        sa.ForeignKeyConstraint(["point"], ["points.code"], name=op.f("fk_bankings_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bankings")),
        sa.UniqueConstraint("entry", name=op.f("uq_bankings_entry")),
        sa.UniqueConstraint("point", "number", name=op.f("uq_bankings_point_number")),
    )
    op.create_table(
        "key_changes",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("meter", sa.String(length=13), nullable=False),
        sa.Column("from_sgc", sa.String(length=6), nullable=False),
        sa.Column("from_krn", sa.Integer(), nullable=False),
        sa.Column("from_ti", sa.Integer(), nullable=False),
        sa.Column("to_sgc", sa.String(length=6), nullable=False),
        sa.Column("to_krn", sa.Integer(), nullable=False),
        sa.Column("to_ti", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("planned_at", UtcTime, nullable=False),
        sa.Column("planned_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meters.number"], name=op.f("fk_key_changes_meter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_changes")),
    )
    op.create_index(op.f("ix_key_changes_meter"), "key_changes", ["meter"], unique=False)
    op.create_table(
        "shifts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.Column("terminal", sa.String(length=60), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcTime, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("opening_float", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["point"], ["points.code"], name=op.f("fk_shifts_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        sa.UniqueConstraint("point", "number", name=op.f("uq_shifts_point_number")),
    )
    op.create_table(
        "account_events",
        sa.Column("agreement", sa.String(length=30), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("after_entry", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement"], ["agreements.number"], name=op.f("fk_account_events_agreement")
        ),
        sa.PrimaryKeyConstraint("agreement", "seq", name=op.f("pk_account_events")),
    )
    op.create_table(
        "accounts",
        sa.Column("agreement", sa.String(length=30), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement"], ["agreements.number"], name=op.f("fk_accounts_agreement")
        ),
        sa.PrimaryKeyConstraint("agreement", name=op.f("pk_accounts")),
    )
    op.create_table(
        "banking_prints",
        sa.Column("banking", sa.String(length=64), nullable=False),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["banking"], ["bankings.id"], name=op.f("fk_banking_prints_banking")
        ),
        sa.PrimaryKeyConstraint("banking", "copy", name=op.f("pk_banking_prints")),
    )
    op.create_table(
        "cash_moves",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("shift", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.number"], name=op.f("fk_cash_moves_entry")),
        sa.ForeignKeyConstraint(["shift"], ["shifts.id"], name=op.f("fk_cash_moves_shift")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_moves")),
        sa.UniqueConstraint("entry", name=op.f("uq_cash_moves_entry")),
    )
    op.create_index(op.f("ix_cash_moves_shift"), "cash_moves", ["shift"], unique=False)
    op.create_table(
        "key_change_events",
        sa.Column("change", SERIAL, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("vend_id", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change"], ["key_changes.id"], name=op.f("fk_key_change_events_change")
        ),
        sa.PrimaryKeyConstraint("change", "seq", name=op.f("pk_key_change_events")),
    )
    op.create_table(
        "open_shifts",
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.Column("terminal", sa.String(length=60), nullable=False),
        sa.Column("shift", sa.String(length=64), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["point"], ["points.code"], name=op.f("fk_open_shifts_point")),
        sa.ForeignKeyConstraint(["shift"], ["shifts.id"], name=op.f("fk_open_shifts_shift")),
        sa.PrimaryKeyConstraint("point", "terminal", name=op.f("pk_open_shifts")),
        sa.UniqueConstraint("shift", name=op.f("uq_open_shifts_shift")),
    )
    op.create_table(
        "shift_closes",
        sa.Column("shift", sa.String(length=64), nullable=False),
        sa.Column("closed_at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.number"], name=op.f("fk_shift_closes_entry")),
        sa.ForeignKeyConstraint(["shift"], ["shifts.id"], name=op.f("fk_shift_closes_shift")),
        sa.PrimaryKeyConstraint("shift", name=op.f("pk_shift_closes")),
        sa.UniqueConstraint("entry", name=op.f("uq_shift_closes_entry")),
    )
    op.create_table(
        "shift_prints",
        sa.Column("shift", sa.String(length=64), nullable=False),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["shift"], ["shifts.id"], name=op.f("fk_shift_prints_shift")),
        sa.PrimaryKeyConstraint("shift", "copy", name=op.f("pk_shift_prints")),
    )
    op.create_table(
        "showings",
        sa.Column("vend_id", sa.String(length=64), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["vend_id"], ["sales.vend_id"], name=op.f("fk_showings_vend_id")),
        sa.PrimaryKeyConstraint("vend_id", name=op.f("pk_showings")),
    )
    op.create_table(
        "voids",
        sa.Column("vend_id", sa.String(length=64), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.Column("terminal", sa.String(length=60), nullable=False),
        sa.Column("shift", sa.String(length=64), nullable=True),
        sa.Column("evidence", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.number"], name=op.f("fk_voids_entry")),
        sa.ForeignKeyConstraint(["vend_id"], ["sales.vend_id"], name=op.f("fk_voids_vend_id")),
        sa.PrimaryKeyConstraint("vend_id", name=op.f("pk_voids")),
        sa.UniqueConstraint("entry", name=op.f("uq_voids_entry")),
    )
    op.create_index(op.f("ix_voids_shift"), "voids", ["shift"], unique=False)
    op.add_column("agreements", sa.Column("since", sa.String(length=7), nullable=True))
    op.add_column("meters", sa.Column("next_sgc", sa.String(length=6), nullable=True))
    op.add_column("meters", sa.Column("next_krn", sa.Integer(), nullable=True))
    op.add_column("meters", sa.Column("next_ti", sa.Integer(), nullable=True))
    op.add_column("points", sa.Column("most_per_sale", sa.BigInteger(), nullable=True))
    op.add_column("points", sa.Column("most_per_day", sa.BigInteger(), nullable=True))
    op.add_column("points", sa.Column("most_in_till", sa.BigInteger(), nullable=True))
    op.add_column(
        "points", sa.Column("needs_shift", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "sales", sa.Column("kind", sa.String(length=20), server_default="credit", nullable=False)
    )
    op.add_column("sales", sa.Column("basket", sa.String(length=64), nullable=True))
    op.add_column("sales", sa.Column("shift", sa.String(length=64), nullable=True))
    op.create_index(
        op.f("ix_sales_basket"),
        "sales",
        ["basket"],
        unique=False,
        sqlite_where=sa.text("basket IS NOT NULL"),
        postgresql_where=sa.text("basket IS NOT NULL"),
    )
    op.create_index(op.f("ix_sales_point_sold_at"), "sales", ["point", "sold_at"], unique=False)
    op.create_index(
        op.f("ix_sales_shift"),
        "sales",
        ["shift"],
        unique=False,
        sqlite_where=sa.text("shift IS NOT NULL"),
        postgresql_where=sa.text("shift IS NOT NULL"),
    )
    _tokens_may_lack_a_tid(True)
    op.execute(
        sa.text(
            "INSERT INTO balances (account, holder, unit, amount) "
            "SELECT account, holder, unit, SUM(amount) FROM postings WHERE account = :till "
            "GROUP BY account, holder, unit"
        ).bindparams(till=TILL)
    )
    for table in BOOKS:
        for statement in triggers.create(op.get_bind().dialect.name, table):
            op.execute(statement)


def downgrade() -> None:
    """Key-change tokens and everything of the counter are given up."""
    kind = op.get_bind().dialect.name
    for table in BOOKS:
        for statement in triggers.drop(kind, table):
            op.execute(statement)
    op.execute(sa.text("DELETE FROM balances WHERE account = :till").bindparams(till=TILL))
    for statement in triggers.drop(kind, "tokens"):
        op.execute(statement)
    op.execute("DELETE FROM tokens WHERE tid IS NULL")
    for statement in triggers.create(kind, "tokens"):
        op.execute(statement)
    _tokens_may_lack_a_tid(False)
    op.drop_index(op.f("ix_sales_shift"), table_name="sales")
    op.drop_index(op.f("ix_sales_point_sold_at"), table_name="sales")
    op.drop_index(op.f("ix_sales_basket"), table_name="sales")
    for table, columns in ADDED.items():
        for column in columns:
            op.drop_column(table, column)
    for table in MADE:
        op.drop_table(table)


def _tokens_may_lack_a_tid(may: bool) -> None:
    kind = op.get_bind().dialect.name
    if kind != "sqlite":
        op.alter_column("tokens", "tid", existing_type=sa.Integer(), nullable=may)
        return
    # SQLite makes the table anew, and its triggers go with the old one.
    with op.batch_alter_table("tokens") as tokens:
        tokens.alter_column("tid", existing_type=sa.Integer(), nullable=may)
    for statement in triggers.create(kind, "tokens"):
        op.execute(statement)
