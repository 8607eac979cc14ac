"""API keys in the database, beside the books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from ..api_keys import (
    ApiKey,
    ApiKeyExists,
    ApiKeyTerminalTaken,
    ApiKeyUnknown,
    ApiScope,
)
from ..parties import PointUnknown, Role
from . import schema as t
from .errors import translated
from .sqlstore import BUSY_TIMEOUT_S, SqlStore

_c = t.api_keys.c
_BY_DIGEST = select(t.api_keys).where(_c.digest == bindparam("digest"))
_BY_NAME = select(t.api_keys).where(_c.name == bindparam("name"))


class SqlApiKeys:
    """See `vending.api_keys.ApiKeys`."""

    def __init__(self, store: SqlStore, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._store = store
        self._timeout = busy_timeout_s

    def add(self, key: ApiKey) -> None:
        """Raises ApiKeyExists, PointUnknown, ApiKeyTerminalTaken."""
        with self._transaction(writes=True) as db:
            if db.execute(_BY_NAME, {"name": key.name}).first() is not None:
                raise ApiKeyExists(key.name)
            if key.point is not None:
                known = db.execute(select(t.points).where(t.points.c.code == key.point)).first()
                if known is None:
                    raise PointUnknown(key.point)
            if key.point and key.terminal:
                here = (_c.point == key.point, _c.terminal == key.terminal)
                other = db.scalar(select(_c.name).where(*here, _c.revoked_at.is_(None)))
                if other is not None:
                    raise ApiKeyTerminalTaken(key.point, key.terminal, other)
            db.execute(
                insert(t.api_keys).values(
                    name=key.name,
                    digest=key.digest,
                    role=key.role.value,
                    scopes=" ".join(sorted(scope.value for scope in key.scopes)),
                    point=key.point,
                    terminal=key.terminal,
                    created_at=key.created_at,
                    revoked_at=key.revoked_at,
                    person=key.person,
                )
            )

    def revoke(self, name: str, at: datetime) -> ApiKey:
        with self._transaction(writes=True) as db:
            db.execute(
                update(t.api_keys)
                .where(_c.name == name, _c.revoked_at.is_(None))
                .values(revoked_at=at)
            )
            row = db.execute(_BY_NAME, {"name": name}).first()
            if row is None:
                raise ApiKeyUnknown(name[:60])
            return _key(row)

    def by_digest(self, digest: str) -> ApiKey | None:
        with self._transaction() as db:
            row = db.execute(_BY_DIGEST, {"digest": digest}).first()
            return None if row is None else _key(row)

    def all(self) -> list[ApiKey]:
        with self._transaction() as db:
            return [_key(row) for row in db.execute(select(t.api_keys).order_by(_c.name))]

    @contextmanager
    def _transaction(self, *, writes: bool = False) -> Iterator[Connection]:
        if writes:
            with self._store.writing() as books:
                # Where many may write, this makes them wait for each other: two keys must not
                # both find that a terminal has none.
                books.chain_head()
                yield books._db
            return
        engine = self._store.engine
        with translated(self._timeout), engine.connect() as connection, connection.begin():
            yield connection


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        name=row.name,
        role=Role(row.role),
        scopes=frozenset(ApiScope(scope) for scope in row.scopes.split()),
        digest=row.digest,
        created_at=row.created_at,
        point=row.point,
        terminal=row.terminal,
        revoked_at=row.revoked_at,
        person=row.person,
    )
