"""The language of a customer, the municipality's message to all of them, and operators under the
person: terms of `api:samir` are samir's, and so is what they paid in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from vending.accounting.adjustments import (
    Adjustment,
    AdjustmentKind,
    AdjustmentState,
    Decision,
    adjustment_hash,
    lines_document,
)
from vending.ledger import ChainEnd, ChainHead, JournalEntry, Posting
from vending.ledger.journal import chained
from vending.parties import Actor, Role
from vending.people import Act
from vending.people.trail import line
from vending.persons import person
from vending.store.schema_base import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UPGRADE: Final = "upgrade"
REASON: Final = "The terms of an operator are the person's, whichever door they come in by"
LIMITS: Final = ("most_per_sale", "most_per_day")


def upgrade() -> None:
    op.add_column(
        "customer_marks",
        sa.Column("language", sa.String(length=5), server_default="", nullable=False),
    )
    for name in ("message_ar", "message_en"):
        op.add_column("municipality", sa.Column(name, sa.Text(), server_default="", nullable=False))
    _operators_by_person(op.get_bind())


def downgrade() -> None:
    """Languages and messages are given up; operators stay under the person, where the program of
    before looked for them, too."""
    for name in ("message_en", "message_ar"):
        op.drop_column("municipality", name)
    op.drop_column("customer_marks", "language")


def _operators_by_person(db: sa.Connection) -> None:
    now: datetime = db.execute(sa.select(sa.func.current_timestamp())).scalar_one()
    now = now.replace(tzinfo=UTC) if now.tzinfo is None else now.astimezone(UTC)
    kept: dict[str, list[dict[str, Any]]] = {}
    for row in db.execute(sa.select(OPERATORS).order_by(OPERATORS.c.code)).mappings():
        kept.setdefault(person(row["code"]) or row["code"], []).append(dict(row))
    for code, rows in kept.items():
        others = [row["code"] for row in rows if row["code"] != code]
        if not others:
            continue
        merged = _strictest(code, rows)
        db.execute(sa.delete(OPERATORS).where(OPERATORS.c.code.in_([r["code"] for r in rows])))
        db.execute(sa.insert(OPERATORS), merged)
        for other in others:
            _tell(db, other, code, merged, now)
            _move_deposit(db, other, code, now)


def _strictest(code: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One record for all spellings of a name: that of the plain name where there is one, with the
    lowest limits of all of them. A limit that was set for one door must not fall away."""
    first = next((row for row in rows if row["code"] == code), rows[0])
    limits = {name: _lowest(row[name] for row in rows) for name in LIMITS}
    # Without a number there is no credit at all.
    credits = [row["credit_limit"] for row in rows]
    return {
        **first,
        "code": code,
        **limits,
        "credit_limit": None if None in credits else min(credits),
    }


