"""`raseed serve` as a real process: started, called over a socket, stopped and killed."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.vending.cli.support import PASSPHRASE, town_shell
from tests.vending.support import POWER
from vending.store.triggers import drop

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RASEED_")}
    return {
        **kept,
        "RASEED_DATA": str(folder),
        "RASEED_PASSPHRASE": PASSPHRASE,
        "RASEED_LANG": "en",
        "PYTHONWARNINGS": "error::ResourceWarning",
        **more,
    }


class Server:
    """One `raseed serve` on a free loopback port."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.log = folder / "serve.log"
        with self.log.open("a") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vending.cli", "serve", "--port", "0", "--json"],
                cwd=ROOT,
                env=environment(folder, **more),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        text = ""
        assert self.process.stdout is not None
        while not text.endswith("}\n"):
            line = self.process.stdout.readline()
            assert line, self.log.read_text("utf-8")
            text += line
        self.url = f"{json.loads(text)['url']}/api/v1"

    def client(self, key: str) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=20)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signals this process alone and waits; its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    town_shell(tmp_path)
    return tmp_path


@pytest.fixture
def key(folder: Path) -> str:
    made = town_shell_run(
        folder,
        *("apikey", "create", "till", "--role", "supervisor", "--point", "P1", "--terminal", "T1"),
        *("--scope", "read", "--scope", "vend", "--scope", "meter"),
    )
    return str(made["api_key"])


def town_shell_run(folder: Path, *arguments: str) -> Any:
    """One command as a real process, its JSON answer."""
    done = subprocess.run(
        [sys.executable, "-m", "vending.cli", *arguments, "--json"],
        cwd=ROOT,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    running = Server(folder)
    yield running
    if running.process.poll() is None:
        running.stop()


def vend(client: httpx2.Client, vend_id: str = "v-1") -> httpx2.Response:
    body = {"vend_id": vend_id, "meter": POWER.number, "amount": "50.00"}
    return client.post("/vends", json=body)


def test_a_killed_server_answers_the_same_sale_after_a_restart(
    folder: Path, key: str, server: Server
) -> None:
    with server.client(key) as client:
        sold = vend(client)
        assert sold.status_code == 201
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    again = Server(folder)
    try:
        with again.client(key) as client:
            replay = vend(client)
            assert replay.status_code == 200
            assert replay.json() == {**sold.json(), "replayed": True}
            assert client.get("/ledger/verification").json()["ok"] is True
    finally:
        again.stop()


def test_it_ends_quietly_when_told_to(folder: Path, key: str, server: Server) -> None:
    with server.client(key) as client:
        assert client.get("/health").json()["status"] == "ok"
        assert client.get("/customers", params={"search": "Samira"}).status_code == 200
        digits = vend(client).json()["tokens"][0]["digits"]
    assert server.stop(signal.SIGTERM) in (0, -signal.SIGTERM)
    log = server.log.read_text("utf-8")
    assert "Traceback" not in log
    assert "ResourceWarning" not in log
    for secret in (digits, key, PASSPHRASE, "Samira"):
        assert secret not in log
    assert "GET '/api/v1/customers' 200" in log


def test_what_it_sold_goes_from_the_log_into_the_file_by_itself(
    folder: Path, key: str, server: Server
) -> None:
    with server.client(key) as client:
        assert vend(client).status_code == 201
    alone = folder / "alone.db"
    sold: list[str] = []
    until = time.monotonic() + 20
    while not sold:
        assert time.monotonic() < until
        # Without the log beside it, as somebody might copy it who does not know of that.
        shutil.copy(folder / "raseed.db", alone)
        # In the middle of it the copy may be no database.
        with closing(sqlite3.connect(alone)) as raw, suppress(sqlite3.DatabaseError):
            sold = [vend_id for (vend_id,) in raw.execute("SELECT vend_id FROM sales")]
        alone.unlink()
        time.sleep(0.05)
    assert sold == ["v-1"]


def test_who_meets_a_fault_sells_on_over_the_same_line_and_the_log_tells_no_row(
    folder: Path, key: str, server: Server
) -> None:
    with server.client(key) as client:
        assert vend(client).status_code == 201
    with closing(sqlite3.connect(folder / "raseed.db")) as db, db:
        for statement in drop("sqlite", "sales"):
            db.execute(statement)
        db.execute("UPDATE sales SET tender = 'Layla Haddad'")
    address = urlsplit(server.url)
    line = http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)
    # It would open another line by itself.
    line.auto_open = 0
    line.connect()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with closing(line):
        line.request("GET", f"{address.path}/vends/v-1", headers=headers)
        answer = line.getresponse()
        assert (answer.status, b"store.row_unreadable" in answer.read()) == (500, True)
        for vend_id in ("v-2", "v-3"):
            body = json.dumps({"vend_id": vend_id, "meter": POWER.number, "amount": "50.00"})
            line.request("POST", f"{address.path}/vends", body, headers)
            sold = line.getresponse()
            assert (sold.status, json.loads(sold.read())["vend_id"]) == (201, vend_id)
    server.stop()
    log = server.log.read_text("utf-8")
    assert "store.row_unreadable: table=sales, key=vend_id=v-1" in log
    assert "Layla" not in log


