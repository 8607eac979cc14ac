"""A town that breaks, as `raseed simulate` runs it, and what a technician's terminal makes of it:
of every meter that the log says was broken the reading says so, and of no other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.vending.cli.support import Shell, shell

pytestmark = pytest.mark.system

MODEL = "eastron-sdm120"
NAME = "voltage.l1n"
SILENT = ("no_reply", "timeout")
BROKEN: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("silent", {}, SILENT),
    ("exception", {"code": 4}, ("exception_4",)),
    ("not_available", {"register": NAME, "mark": "nan"}, ("content",)),
    ("not_available", {"register": NAME, "mark": "zero"}, ("out_of_range",)),
    ("truncated", {"size": 4}, ("truncated",)),
    ("wrong_id", {"unit": 99}, ("wrong_unit",)),
    ("two_byte_count", {}, ("byte_count",)),
    ("collision", {"how": "append"}, ("conflict",)),
    ("scaled", {"factor": "0.001", "register": NAME}, ("out_of_range",)),
    ("power_cut", {}, SILENT),
]
WELL = len(BROKEN) + 1


def scenario(folder: Path) -> Path:
    text = f"""
[[line]]
name = "stairs"
carrier = "rtu-tcp"
meter = [{{model = "{MODEL}", count = {WELL}}}]
"""
    for unit, (name, parameters, _) in enumerate(BROKEN, start=1):
        rows = {"target": f"meter:stairs/{unit}", "name": name, **parameters}
        text += "[[fault]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in rows.items())
    file = folder / "town.toml"
    file.write_text(text, "utf-8")
    return file


@contextmanager
def simulated(folder: Path) -> Iterator[tuple[str, Path]]:
    """Where the line is, and its log."""
    log = folder / "log.jsonl"
    arguments = ["--scenario", str(scenario(folder)), "--log", str(log)]
    with subprocess.Popen(
        [sys.executable, "-m", "simulators", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield ready["lines"][0]["address"], log
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.fixture
def raseed(tmp_path: Path) -> Shell:
    return shell(tmp_path)


def test_what_was_broken_is_noticed_and_nothing_else(raseed: Shell, tmp_path: Path) -> None:
    told: dict[int, str] = {}
    with simulated(tmp_path) as (address, log):
        for unit in range(1, WELL + 1):
            place = f"rtu-tcp://{address}/{unit}?baud=115200"
            run = raseed.run("meter", "read", place, NAME, "--model", MODEL, "--json")
            told[unit] = run.json["readings"][0]["reason"] if run.out else run.err
    struck = {
        entry["target"]
        for entry in map(json.loads, log.read_text("utf-8").splitlines())
        if entry["what"] not in ("begin", "end")
    }
    assert struck == {f"meter:stairs/{unit}" for unit in range(1, WELL)}
    assert told[WELL] == ""
    for unit, (name, _, reasons) in enumerate(BROKEN, start=1):
        assert any(reason in told[unit] for reason in reasons), (name, told[unit])
