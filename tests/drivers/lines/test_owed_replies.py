"""A meter that takes longer than its model ever does: what it still owes is no answer to the next
request, whoever asks and however soon."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.lines import NoReply
from drivers.maps.model import Table
from drivers.modbus.rtu_line import RtuLine
from tests import examples

from .slaves import PACE, Slave, memory, rtu

HOLDING = Table.HOLDING
WORDS = 4


class Slow:
    """A slave that thinks for a while about each request, as long as it is told; meanwhile the next
    one waits, or is not heard."""

    def __init__(self, takes: list[float], queues: bool) -> None:
        self.slave = Slave()
        self.takes = iter(takes)
        self._queues = queues
        self._busy_until = 0.0

    def __call__(self, now: float, frame: bytes) -> list[tuple[float, bytes]]:
        if now < self._busy_until and not self._queues:
            return []
        self._busy_until = max(now, self._busy_until) + next(self.takes, 0.02)
        return [(self._busy_until - now, self.slave.reply(frame))]


def read(line: RtuLine, addr: int) -> tuple[int, ...] | None:
    try:
        return line.read(1, HOLDING, addr, WORDS, PACE)
    except NoReply:
        return None


def sent(line: RtuLine) -> list[bytes]:
    return memory(line).sent


takes = st.one_of(st.just(0.02), st.floats(0.0, 3 * PACE.worst_s))


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(takes, max_size=30), st.booleans())
def test_values_are_those_of_the_block_or_there_are_none(times: list[float], queues: bool) -> None:
    slow = Slow(times, queues)
    line = rtu(slow)
    for addr in range(0, 25 * WORDS, WORDS):
        assert read(line, addr) in (None, tuple(1000 + addr + n for n in range(WORDS)))
    # When it has come to itself again, so has the line.
    slow.takes = iter(())
    while memory(line).receive(60.0):
        pass
    read(line, 0)
    assert read(line, WORDS) == tuple(1000 + WORDS + n for n in range(WORDS))


@pytest.mark.parametrize("queues", [True, False])
def test_the_reply_that_is_owed_is_not_taken_for_the_next(queues: bool) -> None:
    line = rtu(Slow([1.2], queues))
    assert read(line, 0) is None
    # It comes while the next is waited for.
    found = read(line, 40)
    assert found in (None, (1040, 1041, 1042, 1043))
    while found is None:
        found = read(line, 40)
    assert found == (1040, 1041, 1042, 1043)


def test_asking_twice_ends_with_the_doubt() -> None:
    line = rtu(Slow([9.0], queues=False))
    assert read(line, 0) is None
    memory(line).receive(20.0)
    for number in range(3):
        assert read(line, 8) is not None
        assert len(sent(line)) == 2 + number
    line = rtu(Slow([1.2], queues=False))
    assert read(line, 0) is None
    memory(line).receive(1.0)
    assert [read(line, 8) is not None for _ in range(3)] == [True] * 3
    assert len(sent(line)) == 1 + 2 + 1 + 1


def test_others_on_the_line_are_believed_and_writes_go_out_once() -> None:
    quick, slow = Slave(unit=2), Slow([1.2], queues=False)

    def far(now: float, frame: bytes) -> list[tuple[float, bytes]]:
        return quick(now, frame) if frame[0] == 2 else slow(now, frame)

    line = rtu(far)
    assert read(line, 0) is None
    assert line.read(2, HOLDING, 8, WORDS, PACE) == (1008, 1009, 1010, 1011)
    memory(line).receive(1.0)
    line.write(1, 5, [7, 8], pace=PACE)
    assert [(frame[0], frame[1]) for frame in sent(line)] == [(1, 3), (2, 3), (1, 16)]
