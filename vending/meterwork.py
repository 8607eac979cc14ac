"""What people did to meters: every command that was sent, who gave it and why, and what became of
it. The record begins before the first byte goes out, so that also a command whose program died is
there, as one of which nobody knows the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Protocol

from meters.device import CommandRecord, Frame, Warrant
from meters.errors import Invalid, RaseedError, Refused, Unavailable

from .parties import Actor, require
from .ports import Clock


class WorkState(Enum):
    """How a command stands."""

    BEGUN = "begun"
    """Nothing was written down since: it may have happened."""
    DONE = "done"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    """It did not come to it: nothing has happened."""


@dataclass(frozen=True, slots=True)
class MeterWork:
    """One command to one meter."""

    id: str
    """Made by the caller, unique."""
    at: datetime
    meter: str
    """DRN of a meter on record; empty for one that is known by its place alone."""
    place: str
    """Where it answered, as `drivers.places` writes it."""
    model: str
    """Register map and its revision."""
    serial: str
    """That had to answer; empty if none was told."""
    command: str
    params: Mapping[str, str]
    """Secrets blanked."""
    actor: str
    role: str
    reason: str
    state: WorkState = WorkState.BEGUN
    detail: str = ""
    frames: tuple[Frame, ...] = field(default=(), repr=False)
    """What was sent and received, secrets blanked."""


class WorkReading(Protocol):
    """The records as they are."""

    def works(self, meter: str, limit: int) -> Sequence[MeterWork]:
        """As they stand now, latest first; `meter` empty: of all."""
        ...


class WorkWriting(WorkReading, Protocol):
    """And what is added to them."""

    def add_work(self, work: MeterWork) -> None:
        """A state of a command; the second one of an id is its last."""
        ...


class WorkStore(Protocol):
    """Where they are kept."""

    def reading(self) -> AbstractContextManager[WorkReading]: ...

    def writing(self) -> AbstractContextManager[WorkWriting]: ...


class MeterWorks:
    """Writes down and tells."""

    def __init__(self, store: WorkStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def begin(
        self,
        id: str,
        warrant: Warrant,
        command: str,
        params: Mapping[str, str],
        *,
        meter: str = "",
        place: str = "",
        model: str = "",
        serial: str = "",
    ) -> MeterWork:
        """Written down before anything is sent; `params` have their secrets blanked."""
        work = MeterWork(
            id=id,
            at=self._clock(),
            meter=meter,
            place=place,
            model=model,
            serial=serial,
            command=command,
            params=dict(params),
            actor=warrant.actor,
            role=warrant.role,
            reason=warrant.reason,
        )
        with self._store.writing() as books:
            books.add_work(work)
        return work

    def end(self, work: MeterWork, record: CommandRecord) -> MeterWork:
        """With what became of it."""
        return self._ended(
            replace(
                work,
                params=dict(record.params),
                state=WorkState(record.outcome.value),
                detail=record.detail,
                frames=tuple(record.frames),
            )
        )

    def failed(self, work: MeterWork, error: RaseedError) -> MeterWork:
        """It ended with an error; its kind says whether something may have happened."""
        nothing = isinstance(error, Invalid | Refused | Unavailable)
        state = WorkState.NOT_SENT if nothing else WorkState.UNKNOWN
        return self._ended(replace(work, state=state, detail=error.code))

    def listed(self, actor: Actor, meter: str = "", limit: int = 50) -> Sequence[MeterWork]:
        """Latest first. Raises ActorNotAllowed."""
        require(actor, "read_commands")
        with self._store.reading() as books:
            return books.works(meter, limit)

    def _ended(self, work: MeterWork) -> MeterWork:
        ended = replace(work, at=self._clock())
        with self._store.writing() as books:
            books.add_work(ended)
        return ended
