"""Acts that are done after their approval: who may carry on what failed or was cut off, who may
call it off, and what is written down of each attempt. Pure but for the steps that it writes.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from meters.errors import RaseedError

from ..masking import masked, masked_fact
from ..parties import Actor
from ..persons import same_person
from .acts import Approved
from .approval import Approval, ApprovalStep, Failure, StepState, check_second
from .errors import ApprovalDecided, ApprovalMayBeDone, ApprovalUnderWay
from .ports import PeopleWriting


class CallsOff(Protocol):
    """Books that know what was called off."""

    def called_off_by(self, approval: str) -> str | None: ...


def check_not_called_off(books: CallsOff, approval: str) -> None:
    """For executors, in the transaction in which they act: calling off and doing never both happen.

    Raises ApprovalDecided.
    """
    by = books.called_off_by(approval)
    if by is not None:
        raise ApprovalDecided(approval, StepState.CALLED_OFF.value, by)


def approved_act(found: Approval, payload: Any, actor: Actor, now: datetime) -> Approved:
    """What an executor gets, from whoever approves or carries it through."""
    return Approved(
        id=found.id,
        act=found.act,
        payload=payload,
        reason=found.reason,
        requested_at=found.requested_at,
        requested_by=found.requested_by,
        point=found.point,
        terminal=found.terminal,
        approver=actor,
        approved_at=now if found.decision is None else found.decision.at,
        expires_at=found.expires_at,
        now=now,
    )


def take_up(
    books: PeopleWriting, found: Approval, actor: str, now: datetime, concerns: str
) -> None:
    """Lets somebody do what was approved before: whoever has taken it up already, at any time;
    another person, who may not be the one who asked or whom it is about, once nobody is at it. That
    a new person has begun is written down.

    Raises ApprovalDecided (it is done), OwnAct, ApprovalUnderWay.
    """
    assert found.decision is not None
    if not found.taken_up_by(actor):
        if not found.is_undone:
            raise ApprovalDecided(found.id, found.state(now).value, found.decision.actor)
        check_second(found, actor, concerns)
        _check_nobody(found, now)
    if not found.is_undone:
        return
    last = found.steps[-1] if found.steps else None
    who = found.decision.actor if last is None else last.actor
    # Cut off, and begun anew by the same person: that is the same attempt.
    if (last is not None and last.state is StepState.FAILED) or not same_person(who, actor):
        write_step(books, found, StepState.BEGUN, now, actor)


def call_off(books: PeopleWriting, found: Approval, actor: str, now: datetime, note: str) -> None:
    """Takes back what was approved and certainly not done.

    Raises OwnAct, ApprovalUnderWay, ApprovalMayBeDone.
    """
    check_second(found, actor, "")
    _check_nobody(found, now)
    if books.booked_under(found):
        raise ApprovalMayBeDone(found.id)
    write_step(books, found, StepState.CALLED_OFF, now, actor, note)


def write_step(
    books: PeopleWriting,
    found: Approval,
    state: StepState,
    now: datetime,
    actor: str,
    note: str = "",
    failure: Failure | None = None,
) -> None:
    seq = found.steps[-1].seq + 1 if found.steps else 1
    books.add_step(found.id, ApprovalStep(seq, state, now, actor, note, failure))


def failure_of(error: RaseedError) -> Failure:
    """An error as it is kept: facts that words are made of, and nothing like a token."""
    return Failure(error.code, {name: _kept(value) for name, value in error.facts().items()})


def _kept(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.name if isinstance(value, int) else str(value.value)
    if isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [masked_fact(_kept(one)) for one in value]
    # Money and units with their sign, as people read them.
    return masked(str(value))


def _check_nobody(found: Approval, now: datetime) -> None:
    by = found.under_way(now)
    if by:
        raise ApprovalUnderWay(found.id, by)
