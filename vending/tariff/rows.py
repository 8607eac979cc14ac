"""What the database keeps of tariffs, and what is asked of it, as Protocols."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

SHIPPED = "shipped"
"""Stands as the author of a version that came as a file; the file itself says who drafted it."""


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """One version as it was handed in, or as its file said it when it was first met."""

    code: str
    version: int
    document: str
    """TOML, one version."""
    drafted_at: datetime
    drafted_by: str

    @property
    def is_shipped(self) -> bool:
        return self.drafted_by == SHIPPED


class ActKind(Enum):
    """What people do to a version. Each is done once."""

    APPROVED = "approved"
    REJECTED = "rejected"
    """Turned down as a draft, or taken back before its moment came."""
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class TariffAct:
    """One such act."""

    code: str
    version: int
    act: ActKind
    at: datetime
    actor: str
    note: str
    effective_at: datetime | None = None
    """When a retirement takes effect; None for the others."""


class TariffRows(Protocol):
    """One consistent view. Every method may raise the store's Unavailable."""

    def counts(self) -> tuple[int, int]:
        """How many versions and acts are kept. Nothing is ever taken away, so equal counts are
        equal rows."""
        ...

    def kept(self) -> list[KeptVersion]: ...

    def acts(self) -> list[TariffAct]:
        """By time."""
        ...

    def latest(self) -> datetime | None:
        """The latest moment in the journal; None in empty books."""
        ...

    def agreements_at(self, code: str) -> int:
        """How many supply agreements are at this tariff."""
        ...


class TariffRowsWriting(TariffRows, Protocol):
    """One transaction with the sole right to write until it ends."""

    def keep(self, version: KeptVersion) -> None: ...

    def add(self, act: TariffAct) -> None: ...


class TariffStore(Protocol):
    """Tariffs in the database."""

    def reading(self) -> AbstractContextManager[TariffRows]: ...

    def writing(self) -> AbstractContextManager[TariffRowsWriting]:
        """Commits at the end of the block; any exception inside rolls everything back."""
        ...
