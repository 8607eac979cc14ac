"""The first sale: parties, the journal, sales, deliveries, and the caches that follow them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vending.store import triggers
from vending.store.schema import UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BOOKS = (
    "entries",
    "postings",
    "sales",
    "idempotency",
    "receipts",
    "tokens",
    "reprints",
    "delivery_events",
    "readings",
)


def upgrade() -> None:
    op.create_table(
        "balances",
        sa.Column("account", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=30), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "holder", "unit", name=op.f("pk_balances")),
    )
    op.create_table(
        "chain",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", UtcTime, nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_chain_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain")),
    )
    op.create_table(
        "customers",
        sa.Column("account", sa.String(length=30), nullable=False),
        sa.Column("name_ar", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_customers")),
    )
    op.create_table(
        "entries",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_entries")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_entries_previous_hash")),
    )
    op.create_index(op.f("ix_entries_cause"), "entries", ["cause"], unique=False)
    op.create_table(
        "meters",
        sa.Column("number", sa.String(length=13), nullable=False),
        sa.Column("pan", sa.String(length=18), nullable=False),
        sa.Column("commodity", sa.String(length=20), nullable=False),
        sa.Column("ea", sa.String(length=2), nullable=False),
        sa.Column("sgc", sa.String(length=6), nullable=False),
        sa.Column("krn", sa.Integer(), nullable=False),
        sa.Column("ti", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=60), nullable=False),
        sa.Column("gateway_host", sa.String(length=255), nullable=True),
        sa.Column("gateway_port", sa.Integer(), nullable=True),
        sa.Column("gateway_unit", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_meters")),
        sa.UniqueConstraint("pan", name=op.f("uq_meters_pan")),
    )
    op.create_table(
        "points",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name_ar", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_points")),
    )
    op.create_table(
        "service_points",
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_service_points")),
    )
    op.create_table(
        "agreements",
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("customer", sa.String(length=30), nullable=False),
        sa.Column("service_point", sa.String(length=30), nullable=False),
        sa.Column("meter", sa.String(length=13), nullable=False),
        sa.Column("commodity", sa.String(length=20), nullable=False),
        sa.Column("tariff", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"], ["customers.account"], name=op.f("fk_agreements_customer")
        ),
        sa.ForeignKeyConstraint(["meter"], ["meters.number"], name=op.f("fk_agreements_meter")),
        sa.ForeignKeyConstraint(
            ["service_point"], ["service_points.code"], name=op.f("fk_agreements_service_point")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_agreements")),
        sa.UniqueConstraint("meter", name=op.f("uq_agreements_meter")),
    )
    op.create_index(op.f("ix_agreements_customer"), "agreements", ["customer"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("scopes", sa.String(length=60), nullable=False),
        sa.Column("point", sa.String(length=20), nullable=True),
        sa.Column("terminal", sa.String(length=60), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("revoked_at", UtcTime, nullable=True),
        sa.ForeignKeyConstraint(["point"], ["points.code"], name=op.f("fk_api_keys_point")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_table(
        "counters",
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.Column("receipts", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["point"], ["points.code"], name=op.f("fk_counters_point")),
        sa.PrimaryKeyConstraint("point", name=op.f("pk_counters")),
    )
    op.create_table(
        "postings",
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=30), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_postings_moves")),
        sa.ForeignKeyConstraint(["entry"], ["entries.number"], name=op.f("fk_postings_entry")),
        sa.PrimaryKeyConstraint("entry", "line", name=op.f("pk_postings")),
    )
    op.create_index(
        op.f("ix_postings_account_holder"), "postings", ["account", "holder"], unique=False
    )
    op.create_table(
        "readings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meter", sa.String(length=13), nullable=False),
        sa.Column("read_at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("commodity", sa.String(length=20), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("total_supplied", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("output", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("tokens_accepted", sa.BigInteger(), nullable=False),
        sa.Column("last_result", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["meter"], ["meters.number"], name=op.f("fk_readings_meter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
    )
    op.create_index(op.f("ix_readings_meter_id"), "readings", ["meter", "id"], unique=False)
    op.create_table(
        "sales",
        sa.Column("vend_id", sa.String(length=64), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("sold_at", UtcTime, nullable=False),
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.Column("terminal", sa.String(length=60), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("tender", sa.String(length=20), nullable=False),
        sa.Column("customer", sa.String(length=30), nullable=False),
        sa.Column("agreement", sa.String(length=30), nullable=False),
        sa.Column("meter", sa.String(length=13), nullable=False),
        sa.Column("pan", sa.String(length=18), nullable=False),
        sa.Column("commodity", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tendered", sa.BigInteger(), nullable=False),
        sa.Column("balance_before", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("tariff", sa.String(length=60), nullable=False),
        sa.Column("tariff_version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "tendered + balance_before = net + vat + balance_after",
            name=op.f("ck_sales_money_kept"),
        ),
        sa.ForeignKeyConstraint(
            ["agreement"], ["agreements.number"], name=op.f("fk_sales_agreement")
        ),
        sa.ForeignKeyConstraint(["entry"], ["entries.number"], name=op.f("fk_sales_entry")),
        sa.ForeignKeyConstraint(["meter"], ["meters.number"], name=op.f("fk_sales_meter")),
        sa.ForeignKeyConstraint(["point"], ["points.code"], name=op.f("fk_sales_point")),
        sa.PrimaryKeyConstraint("vend_id", name=op.f("pk_sales")),
        sa.UniqueConstraint("entry", name=op.f("uq_sales_entry")),
    )
    op.create_index(op.f("ix_sales_meter_entry"), "sales", ["meter", "entry"], unique=False)
    op.create_table(
        "delivery_events",
        sa.Column("vend_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("result", sa.Integer(), nullable=True),
        sa.Column("log_sequence", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["vend_id"], ["sales.vend_id"], name=op.f("fk_delivery_events_vend_id")
        ),
        sa.PrimaryKeyConstraint("vend_id", "seq", name=op.f("pk_delivery_events")),
    )
    op.create_table(
        "idempotency",
        sa.Column("vend_id", sa.String(length=64), nullable=False),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["vend_id"], ["sales.vend_id"], name=op.f("fk_idempotency_vend_id")
        ),
        sa.PrimaryKeyConstraint("vend_id", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "receipts",
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("vend_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["point"], ["points.code"], name=op.f("fk_receipts_point")),
        sa.ForeignKeyConstraint(["vend_id"], ["sales.vend_id"], name=op.f("fk_receipts_vend_id")),
        sa.PrimaryKeyConstraint("point", "number", name=op.f("pk_receipts")),
        sa.UniqueConstraint("vend_id", name=op.f("uq_receipts_vend_id")),
    )
    op.create_table(
        "reprints",
        sa.Column("vend_id", sa.String(length=64), nullable=False),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["vend_id"], ["sales.vend_id"], name=op.f("fk_reprints_vend_id")),
        sa.PrimaryKeyConstraint("vend_id", "copy", name=op.f("pk_reprints")),
    )
    op.create_table(
        "tokens",
        sa.Column("vend_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("digits", sa.String(length=20), nullable=False),
        sa.Column("tid", sa.Integer(), nullable=False),
        sa.Column("pan", sa.String(length=18), nullable=False),
        sa.Column("base_date", sa.String(length=2), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["vend_id"], ["sales.vend_id"], name=op.f("fk_tokens_vend_id")),
        sa.PrimaryKeyConstraint("vend_id", "position", name=op.f("pk_tokens")),
        sa.UniqueConstraint("pan", "base_date", "tid", name=op.f("uq_tokens_pan_base_date_tid")),
    )

    chain = sa.table("chain", sa.column("id"), sa.column("number"), sa.column("hash"))
    op.bulk_insert(chain, [{"id": 1, "number": 0, "hash": "0" * 64}])
    for table in BOOKS:
        for statement in triggers.create(op.get_bind().dialect.name, table):
            op.execute(statement)


def downgrade() -> None:
    for table in BOOKS:
        for statement in triggers.drop(op.get_bind().dialect.name, table):
            op.execute(statement)
    op.drop_table("tokens")
    op.drop_table("reprints")
    op.drop_table("receipts")
    op.drop_table("idempotency")
    op.drop_table("delivery_events")
    op.drop_index(op.f("ix_sales_meter_entry"), table_name="sales")
    op.drop_table("sales")
    op.drop_index(op.f("ix_readings_meter_id"), table_name="readings")
    op.drop_table("readings")
    op.drop_index(op.f("ix_postings_account_holder"), table_name="postings")
    op.drop_table("postings")
    op.drop_table("counters")
    op.drop_table("api_keys")
    op.drop_index(op.f("ix_agreements_customer"), table_name="agreements")
    op.drop_table("agreements")
    op.drop_table("service_points")
    op.drop_table("points")
    op.drop_table("meters")
    op.drop_index(op.f("ix_entries_cause"), table_name="entries")
    op.drop_table("entries")
    op.drop_table("customers")
    op.drop_table("chain")
    op.drop_table("balances")
