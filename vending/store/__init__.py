"""The books on a database: the only SQL of the product (SQLAlchemy Core, Alembic)."""

from ..ports import StoreLocked
from .backup import (
    BackupDamaged,
    BackupExists,
    BackupFailed,
    BackupOfServer,
    Copied,
    back_up,
)
from .checkpoints import checkpoint, checkpoints_beside
from .errors import (
    CommitUnknown,
    RowUnreadable,
    StoreDiskFailed,
    StoreFailed,
    StoreFull,
    StoreOutdated,
    StoreUnreadable,
)
from .migrate import downgrade, upgrade
from .rights import RightsNotHere, RightsOfOwner, give_rights, rights
from .sqlstore import SqlStore, open_store

__all__ = [
    "BackupDamaged",
    "BackupExists",
    "BackupFailed",
    "BackupOfServer",
    "CommitUnknown",
    "Copied",
    "RightsNotHere",
    "RightsOfOwner",
    "RowUnreadable",
    "SqlStore",
    "StoreDiskFailed",
    "StoreFailed",
    "StoreFull",
    "StoreLocked",
    "StoreOutdated",
    "StoreUnreadable",
    "back_up",
    "checkpoint",
    "checkpoints_beside",
    "downgrade",
    "give_rights",
    "open_store",
    "rights",
    "upgrade",
]
