"""People and doors: users, sessions, wrong tries to sign in, devices, the chained trail of acts;
the municipality; faults that were reported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vending.finding import searchable
from vending.store import triggers
from vending.store.schema_base import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MADE = (
    "sample_parties",
    "fault_notes",
    "faults",
    "municipality",
    "device_keys",
    "trail_head",
    "trail",
    "sign_in_tries",
    "sessions",
    "users",
    "customer_marks",
)
BOOKS = ("trail", "fault_notes")


def upgrade() -> None:
    op.create_table(
        "customer_marks",
        sa.Column("account", sa.String(length=30), nullable=False),
        sa.Column("national_id", sa.String(length=20), nullable=False),
        sa.Column("card", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["customers.account"], name=op.f("fk_customer_marks_account")
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_customer_marks")),
    )
    for column in ("national_id", "card"):
        op.create_index(op.f(f"ix_customer_marks_{column}"), "customer_marks", [column])
    _mark_customers()
    op.create_table(
        "users",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("name_ar", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("point", sa.String(length=20), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("second", sa.String(length=64), nullable=False),
        sa.Column("second_used", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["point"], ["points.code"], name=op.f("fk_users_point")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_users")),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=40), nullable=False),
        sa.Column("terminal", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.Column("started_at", UtcTime, nullable=False),
        sa.Column("seen_at", UtcTime, nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("point", sa.String(length=30), nullable=False),
        sa.Column("ended_at", UtcTime, nullable=True),
        sa.Column("ending", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name=op.f("fk_sessions_user")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index(
        "ix_sessions_open",
        "sessions",
        ["user"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "sign_in_tries",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_sign_in_tries")),
    )
    op.create_table(
        "trail",
        sa.Column("number", SERIAL, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("point", sa.String(length=30), nullable=False),
        sa.Column("terminal", sa.String(length=60), nullable=False),
        sa.Column("act", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_trail")),
    )
    op.create_index(op.f("ix_trail_actor"), "trail", ["actor"])
    op.create_index(op.f("ix_trail_subject"), "trail", ["subject"])
    op.create_table(
        "trail_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trail_head")),
    )
    _make_office()
    for table in BOOKS:
        for statement in triggers.create(op.get_bind().dialect.name, table):
            op.execute(statement)


def downgrade() -> None:
    """Users, their sessions, devices, faults and the trail are given up."""
    for table in BOOKS:
        for statement in triggers.drop(op.get_bind().dialect.name, table):
            op.execute(statement)
    for table in MADE:
        op.drop_table(table)


def _make_office() -> None:
    """Devices, the municipality, faults, and what is there for trying out."""
    op.create_table(
        "device_keys",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.Column("terminal", sa.String(length=60), nullable=False),
        sa.Column("made_at", UtcTime, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("seen_at", UtcTime, nullable=True),
        sa.Column("revoked_at", UtcTime, nullable=True),
        sa.ForeignKeyConstraint(["point"], ["points.code"], name=op.f("fk_device_keys_point")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_device_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_device_keys_digest")),
    )
    op.create_table(
        "municipality",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("name_ar", "name_en", "address_ar", "address_en")
        ),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("tax_number", sa.String(length=30), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("vat", sa.String(length=10), nullable=False),
        sa.Column("tariffs", sa.Text(), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("logo_media", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipality")),
    )
    op.create_table(
        "faults",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=30), nullable=False),
        sa.Column("meter", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("point", sa.String(length=30), nullable=False),
        sa.Column("reported_at", UtcTime, nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["customers.account"], name=op.f("fk_faults_account")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_faults")),
    )
    for column in ("account", "state"):
        op.create_index(op.f(f"ix_faults_{column}"), "faults", [column])
    op.create_table(
        "fault_notes",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("fault", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["fault"], ["faults.number"], name=op.f("fk_fault_notes_fault")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault_notes")),
    )
    op.create_index(op.f("ix_fault_notes_fault"), "fault_notes", ["fault"])
    op.create_table(
        "sample_parties",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_sample_parties")),
    )


def _mark_customers() -> None:
    """Customers of before are found by their names, too."""
    db = op.get_bind()
    customers = sa.table("customers", *(sa.column(c) for c in ("account", "name_ar", "name_en")))
    marks = sa.table(
        "customer_marks", *(sa.column(c) for c in ("account", "national_id", "card", "words"))
    )
    rows = db.execute(sa.select(customers)).all()
    for begin in range(0, len(rows), 1000):
        values = [
            {"account": a, "national_id": "", "card": "", "words": searchable(ar, en)}
            for a, ar, en in rows[begin : begin + 1000]
        ]
        db.execute(sa.insert(marks), values)
