"""What stands behind money beside the journal is attested: a chain of links, each with a digest of
one row. What is there already is attested as it stands, by kind and then by key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from vending.ledger.attestations import ChainEnd, attested, digest_of
from vending.store import triggers
from vending.store.schema_base import UtcTime, hashed

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEYS: Final = (("number",), ("previous_hash",))
AT_A_TIME: Final = 500


def upgrade() -> None:
    op.create_table(
        "attestations",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_attestations")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_attestations_previous_hash")),
    )
    op.create_index(op.f("ix_attestations_kind_key"), "attestations", ["kind", "key"])
    op.create_table(
        "attestation_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_attestation_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attestation_head")),
    )
    db = op.get_bind()
    _attest_what_is_there(db)
    dialect = db.dialect.name
    for statement in (
        *triggers.create(dialect, "attestations"),
        *triggers.create_no_replace(dialect, "attestations", KEYS),
    ):
        op.execute(statement)


def downgrade() -> None:
    """The links are given up, and seals that stand for them cannot be proved any more: an upgrade
    attests the rows anew, as they then are."""
    dialect = op.get_bind().dialect.name
    for statement in (
        *triggers.drop_no_replace(dialect, "attestations"),
        *triggers.drop(dialect, "attestations"),
    ):
        op.execute(statement)
    op.drop_table("attestation_head")
    op.drop_table("attestations")


def _attest_what_is_there(db: sa.Connection) -> None:
    end, waiting = ChainEnd(), list[dict[str, Any]]()
    for kind, key, digest in _there(db):
        link = attested(kind, key, digest, end)
        end = link.end
        waiting.append(link._asdict())
        if len(waiting) == AT_A_TIME:
            db.execute(sa.insert(ATTESTATIONS), waiting)
            waiting.clear()
    if waiting:
        db.execute(sa.insert(ATTESTATIONS), waiting)
    if end.number:
        db.execute(sa.insert(HEAD), {"id": 1, **end._asdict()})


def _there(db: sa.Connection) -> Iterator[tuple[str, str, str]]:
    """Kind, key and digest of every row. What can be no row gets no link, and verification names
    it: an upgrade is not the place to stop for it."""
    for kind, table, key in ROWS:
        columns = [hashed(column).label(column.name) for column in table.columns]
        statement = sa.select(*columns).order_by(*(table.c[name] for name in key))
        for found in db.execute(statement, execution_options={"yield_per": AT_A_TIME}):
            row = found._asdict()
            try:
                digest = digest_of(row)
            except (TypeError, ValueError):
                continue
            yield kind, ":".join(str(row[name]) for name in key), digest


def _table(name: str, columns: str, *times: str) -> Any:
    """As it stands at this revision, whatever becomes of it later."""
    return sa.table(
        name,
        *(sa.column(c, UtcTime) if c in times else sa.column(c) for c in columns.split()),
    )


ATTESTATIONS: Final = _table("attestations", "number kind key digest previous_hash hash")
HEAD: Final = _table("attestation_head", "id number hash")
ROWS: Final = (
    (
        "adjustment",
        _table(
            "adjustments",
            "id kind requested_at requested_by reason reverses booked_on lines",
            "requested_at",
        ),
        ("id",),
    ),
    (
        "account_event",
        _table("account_events", "agreement seq after_entry kind at actor reason document", "at"),
        ("agreement", "seq"),
    ),
    (
        "operator",
        _table(
            "operators",
            "code name_ar name_en settlement credit_limit most_per_sale most_per_day commission",
        ),
        ("code",),
    ),
    (
        "reading",
        _table(
            "readings",
            "id meter read_at actor commodity balance total_supplied unit output state reasons "
            "tokens_accepted last_result",
            "read_at",
        ),
        ("id",),
    ),
)
