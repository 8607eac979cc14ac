"""A command of a register map, as what must be done one after the other and what its end means.

Pure: `carry_out` yields needs and is told what came of them. It holds three rules.

An effective write is asked for once, whatever becomes of it. After its answer was lost no further
write is asked for: what happened is read from the meter (`Increment`, `Verify`, the written
register itself), and what nothing proves is UNKNOWN. DECLINED is said only where the meter answers
and shows that nothing changed.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from decimal import Decimal
from typing import Final

from meters.device import Identity, Outcome
from meters.readings import Value

from ..maps.model import Command, MeterMap, Step
from .needs import (
    Agreed,
    Answer,
    AskPerson,
    Got,
    Lost,
    Need,
    Nobody,
    Pause,
    Probe,
    ReadNow,
    SaidNo,
    Settled,
    Unsent,
    Write,
    Written,
)
from .proving import (
    PROBES,
    Course,
    by_counter,
    by_identity,
    by_reading_back,
    by_verify,
    standing,
)
from .values import equal, plain, raw_bytes, resolve

Plan = Generator[Need, Answer, Settled]


def carry_out(
    map: MeterMap, command: Command, params: Mapping[str, Value], before: Identity
) -> Plan:
    """The plan. `before` is who answered just now: `$old` is its address, and whoever answers after
    an id was changed must have its serial."""
    course = Course({"old": before.address, **params})
    counted: Decimal | None = None
    if command.idempotency is not None:
        counter = command.idempotency
        counted = yield from standing(map, counter.register)
        if counted is None:
            return Settled(Outcome.DECLINED, "counter_unread")
        course.values |= {"counter": counted, "next": counted + counter.by}
    stopped = yield from _steps(command, course, before)
    if stopped is not None:
        return stopped
    if counted is not None:
        return (yield from by_counter(map, command, counted, course))
    if command.verify is not None:
        return (yield from by_verify(command.verify, course))
    return (yield from by_reading_back(map, course))


def _steps(
    command: Command, course: Course, before: Identity
) -> Generator[Need, Answer, Settled | None]:
    for step in command.steps:
        if step.what == "identify_at":
            return (yield from by_identity(step, course, before))
        if course.lost:
            # A write may have happened: nothing more is sent but what reads.
            continue
        stopped = yield from _DO[step.what](step, course)
        if stopped is not None:
            return stopped
    return None


_Doing = Generator[Need, Answer, Settled | None]


def _write(step: Step, course: Course) -> _Doing:
    register = str(step.args["register"])
    parts = str(step.args.get("raw", ""))
    raw = raw_bytes(parts, course.values)
    value = "" if parts else resolve(str(step.args["value"]), course.values)
    answer = yield Write(register, value, raw)
    match answer:
        case Written():
            course.writes += 1
        case SaidNo() if answer.nothing_happened:
            return _refused(answer.reason, course)
        case Lost() | SaidNo():
            course.writes += 1
            course.lost = answer.reason
        case Unsent() if course.writes:
            return Settled(Outcome.UNKNOWN, f"partly:{answer.reason}")
        case _:
            return _not_sent(answer)
    if not parts:
        course.written.append((register, value))
    return None


def _unlock(step: Step, course: Course) -> _Doing:
    register, value = _target(step, course)
    answer = yield Write(register, value, effective=False)
    match answer:
        case Written():
            return None
        case Lost() | SaidNo():
            return _refused(f"unlock_{answer.reason}", course)
    return _not_sent(answer) if not course.writes else Settled(Outcome.UNKNOWN, "partly:unlock")


def _read(step: Step, course: Course) -> _Doing:
    register = str(step.args["register"])
    answer = yield ReadNow(register)
    if not isinstance(answer, Got) or answer.reading.value is None:
        return _refused(f"unread:{register}", course)
    course.values[register] = answer.reading.value
    return None


def _expect(step: Step, course: Course) -> _Doing:
    register = str(step.args["register"])
    wanted = resolve(str(step.args["equals"]), course.values)
    answer = yield ReadNow(register)
    if not isinstance(answer, Got):
        return _refused(f"unread:{register}", course)
    if not equal(answer.reading.value, wanted):
        return _refused(f"{register}:{plain(answer.reading.value)}", course)
    return None


def _delay(step: Step, _: Course) -> _Doing:
    yield Pause(float(str(step.args["seconds"])))
    return None


def _ask(step: Step, course: Course) -> _Doing:
    answer = yield AskPerson(str(step.args["words"]))
    return None if isinstance(answer, Agreed) else _refused("not_agreed", course)


def _assert_silent(step: Step, course: Course) -> _Doing:
    unit = plain(resolve(str(step.args["unit"]), course.values))
    answer = yield Probe(unit, PROBES)
    return None if isinstance(answer, Nobody) else _refused("unit_taken", course)


_DO: Final = {
    "write": _write,
    "unlock": _unlock,
    "read": _read,
    "expect": _expect,
    "delay": _delay,
    "ask": _ask,
    "assert_silent": _assert_silent,
}


def _refused(reason: str, course: Course) -> Settled:
    """A stop before the end: harmless if no effective write has left."""
    if course.writes:
        return Settled(Outcome.UNKNOWN, f"partly:{reason}")
    return Settled(Outcome.DECLINED, reason)


def _not_sent(answer: Answer) -> Settled:
    reason = answer.reason if isinstance(answer, Unsent) else "not_sent"
    return Settled(Outcome.DECLINED, reason, unsent=reason != "expired")


def _target(step: Step, course: Course) -> tuple[str, Value]:
    return str(step.args["register"]), resolve(str(step.args["value"]), course.values)
