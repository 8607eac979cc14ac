"""How a command's end is proved: by the serial that answers, by a counter that has grown, by what
was to follow, or by what was written.

What nothing proves is UNKNOWN. DECLINED is said only where the meter answers and shows that
nothing changed.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from meters.device import Identity, Outcome
from meters.readings import Quality, Reading, Value

from ..maps.model import Command, Kind, MeterMap, Protocol, Step, Verify
from .needs import Answer, Found, Got, Need, Noise, Pause, Probe, ReadNow, Settled
from .values import equal, has_gone_on, plain, resolve

Proof = Generator[Need, Answer, Settled]

PROBES: Final = 3
"""An id is free if nobody answers there this often."""
MOVING: Final = frozenset({"opening", "closing", "moving"})
"""Values of a supply that is on its way: a valve takes 10 to 60 seconds."""
STANDS: Final = frozenset({"on", "off", "open", "closed"})
"""Bits of one of which a supply that is not on its way has set one."""
READ_BACKS: Final = 3
"""How often a written register is asked for again where the command has no `verify`."""
COUNT_READS: Final = 4
"""How often a counter is asked for that has not said the same twice."""
_TELLS_LATE: Final = frozenset({Protocol.MODBUS})
"""Protocols whose link never takes a late answer for the next one. The others repeat in an answer
what was asked for, and a counter is asked for again and again."""
_SETTLE_S: Final = 5.0
"""Between two readings of a counter: late answers to the first are over by then."""
REPEATED: Final = "repeated"
"""In the reason of a meter that has had a top-up of this number before."""


@dataclass(slots=True)
class Course:
    """How far a command has come."""

    values: dict[str, Value]
    """What `$name` means."""
    writes: int = 0
    """Effective writes that left."""
    written: list[tuple[str, Value]] = field(default_factory=list)
    """What they should have put where."""
    lost: str = ""
    """Why the last effective write is in doubt."""


def by_identity(step: Step, course: Course, before: Identity) -> Proof:
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


def standing(map: MeterMap, register: str) -> Generator[Need, Answer, Decimal | None]:
    """A counter as it stands before an order that it must count; None if it cannot be had. Where a
    late answer looks like any other, it is believed if it says the same twice."""
    before: Decimal | None = None
    for number in range(COUNT_READS):
        if number:
            yield Pause(_settle_s(map))
        answer = yield ReadNow(register)
        count = answer.reading.value if isinstance(answer, Got) else None
        if not isinstance(count, Decimal):
            return None
        if count == before or map.protocol in _TELLS_LATE:
            return count
        before = count
    return None


def by_counter(map: MeterMap, command: Command, counted: Decimal, course: Course) -> Proof:
    """A counter that has grown proves it. One that has not proves nothing if the answer was lost:
    the order may be held by a gateway, and the count may be a late answer to the question before.
    So it is asked for more than once, and even then DECLINED is said only of what the meter had
    answered."""
    guard = command.idempotency
    assert guard is not None
    unchanged = 0
    for number in range(READ_BACKS):
        if number:
            yield Pause(_settle_s(map))
        answer = yield ReadNow(guard.register)
        if not isinstance(answer, Got) or not isinstance(answer.reading.value, Decimal):
            continue
        grown = answer.reading.value - counted
        if grown not in (0, guard.by):
            # Somebody else topped the meter up at the same moment: which of the two is ours?
            return Settled(Outcome.UNKNOWN, "counter_jumped")
        if grown and REPEATED in course.lost:
            # "Had that already": then the count that ours was made from was an old one.
            break
        if grown:
            return Settled(Outcome.DONE, "increment")
        unchanged += 1
    if unchanged == READ_BACKS and not course.lost:
        return Settled(Outcome.DECLINED, "no_increment")
    return Settled(Outcome.UNKNOWN, f"not_counted:{plain(counted)}")


def by_verify(verify: Verify, course: Course) -> Proof:
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


def by_reading_back(map: MeterMap, course: Course) -> Proof:
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
        if seen is not None and is_clock and has_gone_on(seen.value, value):
            continue
        if seen is None or not equal(seen.value, value):
            if seen is not None and name in map.limits.restart_after and not course.lost:
                continue
            return _not_followed(seen, course)
    if any(name in map.limits.restart_after for name, _ in course.written):
        return Settled(Outcome.DONE, "needs_restart")
    return Settled(Outcome.DONE, "read_back")


def _settle_s(map: MeterMap) -> float:
    return 1.0 if map.protocol in _TELLS_LATE else _SETTLE_S


def _not_followed(seen: Reading | None, course: Course) -> Settled:
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


def _texts(given: object) -> Sequence[str]:
    assert isinstance(given, tuple)
    return given
