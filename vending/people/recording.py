"""Lines of the trail for use cases that have books of their own: which call is told how stands in a
table (`vending.trailed`), and the line is written in the transaction of the act itself. An act
that fails, or only answers what it did before, leaves none."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from functools import wraps
from typing import Any, Final, Protocol, TypeVar

from meters.quantities import Money
from meters.values import names_of

from ..masking import masked
from ..parties import Actor
from ..plaintext import in_one_line
from .ports import HouseWriting
from .trail import Act
from .writing import write_down

T = TypeVar("T")
Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """How a call of a use case is told. Its first argument is the actor."""

    act: str
    subject: str
    """The argument that names what it is done to; with a dot, a field of it; else itself."""
    after: tuple[str, ...] = ()
    """Arguments that say what is new."""
    reason: str = "reason"
    """The argument that says why, where there is one."""
    once: bool = False
    """The caller made the subject's id: the same call again is not told again."""
    count: bool = False
    """Of lists only their lengths: they are long and full of people."""


class Noting(Protocol):
    """The end of the trail in a transaction that is about to commit."""

    def trail_tells(self, subject: str, act: str, actor: str) -> bool:
        """Whether this person's act on this subject is told already."""
        ...


class HouseNoting(HouseWriting, Noting, Protocol):
    """What a line needs."""


@dataclass(slots=True)
class _Pending:
    actor: Actor
    act: Act
    once: bool
    written: bool = field(default=False)


_PENDING: Final[ContextVar[_Pending | None]] = ContextVar("trail_pending", default=None)


def recorded(use_cases: T, rules: Mapping[str, Rule]) -> T:
    """The same object; its methods that `rules` names leave lines from now on."""
    for name, rule in rules.items():
        setattr(use_cases, name, _recorded(getattr(use_cases, name), rule))
    return use_cases


def noted(
    *, subject: str = "", before: Arguments | None = None, after: Arguments | None = None
) -> None:
    """What a use case knows better than its arguments say, for the line under way, if any."""
    pending = _PENDING.get()
    if pending is not None:
        act = pending.act
        pending.act = replace(
            act,
            subject=subject or act.subject,
            before=act.before if before is None else plain(before),
            after=act.after if after is None else {**(act.after or {}), **plain(after)},
        )


def write_pending(house: HouseNoting, now: Callable[[], datetime]) -> None:
    """Called by the store in a transaction that is about to commit: the line of the act under way,
    once."""
    pending = _PENDING.get()
    if pending is None or pending.written:
        return
    act, actor = pending.act, pending.actor
    if not (pending.once and house.trail_tells(act.subject, act.act, actor.name)):
        write_down(house, act, actor, now())
    pending.written = True


def is_pending() -> bool:
    """Whether the transaction that is about to commit has a line to write."""
    pending = _PENDING.get()
    return pending is not None and not pending.written


def plain(value: Any) -> Any:
    """A value as a line may hold it: JSON without floats, without what is hidden from `repr`, and
    without anything that could be a token."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Money):
        return f"{value.to_text()} {value.currency}"
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        told = [plain(one) for one in value]
        return sorted(told, key=str) if isinstance(value, set | frozenset) else told
    names = names_of(value, hidden=False)
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    return masked(str(value))


def _recorded(method: Callable[..., T], rule: Rule) -> Callable[..., T]:
    signature = inspect.signature(method)

    @wraps(method)
    def call(*args: Any, **named: Any) -> T:
        bound = signature.bind(*args, **named).arguments
        actor = next(iter(bound.values()))
        mark = _PENDING.set(_Pending(actor, _act(rule, bound), rule.once))
        try:
            return method(*args, **named)
        finally:
            _PENDING.reset(mark)

    return call


def _act(rule: Rule, given: Arguments) -> Act:
    after = {name: _told(given[name], rule) for name in rule.after if name in given}
    return Act(
        rule.act,
        masked(in_one_line(_name(_found(given, rule.subject))))[:200],
        masked(str(given.get(rule.reason) or ""))[:1000],
        after=after or None,
    )


def _found(given: Arguments, path: str) -> Any:
    name, *rest = path.split(".")
    value = given.get(name, name)
    for one in rest:
        value = getattr(value, one)
    return value


def _name(value: Any) -> str:
    """A subject in one line: what has several fields is named by them (`600001/1`)."""
    if value is None:
        # What was left open in a scope stands as a dash: `-/600001/2`.
        return "-"
    names = names_of(value)
    if names is None:
        return str(plain(value))
    return "/".join(_name(getattr(value, name)) for name in names)


def _told(value: Any, rule: Rule) -> Any:
    if not rule.count:
        return plain(value)
    return {name: len(getattr(value, name)) for name in names_of(value) or ()}
