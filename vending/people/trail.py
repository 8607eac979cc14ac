"""The audit trail: who did what, to whom or what, from what to what, and why; each line chained to
the one before. Money has its own chain in the journal; this one has everything else that people
do, and points to the sales and entries by their ids. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from meters.errors import Broken

from ..ledger import ChainEnd, canonical_json, canonical_time
from ..parties import Actor


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be written down. `before` and `after` hold what changed and nothing secret."""

    act: str
    """A code: `sign_in`, `user_added`, `sale`, `void`, `shift_closed` ..."""
    subject: str
    """User, meter, vend id, shift ... by its own id."""
    reason: str = ""
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One line as it is kept."""

    number: int
    at: datetime
    actor: str
    role: str
    point: str
    terminal: str
    act: str
    subject: str
    reason: str
    before: str
    """Canonical JSON, or empty."""
    after: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class TrailProblem:
    """The first line that does not follow from the one before it."""

    number: int
    problem: str
    """`gap`, `chain`, `content`, `head`, `sealed`."""


@dataclass(eq=False)
class TrailBroken(Broken, code="trail.broken"):
    """A line of the trail does not follow from the one before: somebody has been at the
    database."""

    number: int
    problem: str


def line(act: Act, actor: Actor, now: datetime, end: ChainEnd) -> TrailLine:
    """The next line of the trail."""
    before, after = _text(act.before), _text(act.after)
    plain = TrailLine(
        end.number + 1,
        now,
        actor.name,
        actor.role.value,
        actor.point or "",
        actor.terminal,
        act.act,
        act.subject,
        act.reason,
        before,
        after,
        end.hash,
        "",
    )
    return _hashed(plain)


def problems(
    lines: Iterable[TrailLine], kept: ChainEnd, sealed: Mapping[int, str]
) -> Iterator[TrailProblem]:
    """What is wrong with the whole trail, in its order; `kept` is what is kept apart as its
    end, `sealed` are hashes by number that seals of the day stand for. Memory does not grow with
    it."""
    last = ChainEnd()
    for one in lines:
        if one.number != last.number + 1:
            yield TrailProblem(last.number + 1, "gap")
        elif one.previous_hash != last.hash:
            yield TrailProblem(one.number, "chain")
        elif _hashed(one).hash != one.hash:
            yield TrailProblem(one.number, "content")
        elif sealed.get(one.number, one.hash) != one.hash:
            yield TrailProblem(one.number, "sealed")
        last = ChainEnd(one.number, one.hash)
    if last != kept:
        yield TrailProblem(min(last.number, kept.number) + 1, "head")
    if max(sealed, default=0) > last.number:
        yield TrailProblem(last.number + 1, "sealed")


def _hashed(plain: TrailLine) -> TrailLine:
    said = {
        "number": plain.number,
        "at": canonical_time(plain.at),
        **{name: getattr(plain, name) for name in _SAID},
    }
    digest = sha256(canonical_json(said)).hexdigest()
    return replace(plain, hash=digest)


_SAID: Final = (
    "actor",
    "role",
    "point",
    "terminal",
    "act",
    "subject",
    "reason",
    "before",
    "after",
    "previous_hash",
)


def _text(document: Mapping[str, object] | None) -> str:
    return "" if document is None else canonical_json(document).decode("ascii")
