"""Whole lines on a pseudo-terminal whose meters hear only their own speed; others are searched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.maps.reading import shipped_map
from drivers.relining import Member
from simulators.mapped import MappedMeter
from simulators.serving.line import Line
from simulators.serving.place import serve_rtu_on_pty
from tests.contracts.standins import START, loop_in_thread, premises, served
from tests.vending.cli.support import Shell, shell
from vending.cli.context import Cli
from vending.cli.meter_line import passwords_for
from vending.messages import Language

pytestmark = pytest.mark.system

MODEL = "hiking-dds238"
IEC = "iec62056-21-generic"


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


def test_meters_without_wildcards_are_called_by_address(raseed: Shell) -> None:
    with served(IEC, "tcp") as standin:
        assert standin.stand is not None
        serial = standin.meter.serial
        told = raseed.run(
            "meter", "scan", f"tcp://{standin.stand.address}", "--model", IEC, "--json",
            "--addresses", f"{int(serial) - 1}-{serial}",
        )  # fmt: skip
        assert told.code == 0, told.err
        (found,) = told.json["found"]
        assert (found["station"], told.json["asked"]) == (serial, 2)
        told = raseed.run(
            "meter", "scan", "tcp://127.0.0.1:1", "--model", IEC, "--addresses", "9-1"
        )
    assert (told.code, "[meter.addresses_malformed]" in told.err) == (2, True)
    for models in ((), ("--model", MODEL), ("--model", IEC, "--model", "mbus-water")):
        told = raseed.run("meter", "scan", "tcp://127.0.0.1:1", "--addresses", "1-9", *models)
        assert (told.code, "[meter.not_called_by_address]" in told.err) == (2, True)


def test_a_password_comes_from_a_private_file_and_is_kept_nowhere(
    raseed: Shell, tmp_path: Path
) -> None:
    file, record = tmp_path / "password", tmp_path / "records.jsonl"
    with served("eastron-sdm630", "tcp") as standin:
        assert standin.stand is not None
        order = (
            "meter", "command", f"tcp://{standin.stand.address}/{standin.station}",
            "set_pulse_width", "ms=60", "--model", "eastron-sdm630", "--reason", "new", "--yes",
            "--record", str(record), "--password-file", str(file),
        )  # fmt: skip
        file.write_text("1000\n", "ascii")
        file.chmod(0o644)
        told = raseed.run(*order)
        assert (told.code, "[keys.file_too_open]" in told.err) == (3, True), told.err
        file.chmod(0o600)
        told = raseed.run(*order)
        assert told.code == 0, told.err
        assert standin.meter.get("pulse.width") == 60
    # 1000.0 is 447A 0000, and so would stand in the frame.
    written = record.read_text("utf-8")
    assert "1000" not in written
    assert "447a" not in written.lower().replace(" ", "")


def test_a_line_whose_meters_want_a_password_asks_for_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Member("1", shipped_map(MODEL))
    open_command = plain.map.commands["set_line"]
    locked = replace(
        plain.map,
        commands={"set_line": replace(open_command, params={**open_command.params, "pin": "u16"})},
    )
    cli = Cli(Language.ENGLISH)
    monkeypatch.setenv("RASEED_METER_PASSWORD", "4711")
    assert passwords_for(cli, [plain], None) == {}
    assert passwords_for(cli, [plain, Member("2", locked)], None) == {"pin": "4711"}
    monkeypatch.delenv("RASEED_METER_PASSWORD")
    assert passwords_for(cli, [Member("2", locked)], None) == {}
    file = tmp_path / "password"
    file.write_text("815\n", "ascii")
    file.chmod(0o600)
    assert passwords_for(cli, [Member("2", locked)], file) == {"pin": "815"}
