"""Commands: who may, with what, once, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from meters.device import (
    CommandNotAllowed,
    CommandParameter,
    CommandRecord,
    CommandUnknown,
    Identity,
    NotVerified,
    Outcome,
    Warrant,
)
from meters.errors import RaseedError
from meters.gateway import MeterUnreachable
from meters.readings import Quality, Reading, Value

from ..link import Link, Priority
from ..maps.errors import RegisterContent
from ..maps.model import Command, MeterMap, Trust
from ..turns import MISSING
from .clockwork import Move, move
from .needs import Settled
from .params import BLANK, is_secret, read_params, shown_params
from .plan import carry_out
from .records import Frames
from .roles import may
from .running import Surroundings, run, wire_bytes
from .settings import DeviceSettings
from .supply import DRAWN, Rest, supply_of
from .values import plain, raw_bytes, resolve

PRIORITIES: Final[Mapping[str, Priority]] = {
    "supply": Priority.SUPPLY,
    "credit": Priority.TOKEN,
}
"""By danger; the rest is commissioning."""
SETS_CLOCK: Final = "set_clock"
CLOCK_PARAMS: Final[Mapping[tuple[str, str], str]] = {
    ("time", "datetime"): "%Y-%m-%d %H:%M:%S",
    ("date", "digits(6)"): "%y%m%d",
    ("time", "digits(6)"): "%H%M%S",
}
"""What a map asks for to set a clock, and how the right time is put into it."""


class Host(Protocol):
    """The device whose commands these are."""

    map: MeterMap
    settings: DeviceSettings

    def assure(self) -> Identity: ...

    def permit(self, command: str) -> None: ...

    def read_now(self, name: str, priority: Priority, witness: Frames | None = None) -> Reading: ...


@dataclass(frozen=True, slots=True)
class _Order:
    """A command that may be given."""

    command: Command
    given: Mapping[str, str]
    params: dict[str, Value]
    warrant: Warrant
    at: datetime


class Commander:
    """Carries out the commands of one device."""

    def __init__(
        self,
        host: Host,
        link: Link,
        now: Callable[[], datetime],
        pause: Callable[[float], None],
        sink: Callable[[CommandRecord], None] | None,
        ask: Callable[[str], bool] | None,
        elsewhere: Callable[[str], Link] | None,
    ) -> None:
        self._host = host
        self._link = link
        self._now = now
        self._pause = pause
        self._sink = sink
        self._ask = ask
        self._elsewhere = elsewhere
        self._rest = Rest()

    def command(self, name: str, params: Mapping[str, str], warrant: Warrant) -> CommandRecord:
        order = self._order(name, params, warrant)
        command = order.command
        if command.danger == "supply":
            self._rest.check(order.at)
        before = self._host.assure()
        self._host.permit(name)
        frames = Frames()
        settled = self._clock_rule(order)
        if settled is None:
            around = self._surroundings(order, frames)
            plan = carry_out(self._host.map, command, order.params, before)
            settled = run(plan, around)
            settled = self._still_drawn(order, settled, frames)
        if command.danger == "supply":
            self._rest.told(settled.outcome, self._now())
        if settled.unsent:
            raise MeterUnreachable(self._link.address, settled.detail)
        record = CommandRecord(
            command=name,
            params=shown_params(command, params),
            warrant=warrant,
            outcome=settled.outcome,
            detail=settled.detail,
            frames=tuple(frames.frames),
            at=order.at,
        )
        if self._sink is not None:
            self._sink(record)
        return record

    def rehearse(self, name: str, params: Mapping[str, str], warrant: Warrant) -> list[str]:
        order = self._order(name, params, warrant)
        self._host.permit(name)
        hidden = {n for n, kind in order.command.params.items() if is_secret(n, kind)}
        values: dict[str, Value] = {"old": self._host.settings.unit, **order.params}
        told = []
        for step in order.command.steps:
            shown = {key: plain(_told(value)) for key, value in step.args.items()}
            line = " ".join([step.what, *(f"{key}={value}" for key, value in shown.items())])
            if step.what in ("write", "unlock"):
                line += f" -> {self._bytes(step.args, values, hidden)}"
            told.append(line)
        return told

    def _bytes(
        self, args: Mapping[str, object], values: Mapping[str, Value], hidden: set[str]
    ) -> str:
        text, parts = str(args.get("value", "")), str(args.get("raw", ""))
        if any(f"${name}" in text + parts for name in hidden):
            return BLANK
        register = self._host.map.registers[str(args["register"])]
        try:
            raw = raw_bytes(parts, values)
            return wire_bytes(register, resolve(text, values), raw).hex(" ")
        except RaseedError:
            # It hangs on what the meter is asked first.
            return "?"

    def _order(self, name: str, params: Mapping[str, str], warrant: Warrant) -> _Order:
        map, settings = self._host.map, self._host.settings
        command = map.commands.get(name)
        if command is None:
            raise CommandUnknown(map.id, name[:60])
        if not may(warrant.role, command):
            raise CommandNotAllowed(name, warrant.role)
        if not warrant.reason.strip():
            raise CommandParameter(name, "reason", "missing")
        at = self._now()
        read = read_params(command, self._with_time(command, params, at))
        self._must_fit(command, read)
        touched = [name, *(str(step.args.get("register", "")) for step in command.steps)]
        for one in touched:
            trust = command.trust if one == name else _trust(map, one)
            if trust is Trust.UNVERIFIED and one not in settings.confirmed:
                raise NotVerified(map.id, one)
        return _Order(command, params, read, warrant, at)

    def _must_fit(self, command: Command, read: Mapping[str, Value]) -> None:
        """A value that the meter cannot hold is found before anything is sent, and not when half of
        a command has been done."""
        for step in command.steps:
            name = str(step.args.get("value", "")).removeprefix("$")
            if step.what not in ("write", "unlock") or name not in read:
                continue
            try:
                wire_bytes(self._host.map.registers[str(step.args["register"])], read[name])
            except RegisterContent as error:
                raise CommandParameter(command.name, name, error.problem) from None

    def _with_time(
        self, command: Command, params: Mapping[str, str], at: datetime
    ) -> Mapping[str, str]:
        """Whoever sets a clock and does not say to what means the right time."""
        if command.name != SETS_CLOCK:
            return params
        right = at.astimezone(self._host.settings.zone).replace(tzinfo=None, microsecond=0)
        told = {
            (name, kind): right.strftime(form)
            for (name, kind), form in CLOCK_PARAMS.items()
            if command.params.get(name) == kind
        }
        return {**{name: text for (name, _), text in told.items()}, **params}

    def _clock_rule(self, order: _Order) -> Settled | None:
        """A clock is set only if it is wrong enough, and a small step never crosses a boundary of
        the load profile. None if it may be set."""
        moments = [value for value in order.params.values() if isinstance(value, datetime)]
        readable = "clock" in self._host.map.registers
        if order.command.name != SETS_CLOCK or len(moments) != 1 or not readable:
            return None
        shown = self._host.read_now("clock", Priority.COMMISSIONING)
        if shown.quality is Quality.BAD or not isinstance(shown.value, datetime):
            return None
        decided = move(shown.value, moments[0], self._host.settings.clock)
        if decided is Move.LEAVE:
            return Settled(Outcome.DONE, decided.value)
        if decided is Move.WAIT:
            return Settled(Outcome.DECLINED, decided.value)
        return None

    def _surroundings(self, order: _Order, frames: Frames) -> Surroundings:
        priority = PRIORITIES.get(order.command.danger, Priority.COMMISSIONING)
        expires = order.command.expires_s
        deadline = order.at + timedelta(seconds=expires) if expires is not None else None

        def read(name: str) -> Reading:
            return self._host.read_now(name, priority, frames)

        return Surroundings(
            map=self._host.map,
            link=self._link,
            unit=self._host.settings.unit,
            priority=priority,
            witness=frames,
            read=read,
            now=self._now,
            pause=self._pause,
            ask=self._ask,
            elsewhere=self._elsewhere,
            deadline=deadline,
            extra=self._extra(deadline),
        )

    def _extra(self, deadline: datetime | None) -> dict[str, bytes]:
        """The moment, in the meter's own time, after which it must take the order for void."""
        if deadline is None:
            return {}
        local = deadline.astimezone(self._host.settings.zone).replace(tzinfo=None)
        return {"expires": local.isoformat(sep=" ", timespec="seconds").encode("ascii")}

    def _still_drawn(self, order: _Order, settled: Settled, frames: Frames) -> Settled:
        """A relay that says it is off while a load is drawn is welded or bridged: somebody must go
        there. What the meter says of its own relay does not settle it."""
        map = self._host.map
        if order.command.danger != "supply" or settled.outcome is not Outcome.DONE:
            return settled
        if not self._says_off(frames):
            return settled
        for name, noise in DRAWN.items():
            if name not in map.registers or not map.registers[name].access.readable:
                continue
            reading = self._host.read_now(name, Priority.SUPPLY, frames)
            if reading.reason == MISSING:
                continue
            if isinstance(reading.value, Decimal) and abs(reading.value) > noise:
                return replace(settled, outcome=Outcome.UNKNOWN, detail="still_drawn")
            break
        return settled

    def _says_off(self, frames: Frames) -> bool:
        for name in ("supply.output", "supply.state"):
            register = self._host.map.registers.get(name)
            if register is not None and register.access.readable:
                reading = self._host.read_now(name, Priority.SUPPLY, frames)
                if reading.value is not None:
                    return not supply_of({name: reading}, self._host.map.commodity[0]).output
        return False


def _trust(map: MeterMap, name: str) -> Trust:
    register = map.registers.get(name)
    return register.trust if register is not None else Trust.VENDOR


def _told(value: object) -> Value:
    if isinstance(value, Decimal | str | datetime | frozenset):
        return value
    return ", ".join(str(one) for one in value) if isinstance(value, tuple) else str(value)
