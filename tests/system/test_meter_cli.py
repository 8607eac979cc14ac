"""The technician's commands against served stand-ins, on sockets and a pseudo-terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from drivers.maps.reading import shipped_map
from simulators.mapped import MappedMeter
from simulators.protocols.iec21 import Iec21End
from simulators.serving.line import Line
from tests.contracts.standins import UNIT, Standin, premises, served
from tests.peers.ends import over_tcp
from tests.simulators.protocols.household import Household
from tests.vending.cli.support import Shell, shell

pytestmark = pytest.mark.system

MODEL = "eastron-sdm120"


@pytest.fixture
def raseed(tmp_path: Path) -> Shell:
    return shell(tmp_path)


@pytest.fixture
def bus() -> Iterator[Standin]:
    with served(MODEL, "tcp") as standin:
        yield standin


def at(standin: Standin, how: str = "tcp", unit: int = UNIT) -> str:
    assert standin.stand is not None
    if how == "pty":
        return f"serial://{standin.stand.address}/{unit}?baud=115200"
    return f"{how}://{standin.stand.address}/{unit}"


@pytest.mark.parametrize("how", ["tcp", "rtu-tcp", "pty"])
def test_values_are_read_by_every_way(raseed: Shell, how: str) -> None:
    with served(MODEL, how) as standin:
        told = raseed.run(
            "meter", "read", at(standin, how), "voltage.l1n", "power.active", "--model", MODEL,
            "--json",
        )  # fmt: skip
    assert told.code == 0, told.err
    voltage, power = told.json["readings"]
    assert voltage["quality"] == power["quality"] == "good"
    assert voltage["unit"] == "V"
    assert 200 < float(voltage["value"]) < 250
    assert power["value"] == "1000"
    assert power["source"] == "input:0x000c"
    assert power["map"].startswith(MODEL)


def test_a_table_for_people_in_both_languages(raseed: Shell, bus: Standin) -> None:
    told = raseed.run("meter", "read", at(bus), "--model", MODEL)
    assert told.code == 0, told.err
    assert "energy.active.import" in told.out
    assert "Value" in told.out
    told = raseed.run("meter", "read", at(bus), "--model", MODEL, RASEED_LANG="ar")
    assert "القيمة" in told.out


def test_who_answers_and_what_it_can_do(raseed: Shell, bus: Standin) -> None:
    told = raseed.run("meter", "identify", at(bus), "--model", MODEL, "--json")
    assert told.json["maker"] == "Eastron"
    assert told.json["serial"] == bus.meter.serial
    assert "set_unit_id" in told.json["commands"]
    assert "open_supply" not in told.json["can"]
    # Without a model every map is tried, and one fits.
    told = raseed.run("meter", "identify", at(bus), "--json")
    (found,) = told.json["found"]
    assert found["models"] == [MODEL]
    assert found["identity"]["serial"] == bus.meter.serial


def test_a_scan_finds_models_and_conflicts(raseed: Shell) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        assert isinstance(standin.line, Line)
        more = {3: "hiking-dds238", 5: "gavazzi-em340"}
        for unit, model in more.items():
            standin.line.place(unit, _another(standin, model, unit, seed=unit))
        standin.line.place(9, _another(standin, MODEL, 9, seed=1))
        standin.line.place(9, _another(standin, MODEL, 9, seed=2))
        assert standin.stand is not None
        told = raseed.run(
            "meter", "scan", f"rtu-tcp://{standin.stand.address}?baud=115200", "--units", "1-12",
            "--json",
        )  # fmt: skip
    assert told.code == 0, told.err
    found = {one["station"]: one for one in told.json["found"]}
    assert set(found) == {"3", "5", "7", "9"}
    assert found["7"]["models"] == [MODEL]
    assert "hiking-dds238" in found["3"]["models"]
    assert "gavazzi-em340" in found["5"]["models"]
    assert found["9"]["presence"] == "conflict"
    assert told.json["asked"] == 12


def passes(standin: Standin) -> bool:
    return standin.meter.place.switch.closed


def _another(standin: Standin, model: str, unit: int, seed: int) -> MappedMeter:
    meter_map = shipped_map(model)
    return MappedMeter(meter_map, premises(meter_map), standin.seconds, seed=seed, unit=unit)


def test_an_empty_line_says_so(raseed: Shell, bus: Standin) -> None:
    assert bus.stand is not None
    told = raseed.run("meter", "scan", f"tcp://{bus.stand.address}", "--units", "1,2", "--json")
    assert told.code == 4
    assert told.json["found"] == []


def test_checks(raseed: Shell, bus: Standin) -> None:
    told = raseed.run("meter", "check", at(bus), "--model", MODEL, "--json")
    assert told.code == 0, told.out
    assert all(one["holds"] for one in told.json["checks"])
    bus.strike("scaled", factor="0.001", register="power.*")
    told = raseed.run("meter", "check", at(bus), "--model", MODEL)
    assert told.code == 3
    assert "no" in told.out
    told = raseed.run("meter", "check", at(bus), "--model", MODEL, "--serial", "1")
    assert (told.code, "meter.mismatch" in told.err) == (2, True)


def test_a_command_is_rehearsed_then_given_and_recorded(raseed: Shell, tmp_path: Path) -> None:
    with served("hiking-dds238", "tcp") as standin:
        place = at(standin)
        common = ("--model", "hiking-dds238", "--reason", "arrears")
        told = raseed.run("meter", "command", place, "close_supply", *common, "--dry-run")
        assert told.code == 0, told.err
        assert "-> 00 00" in told.out
        told = raseed.run("meter", "command", place, "close_supply", *common)
        assert (told.code, "command_unconfirmed" in told.err) == (3, True)
        assert passes(standin)
        file = tmp_path / "records.jsonl"
        told = raseed.run(
            "meter", "command", place, "close_supply", *common, "--yes", "--json",
            "--record", str(file),
        )  # fmt: skip
        assert told.code == 0, told.err
        assert not passes(standin)
    assert told.json["outcome"] == "done"
    assert told.json["reason"] == "arrears"
    assert any(frame["sent"] for frame in told.json["frames"])
    assert json.loads(file.read_text("utf-8")) == told.json


def test_a_lost_answer_ends_as_done_or_declined_never_as_sent_twice(raseed: Shell) -> None:
    for fault, code in (("reply_lost", 0), ("write_lost", 3)):
        with served("hiking-dds238", "rtu-tcp") as standin:
            standin.strike(fault)
            told = raseed.run(
                "meter", "command", at(standin, "rtu-tcp"), "close_supply", "--yes",
                "--model", "hiking-dds238", "--reason", "arrears", "--json",
            )  # fmt: skip
            assert told.code == code, told.out
            assert len(standin.hits) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("read", "tcp://127.0.0.1:1/7"), 2, "meter.model_missing"),
        (("read", "tcp://127.0.0.1:1/7", "--model", "nobody"), 2, "meter_map.unknown"),
        (("read", "tcp://127.0.0.1:1/7", "--model", MODEL), 4, "meter.unreachable"),
        (("read", "tcp://127.0.0.1:1/7", "no.name", "--model", MODEL), 2, "meter.reading_unknown"),
        (("read", "tcp://127.0.0.1:1/999", "--model", MODEL), 2, "line.station_invalid"),
        (("read", "tcp:///7", "--model", MODEL), 2, "line.place_invalid"),
        (("scan", "tcp://127.0.0.1:1", "--units", "0-9"), 2, "meter.units_malformed"),
        (("scan", "tcp://127.0.0.1:1", "--units", "1"), 4, "line.down"),
        (("identify", "serial:///dev/nothing/7"), 4, "line.down"),
        (
            ("command", "tcp://127.0.0.1:1/7", "fly", "--model", MODEL, "--reason", "x"),
            2,
            "meter.command_unknown",
        ),
        (
            ("command", "tcp://127.0.0.1:1/7", "set_unit_id", "8", "--model", MODEL,
             "--reason", "x"),
            2,
            "meter.parameter_malformed",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_in_one_line(
    raseed: Shell, arguments: tuple[str, ...], code: int, error: str
) -> None:
    told = raseed.run("meter", *arguments)
    assert told.code == code, told.err
    assert f"[{error}]" in told.err
    assert told.err.count("\n") == 1


def test_a_real_process_reads_a_meter(bus: Standin) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "vending.cli", "meter", "read", at(bus), "frequency",
         "--model", MODEL, "--json"],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "RASEED_LANG": "en"},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    (reading,) = json.loads(found.stdout)["readings"]
    assert reading["unit"] == "Hz"


@pytest.mark.parametrize("model", ["dlt645-2007", "xintai-valve", "raseed-payment"])
def test_how_a_meter_is_doing(raseed: Shell, model: str) -> None:
    with served(model, "rtu-tcp" if model == "dlt645-2007" else "tcp") as standin:
        assert standin.stand is not None
        how = "rtu-tcp" if model == "dlt645-2007" else "tcp"
        place = f"{how}://{standin.stand.address}/{standin.station}?baud=115200"
        told = raseed.run("meter", "state", place, "--model", model, "--zone", "UTC", "--json")
        assert told.code == 0, told.err
        assert told.json["supply"]["output"] is True
        # Its world began in the spring of that year.
        assert told.json["clock"]["meter"].startswith("2026-03-01T08:0")
        assert told.json["clock"]["drift_s"] < 0
        balance = told.json["account"]["balance"]
        assert (balance["name"], balance["quality"]) == ("account.balance", "good")
        told = raseed.run("meter", "state", place, "--model", model, RASEED_LANG="ar")
        assert "الرصيد" in told.out
        if model != "dlt645-2007":
            standin.strike("silent", number=200)
            told = raseed.run("meter", "state", place, "--model", model, "--json")
            assert (told.code, set(told.json["problems"]) >= {"clock", "supply"}) == (4, True)


def test_a_plain_meter_has_no_state_to_tell(raseed: Shell, bus: Standin) -> None:
    days = ("--from", "2026-03-01", "--to", "2026-03-02")
    for order in (("state",), ("events",), ("profile", *days)):
        told = raseed.run("meter", order[0], at(bus), *order[1:], "--model", MODEL)
        assert (told.code, "meter.not_capable" in told.err) == (3, True), told.err


def test_the_meters_own_event_log(raseed: Shell) -> None:
    model = "acrel-dtsy1352"
    with served(model, "tcp") as standin:
        told = raseed.run("meter", "events", at(standin), "--model", model, "--json")
        assert told.code == 0, told.err
        assert isinstance(told.json["events"], list)
        told = raseed.run("meter", "events", at(standin), "--model", model, "--since", "2026-03-01")
        assert told.code == 0, told.err


def test_a_load_profile(raseed: Shell) -> None:
    model = "iec62056-21-generic"
    lines = [
        "P.01(0260301060000)(00)(15)(1)(1.5)(kW)",
        *(f"({hour}.25)" for hour in range(1, 9)),
        # Somebody set the clock: a header with a gap before it.
        "P.01(0260301083000)(20)(15)(1)(1.5)(kW)",
        "(9.00)",
    ]
    end = Iec21End(
        shipped_map(model).registers.values(),
        Household({"energy.active.import": Decimal("1234.56"), "meter.number": "4711"}),
        profile=lambda id, begin, end: lines,
    )
    order = ("--from", "2026-03-01 06:00", "--to", "2026-03-01T09:00", "--zone", "UTC")
    with over_tcp(end.feed) as port:
        place = f"tcp://127.0.0.1:{port}?baud=9600"
        told = raseed.run("meter", "profile", place, *order, "--model", model, "--json")
        assert told.code == 0, told.err
        shown = [(one["end"][11:16], one["value"]) for one in told.json["intervals"]]
        assert shown == [
            *((f"{6 + n // 4:02d}:{n % 4 * 15:02d}", f"{n + 1}.25") for n in range(1, 8)),
            ("08:30", "9.00"),
        ]
        assert told.json["intervals"][-1]["status"] == ["clock_adjusted"]
        told = raseed.run("meter", "profile", place, *order, "--model", model)
        assert "2026-03-01 08:30:00" in told.out


def test_a_turned_period_is_asked_of_no_meter(raseed: Shell) -> None:
    turned = ("--from", "2026-03-02", "--to", "2026-03-01 23:59", "--model", "iec62056-21-generic")
    told = raseed.run("meter", "profile", "tcp://127.0.0.1:1", *turned)
    assert (told.code, told.out) == (2, "")
    assert "(2026-03-02 00:00:00) is after the end (2026-03-01 23:59:00)" in told.err
