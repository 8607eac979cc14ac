"""The books on a database: the only SQL of the product (SQLAlchemy Core, Alembic)."""

from .errors import CommitUnknown, StoreFailed, StoreFull, StoreLocked, StoreOutdated
from .migrate import downgrade, upgrade
from .sqlstore import SqlStore, open_store

__all__ = [
    "CommitUnknown",
    "SqlStore",
    "StoreFailed",
    "StoreFull",
    "StoreLocked",
    "StoreOutdated",
    "downgrade",
    "open_store",
    "upgrade",
]
