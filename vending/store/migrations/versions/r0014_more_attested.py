"""What two people asked for and decided, deliveries, points, tariffs, showings, key changes and
events of blocks come under the attestations. What is there is attested as it stands, by kind and
then by key, behind the links that there are: seals that stand for those stay as good as they
were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from vending.ledger.attestations import Attestation, ChainEnd, attested, digest_of
from vending.store import triggers
from vending.store.legible import any_text
from vending.store.schema_base import UtcTime, hashed

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

AT_A_TIME: Final = 500


def upgrade() -> None:
    db = op.get_bind()
    end = _end(db)
    if end is None:
        return
    with any_text(db):
        _append(db, end, _there(db))


def downgrade() -> None:
    """The links of these kinds are given up, and the others close up behind the first of them: of
    the seals only those from before it can be proved any more, and a break in the chain behind it
    does not show any more."""
    db = op.get_bind()
    first = db.execute(sa.select(sa.func.min(_A.number)).where(_A.kind.in_(_KINDS))).scalar()
    if first is None:
        return
    others = sa.select(_A.kind, _A.key, _A.digest).where(_A.number > first, _A.kind.not_in(_KINDS))
    links = [tuple(row) for row in db.execute(others.order_by(_A.number))]
    before = sa.select(_A.number, _A.hash).where(_A.number == first - 1)
    row = db.execute(before).first()
    for statement in triggers.drop(db.dialect.name, "attestations"):
        op.execute(statement)
    db.execute(sa.delete(ATTESTATIONS).where(_A.number >= first))
    db.execute(sa.delete(HEAD))
    end = ChainEnd() if row is None else ChainEnd(*row)
    if row is not None:
        db.execute(sa.insert(HEAD), {"id": 1, **end._asdict()})
    _append(db, end, iter(links))
    for statement in triggers.create(db.dialect.name, "attestations"):
        op.execute(statement)


def _end(db: sa.Connection) -> ChainEnd | None:
    """Where the chain ends; None if it does not end where it was kept to end: then verification
    says so, and what is written behind it would only hide where it broke."""
    columns = (_A.number, _A.kind, _A.key, _A.digest, _A.previous_hash, _A.hash)
    with any_text(db):
        row = db.execute(sa.select(*columns).order_by(_A.number.desc()).limit(1)).first()
        kept = db.execute(sa.select(HEAD.c.number, HEAD.c.hash)).first()
    if row is None or kept is None:
        return ChainEnd() if row is None and kept is None else None
    last = Attestation(*row)
    if last.end != tuple(kept) or not isinstance(last.number, int):
        return None
    return last.end if last.follows(ChainEnd(last.number - 1, last.previous_hash)) else None


def _append(db: sa.Connection, end: ChainEnd, rows: Iterator[tuple[Any, ...]]) -> None:
    """Links for these kinds, keys and digests."""
    waiting, begun = list[dict[str, Any]](), end
    for kind, key, digest in rows:
        link = attested(kind, key, digest, end)
        end = link.end
        waiting.append(link._asdict())
        if len(waiting) == AT_A_TIME:
            db.execute(sa.insert(ATTESTATIONS), waiting)
            waiting.clear()
    if waiting:
        db.execute(sa.insert(ATTESTATIONS), waiting)
    if end != begun:
        moved = sa.update(HEAD) if begun.number else sa.insert(HEAD).values(id=1)
        db.execute(moved.values(**end._asdict()))


def _there(db: sa.Connection) -> Iterator[tuple[str, str, str]]:
    """Kind, key and digest of every row. What can be no row gets no link, and verification names
    it: an upgrade is not the place to stop for it."""
    for kind, table, key in ROWS:
        columns = [hashed(column).label(column.name) for column in table.columns]
        statement = sa.select(*columns).order_by(*(table.c[name] for name in key))
        for found in db.execute(statement, execution_options={"yield_per": AT_A_TIME}):
            row = found._asdict()
            own = ":".join(str(row[name]) for name in key)
            try:
                own.encode()
                digest = digest_of(row)
            except (TypeError, ValueError):
                continue
            yield kind, own, digest


def _table(name: str, columns: str, *times: str) -> Any:
    """As it stands at this revision, whatever becomes of it later."""
    return sa.table(
        name,
        *(sa.column(c, UtcTime) if c in times else sa.column(c) for c in columns.split()),
    )


ATTESTATIONS: Final = _table("attestations", "number kind key digest previous_hash hash")
HEAD: Final = _table("attestation_head", "id number hash")
_A: Final = ATTESTATIONS.c
ROWS: Final = (
    (
        "approval",
        _table(
            "approvals",
            "id act document reason requested_at requested_by point terminal",
            "requested_at",
        ),
        ("id",),
    ),
    (
        "approval_decision",
        _table("approval_decisions", "approval state at actor note", "at"),
        ("approval",),
    ),
    (
        "approval_step",
        _table("approval_steps", "approval seq state at actor note document", "at"),
        ("approval", "seq"),
    ),
    (
        "adjustment_decision",
        _table("decisions", "adjustment state at actor note entry", "at"),
        ("adjustment",),
    ),
    (
        "delivery_event",
        _table("delivery_events", "vend_id seq state at actor result log_sequence note", "at"),
        ("vend_id", "seq"),
    ),
    (
        "point",
        _table(
            "points",
            "code name_ar name_en quarter most_per_sale most_per_day most_in_till needs_shift",
        ),
        ("code",),
    ),
    (
        "tariff_file",
        _table("tariff_files", "code version document drafted_at drafted_by", "drafted_at"),
        ("code", "version"),
    ),
    (
        "tariff_approval",
        _table(
            "tariff_approvals",
            "code version act at actor note effective_at",
            "at",
            "effective_at",
        ),
        ("code", "version", "act"),
    ),
    ("showing", _table("showings", "vend_id at actor point", "at"), ("vend_id",)),
    (
        "key_change",
        _table(
            "key_changes",
            "id meter from_sgc from_krn from_ti to_sgc to_krn to_ti reason planned_at planned_by "
            "from_base_date from_ken to_base_date to_ken",
            "planned_at",
        ),
        ("id",),
    ),
    (
        "key_change_event",
        _table("key_change_events", "change seq state at actor vend_id note", "at"),
        ("change", "seq"),
    ),
    ("block_event", _table("block_events", "id kind subject act at actor reason", "at"), ("id",)),
)
_KINDS: Final = tuple(kind for kind, _, _ in ROWS)
