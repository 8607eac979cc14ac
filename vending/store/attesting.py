"""Writing rows that are attested: each with its link of the chain, in one transaction.

Whoever holds the store's writer's place is alone with the end of the chain, as with the journal's.
A sale writes none of these rows, unless it gives out the set of a key change: what it writes is
under the hash of its entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Connection, Table, delete, insert, select, update

from ..ledger.attestations import NO_ROW, ChainEnd, attested, digest_of
from . import schema as t


class Kind(NamedTuple):
    """A kind of rows that are attested, all their columns."""

    table: Table
    may_change: bool = False
    """Every version is attested, also that it was taken away, and the row is held against the last;
    else against each."""

    @property
    def key(self) -> list[Column[Any]]:
        """What a row is known by: texts and whole numbers, of which only the first or the last
        may hold a colon."""
        return list(self.table.primary_key.columns)


KINDS: Final = {
    "adjustment": Kind(t.adjustments),
    "adjustment_decision": Kind(t.decisions),
    "account_event": Kind(t.account_events),
    "approval": Kind(t.approvals),
    "approval_decision": Kind(t.approval_decisions),
    "approval_step": Kind(t.approval_steps),
    "block_event": Kind(t.block_events),
    "delivery_event": Kind(t.delivery_events),
    "key_change": Kind(t.key_changes),
    "key_change_event": Kind(t.key_change_events),
    "operator": Kind(t.operators, may_change=True),
    "point": Kind(t.points, may_change=True),
    "reading": Kind(t.readings),
    "showing": Kind(t.showings),
    "tariff_approval": Kind(t.tariff_approvals),
    "tariff_file": Kind(t.tariff_files),
}
"""By the name that stands in the chain. One that comes along later needs a migration that attests
the rows which are there."""


def add_row(db: Connection, kind: str, values: Mapping[str, Any]) -> Sequence[Any]:
    """Writes a row of this kind, `values` by column; its key, which the database may have
    chosen."""
    made = db.execute(_INSERTS[kind], dict(values))
    key = made.inserted_primary_key or ()
    named = zip(KINDS[kind].key, key, strict=True)
    attest_rows(db, kind, [{**values, **{column.name: value for column, value in named}}])
    return key


def add_rows(db: Connection, kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows of this kind, whose keys are among their values."""
    if rows:
        db.execute(_INSERTS[kind], [dict(row) for row in rows])
    attest_rows(db, kind, rows)


def attest_rows(db: Connection, kind: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Attests rows that this transaction has just written, all their columns, in this order."""
    _link(db, *((kind, key_text(kind, row), digest_of(row)) for row in rows))


def change_row(db: Connection, kind: str, values: Mapping[str, Any]) -> None:
    """Gives the row of this key all these `values`."""
    table, key = KINDS[kind].table, KINDS[kind].key
    own = [column == values[column.name] for column in key]
    rest = {column.name: values[column.name] for column in table.columns if column not in key}
    db.execute(update(table).where(*own).values(rest))
    attest_rows(db, kind, [values])


def take_row_away(db: Connection, kind: str, key: Mapping[str, Any]) -> None:
    """Deletes the row of this key, of a kind that may change."""
    db.execute(delete(KINDS[kind].table).where(*(c == key[c.name] for c in KINDS[kind].key)))
    _link(db, (kind, key_text(kind, key), NO_ROW))


def key_text(kind: str, row: Mapping[str, Any]) -> str:
    """See `Attestation.key`."""
    return ":".join(str(row[column.name]) for column in KINDS[kind].key)


def chain_end(db: Connection, head: Table) -> ChainEnd:
    """The end of a chain, as it is kept apart: of this one, or of the trail."""
    row = db.execute(select(head.c.number, head.c.hash)).first()
    return ChainEnd() if row is None else ChainEnd(*row)


def _link(db: Connection, *told: tuple[str, str, str]) -> None:
    """Kind, key and digest of each link."""
    begun = end = chain_end(db, t.attestation_head)
    links = []
    for kind, key, digest in told:
        link = attested(kind, key, digest, end)
        end = link.end
        links.append(link._asdict())
    if not links:
        return
    db.execute(_LINK, links)
    db.execute(_MOVE if begun.number else _FIRST, end._asdict())


_INSERTS = {name: insert(kind.table) for name, kind in KINDS.items()}
_LINK, _FIRST, _MOVE = (
    insert(t.attestations),
    insert(t.attestation_head).values(id=1),
    update(t.attestation_head),
)
