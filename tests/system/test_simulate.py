"""`raseed simulate` as a person starts it: a town on real ports, read and commanded by `raseed
meter` from beside it, until Ctrl-C."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.modbus import open_payment_meter
from meters.gateway import PushAccepted
from meters.verdicts import TokenResult
from tests.simulators.support import ELECTRICITY, Mint, meter_row, world
from tests.vending.cli.support import Shell, shell

pytestmark = pytest.mark.system

PATIENCE_S = 40.0
TOWN = """
seed = 5
world = "keys.json"
[[line]]
name = "stairs"
payment = "north"
meter = [{model = "eastron-sdm630", count = 2, use = "shop", size = 4000}]
[[line]]
name = "loop"
carrier = "tcp"
meter = [{model = "iec62056-21-generic", count = 2, use = "shop", size = 4000}]
[[share]]
model = "hiking-dds238"
per_line = 5
[[fault]]
target = "meter:stairs/2"
name = "magnet"
"""


@contextmanager
def simulated(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    (folder / "town.toml").write_text(TOWN, "utf-8")
    keys = os.open(folder / "keys.json", os.O_CREAT | os.O_WRONLY, 0o600)
    with os.fdopen(keys, "w") as file:
        json.dump(world(meter_row(1, ELECTRICITY, credit=1000)), file)
    command = [sys.executable, "-m", "vending.cli", "simulate", "--scenario", "town.toml", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [*command, *more],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process, _document(process)
        finally:
            process.kill()


def _document(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The JSON that it prints when all ports listen; it goes on running."""
    assert process.stdout is not None
    text = ""
    while True:
        assert select.select([process.stdout], [], [], PATIENCE_S)[0], "not ready in time"
        text += os.read(process.stdout.fileno(), 65_536).decode()
        try:
            found: dict[str, Any] = json.loads(text)
        except ValueError:
            continue
        return found


@pytest.fixture
def raseed(tmp_path: Path) -> Shell:
    return shell(tmp_path / "data")


def test_a_town_with_everything_in_it(raseed: Shell, tmp_path: Path) -> None:
    log = tmp_path / "faults.jsonl"
    with simulated(tmp_path, "--meters", "17", "--log", str(log)) as (process, ready):
        lines = {line["line"]: line for line in ready["lines"]}
        assert (ready["meters"], len(lines)) == (17, 5)
        assert lines["stairs"]["units"] == ["1", "2", "3"]
        stairs = f"tcp://{lines['stairs']['address']}"
        told = raseed.run("meter", "scan", stairs, "--units", "1-4", "--json")
        assert {one["station"]: one["models"] for one in told.json["found"]} == {
            "1": ["raseed-payment"],
            "2": ["eastron-sdm630"],
            "3": ["eastron-sdm630"],
        }
        # The order of words is turned round, and everything is read as before.
        sdm630 = ("--model", "eastron-sdm630", "--json")
        told = raseed.run(
            "meter", "command", f"{stairs}/3", "set_register_order", "order=CDAB", *sdm630,
            "--reason", "as the old head-end wants it",
        )  # fmt: skip
        assert (told.code, told.json["detail"]) == (0, "read_back"), told.err
        told = raseed.run("meter", "check", f"{stairs}/3", *sdm630)
        failed = [one["name"] for one in told.json["checks"] if not one["holds"]]
        assert (told.code, failed) == (3, ["register_order_as_delivered"])
        # A token by the line, and what it brought at the keypad's own line.
        host, _, port = lines["stairs"]["address"].rpartition(":")
        meter = open_payment_meter(host, int(port), 1, ELECTRICITY, lambda: datetime.now(UTC), 5)
        assert meter.push_token(Mint().energy(500)) == PushAccepted(TokenResult.ACCEPT)
        assert meter.read_account().balance.value == 1500
        meter.close()
        # Meters without wildcards, by the addresses that stand on them.
        loop = lines["loop"]
        told = raseed.run(
            "meter", "scan", f"tcp://{loop['address']}", "--model", "iec62056-21-generic",
            "--addresses", ",".join(loop["units"]), "--json",
        )  # fmt: skip
        assert [one["station"] for one in told.json["found"]] == loop["units"]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, err) == (0, "")
    begun = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert ("meter:stairs/2", "magnet") in {(one["target"], one["fault"]) for one in begun}


def test_a_town_that_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "town.toml").write_text('[[line]]\nname = "x"\npayment = "y"\n', "utf-8")
    told = subprocess.run(
        [sys.executable, "-m", "vending.cli", "simulate", "--scenario", "town.toml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (2, "", 1)
    assert "no gateway y" in told.stderr
