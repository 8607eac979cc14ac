"""`python -m simulators` as a real process, driven as the demo drives it."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from drivers.modbus import open_payment_meter
from meters.gateway import PushAccepted, PushUnknown, token_fingerprint
from meters.quantities import Energy, Volume
from meters.verdicts import TokenResult

from .support import ELECTRICITY, START, WATER, Clock, Mint, key, meter_row, world

pytestmark = pytest.mark.system

PATIENCE_S = 20.0
ROWS = (
    meter_row(1, ELECTRICITY),
    meter_row(2, WATER, commodity="water", ea="11"),
)


def world_file(folder: Path, document: Any, mode: int = 0o600) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "world.json"
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, mode), "w") as file:
        json.dump(document, file)
    return path


def launch(path: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "simulators", str(path), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ready_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], PATIENCE_S)[0], "not ready in time"
    line: dict[str, Any] = json.loads(process.stdout.readline())
    return line


@contextmanager
def started(path: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    with launch(path, *more) as process:
        try:
            yield process, ready_line(process)
        finally:
            process.kill()


@contextmanager
def keypad(port: int) -> Iterator[Any]:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line,
        line.makefile("r", encoding="utf-8") as reader,
    ):

        def type_(text: str) -> str:
            line.sendall(f"{text}\n".encode())
            return reader.readline().rstrip("\n")

        reader.readline()
        yield type_


def test_tokens_by_modbus_and_by_keypad(tmp_path: Path) -> None:
    path = world_file(tmp_path, world(*ROWS))
    with started(path) as (process, ready):
        assert ready["ready"] is True
        assert set(ready) == {"ready", "gateways", "keypad"}
        port = ready["gateways"]["north"]
        meter = open_payment_meter("127.0.0.1", port, 1, ELECTRICITY, Clock(), 5)
        token = Mint().energy(12_300)
        assert meter.push_token(token) == PushAccepted(TokenResult.ACCEPT)
        assert meter.read_account().balance == Energy(12_300)
        with keypad(ready["keypad"]) as type_:
            assert type_(f"{WATER} {Mint(key('11')).water(1_500)}") == "ACCEPT 1.5 m3"
            assert type_(f"{ELECTRICITY} {token}") == "USED"
        water = open_payment_meter("127.0.0.1", port, 2, WATER, Clock(), 5)
        assert water.read_account().balance == Volume(1_500)
        meter.close()
        water.close()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, out, err) == (0, "", "")


def test_a_lost_reply_is_one_write_and_is_found_in_the_log(tmp_path: Path) -> None:
    path = world_file(tmp_path, world(*ROWS))
    with started(path) as (_, ready):
        meter = open_payment_meter(
            "127.0.0.1", ready["gateways"]["north"], 1, ELECTRICITY, Clock(), 0.5
        )
        with keypad(ready["keypad"]) as type_:
            assert type_(f"FAULT {ELECTRICITY} reply_lost") == "FAULT reply_lost"
            token = Mint().energy(500)
            assert isinstance(meter.push_token(token), PushUnknown)
            assert json.loads(type_(f"STATE {ELECTRICITY}"))["frames"]["16"] == 1
        (line,) = meter.read_token_log()
        assert (line.fingerprint, line.result) == (token_fingerprint(token), TokenResult.ACCEPT)
        meter.close()


def test_time_runs_as_fast_as_told_and_the_relay_opens_at_zero(tmp_path: Path) -> None:
    rows = (meter_row(1, ELECTRICITY, credit=100, load=1_000),)  # six minutes of supply
    path = world_file(tmp_path, world(*rows))
    with started(path, "--speed", "3600") as (_, ready), keypad(ready["keypad"]) as type_:
        deadline = time.monotonic() + PATIENCE_S
        state = json.loads(type_(f"STATE {ELECTRICITY}"))
        while state["output"] and time.monotonic() < deadline:
            state = json.loads(type_(f"STATE {ELECTRICITY}"))
        assert (state["balance"], state["total_supplied"]) == (0, 100)
        assert state["reasons"] == ["credit"]
        assert state["clock"] > START.isoformat()


@pytest.mark.parametrize("how", ["stdin", "SIGINT"])
def test_it_ends_with_its_parent_also_while_connections_are_open(tmp_path: Path, how: str) -> None:
    path = world_file(tmp_path, world(*ROWS))
    with started(path) as (process, ready), keypad(ready["keypad"]) as type_:
        assert type_("METERS") == f"{ELECTRICITY} {WATER}"
        assert process.stdin is not None
        if how == "stdin":
            process.stdin.close()
        else:
            process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_what_it_refuses_it_says_in_one_line(tmp_path: Path) -> None:
    open_file = world_file(tmp_path, world(*ROWS), mode=0o644)
    with socket.create_server(("127.0.0.1", 0)) as held:
        taken = world(*ROWS) | {"keypad": {"port": held.getsockname()[1]}}
        cases = (
            (open_file, 3, "simulator.world_unprotected: mode=0644, wanted=0600"),
            (tmp_path / "absent.json", 2, "simulator.world_invalid"),
            (world_file(tmp_path / "empty", {}), 2, "gateways is missing"),
            (world_file(tmp_path / "taken", taken), 4, "simulator.port_taken"),
        )
        for path, code, told in cases:
            process = launch(path)
            out, err = process.communicate(timeout=PATIENCE_S)
            assert (process.returncode, out) == (code, "")
            assert told in err
            assert len(err.splitlines()) == 1


def test_a_speed_that_cannot_be(tmp_path: Path) -> None:
    process = launch(world_file(tmp_path, world(*ROWS)), "--speed", "0")
    assert "--speed" in process.communicate(timeout=PATIENCE_S)[1]
    assert process.returncode == 2
