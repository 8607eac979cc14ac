"""How the tariffs stand: each with its versions, the one that holds, the next one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .tariff import Tariff, TariffMissing, TariffState
from .tariff.life import Assembled, Version


@dataclass(frozen=True, slots=True)
class Standing:
    """A version, and where it stands now."""

    version: Version
    state: TariffState


@dataclass(frozen=True, slots=True)
class Overview:
    """One tariff at a glance."""

    latest: Tariff
    """The version that its names and class are taken from: what is sold now, else the last."""
    active: Tariff | None
    coming: tuple[Tariff, ...]
    """Approved; their moments lie ahead."""
    drafts: tuple[int, ...]
    """Numbers of those that wait for a second person."""
    agreements: int

    @property
    def is_ending(self) -> bool:
        """Whether nothing is sold at it from some moment on: no agreement is put at it any more."""
        chain = (self.coming or (self.active,))[-1]
        return chain is None or chain.retired_from is not None


@dataclass(frozen=True, slots=True)
class Retirement:
    """The end of a version, and whom it meets."""

    standing: Standing
    agreements: int
    """At this tariff now."""
    followed_by: Tariff | None
    """The version that begins after the end; until then nothing is sold at this tariff."""


def overview_of(found: Assembled, code: str, now: datetime, agreements: int) -> Overview:
    """One of the tariffs that are found, at a moment."""
    try:
        active = found.book.active(code, now)
    except TariffMissing:
        active = None
    versions = found.of(code)
    states = [(one.tariff, found.state(one, now)) for one in versions]
    coming = [tariff for tariff, state in states if state is TariffState.APPROVED]
    return Overview(
        latest=active or versions[-1].tariff,
        active=active,
        coming=tuple(sorted(coming, key=lambda tariff: tariff.active_from)),
        drafts=tuple(tariff.version for tariff, state in states if state is TariffState.DRAFT),
        agreements=agreements,
    )
