"""One owner per line: turns, pace, time-outs, rests, and what was seen."""

from __future__ import annotations

import threading
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.bus.bus import Bus
from drivers.bus.capture import Ring
from drivers.bus.health import FIRST_REST_S, MOST_REST_S, TOLERATED, Health
from drivers.bus.timing import Latency, Manners, Pace
from drivers.bus.turnstile import Turnstile
from drivers.conversation import Channel, Conversation, LineSettings, Receive, Send
from drivers.device.records import Frames
from drivers.lines import Declined, LineDown, NoReply, Resting
from drivers.link import Priority
from drivers.maps.model import Table
from drivers.modbus.shared import ModbusBus, SharedLine, bus_of
from drivers.transports.memory import FarEnd, MemoryLine, VirtualClock
from drivers.transports.retrying import MOST_S, Reconnect
from drivers.turns import Turns

from .slaves import Slave, bus, memory, rtu

MANNERS = Manners(gap_s=0.0, worst_s=0.5)


def owned(far: FarEnd) -> tuple[ModbusBus, VirtualClock, MemoryLine]:
    line = rtu(far)
    channel = memory(line)
    clock = channel._clock
    return bus_of(line, clock, clock.sleep), clock, channel


def shared(owner: ModbusBus, priority: Priority = Priority.BILLING) -> SharedLine:
    return SharedLine(owner, MANNERS, priority)


def read(owner: ModbusBus, unit: int, priority: Priority = Priority.BILLING) -> tuple[int, ...]:
    return shared(owner, priority).read(unit, Table.HOLDING, 0, 2)


def test_a_meter_that_does_not_answer_rests_longer_each_time_and_then_is_asked_again() -> None:
    living, dead = Slave(1), Slave(2)
    alive = False
    owner, clock, _ = owned(
        lambda now, frame: living(now, frame) + (dead(now, frame) if alive else [])
    )
    for _ in range(TOLERATED):
        with pytest.raises(NoReply):
            read(owner, 2)
    with pytest.raises(Resting) as told:
        read(owner, 2)
    assert told.value.seconds == FIRST_REST_S
    before = clock()
    assert read(owner, 1) == (1000, 1001)
    assert clock() - before < 0.1
    clock.sleep(FIRST_REST_S)
    with pytest.raises(NoReply):
        read(owner, 2)
    clock.sleep(FIRST_REST_S)
    with pytest.raises(Resting):
        read(owner, 2)
    # Somebody at the counter waits for this: it is asked all the same.
    alive = True
    assert read(owner, 2, Priority.TOKEN) == (1000, 1001)
    assert read(owner, 2) == (1000, 1001)
    state = {meter.unit: meter for meter in owner.state()}
    assert state["2"].failures == 0
    assert state["2"].counts == {"timeout": 3, "ok": 2}
    assert owner.counts["resting"] == 2


def test_a_gateway_that_says_the_meter_is_away_lets_it_rest_too() -> None:
    from drivers.crc import with_crc

    owner, _, _ = owned(lambda now, frame: [(0.02, with_crc(bytes([2, frame[1] | 0x80, 11])))])
    for _ in range(TOLERATED):
        with pytest.raises(Declined):
            read(owner, 2)
    with pytest.raises(Resting):
        read(owner, 2)


def test_a_line_that_is_down_is_no_fault_of_the_meter() -> None:
    owner, _, channel = owned(Slave())
    channel.cut = True
    for _ in range(5):
        with pytest.raises(LineDown):
            read(owner, 1)
    channel.cut = False
    assert read(owner, 1) == (1000, 1001)
    assert owner.counts == {"down": 5, "ok": 1}


def test_a_sweep_with_one_dead_meter_costs_little_more() -> None:
    """31 meters, two reads each, four sweeps on a 9 600-baud line, before and after one dies."""

    def sweeps(dead: int) -> float:
        living = [Slave(unit) for unit in range(1, 32) if unit != dead]
        owner, clock, _ = owned(bus(*living))
        for _ in range(4):
            for unit in range(1, 32):
                line = shared(owner)
                try:
                    line.read(unit, Table.INPUT, 0, 30)
                    line.read(unit, Table.INPUT, 30, 30)
                except (NoReply, Resting):
                    continue
        return clock()

    assert sweeps(dead=17) / sweeps(dead=0) < 1.2


def test_each_meter_gets_its_gap_and_its_time_out() -> None:
    starts: list[float] = []
    slave = Slave(turnaround_s=0.03)

    def far(now: float, frame: bytes) -> list[tuple[float, bytes]]:
        starts.append(now)
        return slave(now, frame)

    owner, clock, _ = owned(far)
    line = SharedLine(owner, Manners(gap_s=0.2, worst_s=1.0), Priority.BILLING)
    ends = []
    for _ in range(20):
        line.read(1, Table.HOLDING, 0, 2)
        ends.append(clock())
    assert all(start - end >= 0.2 for end, start in zip(ends[:-1], starts[1:], strict=True))
    assert owner.state()[0].reply_s < 0.1


