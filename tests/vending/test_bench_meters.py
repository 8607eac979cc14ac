"""The meters' benchmark: its own parts do what they say, in small."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from drivers.conversation import LineSettings
from drivers.maps.model import Table
from drivers.modbus.rtu import silence_s
from drivers.modbus.rtu_line import RtuLine
from drivers.modbus.tcp import ModbusTcpLine
from drivers.transports.serial_port import SerialChannel
from tests.contracts.standins import UNIT, served
from vending.bench.meters_clients import WORDS
from vending.bench.meters_late import late_figures
from vending.bench.meters_line import line_figures
from vending.bench.meters_peers import python, started
from vending.bench.meters_simulator import PER_LINE, PLACES, place, simulator_figures
from vending.bench.meters_slave import SILENCE
from vending.bench.runner import Size

pytestmark = pytest.mark.system

PEERS = Path(__file__).parents[1] / "peers"


def test_no_late_reply_is_taken_for_the_next_one() -> None:
    misread, read = late_figures(2000)
    assert misread.value == 0
    assert misread.met
    # The replies were late, and not all lost.
    assert 20 < read.value < 99


@pytest.mark.parametrize("baud", [19_200, 115_200])
def test_the_standards_silence_is_kept_before_every_request(baud: int) -> None:
    ours, bare, silence = line_figures(baud, 0.6)
    assert silence.met, silence
    assert silence.value < 65
    for rate in (ours, bare):
        assert rate.ratio is not None
        assert 0 < rate.ratio <= 1


def test_the_far_end_keeps_the_pace_of_a_line_and_notices_who_does_not() -> None:
    settings = LineSettings(baud=19_200)
    with started(*python("vending.bench.meters_slave", "19200")) as path:
        channel = SerialChannel(path, settings)
        line = RtuLine(channel, path)
        try:
            begun = time.monotonic()
            assert line.read(1, Table.INPUT, 5, 60) == tuple(range(1005, 1065))
            took = time.monotonic() - begun
            assert took >= (8 + 125) * settings.character_s + silence_s(settings)
            (kept,) = line.read(1, Table.INPUT, SILENCE, 1)
            assert kept >= silence_s(settings) * 1e6
            # Whoever sends at once is found out: by the least of many, for a busy machine may hold
            # up some of them.
            frame = bytes.fromhex("010400000001 31ca")
            for _ in range(40):
                channel.send(frame)
                heard = b""
                while len(heard) < 7:
                    heard += channel.receive(1.0)
            (kept,) = line.read(1, Table.INPUT, SILENCE, 1)
            assert kept < silence_s(settings) * 1e6
        finally:
            line.close()


def test_every_place_that_is_read_is_one_that_the_stand_in_keeps() -> None:
    rounds = range(0, PER_LINE * PLACES, PER_LINE)
    assert len({place(n) for n in rounds}) == PLACES
    with served("eastron-sdm120", "tcp") as standin:
        assert standin.stand is not None
        host, _, port = standin.stand.address.rpartition(":")
        line = ModbusTcpLine(host, int(port), 5.0)
        for n in rounds:
            assert len(line.read(UNIT, Table.INPUT, place(n), WORDS)) == WORDS
        line.close()
    # Clients in C go through the same ones.
    assert f"#define PLACES {PLACES}\n" in (PEERS / "client.c").read_text("ascii")


def test_ten_thousand_stand_in_meters_take_less_than_half_a_gigabyte() -> None:
    figures = {one.name: one for one in simulator_figures(lambda _: None, Size.QUICK)}
    assert figures["meters.simulator.memory"].met
    assert figures["meters.simulator.ours"].value > 0
