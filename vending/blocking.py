"""What is barred: meters, agreements, and the people and places that sell. Pure; a sale asks here
inside its own transaction, `vending.approvals` sets and lifts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from meters.errors import Refused

from .persons import person

KINDS = ("point", "terminal", "operator", "agreement", "meter")
"""What can be blocked, in the order in which a sale is refused for it."""

BlockKey = tuple[str, str]
"""Kind and subject, as kept: see `block_key`."""


@dataclass(frozen=True, slots=True)
class Block:
    """One subject that is barred now. The subject is a DRN, an agreement's number, a person, a
    point's code, or `point/terminal`."""

    kind: str
    subject: str
    reason: str
    since: datetime

    @property
    def key(self) -> BlockKey:
        return self.kind, self.subject


@dataclass(eq=False)
class Blocked(Refused, code="vend.blocked"):
    """Somebody has barred this meter, agreement, operator, point or terminal, and said why."""

    kind: str
    subject: str
    reason: str
    since: datetime


def block_key(kind: str, subject: str) -> BlockKey:
    """The key that a block of this subject is kept under: an operator is blocked as a person,
    however the name is written and whichever door they come in by; everything else as it is."""
    return kind, person(subject) if kind == "operator" else subject


def terminal_subject(point: str, terminal: str) -> str:
    """A terminal's name means something at its own point alone."""
    return f"{point}/{terminal}"


def seller_keys(operator: str, point: str, terminal: str) -> list[BlockKey]:
    """What may be blocked about who sells; without a terminal's name, none is asked about."""
    keys = [block_key("point", point), block_key("operator", operator)]
    if terminal:
        keys.append(block_key("terminal", terminal_subject(point, terminal)))
    return keys


def buyer_keys(meter: str, agreement: str) -> list[BlockKey]:
    """What may be blocked about what is sold to: `meter` is a DRN, `agreement` a number."""
    return [block_key("meter", meter), block_key("agreement", agreement)]


def check_blocks(blocks: Mapping[BlockKey, Block], subjects: Iterable[BlockKey]) -> None:
    """Raises Blocked for the first of `subjects` that is barred: in the order of KINDS, then by
    name, so that the same state always gives the same answer. Subjects are keys as `seller_keys`
    and `buyer_keys` make them."""
    if not blocks:
        return
    found = [blocks[key] for key in {block_key(*subject) for subject in subjects} if key in blocks]
    if found:
        first = min(found, key=lambda b: (KINDS.index(b.kind), b.subject))
        raise Blocked(first.kind, first.subject, first.reason, first.since)


class KnowsBlocks(Protocol):
    """The books, as far as blocks are asked for."""

    def blocked(self, keys: Collection[BlockKey]) -> Mapping[BlockKey, Block]: ...


def check_seller(books: KnowsBlocks, operator: str, point: str, terminal: str) -> None:
    """Whoever is barred from selling, or sits where nothing is sold, neither gives money back nor
    shows digits. Raises Blocked."""
    keys = seller_keys(operator, point, terminal)
    check_blocks(books.blocked(keys), keys)
