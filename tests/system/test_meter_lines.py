"""Whole lines on a pseudo-terminal whose meters hear only their own speed; others are searched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.maps.reading import shipped_map
from simulators.mapped import MappedMeter
from simulators.serving.line import Line
from simulators.serving.place import serve_rtu_on_pty
from tests.contracts.standins import START, loop_in_thread, premises, served
from tests.vending.cli.support import Shell, shell

pytestmark = pytest.mark.system

MODEL = "hiking-dds238"


@contextmanager
def strict_line(baud: int) -> Iterator[tuple[str, list[MappedMeter]]]:
    line = Line("line", strict_baud=True)
    meters = []
    for unit in (1, 2):
        meter_map = shipped_map(MODEL)
        meter = MappedMeter(meter_map, premises(meter_map), START.timestamp, seed=unit, unit=unit)
        meter.keep("line.baud", str(baud))
        line.place(unit, meter)
        meters.append(meter)
    with loop_in_thread() as call:
        stand = call(serve_rtu_on_pty(line, strict_baud=True))
        try:
            yield stand.address, meters
        finally:
            call(_over(stand))


async def _over(stand: object) -> None:
    stand.close()  # type: ignore[attr-defined]
    await stand.closed()  # type: ignore[attr-defined]


@pytest.fixture
def raseed(tmp_path: Path) -> Shell:
    return shell(tmp_path)


def test_a_line_goes_over_and_is_found_at_its_new_speed(raseed: Shell) -> None:
    with strict_line(9600) as (port, meters):
        told = raseed.run(
            "meter", "set-line", f"serial://{port}?baud=9600", "--meter", f"1={MODEL}",
            "--meter", f"2={MODEL}", "--baud", "4800", "--reason", "long cable", "--yes", "--json",
        )  # fmt: skip
        assert told.code == 0, told.err
        assert [one["now"] for one in told.json["meters"]] == ["changed", "changed"]
        assert all(meter.hears(4800) and not meter.hears(9600) for meter in meters)
        told = raseed.run(
            "meter", "scan", f"serial://{port}?parity=N", "--units", "1-2", "--model", MODEL,
            "--any-settings", "--json",
        )  # fmt: skip
    assert told.code == 0, told.err
    assert [one["station"] for one in told.json["found"]] == ["1", "2"]
    assert told.json["settings"] == "baud=4800&parity=N&bits=8&stop=1"


@pytest.mark.parametrize("model", ["dlt645-2007", "mbus-water", "iec62056-21-generic"])
def test_another_protocol_is_searched_in_its_own_way(raseed: Shell, model: str) -> None:
    with served(model, "tcp") as standin:
        assert standin.stand is not None
        told = raseed.run(
            "meter", "scan", f"tcp://{standin.stand.address}", "--model", model, "--json"
        )
    assert told.code == 0, told.err
    (found,) = told.json["found"]
    assert found["models"] == [model]
