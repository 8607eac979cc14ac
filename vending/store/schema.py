"""The tables. Amounts are BIGINT beside their unit; times are UTC.

Book tables are insert-only: triggers refuse UPDATE and DELETE (`triggers.py`). Only parties,
counters, cached balances and the head of the chain may change.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from .schema_attested import ATTESTED_BOOKS, attestation_head, attestations
from .schema_base import UtcTime, metadata, moment
from .schema_counter import (
    COUNTER_BOOKS,
    account_events,
    accounts,
    approval_decisions,
    approval_steps,
    approvals,
    banking_prints,
    bankings,
    block_events,
    blocks,
    cash_moves,
    key_change_events,
    key_changes,
    open_shifts,
    operators,
    outbox,
    quotes,
    shift_closes,
    shift_prints,
    shifts,
    showings,
    tariff_approvals,
    tariff_files,
    voids,
    x_report_prints,
    x_reports,
)
from .schema_meters import METER_BOOKS, meter_commands
from .schema_people import (
    PEOPLE_BOOKS,
    customer_marks,
    device_keys,
    fault_notes,
    faults,
    municipality,
    sample_parties,
    sessions,
    sign_in_tries,
    trail,
    trail_head,
    users,
)

__all__ = [
    "BOOKS",
    "UtcTime",
    "account_events",
    "accounts",
    "adjustments",
    "agreements",
    "api_keys",
    "approval_decisions",
    "approval_steps",
    "approvals",
    "attestation_head",
    "attestations",
    "balances",
    "banking_prints",
    "bankings",
    "block_events",
    "blocks",
    "cash_moves",
    "chain",
    "counters",
    "customer_marks",
    "customers",
    "decisions",
    "delivery_events",
    "device_keys",
    "entries",
    "fault_notes",
    "faults",
    "idempotency",
    "key_change_events",
    "key_changes",
    "metadata",
    "meter_commands",
    "meters",
    "moment",
    "municipality",
    "open_shifts",
    "operators",
    "outbox",
    "period_acts",
    "points",
    "postings",
    "quotes",
    "readings",
    "receipts",
    "reprints",
    "sales",
    "sample_parties",
    "seals",
    "service_points",
    "sessions",
    "shift_closes",
    "shift_prints",
    "shifts",
    "showings",
    "sign_in_tries",
    "tariff_approvals",
    "tariff_files",
    "tokens",
    "trail",
    "trail_head",
    "users",
    "voids",
    "x_report_prints",
    "x_reports",
]

# Parties

points = Table(
    "points",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("name_ar", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("quarter", Text, nullable=False),
    # Limits in minor units; none where NULL.
    Column("most_per_sale", BigInteger),
    Column("most_per_day", BigInteger),
    Column("most_in_till", BigInteger),
    Column("needs_shift", Boolean, nullable=False, server_default=false()),
)

customers = Table(
    "customers",
    metadata,
    Column("account", String(30), primary_key=True),
    Column("name_ar", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("phone", String(40), nullable=False),
)

service_points = Table(
    "service_points",
    metadata,
    Column("code", String(30), primary_key=True),
    Column("quarter", Text, nullable=False),
    Column("address", Text, nullable=False),
)

_UNTOLD = text("base_date IS NULL")

meters = Table(
    "meters",
    metadata,
    Column("number", String(13), primary_key=True),
    Column("pan", String(18), nullable=False, unique=True),
    Column("commodity", String(20), nullable=False),
    Column("ea", String(2), nullable=False),
    Column("sgc", String(6), nullable=False),
    Column("krn", Integer, nullable=False),
    Column("ti", Integer, nullable=False),
    Column("model", String(60), nullable=False),
    # Host of a Modbus TCP gateway, with port and unit; or a whole place, without either.
    Column("gateway_host", String(255)),
    Column("gateway_port", Integer),
    Column("gateway_unit", Integer),
    # The key that it is to have: set while a change is planned and its tokens are not issued.
    Column("next_sgc", String(6)),
    Column("next_krn", Integer),
    Column("next_ti", Integer),
    # What the meter was told with its key: year of the base date, expiry number. Of a vending key
    # that has others by now the next sale tells it. Null until the key file was looked at.
    Column("base_date", Integer),
    Column("ken", Integer),
    Index("ix_meters_untold", "number", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
)

agreements = Table(
    "agreements",
    metadata,
    Column("number", String(30), primary_key=True),
    Column("customer", ForeignKey("customers.account"), nullable=False, index=True),
    Column("service_point", ForeignKey("service_points.code"), nullable=False),
    # One agreement in force per meter.
    Column("meter", ForeignKey("meters.number"), nullable=False, unique=True),
    Column("commodity", String(20), nullable=False),
    Column("tariff", String(60), nullable=False),
    # First month that monthly charges count: `2026-11`; NULL: the month of the first sale.
    Column("since", String(7)),
)

# The journal

entries = Table(
    "entries",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("cause", String(64), nullable=False),
    Column("actor", Text, nullable=False),
    Column("point", String(20), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
    Index(None, "cause"),
)

postings = Table(
    "postings",
    metadata,
    Column("entry", ForeignKey("entries.number"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("account", String(20), nullable=False),
    Column("holder", String(30), nullable=False),
    Column("unit", String(8), nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("entry", "line"),
    CheckConstraint("amount <> 0", name="moves"),
    Index(None, "account", "holder"),
)

# Sales

sales = Table(
    "sales",
    metadata,
    Column("vend_id", String(64), primary_key=True),
    Column("entry", ForeignKey("entries.number"), nullable=False, unique=True),
    Column("sold_at", UtcTime, nullable=False),
    Column("point", ForeignKey("points.code"), nullable=False),
    Column("terminal", String(60), nullable=False),
    Column("operator", Text, nullable=False),
    Column("tender", String(20), nullable=False),
    Column("customer", String(30), nullable=False),
    Column("agreement", ForeignKey("agreements.number"), nullable=False),
    Column("meter", ForeignKey("meters.number"), nullable=False),
    Column("pan", String(18), nullable=False),
    Column("commodity", String(20), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("tendered", BigInteger, nullable=False),
    Column("balance_before", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("vat", BigInteger, nullable=False),
    Column("balance_after", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit", String(8), nullable=False),
    Column("tariff", String(60), nullable=False),
    Column("tariff_version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("kind", String(20), nullable=False, server_default="credit"),
    # The vend id of the sale that leads the basket; NULL for that one and for a sale by itself.
    Column("basket", String(64)),
    Column("shift", String(64)),
    CheckConstraint("tendered + balance_before = net + vat + balance_after", name="money_kept"),
    Index(None, "meter", "entry"),
    Index(None, "agreement", "entry"),
    Index(None, "point", "sold_at"),
    # Most sales stand alone and in no drawer.
    *(
        Index(None, name, sqlite_where=text(there), postgresql_where=text(there))
        for name, there in (("basket", "basket IS NOT NULL"), ("shift", "shift IS NOT NULL"))
    ),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), primary_key=True),
    Column("input_hash", String(64), nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    Column("point", ForeignKey("points.code"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("vend_id", ForeignKey("sales.vend_id"), nullable=False, unique=True),
    PrimaryKeyConstraint("point", "number"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("digits", String(20), nullable=False),
    # Key-change tokens have none.
    Column("tid", Integer),
    Column("pan", String(18), nullable=False),
    Column("base_date", String(2), nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit", String(8), nullable=False),
    PrimaryKeyConstraint("vend_id", "position"),
    # A TID is used once per meter and base date, whatever the clock does.
    UniqueConstraint("pan", "base_date", "tid"),
)

reprints = Table(
    "reprints",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), nullable=False),
    Column("copy", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("point", String(20), nullable=False),
    PrimaryKeyConstraint("vend_id", "copy"),
)

delivery_events = Table(
    "delivery_events",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("result", Integer),
    Column("log_sequence", BigInteger),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("vend_id", "seq"),
)

readings = Table(
    "readings",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("meter", ForeignKey("meters.number"), nullable=False),
    Column("read_at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("commodity", String(20), nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("total_supplied", BigInteger, nullable=False),
    Column("unit", String(8), nullable=False),
    Column("output", Integer, nullable=False),
    Column("state", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("tokens_accepted", BigInteger, nullable=False),
    Column("last_result", Integer, nullable=False),
    Index(None, "meter", "id"),
)

# What may change: caches of the books, locked by the one who writes.

balances = Table(
    "balances",
    metadata,
    Column("account", String(20), nullable=False),
    Column("holder", String(30), nullable=False),
    Column("unit", String(8), nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("account", "holder", "unit"),
)

counters = Table(
    "counters",
    metadata,
    Column("point", ForeignKey("points.code"), primary_key=True),
    Column("receipts", BigInteger, nullable=False),
)

chain = Table(
    "chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", UtcTime),
    # The end of the last closed period: nothing is booked before it.
    Column("closed_until", UtcTime),
    CheckConstraint("id = 1", name="one_row"),
)

# Bookkeeping: seals, periods, adjustments with two people

seals = Table(
    "seals",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("day", String(10), nullable=False),
    Column("sealed_at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("entry_hash", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
)

period_acts = Table(
    "period_acts",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("month", String(7), nullable=False),
    Column("act", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("closed_until", UtcTime),
    Column("entry", BigInteger, nullable=False),
    Column("entry_hash", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
)

adjustments = Table(
    "adjustments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("requested_at", UtcTime, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reverses", ForeignKey("entries.number")),
    Column("booked_on", String(10)),
    Column("lines", Text, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("adjustment", ForeignKey("adjustments.id"), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("entry", ForeignKey("entries.number"), unique=True),
)

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
    "seals",
    "period_acts",
    "adjustments",
    "decisions",
    *COUNTER_BOOKS,
    *PEOPLE_BOOKS,
    *METER_BOOKS,
    *ATTESTED_BOOKS,
)
"""Insert-only tables."""
SOLD = ("entries", "postings", "sales", "idempotency", "receipts", "tokens")
"""Those of them that each sale writes."""

# Callers of the API. Revoking sets a time; a row is never deleted.

api_keys = Table(
    "api_keys",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("scopes", String(60), nullable=False),
    Column("point", ForeignKey("points.code")),
    Column("terminal", String(60), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    # Who calls with it; empty: the name says it.
    Column("person", String(40), nullable=False, server_default=""),
)
