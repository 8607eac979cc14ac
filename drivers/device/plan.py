"""A command of a register map, as what must be done one after the other and what its end means.

Pure: `carry_out` yields needs and is told what came of them. It holds three rules.

An effective write is asked for once, whatever becomes of it. After its answer was lost no further
write is asked for: what happened is read from the meter (`Increment`, `Verify`, the written
register itself), and what nothing proves is UNKNOWN. DECLINED is said only where the meter answers
and shows that nothing changed.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from meters.device import Identity, Outcome
from meters.readings import Quality, Reading, Value

from ..maps.expressions import expression
from ..maps.model import Command, Kind, MeterMap, Step, Verify
from .needs import (
    Agreed,
    Answer,
    AskPerson,
    Found,
    Got,
    Lost,
    Need,
    Nobody,
    Noise,
    Pause,
    Probe,
    ReadNow,
    SaidNo,
    Settled,
    Unsent,
    Write,
    Written,
)

Plan = Generator[Need, Answer, Settled]

PROBES: Final = 3
"""An id is free if nobody answers there this often."""
MOVING: Final = frozenset({"opening", "closing", "moving"})
"""Values of a supply that is on its way: a valve takes 10 to 60 seconds."""
STANDS: Final = frozenset({"on", "off", "open", "closed"})
"""Bits of one of which a supply that is not on its way has set one."""
CLOCK_STEP: Final = timedelta(seconds=2)
"""A clock that was set may show this much less: it cuts seconds off, or counts in twos."""
CLOCK_GOES_ON: Final = timedelta(seconds=30)
"""And that much more, by the time it is read back."""
READ_BACKS: Final = 3
"""How often a written register is asked for again where the command has no `verify`."""


@dataclass(slots=True)
class _Course:
    """How far a command has come."""

    values: dict[str, Value]
    """What `$name` means."""
    writes: int = 0
    """Effective writes that left."""
    written: list[tuple[str, Value]] = field(default_factory=list)
    """What they should have put where."""
    lost: str = ""
    """Why the last effective write is in doubt."""


def carry_out(
    map: MeterMap, command: Command, params: Mapping[str, Value], before: Identity
) -> Plan:
    """The plan. `before` is who answered just now: `$old` is its address, and whoever answers after
    an id was changed must have its serial."""
    course = _Course({"old": before.address, **params})
    counted: Decimal | None = None
    if command.idempotency is not None:
        counter = command.idempotency
        answer = yield ReadNow(counter.register)
        if not isinstance(answer, Got) or not isinstance(answer.reading.value, Decimal):
            return Settled(Outcome.DECLINED, "counter_unread")
        counted = answer.reading.value
        course.values |= {"counter": counted, "next": counted + counter.by}
    stopped = yield from _steps(command, course, before)
    if stopped is not None:
        return stopped
    if counted is not None:
        return (yield from _by_counter(command, counted, course))
    if command.verify is not None:
        return (yield from _by_verify(command.verify, course))
    return (yield from _by_reading_back(map, course))


def resolve(text: str, values: Mapping[str, Value]) -> Value:
    """What a value of a step means: `$name` is a parameter, the reading taken before of a register
    of that name, `$old`, `$counter` or `$next`; a sum of such (`$new * 256 + $line.baud`) is
    computed; all else is itself. Raises ExpressionWrong."""
    if "$" not in text:
        return text
    name = text.removeprefix("$")
    if name in values:
        return values[name]
    return expression(text.replace("$", "")).number(values)


def raw_bytes(parts: str, values: Mapping[str, Value]) -> bytes:
    """`0001 $new:u16`: bytes in hex and parameters, numbers highest byte first (one byte if no
    width is told), texts as ASCII."""
    made = b""
    for part in parts.split():
        if not part.startswith("$"):
            made += bytes.fromhex(part)
            continue
        name, _, kind = part[1:].partition(":")
        value = values[name]
        if isinstance(value, Decimal):
            made += int(value).to_bytes(_WIDTHS[kind], "big")
        else:
            made += plain(value).encode("ascii")
    return made


_WIDTHS: Final = {"": 1, "u8": 1, "u16": 2, "u32": 4}


def _steps(
    command: Command, course: _Course, before: Identity
) -> Generator[Need, Answer, Settled | None]:
    for step in command.steps:
        if step.what == "identify_at":
            return (yield from _by_identity(step, course, before))
        if course.lost:
            # A write may have happened: nothing more is sent but what reads.
            continue
        stopped = yield from _DO[step.what](step, course)
        if stopped is not None:
            return stopped
    return None


_Doing = Generator[Need, Answer, Settled | None]


def _write(step: Step, course: _Course) -> _Doing:
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


def _unlock(step: Step, course: _Course) -> _Doing:
    register, value = _target(step, course)
    answer = yield Write(register, value, effective=False)
    match answer:
        case Written():
            return None
        case Lost() | SaidNo():
            return _refused(f"unlock_{answer.reason}", course)
    return _not_sent(answer) if not course.writes else Settled(Outcome.UNKNOWN, "partly:unlock")


def _read(step: Step, course: _Course) -> _Doing:
    register = str(step.args["register"])
    answer = yield ReadNow(register)
    if not isinstance(answer, Got) or answer.reading.value is None:
        return _refused(f"unread:{register}", course)
    course.values[register] = answer.reading.value
    return None


def _expect(step: Step, course: _Course) -> _Doing:
    register = str(step.args["register"])
    wanted = resolve(str(step.args["equals"]), course.values)
    answer = yield ReadNow(register)
    if not isinstance(answer, Got):
        return _refused(f"unread:{register}", course)
    if not equal(answer.reading.value, wanted):
        return _refused(f"{register}:{plain(answer.reading.value)}", course)
    return None


def _delay(step: Step, _: _Course) -> _Doing:
    yield Pause(float(str(step.args["seconds"])))
    return None


def _ask(step: Step, course: _Course) -> _Doing:
    answer = yield AskPerson(str(step.args["words"]))
    return None if isinstance(answer, Agreed) else _refused("not_agreed", course)


def _assert_silent(step: Step, course: _Course) -> _Doing:
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


def _by_identity(step: Step, course: _Course, before: Identity) -> Generator[Need, Answer, Settled]:
    """The meter is looked for at every id where it may answer now: models differ in which answers
    after the change, and some change only when restarted."""
    units = [plain(resolve(text, course.values)) for text in _texts(step.args["units"])]
    answers: list[tuple[str, Answer]] = []
    for unit in units:
        answers.append((unit, (yield Probe(unit, PROBES))))
    found = [(unit, a.identity) for unit, a in answers if isinstance(a, Found)]
    ours = [unit for unit, identity in found if identity.serial == before.serial]
    if any(isinstance(a, Noise) for _, a in answers) or len(ours) > 1:
        return Settled(Outcome.UNKNOWN, "conflict")
    if not ours:
        return Settled(Outcome.UNKNOWN, "another_meter" if found else "no_answer")
    if ours[0] == units[0]:
        return Settled(Outcome.DONE, f"answers_at:{ours[0]}")
    if not course.lost:
        # It took the value and keeps the old id: until its power has been off and on.
        return Settled(Outcome.UNKNOWN, f"still_at:{ours[0]}")
    return Settled(Outcome.DECLINED, f"still_at:{ours[0]}")


def _by_counter(
    command: Command, counted: Decimal, course: _Course
) -> Generator[Need, Answer, Settled]:
    guard = command.idempotency
    assert guard is not None
    for _ in range(READ_BACKS):
        answer = yield ReadNow(guard.register)
        if isinstance(answer, Got) and isinstance(answer.reading.value, Decimal):
            grown = answer.reading.value - counted
            if grown == guard.by:
                return Settled(Outcome.DONE, "increment")
            if grown == 0:
                return Settled(Outcome.DECLINED, "no_increment")
            # Somebody else topped the meter up at the same moment: which of the two is ours?
            return Settled(Outcome.UNKNOWN, "counter_jumped")
        yield Pause(1)
    return Settled(Outcome.UNKNOWN, course.lost or "not_read_back")


def _by_verify(verify: Verify, course: _Course) -> Generator[Need, Answer, Settled]:
    wanted = resolve(verify.equals, course.values)
    passed, seen = 0.0, None
    while True:
        answer = yield ReadNow(verify.register)
        if isinstance(answer, Got) and answer.reading.quality is not Quality.BAD:
            seen = answer.reading
            if equal(seen.value, wanted):
                return Settled(Outcome.DONE, "read_back")
        if passed >= verify.within_s:
            break
        wait = min(max(verify.poll_s, 0.1), verify.within_s - passed)
        yield Pause(wait)
        passed += wait
    return _not_followed(seen, course)


def _by_reading_back(map: MeterMap, course: _Course) -> Generator[Need, Answer, Settled]:
    """Without a `verify` the written registers themselves prove it, where they can be read."""
    provable = [
        (name, value) for name, value in course.written if map.registers[name].access.readable
    ]
    if not provable:
        if course.lost:
            return Settled(Outcome.UNKNOWN, course.lost)
        return Settled(Outcome.DONE, "acknowledged")
    for name, value in provable:
        seen: Reading | None = None
        for _ in range(READ_BACKS):
            answer = yield ReadNow(name)
            if isinstance(answer, Got) and answer.reading.quality is not Quality.BAD:
                seen = answer.reading
                break
            yield Pause(1)
        is_clock = map.registers[name].kind is Kind.CLOCK
        if seen is not None and is_clock and _has_gone_on(seen.value, value):
            continue
        if seen is None or not equal(seen.value, value):
            if seen is not None and name in map.limits.restart_after and not course.lost:
                continue
            return _not_followed(seen, course)
    if any(name in map.limits.restart_after for name, _ in course.written):
        return Settled(Outcome.DONE, "needs_restart")
    return Settled(Outcome.DONE, "read_back")


def _has_gone_on(found: Value | None, wanted: Value) -> bool:
    """Whether a time of day without a date (hhmmss) is what was set a moment ago."""
    now, then = plain(found).zfill(6), plain(wanted).zfill(6)
    if not (now.isdecimal() and then.isdecimal() and len(now) == len(then) == 6):
        return False
    return 0 <= _seconds(now) - _seconds(then) <= CLOCK_GOES_ON.total_seconds()


def _seconds(clock: str) -> int:
    return int(clock[:2]) * 3600 + int(clock[2:4]) * 60 + int(clock[4:])


def _not_followed(seen: Reading | None, course: _Course) -> Settled:
    if seen is None:
        return Settled(Outcome.UNKNOWN, course.lost or "not_read_back")
    shown = plain(seen.value)
    if isinstance(seen.value, frozenset) and not seen.value & STANDS:
        shown = "moving"
    if shown in MOVING:
        return Settled(Outcome.UNKNOWN, f"stuck:{shown}")
    if course.writes > 1:
        return Settled(Outcome.UNKNOWN, f"partly:{shown}")
    return Settled(Outcome.DECLINED, f"still:{shown}")


def _refused(reason: str, course: _Course) -> Settled:
    """A stop before the end: harmless if no effective write has left."""
    if course.writes:
        return Settled(Outcome.UNKNOWN, f"partly:{reason}")
    return Settled(Outcome.DECLINED, reason)


def _not_sent(answer: Answer) -> Settled:
    reason = answer.reason if isinstance(answer, Unsent) else "not_sent"
    return Settled(Outcome.DECLINED, reason, unsent=reason != "expired")


def _target(step: Step, course: _Course) -> tuple[str, Value]:
    return str(step.args["register"]), resolve(str(step.args["value"]), course.values)


def _texts(given: object) -> Sequence[str]:
    assert isinstance(given, tuple)
    return given


def equal(found: Value | None, wanted: Value) -> bool:
    """Whether a reading is what was wanted; a wanted text that is a number means the number, and a
    clock that was set has gone on since."""
    if found is None:
        return False
    if isinstance(found, datetime) and isinstance(wanted, datetime):
        return timedelta(0) <= found - wanted + CLOCK_STEP <= CLOCK_GOES_ON
    if isinstance(found, Decimal):
        try:
            return found == Decimal(plain(wanted))
        except ArithmeticError:
            return False
    if isinstance(found, frozenset):
        texts: Sequence[str] = plain(wanted).split(",") if plain(wanted) else []
        return found == frozenset(texts) or plain(wanted) in found
    return plain(found) == plain(wanted)


def plain(value: Value | None) -> str:
    """A value as people and maps write it."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    return str(value)
