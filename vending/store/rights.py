"""Rights for the login that the service runs as on PostgreSQL: it writes the books and cannot
change them, nor take away the triggers that guard them, which are the owner's.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, text

from meters.errors import Refused

from . import schema as t
from .engine import WRITES
from .errors import translated


@dataclass(eq=False)
class RightsNotHere(Refused, code="store.rights_not_here"):
    """An SQLite file knows no logins: who may open the file may do everything with it."""


@dataclass(eq=False)
class RightsOfOwner(Refused, code="store.rights_of_owner"):
    """The login owns the tables, or may do everything: what is taken from it, it can take back."""

    login: str


_OWNS = text(
    "SELECT pg_has_role(:login, tableowner, 'MEMBER') FROM pg_tables "
    "WHERE schemaname = 'public' AND tablename = :table"
)


def rights(engine: Engine, role: str) -> list[str]:
    """Statements that give `role` what the service needs and take the rest. Raises
    RightsNotHere."""
    if engine.dialect.name != "postgresql":
        raise RightsNotHere()
    quote = engine.dialect.identifier_preparer.quote_identifier
    name, tables = quote(role), sorted(t.metadata.tables)
    books = ", ".join(quote(table) for table in tables if table in t.BOOKS)
    others = ", ".join(quote(table) for table in tables if table not in t.BOOKS)
    return [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT ON alembic_version TO {name}",
        f"GRANT SELECT, INSERT ON {books} TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {others} TO {name}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}",
    ]


def give_rights(engine: Engine, role: str) -> list[str]:
    """Runs `rights`, all or none of it, as the owner that the engine logs in as; answers what was
    run. Raises RightsNotHere, RightsOfOwner, and the store's Unavailable (a login that does not
    exist)."""
    statements = rights(engine, role)
    with translated(0), engine.connect() as connection:
        connection.execution_options(**{WRITES: True})
        with connection.begin():
            if connection.scalar(_OWNS, {"login": role, "table": t.entries.name}):
                raise RightsOfOwner(role)
            for statement in statements:
                connection.execute(text(statement))
    return statements
