"""Two acts that meet, and how that may end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.system.two_at_once import (
    DONE,
    Act,
)


@dataclass(frozen=True)
class Race:
    """Two acts, and how they may end: what each is told."""

    name: str
    before: Act
    one: Act
    other: Act
    ends: frozenset[tuple[str, str]]
    shared: frozenset[str]
    """Tables to which each adds its own steps, whoever is in between."""
    on_server: int
    """The transaction of the first before which the other one acts on PostgreSQL, too; 0: one
    database is enough."""


def meet(
    name: str,
    before: Act,
    one: Act,
    other: Act,
    *ends: tuple[str, str],
    shared: tuple[str, ...] = (),
    on_server: int = 0,
) -> Race:
    return Race(name, before, one, other, frozenset(ends), frozenset(shared), on_server)


BOTH: Final = (DONE, DONE)


def first(code: str) -> tuple[str, str]:
    """Only the first is done; the other one is told this."""
    return DONE, code


def second(code: str) -> tuple[str, str]:
    return code, DONE


def either(code: str) -> tuple[tuple[str, str], ...]:
    return first(code), second(code)
