"""Runs the plan of a command on a link: needs become requests, the line's errors answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from meters.device import Identity
from meters.gateway import MeterMismatch, MeterUnreachable
from meters.readings import Quality, Reading, Value

from ..conversation import Witness
from ..lines import Declined, LineBusy, LineDown, NoReply, Resting
from ..link import Link, Priority
from ..maps.codec import encode, value_of
from ..maps.decoding import ordered
from ..maps.errors import RegisterContent
from ..maps.model import MeterMap, Register
from ..maps.types import Family, parse_type
from .needs import (
    Agreed,
    Answer,
    AskPerson,
    Found,
    Got,
    Lost,
    Missing,
    Need,
    Nobody,
    Noise,
    Passed,
    Pause,
    Probe,
    ReadNow,
    Refused,
    SaidNo,
    Settled,
    Unsent,
    Write,
    Written,
)
from .plan import Plan
from .recognising import recognise
from .values import plain

SILENT = frozenset({"no_reply", "timeout"})
"""Problems that mean that nobody answered at all."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan needs of the world."""

    map: MeterMap
    link: Link
    unit: str
    priority: Priority
    witness: Witness
    read: Callable[[str], Reading]
    """One value, from the meter now."""
    now: Callable[[], datetime]
    pause: Callable[[float], None]
    ask: Callable[[str], bool] | None
    """Asks the person at the meter; None if nobody is there."""
    elsewhere: Callable[[str], Link] | None
    """Another unit of the same line; None if there is no such thing."""
    deadline: datetime | None
    """No effective write leaves after this."""
    extra: Mapping[str, bytes]
    """What the protocol wants beside every value: password, operator code, expiry."""


def run(plan: Plan, around: Surroundings) -> Settled:
    """Runs it to its end. What is raised beside the line's own errors is a fault of ours, and ends
    the plan where it stands."""
    try:
        need = next(plan)
        while True:
            need = plan.send(_answer(need, around))
    except StopIteration as end:
        settled: Settled = end.value
        return settled
    finally:
        plan.close()


def wire_bytes(register: Register, value: Value, raw: bytes = b"") -> bytes:
    """What a write of this value puts on the wire; texts are read as the register's type has them.
    Raises RegisterContent."""
    if raw:
        return raw
    return encode(register, value_of(register, value) if isinstance(value, str) else value)


def _answer(need: Need, around: Surroundings) -> Answer:
    match need:
        case ReadNow():
            reading = around.read(need.register)
            if reading.quality is Quality.BAD:
                return Missing(reading.reason)
            return Got(reading)
        case Write():
            return _write(need, around)
        case Pause():
            around.pause(need.seconds)
            return Passed()
        case AskPerson():
            if around.ask is None:
                return Refused("nobody_to_ask")
            return Agreed() if around.ask(need.code) else Refused("not_agreed")
        case Probe():
            return _probe(need, around)


def _write(need: Write, around: Surroundings) -> Answer:
    register = around.map.registers[need.register]
    try:
        kept = _as_ordered(register, around)
        try:
            raw = need.raw or wire_bytes(kept, need.value)
        except RegisterContent as error:
            # The line is in order: it is the value that this meter cannot hold.
            return SaidNo(f"{register.name}: {error.problem}", nothing_happened=True)
        if parse_type(register.type).family is Family.HALF:
            raw = _with_other_half(register, raw, around)
        # Whatever had to be asked first has taken its time.
        if need.effective and around.deadline is not None and around.now() > around.deadline:
            return Unsent("expired")
        around.link.put(register, raw, around.priority, around.witness, around.extra)
    except RegisterContent as error:
        return Unsent(f"{register.name}: {error.problem}")
    except (LineDown, Resting, LineBusy) as error:
        return Unsent(error.code)
    except NoReply as error:
        return Lost(error.reason)
    except Declined as error:
        return SaidNo(error.reason, error.nothing_happened)
    return Written()


def _as_ordered(register: Register, around: Surroundings) -> Register:
    """The register in the order of bytes that its meter goes by now: a float in another one is
    another number."""
    if not register.order_from:
        return register
    told = around.read(register.order_from)
    found = ordered(register, told.value)
    if found is None:
        raise RegisterContent(register.name, "the order of its bytes is not known")
    return found


def _with_other_half(register: Register, raw: bytes, around: Surroundings) -> bytes:
    """A value that shares its register with another one is written together with what that one is
    now."""
    fetched = around.link.fetch([register], around.priority, around.witness)[register.name]
    if fetched.problem or len(fetched.raw) != len(raw):
        raise RegisterContent(register.name, "its other half could not be read")
    if parse_type(register.type).high:
        return raw[:1] + fetched.raw[1:]
    return fetched.raw[:1] + raw[1:]


def _probe(need: Probe, around: Surroundings) -> Answer:
    if need.unit == around.unit:
        link = around.link
    elif around.elsewhere is None:
        return Noise("no_way_there")
    else:
        link = around.elsewhere(need.unit)
    reason = ""
    for _ in range(need.times):
        try:
            return Found(_identity(link, need, around))
        except MeterUnreachable as error:
            if error.reason not in SILENT:
                # Something answers, or the line itself is in doubt: that is not silence.
                reason = error.reason
        except MeterMismatch as error:
            reason = f"mismatch:{plain(error.found)}"
    return Noise(reason) if reason else Nobody()


def _identity(link: Link, need: Probe, around: Surroundings) -> Identity:
    return recognise(around.map, link, need.unit, around.priority, around.witness)
