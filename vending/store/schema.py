"""The tables, gathered from their rooms. Amounts are BIGINT beside their unit; times are UTC.

Book tables are insert-only: triggers refuse UPDATE and DELETE (`triggers.py`). Only parties,
counters, cached balances and the head of the chain may change.
"""

from __future__ import annotations

from .schema_acts import (
    ACT_BOOKS,
    approval_decisions,
    approval_steps,
    approvals,
    block_events,
    blocks,
    operators,
)
from .schema_aftersale import (
    AFTERSALE_BOOKS,
    delivery_events,
    readings,
    reprints,
    showings,
    voids,
)
from .schema_attested import ATTESTED_BOOKS, attestation_head, attestations
from .schema_base import UtcTime, metadata, moment
from .schema_drawer import (
    DRAWER_BOOKS,
    banking_prints,
    bankings,
    cash_moves,
    open_shifts,
    shift_closes,
    shift_prints,
    shifts,
    x_report_prints,
    x_reports,
)
from .schema_keychanges import KEY_CHANGE_BOOKS, key_change_events, key_changes
from .schema_ledger import (
    LEDGER_BOOKS,
    adjustments,
    balances,
    chain,
    clock_confirmations,
    decisions,
    entries,
    period_acts,
    postings,
    seals,
)
from .schema_meters import METER_BOOKS, meter_commands
from .schema_outbox import outbox
from .schema_parties import agreements, api_keys, customers, meters, points, service_points
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
from .schema_prices import (
    PRICE_BOOKS,
    account_events,
    accounts,
    quotes,
    tariff_approvals,
    tariff_files,
)
from .schema_sales import SALE_BOOKS, counters, idempotency, receipts, sales, tokens

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
    "clock_confirmations",
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

BOOKS = (
    *LEDGER_BOOKS,
    *SALE_BOOKS,
    *AFTERSALE_BOOKS,
    *PRICE_BOOKS,
    *ACT_BOOKS,
    *KEY_CHANGE_BOOKS,
    *DRAWER_BOOKS,
    *PEOPLE_BOOKS,
    *METER_BOOKS,
    *ATTESTED_BOOKS,
)
"""Insert-only tables."""
SOLD = ("entries", "postings", "sales", "idempotency", "receipts", "tokens")
"""Those of them that each sale writes."""