def _lowest(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _tell(db: sa.Connection, old: str, new: str, terms: dict[str, Any], now: datetime) -> None:
    """A line of the trail: nobody's terms change unseen."""
    found = db.execute(sa.select(TRAIL_HEAD.c.number, TRAIL_HEAD.c.hash)).first()
    head = ChainEnd() if found is None else ChainEnd(*found)
    act = Act("operator_renamed", new, REASON, {"code": old}, terms)
    told = line(act, Actor(UPGRADE, Role.ADMINISTRATOR), now, head)
    db.execute(sa.insert(TRAIL), {c.name: getattr(told, c.name) for c in TRAIL.c})
    end = {"number": told.number, "hash": told.hash}
    if found is None:
        db.execute(sa.insert(TRAIL_HEAD), {"id": 1, **end})
    else:
        db.execute(sa.update(TRAIL_HEAD), end)


def _move_deposit(db: sa.Connection, old: str, new: str, now: datetime) -> None:
    """What stands to the old name's credit, booked over to the person's as an adjustment: the
    journal is added to, never edited."""
    b = BALANCES.c
    lines: list[Posting] = []
    held = sa.select(b.account, b.unit, b.amount).where(b.holder == old, b.amount != 0)
    for account, unit, amount in db.execute(held.order_by(b.account, b.unit)).all():
        lines += [Posting(account, old, unit, -amount), Posting(account, new, unit, amount)]
    if not lines:
        return
    c = CHAIN.c
    head = ChainHead(*db.execute(sa.select(c.number, c.hash, c.at, c.closed_until)).one())
    at = max(moment for moment in (now, head.at, head.closed_until) if moment is not None)
    number = head.number + 1
    decision = Decision(AdjustmentState.POSTED, at, UPGRADE, "", number)
    asked = Adjustment(
        f"{UPGRADE}-{revision}-{number}",
        AdjustmentKind.ADJUSTMENT,
        at,
        UPGRADE,
        REASON,
        tuple(lines),
        decision=decision,
    )
    content = adjustment_hash(asked, decision)
    posted = chained(
        JournalEntry(at, asked.kind.value, asked.id, UPGRADE, "", content, asked.lines), head
    )
    entry = {
        "number": number,
        "at": at,
        "kind": asked.kind.value,
        "cause": asked.id,
        "actor": UPGRADE,
        "point": "",
        "content_hash": content,
        "previous_hash": posted.previous_hash,
        "hash": posted.hash,
    }
    db.execute(sa.insert(ENTRIES), entry)
    db.execute(
        sa.insert(POSTINGS),
        [
            {"entry": number, "line": place, **posting._asdict()}
            for place, posting in enumerate(lines, start=1)
        ],
    )
    for posting in lines:
        _add(db, posting)
    db.execute(sa.update(CHAIN), {"number": number, "hash": posted.hash, "at": at})
    db.execute(
        sa.insert(ADJUSTMENTS),
        {
            "id": asked.id,
            "kind": asked.kind.value,
            "requested_at": at,
            "requested_by": UPGRADE,
            "reason": REASON,
            "lines": lines_document(asked.lines),
        },
    )
    db.execute(
        sa.insert(DECISIONS),
        {
            "adjustment": asked.id,
            "state": decision.state.value,
            "at": at,
            "actor": UPGRADE,
            "note": "",
            "entry": number,
        },
    )


def _add(db: sa.Connection, posting: Posting) -> None:
    b = BALANCES.c
    key = (b.account == posting.account, b.holder == posting.holder, b.unit == posting.unit)
    moved = sa.update(BALANCES).where(*key).values(amount=b.amount + posting.amount)
    if not db.execute(moved).rowcount:
        db.execute(sa.insert(BALANCES), posting._asdict())


def _table(name: str, *plain: str, times: Sequence[str] = ()) -> Any:
    """As it stands at this revision, whatever becomes of it later."""
    return sa.table(name, *(sa.column(c) for c in plain), *(sa.column(c, UtcTime) for c in times))


OPERATORS: Final = _table(
    "operators",
    "code",
    "name_ar",
    "name_en",
    "settlement",
    "credit_limit",
    "most_per_sale",
    "most_per_day",
    "commission",
)
BALANCES: Final = _table("balances", "account", "holder", "unit", "amount")
CHAIN: Final = _table("chain", "number", "hash", times=("at", "closed_until"))
ENTRIES: Final = _table(
    "entries",
    "number",
    "kind",
    "cause",
    "actor",
    "point",
    "content_hash",
    "previous_hash",
    "hash",
    times=("at",),
)
POSTINGS: Final = _table("postings", "entry", "line", "account", "holder", "unit", "amount")
ADJUSTMENTS: Final = _table(
    "adjustments", "id", "kind", "requested_by", "reason", "lines", times=("requested_at",)
)
DECISIONS: Final = _table(
    "decisions", "adjustment", "state", "actor", "note", "entry", times=("at",)
)
TRAIL: Final = _table(
    "trail",
    "number",
    "actor",
    "role",
    "point",
    "terminal",
    "act",
    "subject",
    "reason",
    "before",
    "after",
    "previous_hash",
    "hash",
    times=("at",),
)
TRAIL_HEAD: Final = _table("trail_head", "id", "number", "hash")
