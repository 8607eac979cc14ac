"""Rules about what the books keep as text: how a basket was paid, what a quote promised, what an
account owes, what a banking took, what a row was attested as. They read it with nothing of the
product's."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from tests.system.rules import DEBTS

Ask = Callable[[str], list[tuple[Any, ...]]]
TENDERS: Final = {
    "cash": "1010",
    "card": "1020",
    "cheque": "1030",
    "wallet": "1040",
    "transfer": "1050",
}
"""Where money of each way of paying stands."""


def paid_where_it_belongs(ask: Ask) -> list[Any]:
    """Baskets of which the books hold other sums than their receipt says was paid."""
    money: dict[str, Counter[str]] = defaultdict(Counter)
    moved = ask(
        "SELECT coalesce(s.basket, s.vend_id), p.account, p.amount FROM sales s "
        "JOIN postings p ON p.entry = s.entry WHERE p.unit = s.currency"
    )
    for basket, account, amount in moved:
        money[basket][account] += int(amount)
    due: Counter[str] = Counter()
    told: dict[str, Any] = {}
    for vend_id, basket, tender, tendered, document in ask(
        "SELECT vend_id, basket, tender, tendered, document FROM sales"
    ):
        read = json.loads(document)
        due[basket or vend_id] += tendered
        if basket is None:
            told[vend_id] = read, tender, tendered
    wrong: list[Any] = []
    for vend_id, (read, tender, tendered) in told.items():
        paid: Counter[str] = Counter()
        for way, amount, _ in read.get("paid", {}).get("payments", [[tender, tendered, ""]]):
            paid[TENDERS[way]] += amount
        rounding = read.get("paid", {}).get("rounding", 0)
        if sum(paid.values()) != due[vend_id] + rounding:
            wrong.append((vend_id, "not what was due"))
        found = {code: money[vend_id][code] for code in TENDERS.values()}
        if not read.get("on_deposit") and found != {c: paid[c] for c in TENDERS.values()}:
            wrong.append((vend_id, "not where it belongs"))
    return wrong


def promised(ask: Ask) -> list[Any]:
    """Sales that name a quote which says otherwise; quotes that more than one sale stands by."""
    quotes = {
        id: (meter, agreement, json.loads(document)["quote"])
        for id, meter, agreement, document in ask(
            "SELECT id, meter, agreement, document FROM quotes"
        )
    }
    voided = {vend_id for (vend_id,) in ask("SELECT vend_id FROM voids WHERE evidence <> 'refund'")}
    honoured: Counter[str] = Counter()
    wrong: list[Any] = []
    for vend_id, meter, agreement, tendered, net, vat, quantity, document in ask(
        "SELECT vend_id, meter, agreement, tendered, net, vat, quantity, document FROM sales"
    ):
        read = json.loads(document)
        id = read.get("quote_id")
        if id is None:
            continue
        if vend_id not in voided:
            honoured[id] += 1
        if id not in quotes:
            wrong.append((vend_id, "no such quote"))
            continue
        where, whose, quote = quotes[id]
        sums = [quote[name] for name in ("tendered", "net", "vat", "quantity")]
        if (where, whose) != (meter, agreement) or sums != [tendered, net, vat, quantity]:
            wrong.append((vend_id, "another price"))
        if quote["lines"] != read["lines"]:
            wrong.append((vend_id, "other lines"))
    return wrong + [(id, "honoured twice") for id, times in honoured.items() if times > 1]


def owed_as_booked(ask: Ask) -> list[Any]:
    """Agreements whose account says other debts than the ledger."""
    owed: Counter[str] = Counter()
    for agreement, document in ask("SELECT agreement, document FROM accounts"):
        for debt in json.loads(document).get("debts", []):
            if debt.get("book", "debts") == "debts":
                owed[agreement] += debt["owed"]
    booked: dict[str, Any] = dict(
        ask(f"SELECT holder, sum(amount) FROM postings WHERE account = '{DEBTS}' GROUP BY holder")
    )
    return [a for a in {*owed, *booked} if owed[a] != int(booked.get(a, 0))]


def banked_once(ask: Ask) -> list[Any]:
    """Shifts whose money went to the bank twice, or before they were closed."""
    banked = Counter(
        shift
        for (document,) in ask("SELECT document FROM bankings")
        for shift in json.loads(document)["shifts"]
    )
    closed = {shift for (shift,) in ask("SELECT shift FROM shift_closes")}
    return [shift for shift, times in banked.items() if times > 1 or shift not in closed]


ATTESTED: Final = {
    "adjustment": (
        1,
        "adjustments",
        "id kind requested_at requested_by reason reverses booked_on lines",
    ),
    "adjustment_decision": (1, "decisions", "adjustment state at actor note entry"),
    "account_event": (
        2,
        "account_events",
        "agreement seq after_entry kind at actor reason document",
    ),
    "approval": (
        1,
        "approvals",
        "id act document reason requested_at requested_by point terminal",
    ),
    "approval_decision": (1, "approval_decisions", "approval state at actor note"),
    "approval_step": (2, "approval_steps", "approval seq state at actor note document"),
    "block_event": (1, "block_events", "id kind subject act at actor reason"),
    "delivery_event": (
        2,
        "delivery_events",
        "vend_id seq state at actor result log_sequence note",
    ),
    "key_change": (
        1,
        "key_changes",
        "id meter from_sgc from_krn from_ti to_sgc to_krn to_ti reason planned_at planned_by "
        "from_base_date from_ken to_base_date to_ken",
    ),
    "key_change_event": (2, "key_change_events", "change seq state at actor vend_id note"),
    "operator": (
        1,
        "operators",
        "code name_ar name_en settlement credit_limit most_per_sale most_per_day commission",
    ),
    "point": (
        1,
        "points",
        "code name_ar name_en quarter most_per_sale most_per_day most_in_till needs_shift",
    ),
    "reading": (
        1,
        "readings",
        "id meter read_at actor commodity balance total_supplied unit output state reasons "
        "tokens_accepted last_result",
    ),
    "showing": (1, "showings", "vend_id at actor point"),
    "tariff_approval": (3, "tariff_approvals", "code version act at actor note effective_at"),
    "tariff_file": (2, "tariff_files", "code version document drafted_at drafted_by"),
}
"""By kind of row: how many columns are its key, its table, and its columns."""


def as_attested(ask: Ask) -> list[Any]:
    """Rows that say something else than their last attestation."""
    last = {
        (kind, key): digest
        for kind, key, digest in ask("SELECT kind, key, digest FROM attestations ORDER BY number")
    }
    wrong: list[Any] = []
    for kind, (keys, table, columns) in ATTESTED.items():
        names = columns.split()
        for row in ask(f"SELECT {', '.join(names)} FROM {table}"):
            told = {name: _plain(v) for name, v in zip(names, row, strict=True) if v is not None}
            key = ":".join(str(value) for value in row[:keys])
            text = json.dumps(told, sort_keys=True, separators=(",", ":"))
            if last.get((kind, key)) != sha256(text.encode()).hexdigest():
                wrong.append((kind, key))
    return wrong


def _plain(value: Any) -> Any:
    if not isinstance(value, datetime):
        return int(value) if isinstance(value, bool) else value
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


DOCUMENTS: Final[dict[str, Callable[[Ask], list[Any]]]] = {
    "what was paid is where it belongs": paid_where_it_belongs,
    "a sale that names a quote was made as it promised, once": promised,
    "an account owes what the ledger says": owed_as_booked,
    "a closed shift is banked once": banked_once,
    "a row is as it was attested": as_attested,
}
"""Each rule, and what finds all that breaks it."""
