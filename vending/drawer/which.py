"""Which shift somebody means, and whether it is theirs."""

from __future__ import annotations

from collections.abc import Iterable

from ..ground import OpenShift
from ..parties import Actor, Role
from ..persons import same_person
from .errors import (
    NoShiftOpen,
    OperatorBusy,
    ShiftIdReused,
    ShiftNotYours,
    ShiftStillOpen,
    ShiftUnknown,
    TerminalTaken,
)
from .ports import DrawerReading
from .shifts import Shift, ShiftFile, known_id


def same_opening(shift: Shift, actor: Actor, amount: int) -> Shift:
    """The shift, if it was opened as it is asked for now. Raises ShiftIdReused."""
    wanted = (actor.point, actor.terminal, amount)
    if (shift.point, shift.terminal, shift.opening_float) != wanted or not same_person(
        shift.operator, actor.name
    ):
        raise ShiftIdReused(shift.id)
    return shift


def check_free(books: DrawerReading, actor: Actor) -> None:
    """Raises TerminalTaken, OperatorBusy."""
    open_now = books.open_shifts()
    for other in open_now:
        if (other.point, other.terminal) == (actor.point, actor.terminal):
            raise TerminalTaken(actor.terminal, other.id, other.operator)
    if own := own_of(open_now, actor):
        raise OperatorBusy(actor.name, own.id, own.point, own.terminal)


def own_of(open_now: Iterable[OpenShift], actor: Actor) -> OpenShift | None:
    """The one of these shifts that is the actor's; a person has one open at most."""
    return next((one for one in open_now if same_person(one.operator, actor.name)), None)


def file_of(books: DrawerReading, actor: Actor, named: str | None) -> ShiftFile:
    """The shift that is named, or the one open at the actor's terminal.

    Raises DrawerIdMalformed, ShiftUnknown, NoShiftOpen.
    """
    if named is None:
        here = actor.point or "", actor.terminal
        open_here = (o.id for o in books.open_shifts() if (o.point, o.terminal) == here)
        named = next(open_here, None)
        if named is None:
            raise NoShiftOpen(*here)
    file = books.shift(known_id(named))
    if file is None:
        raise ShiftUnknown(named)
    return file


def closed_file(books: DrawerReading, actor: Actor, shift: str) -> ShiftFile:
    """A closed shift that the actor may see. Raises ShiftUnknown, ShiftNotYours, ShiftStillOpen."""
    file = file_of(books, actor, shift)
    check_own(actor, file.shift)
    if file.close is None:
        raise ShiftStillOpen(shift)
    return file


def check_own(actor: Actor, shift: Shift) -> None:
    """An operator has to do with own shifts alone. Raises ShiftNotYours."""
    if actor.role is Role.OPERATOR and not same_person(actor.name, shift.operator):
        raise ShiftNotYours(shift.id, shift.operator)