@given(st.lists(st.one_of(st.none(), st.floats(0, 2)), max_size=60), st.floats(0.1, 2))
def test_a_time_out_lies_between_the_least_and_the_worst(
    answers: list[float | None], worst: float
) -> None:
    latency = Latency(worst)
    assert latency.reply_s == worst
    for answer in answers:
        if answer is None:
            latency.missed()
        else:
            latency.answered(answer)
        assert 0.05 <= latency.reply_s <= worst


@given(st.lists(st.booleans(), max_size=60))
def test_rests_grow_and_one_answer_ends_them(answers: list[bool]) -> None:
    health, now, row = Health(), 0.0, 0
    for answer in answers:
        now += health.rests_s(now)
        if answer:
            health.answered()
            row = 0
        else:
            health.failed(now)
            row += 1
        rest = health.rests_s(now)
        expected = FIRST_REST_S * 2.0 ** (row - TOLERATED) if row >= TOLERATED else 0
        assert rest == pytest.approx(min(MOST_REST_S, expected))


def test_the_urgent_go_first_and_equals_in_their_order() -> None:
    turnstile, done, threads = Turnstile(), list[int](), list[threading.Thread]()

    def take(priority: int, number: int) -> None:
        turnstile.take(priority)
        done.append(number)
        turnstile.give()

    turnstile.take(0)
    wishes = [(4, 0), (3, 1), (0, 2), (3, 3), (0, 4), (1, 5)]
    for waiting, (priority, number) in enumerate(wishes, 1):
        thread = threading.Thread(target=take, args=(priority, number))
        thread.start()
        threads.append(thread)
        while turnstile.waiting < waiting:
            pass
    turnstile.give()
    for thread in threads:
        thread.join(5)
    assert done == [2, 4, 5, 1, 3, 0]


def test_many_threads_never_share_the_line() -> None:
    inside, worst, lock = 0, 0, threading.Lock()
    owner: Bus[None] = Bus(None, "line", lambda: 0.0, lambda s: None)

    def job(line: None, pace: Pace, seen: object) -> None:
        nonlocal inside, worst
        with lock:
            inside += 1
            worst = max(worst, inside)
        with lock:
            inside -= 1

    def work(seed: int) -> None:
        chance = Random(seed)
        for _ in range(100):
            owner.ask(str(seed), MANNERS, chance.choice(list(Priority)), job)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert worst == 1
    assert owner.counts["ok"] == 800


def test_frames_are_kept_with_secrets_blanked_and_only_the_latest() -> None:
    owner, _, _ = owned(Slave())
    frames = Frames()
    shared(owner).write(1, 0, [0x3132] * 10, witness=frames, secret=True)
    sent, *received = frames.frames
    assert sent.hex.startswith("01 10 00 00 00 0a 14" + 20 * " **")
    assert not received[0].sent
    assert [one.frame.hex for one in owner.frames()] == [
        one.hex.replace(" ", "") for one in frames.frames
    ]
    assert "3132" not in repr(owner.frames())
    ring = Ring(lambda: 0.0, kept=2)
    for byte in b"abc":
        ring.witness("1").received(bytes([byte]))
    assert [one.frame.hex for one in ring.latest()] == ["62", "63"]


def test_a_write_goes_out_once_whatever_becomes_of_it() -> None:
    for late in (0.02, 0.6, 3.0):
        owner, _, channel = owned(Slave(turnaround_s=late))
        try:
            shared(owner).write(1, 0, [1, 2])
        except NoReply:
            assert late == 3.0
        assert len(channel.sent) == 1
        assert owner.counts["late"] == (late == 0.6)


def test_other_protocols_talk_on_an_owned_line() -> None:
    clock = VirtualClock()
    channel: Channel = MemoryLine(lambda now, data: [(0.1, data[::-1])], clock)
    owner: Bus[Channel] = Bus(channel, "line", clock, clock.sleep)

    def turned(_: LineSettings) -> Conversation[bytes]:
        yield Send(b"abc")
        return (yield Receive(MANNERS.worst_s))

    took = Turns(owner, "1", MANNERS).take(turned, Priority.REST)
    assert took.value == b"cba"
    assert took.seconds >= 0.1
    assert [one.frame.hex for one in owner.frames()] == ["616263", "636261"]


def test_connections_come_back_with_growing_pauses_by_chance() -> None:
    clock = VirtualClock()
    reconnect = Reconnect(clock, Random(1))
    pauses = []
    for _ in range(14):
        reconnect.failed()
        pauses.append(max(0.0, reconnect.wait_s()))
        clock.sleep(pauses[-1])
    assert pauses[0] == 0
    assert 0.25 < pauses[1] <= 1
    assert MOST_S / 2 <= pauses[-1] <= MOST_S
    reconnect.succeeded()
    reconnect.failed()
    assert reconnect.wait_s() <= 0
