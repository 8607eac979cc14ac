"""What people did to meters: every command that was sent, who gave it and why, and what became of
it. The record begins before the first byte goes out, so that also a command whose program died is
there, as one of which nobody knows the end.

Among them stands who commissioned a meter: which serial answered, and what no source settles and
somebody confirmed there. That holds for this very meter and this revision of its register map.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Protocol

from meters.device import CommandRecord, Frame, Warrant
from meters.errors import RaseedError, nothing_happened

from .parties import Actor
from .permissions import require
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


_NEXT: Final = timedelta(microseconds=1)
"""Between two records that one clock would put into the wrong order."""
COMMISSION: Final = "commission"
"""The command by which a commissioning stands among the records. No register map has it."""
CONFIRMED: Final = "confirmed"
"""Its parameter that tells the names, with commas between."""
FIRMWARE: Final = "firmware"
"""And the one that tells the firmware that answered; records of before it was kept have none."""


@dataclass(frozen=True, slots=True)
class Commissioned:
    """What is known of a meter since somebody stood before it; empty if nobody did."""

    serial: str = ""
    """That answered then, or what the meter calls its number if it tells no serial: another one
    there is another meter."""
    confirmed: frozenset[str] = frozenset()
    """Unverified registers and commands that were confirmed at this serial and firmware."""
    firmware: str = ""
    """That answered then; empty if the meter tells none, or nobody wrote it down."""


NOT_COMMISSIONED: Final = Commissioned()


class WorkReading(Protocol):
    """The records as they are."""

    def works(self, meter: str, limit: int, before: str | None) -> Sequence[MeterWork]:
        """As they stand now, latest first, those behind the record `before` (an id); `meter` empty:
        of all."""
        ...

    def named(self, commands: Collection[str], meter: str = "") -> Sequence[MeterWork]:
        """Those of these names, latest first; `meter` empty: of all."""
        ...

    def latest(self, meter: str) -> datetime | None:
        """The moment of the latest record of a meter; None if there is none."""
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


def put_last(books: WorkWriting, work: MeterWork) -> MeterWork:
    """Adds it, and answers it as it stands. What comes later stands later, also by a clock that was
    set back, or by that of another machine: what was done last to a meter is what counts."""
    latest = books.latest(work.meter) if work.meter else None
    if latest is not None and work.at <= latest:
        work = replace(work, at=latest + _NEXT)
    books.add_work(work)
    return work


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
        return self._kept(work)

    def end(self, work: MeterWork, record: CommandRecord) -> MeterWork:
        """With what became of it."""
        return self._ended(
            replace(
                work,
                # What stood beside them stays.
                params={**work.params, **record.params},
                state=WorkState(record.outcome.value),
                detail=record.detail,
                frames=tuple(record.frames),
            )
        )

    def failed(self, work: MeterWork, error: RaseedError) -> MeterWork:
        """It ended with an error; its kind says whether something may have happened."""
        state = WorkState.NOT_SENT if nothing_happened(error) else WorkState.UNKNOWN
        return self._ended(replace(work, state=state, detail=error.code))

    def commission(
        self,
        id: str,
        actor: Actor,
        reason: str,
        *,
        meter: str,
        place: str,
        model: str,
        serial: str,
        confirmed: Sequence[str],
        seen: Mapping[str, str],
        firmware: str = "",
    ) -> MeterWork:
        """Somebody stood before a meter on record: `serial` answered with this firmware,
        `confirmed` is settled there, `seen` is what it was settled by. Raises ActorNotAllowed."""
        require(actor, "commission_meter")
        work = MeterWork(
            id=id,
            at=self._clock(),
            meter=meter,
            place=place,
            model=model,
            serial=serial,
            command=COMMISSION,
            params={CONFIRMED: ",".join(sorted(confirmed)), FIRMWARE: firmware, **seen},
            actor=actor.name,
            role=actor.role.value,
            reason=reason,
            state=WorkState.DONE,
            detail="commissioned",
        )
        return self._kept(work)

    def commissioned(self, meter: str, model: str) -> Commissioned:
        """What is known of a meter on record that is read by `model`, a register map and its
        revision. What was confirmed at another serial or firmware, or by another revision, counts
        no more."""
        with self._store.reading() as books:
            works = books.named((COMMISSION,), meter)
        if not works or _map(works[0].model) != _map(model):
            return NOT_COMMISSIONED
        last = works[0]
        if last.model != model:
            # Who answers there is known all the same.
            return Commissioned(last.serial)
        firmware = last.params.get(FIRMWARE, "")
        names = (
            name
            for work in works
            if (work.model, work.serial) == (model, last.serial)
            and work.params.get(FIRMWARE, firmware) == firmware
            for name in work.params[CONFIRMED].split(",")
        )
        return Commissioned(last.serial, frozenset(names) - {""}, firmware)

    def listed(
        self, actor: Actor, meter: str = "", limit: int = 50, *, before: str | None = None
    ) -> Sequence[MeterWork]:
        """Latest first, those behind the record `before`; none behind one that there is not. Raises
        ActorNotAllowed."""
        require(actor, "read_commands")
        with self._store.reading() as books:
            return books.works(meter, limit, before)

    def _ended(self, work: MeterWork) -> MeterWork:
        return self._kept(replace(work, at=self._clock()))

    def _kept(self, work: MeterWork) -> MeterWork:
        with self._store.writing() as books:
            return put_last(books, work)


def _map(model: str) -> str:
    """The register map without its revision: a serial is the same by every one."""
    return model.rpartition("@")[0]
