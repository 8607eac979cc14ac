"""Proving attestations: their chain, the rows that they speak of, and what the seals say of the two
chains that stand beside the journal.

The chain is walked once, some links at a time with the rows they speak of, so memory stays flat;
only of what may change the last link is kept until the end: people who sell and points are few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    cast,
    select,
    tuple_,
)

from ..ledger import LedgerProblem, Seal
from ..ledger.attestations import NO_ROW, Attestation, ChainEnd, digest_of
from ..ledger.verify import UNREADABLE
from . import schema as t
from .attesting import KINDS, Kind, chain_end, key_text
from .legible import any_text
from .schema_base import hashed
from .streams import AT_A_TIME
from .walk import rows

_MOST = 20
"""Problems that are told; more say nothing new."""
_LONGEST = 18
"""Digits of a whole number that every database can look for."""

Links = list[tuple[str, str]]
"""Key and digest."""


def attestation_problems(db: Connection) -> Iterator[LedgerProblem]:
    """The first link that does not follow, or rows that differ from what was attested, are gone, or
    were never attested. Behind a link that does not follow nothing is known."""
    with any_text(db):
        yield from islice(_walked(db), _MOST)


def _walked(db: Connection) -> Iterator[LedgerProblem]:
    a = t.attestations.c
    found = rows(db, select(*t.attestations.columns).order_by(a.number))
    end, last = ChainEnd(), dict[tuple[str, str], str]()
    while batch := [Attestation(*row) for row in islice(found, AT_A_TIME)]:
        right: dict[str, Links] = {kind: [] for kind in KINDS}
        for link in batch:
            if not link.follows(end) or link.kind not in KINDS:
                yield from _differing(db, right)
                yield LedgerProblem(0, "attested_chain", f"attestations {end.number + 1}")
                return
            end = link.end
            if KINDS[link.kind].may_change:
                last[link.kind, link.key] = link.digest
            else:
                right[link.kind].append((link.key, link.digest))
        yield from _differing(db, right)
    kept = chain_end(db, t.attestation_head)
    if kept != end:
        yield LedgerProblem(0, "attested_head", f"kept {kept.number}, found {end.number}")
    changing = iter(last.items())
    while some := list(islice(changing, AT_A_TIME)):
        latest: dict[str, Links] = {}
        for (name, key), digest in some:
            latest.setdefault(name, []).append((key, digest))
        yield from _differing(db, latest)
    for name, kind in KINDS.items():
        for row in db.execute(_unattested(name, kind)):
            key = key_text(name, row._asdict())
            yield LedgerProblem(0, "row_unattested", f"{kind.table.name} {key}")


def _differing(db: Connection, links: Mapping[str, Links]) -> Iterator[LedgerProblem]:
    for name, own in links.items():
        there = _digests(db, name, [key for key, _ in own])
        for key, digest in own:
            if there.get(key, NO_ROW) != digest:
                what = "row_differs" if key in there else "row_gone"
                if digest == NO_ROW:
                    # Taken away by the program, and put in by somebody else.
                    what = "row_unattested"
                yield LedgerProblem(0, what, f"{KINDS[name].table.name} {key}")


def _digests(db: Connection, name: str, keys: Sequence[str]) -> dict[str, str | None]:
    """Of the rows of these keys that are there, recomputed; None for what can be no row, and for
    two of one key: which of them the program would read, nobody can say."""
    kind = KINDS[name]
    wanted = [values for key in keys if (values := _values(kind, key)) is not None]
    if not wanted:
        return {}
    own = [hashed(column).label(column.name) for column in kind.table.columns]
    # With a size of their own: PostgreSQL would read numbers as those of the column, or refuse.
    sizes = [BigInteger() if isinstance(c.type, Integer) else c.type for c in kind.key]
    statement = select(*own).where(
        # SQLite finds rows by a part of their key, and would look at all of them for the whole.
        kind.key[0].in_({first for first, *_ in wanted}),
        tuple_(*kind.key, types=sizes).in_(wanted),
    )
    digests: dict[str, str | None] = {}
    for found in db.execute(statement):
        row = found._asdict()
        key = key_text(name, row)
        digests[key] = None if key in digests else _digest(row)
    return digests


def _digest(row: Mapping[str, Any]) -> str | None:
    try:
        return digest_of(row)
    except UNREADABLE:
        return None


def _values(kind: Kind, key: str) -> tuple[str | int, ...] | None:
    """The columns of a key; None for what can be none."""
    columns = kind.key
    # What ends in a number may begin with a text that holds a colon, and the other way around.
    split = key.rsplit if isinstance(columns[-1].type, Integer) else key.split
    parts = split(":", len(columns) - 1) if len(columns) > 1 else [key]
    if len(parts) != len(columns) or key != key.encode(errors="replace").decode():
        return None
    values: list[str | int] = []
    for column, part in zip(columns, parts, strict=True):
        if not isinstance(column.type, Integer):
            values.append(part)
        elif part.isdecimal() and len(part) <= _LONGEST:
            values.append(int(part))
        else:
            return None
    return tuple(values)


def _unattested(name: str, kind: Kind) -> Select[Any]:
    a, (first, *more) = t.attestations.c, kind.key
    text: ColumnElement[Any] = cast(first, Text) if isinstance(first.type, Integer) else first
    for column in more:
        text = text + ":" + cast(column, Text)
    return (
        select(*kind.key)
        .select_from(kind.table)
        .outerjoin(t.attestations, (a.kind == name) & (a.key == text))
        .where(a.number.is_(None))
        .order_by(*kind.key)
        .limit(_MOST)
    )


def sealed_chain_problems(db: Connection, seals: Sequence[Seal]) -> Iterator[LedgerProblem]:
    """Seals that stand for attestations, or for lines of the trail, that are not there any more."""
    told = [(seal, content) for seal in seals if (content := seal.told) is not None]
    for what, table, ends in (
        ("seal_attested", t.attestations, [(seal, said.attested) for seal, said in told]),
        ("seal_trail", t.trail, [(seal, said.trail) for seal, said in told]),
    ):
        left = ((seal, end) for seal, end in ends if end is not None)
        while some := list(islice(left, AT_A_TIME)):
            there = _ends(db, table, [end.number for _, end in some])
            for seal, end in some:
                if there.get(end.number) != end.hash:
                    yield LedgerProblem(seal.entry, what, f"{seal.number} {seal.day}")


def _ends(db: Connection, table: Any, numbers: Sequence[int]) -> dict[int, str]:
    """Hashes by number, those of links that are there."""
    c, most = table.c, 10**_LONGEST
    wanted = {number for number in numbers if 0 < number < most}
    found = db.execute(select(c.number, c.hash).where(c.number.in_(wanted)))
    return {0: ChainEnd().hash, **{row.number: row.hash for row in found}}