def test_raw_nonsense_on_the_socket_does_not_hurt_it(key: str, server: Server) -> None:
    address = urlsplit(server.url)
    for nonsense in (
        b"\x00\xff" * 500,
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api/v1/vends HTTP/1.1\r\n",
    ):
        with socket.create_connection((address.hostname, address.port), timeout=5) as line:
            line.sendall(nonsense)
    with server.client(key) as client:
        assert client.get("/points").status_code == 200


def test_the_job_runs_inside_the_server(folder: Path, key: str) -> None:
    """An unsettled delivery is looked at by itself: its meter has no address, so it waits."""
    server = Server(folder, RASEED_JOBS__RECONCILE_SECONDS="1")
    try:
        with server.client(key) as client:
            vend(client)
        # A push that died: what a killed process leaves behind.
        with sqlite3.connect(folder / "raseed.db") as raw:
            raw.execute(
                "INSERT INTO delivery_events VALUES"
                " ('v-1', 1, 'delivering', '2026-01-01T00:00:00.000000Z', 'api:till', NULL, 0, '')"
            )
        raw.close()
        deadline = time.monotonic() + 20
        while "v-1 waits: meter.without_address" not in server.log.read_text("utf-8"):
            assert time.monotonic() < deadline, server.log.read_text("utf-8")
            time.sleep(0.1)
    finally:
        server.stop()
    assert "Traceback" not in server.log.read_text("utf-8")


@pytest.mark.parametrize(
    ("more", "code", "error"),
    [
        ({"RASEED_PASSPHRASE": "wrong wrong wrong"}, 2, "keys.wrong_passphrase_or_damaged"),
        ({"RASEED_PASSPHRASE": ""}, 2, "keys.passphrase_missing"),
        ({"RASEED_WEB__PROT": "1"}, 2, "settings.wrong"),
        ({"RASEED_DATA": "absent"}, 2, "keys.file_missing"),
    ],
)
def test_it_refuses_to_start_with_one_clear_line(
    folder: Path, more: dict[str, str], code: int, error: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vending.cli", "serve", "--port", "0"],
        cwd=ROOT,
        env=environment(folder, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert len(done.stderr.splitlines()) == 1
    assert error in done.stderr


def test_a_taken_port_is_told(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "vending.cli", "serve", "--port", str(taken.getsockname()[1])],
            cwd=ROOT,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 4
    assert "serve.address_in_use" in done.stderr


def test_output_into_a_closed_pipe_is_no_fault(folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "vending.cli", "meter", "list"],
        cwd=ROOT,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(writer)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
