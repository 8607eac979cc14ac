"""Tables of the counter: accounts with their debts, quotes, people, shifts, key changes, acts of
two people, and what waits to be sent. `COUNTER_BOOKS` are insert-only; the others follow them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from .schema_base import UtcTime, metadata

_SERIAL = BigInteger().with_variant(Integer, "sqlite")

# What the next price of an agreement depends on

accounts = Table(
    "accounts",
    metadata,
    Column("agreement", ForeignKey("agreements.number"), primary_key=True),
    # Everything of AccountState but the balance, which the ledger keeps; canonical JSON. A cache:
    # sales, voids and account_events say the same.
    Column("document", Text, nullable=False),
)

account_events = Table(
    "account_events",
    metadata,
    Column("agreement", ForeignKey("agreements.number"), nullable=False),
    Column("seq", Integer, nullable=False),
    # Number of the last journal entry before it: where it stands among the sales.
    Column("after_entry", BigInteger, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False),
    PrimaryKeyConstraint("agreement", "seq"),
)

quotes = Table(
    "quotes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("meter", String(13), nullable=False),
    Column("agreement", String(30), nullable=False),
    Column("actor", Text, nullable=False),
    Column("document", Text, nullable=False),
)

# Tariffs that came in by the program, not with the configuration

tariff_files = Table(
    "tariff_files",
    metadata,
    Column("code", String(60), nullable=False),
    Column("version", Integer, nullable=False),
    # TOML, one version.
    Column("document", Text, nullable=False),
    Column("drafted_at", UtcTime, nullable=False),
    Column("drafted_by", Text, nullable=False),
    PrimaryKeyConstraint("code", "version"),
)

tariff_approvals = Table(
    "tariff_approvals",
    metadata,
    Column("code", String(60), nullable=False),
    Column("version", Integer, nullable=False),
    # `approved`, `rejected` or `retired`
    Column("act", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    # When a retirement takes effect; NULL for the other acts.
    Column("effective_at", UtcTime),
    PrimaryKeyConstraint("code", "version", "act"),
)

# People who sell, and what is barred

operators = Table(
    "operators",
    metadata,
    # The person (`persons.person`).
    Column("code", String(60), primary_key=True),
    Column("name_ar", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    # `till`: the money lies in the point's till. `deposit`: it is set off against what the
    # operator has paid in (and the credit limit).
    Column("settlement", String(10), nullable=False),
    # Minor units; NULL: no limit (most_*), no credit (credit_limit).
    Column("credit_limit", BigInteger),
    Column("most_per_sale", BigInteger),
    Column("most_per_day", BigInteger),
    # Percent of what is taken, plain decimal text; `0` for none.
    Column("commission", String(12), nullable=False),
)

blocks = Table(
    "blocks",
    metadata,
    # `meter`, `agreement`, `operator`, `point`, `terminal`
    Column("kind", String(10), nullable=False),
    Column("subject", String(60), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    PrimaryKeyConstraint("kind", "subject"),
)

block_events = Table(
    "block_events",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("subject", String(60), nullable=False),
    # `blocked` or `lifted`
    Column("act", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "kind", "subject"),
)

# Acts that need two people

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("act", String(30), nullable=False),
    Column("document", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_at", UtcTime, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("point", String(20), nullable=False),
    Column("terminal", String(60), nullable=False),
)

approval_decisions = Table(
    "approval_decisions",
    metadata,
    Column("approval", ForeignKey("approvals.id"), primary_key=True),
    # `approved`, `refused` or `withdrawn`
    Column("state", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
)

approval_steps = Table(
    "approval_steps",
    metadata,
    Column("approval", ForeignKey("approvals.id"), primary_key=True),
    # 1, 2, ... behind the decision: what became of an act that is done after its approval.
    Column("seq", Integer, primary_key=True),
    # `begun` anew, `done`, `failed` or `called_off`
    Column("state", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    # Why it was called off.
    Column("note", Text, nullable=False),
    # Code and facts of the error that it failed with, as JSON; empty for other steps.
    Column("document", Text, nullable=False),
)

# After a sale

voids = Table(
    "voids",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), primary_key=True),
    Column("entry", ForeignKey("entries.number"), nullable=False, unique=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("point", String(20), nullable=False),
    Column("terminal", String(60), nullable=False),
    Column("shift", String(64)),
    # `not_shown`, `not_in_log`, `meter_gone` or `refund`
    Column("evidence", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False),
    Index(None, "shift"),
)

showings = Table(
    "showings",
    metadata,
    Column("vend_id", ForeignKey("sales.vend_id"), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("point", String(20), nullable=False),
)

key_changes = Table(
    "key_changes",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("meter", ForeignKey("meters.number"), nullable=False, index=True),
    Column("from_sgc", String(6), nullable=False),
    Column("from_krn", Integer, nullable=False),
    Column("from_ti", Integer, nullable=False),
    Column("to_sgc", String(6), nullable=False),
    Column("to_krn", Integer, nullable=False),
    Column("to_ti", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("planned_at", UtcTime, nullable=False),
    Column("planned_by", Text, nullable=False),
    # Years of base dates, and expiry numbers; null in changes from before they were tracked.
    Column("from_base_date", Integer),
    Column("from_ken", Integer),
    Column("to_base_date", Integer),
    Column("to_ken", Integer),
)

key_change_events = Table(
    "key_change_events",
    metadata,
    Column("change", ForeignKey("key_changes.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    # `issued`, `entered`, `confirmed` or `cancelled`
    Column("state", String(10), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("vend_id", String(64)),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("change", "seq"),
)

# The drawer

shifts = Table(
    "shifts",
    metadata,
    # Made by the caller.
    Column("id", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("point", ForeignKey("points.code"), nullable=False),
    Column("terminal", String(60), nullable=False),
    Column("operator", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("opening_float", BigInteger, nullable=False),
    UniqueConstraint("point", "number"),
)

open_shifts = Table(
    "open_shifts",
    metadata,
    Column("point", ForeignKey("points.code"), nullable=False),
    Column("terminal", String(60), nullable=False),
    Column("shift", ForeignKey("shifts.id"), nullable=False, unique=True),
    Column("operator", Text, nullable=False),
    PrimaryKeyConstraint("point", "terminal"),
)

cash_moves = Table(
    "cash_moves",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("shift", ForeignKey("shifts.id"), nullable=False, index=True),
    # `float`, `in` or `out`
    Column("kind", String(10), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("entry", ForeignKey("entries.number"), nullable=False, unique=True),
)

shift_closes = Table(
    "shift_closes",
    metadata,
    Column("shift", ForeignKey("shifts.id"), primary_key=True),
    Column("closed_at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("expected", BigInteger, nullable=False),
    Column("counted", BigInteger, nullable=False),
    # The over/short entry; NULL where the drawer was right.
    Column("entry", ForeignKey("entries.number"), unique=True),
    # The Z report, canonical JSON: denominations, takings per tender, sales, voids, moves.
    Column("document", Text, nullable=False),
)

shift_prints = Table(
    "shift_prints",
    metadata,
    Column("shift", ForeignKey("shifts.id"), nullable=False),
    Column("copy", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    PrimaryKeyConstraint("shift", "copy"),
)

x_reports = Table(
    "x_reports",
    metadata,
    # Made by the caller.
    Column("id", String(64), primary_key=True),
    Column("shift", ForeignKey("shifts.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    # Number of the last journal entry before it: what its sums hold.
    Column("after_entry", BigInteger, nullable=False),
    # What was on the paper, canonical JSON; of one that was taken blind without the cash.
    Column("document", Text, nullable=False),
    UniqueConstraint("shift", "number"),
)

x_report_prints = Table(
    "x_report_prints",
    metadata,
    Column("report", ForeignKey("x_reports.id"), nullable=False),
    Column("copy", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    PrimaryKeyConstraint("report", "copy"),
)

bankings = Table(
    "bankings",
    metadata,
    # Made by the caller.
    Column("id", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("point", ForeignKey("points.code"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("entry", ForeignKey("entries.number"), nullable=False, unique=True),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    # The deposit slip, canonical JSON: amounts per tender, shifts, beneficiary, reference.
    Column("document", Text, nullable=False),
    UniqueConstraint("point", "number"),
)

banking_prints = Table(
    "banking_prints",
    metadata,
    Column("banking", ForeignKey("bankings.id"), nullable=False),
    Column("copy", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    PrimaryKeyConstraint("banking", "copy"),
)

# What waits to be sent

outbox = Table(
    "outbox",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    # Sent along, so that the other side can tell a repetition.
    Column("key", String(100), nullable=False, unique=True),
    # `sms`, `print`, `push`, `webhook`
    Column("topic", String(10), nullable=False),
    # What it is about: a vend id, a shift, an X report, a banking; the message is made from the
    # books when it is sent, so that no token lies here.
    Column("subject", String(64), nullable=False),
    Column("target", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # `waiting`, `sending`, `sent` or `given_up`
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Column("last_error", Text, nullable=False),
    Index(None, "state", "next_at"),
    Index(None, "subject"),
)

COUNTER_BOOKS = (
    "account_events",
    "tariff_files",
    "tariff_approvals",
    "block_events",
    "approvals",
    "approval_decisions",
    "approval_steps",
    "voids",
    "showings",
    "key_changes",
    "key_change_events",
    "shifts",
    "cash_moves",
    "shift_closes",
    "shift_prints",
    "x_reports",
    "x_report_prints",
    "bankings",
    "banking_prints",
)
"""Insert-only tables."""
