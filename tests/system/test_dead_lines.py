"""Callers who are gone without a word, as on a weak link: their lines do not stay open for ever,
and do not fill the server. Who is slow but there is heard out."""

from __future__ import annotations

import json
import os
import resource
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.system.test_api_process import Server, town_shell_run, vend
from tests.vending.cli.support import town_shell
from tests.vending.support import POWER
from vending.cli.listening import KEPT_S

pytestmark = pytest.mark.system

SILENCE_S = 1
PATIENCE_S = 20
"""For what is to happen: a busy machine may take its time."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("dead-lines")
    town_shell(made)
    return made


@pytest.fixture(scope="module")
def key(folder: Path) -> str:
    wanted = ("--role", "supervisor", "--point", "P1", "--terminal", "T1", "--scope", "vend")
    return str(town_shell_run(folder, "apikey", "create", "till", *wanted)["api_key"])


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    running = Server(folder, RASEED_WEB__SILENCE_SECONDS=str(SILENCE_S))
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def patient(folder: Path) -> Iterator[Server]:
    """One that hangs up on nobody in the time of a test, unless it is in a hurry. Begun with as
    few files as a system gives unasked."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, before[0]), before[1]))
    try:
        running = Server(folder, RASEED_WEB__SILENCE_SECONDS="600")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    try:
        # Its address is told before it listens.
        assert httpx2.get(f"{running.url}/health").status_code == 200
        yield running
    finally:
        running.stop()


def call(key: str, vend_id: str) -> tuple[bytes, bytes]:
    """Head and body of a sale."""
    body = json.dumps({"vend_id": vend_id, "meter": POWER.number, "amount": "5.00"}).encode()
    head = (
        f"POST /api/v1/vends HTTP/1.1\r\nHost: raseed\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode(), body


def line(server: Server, sent: bytes = b"") -> socket.socket:
    there = urlsplit(server.url)
    made = socket.create_connection((there.hostname, there.port), PATIENCE_S)
    made.sendall(sent)
    return made


def heard(one: socket.socket) -> bytes:
    """All that is said until the other end hangs up."""
    said = b""
    with suppress(ConnectionResetError):
        while fresh := one.recv(1000):
            said += fresh
    return said


STOPPED: dict[str, Callable[[bytes, bytes], bytes]] = {
    "before a word": lambda _, __: b"",
    "in the head": lambda head, _: head[:40],
    "behind the head": lambda head, _: head,
    "in the body": lambda head, body: head + body[:20],
}


@pytest.mark.parametrize("where", STOPPED)
def test_a_caller_who_is_gone_is_hung_up_on(server: Server, key: str, where: str) -> None:
    head, body = call(key, f"v-{where.replace(' ', '-')}")
    before = time.monotonic()
    with line(server, STOPPED[where](head, body)) as gone:
        assert not heard(gone)
    assert time.monotonic() - before >= SILENCE_S


def test_a_caller_who_is_gone_in_the_second_head(server: Server, key: str) -> None:
    head, body = call(key, "v-first")
    with line(server, head + body) as gone:
        said = gone.recv(100_000)
        assert b" 201 " in said
        before = time.monotonic()
        gone.sendall(head[:40])
        heard(gone)
    assert SILENCE_S <= time.monotonic() - before < KEPT_S / 2


def test_a_head_that_comes_letter_by_letter_is_not_waited_for(server: Server, key: str) -> None:
    head, _ = call(key, "v-letters")
    until = time.monotonic() + PATIENCE_S
    with line(server) as slow:
        slow.settimeout(SILENCE_S / 10)
        for letter in head:
            try:
                slow.sendall(bytes((letter,)))
                assert not slow.recv(1000)
                break
            except TimeoutError:
                assert time.monotonic() < until
            except ConnectionError:
                break
        else:
            pytest.fail("the whole head was waited for")


def test_a_body_may_come_slowly(server: Server, key: str) -> None:
    head, body = call(key, "v-slow")
    with line(server, head) as slow:
        for part in (body[:10], body[10:30], body[30:40], body[40:50], body[50:]):
            time.sleep(SILENCE_S / 2)
            slow.sendall(part)
        assert b" 201 " in slow.recv(100_000)


def test_who_waits_for_an_answer_is_left_alone(server: Server, key: str, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "raseed.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with line(server, b"".join(call(key, "v-waits"))) as waits:
            time.sleep(SILENCE_S * 2.5)
            db.execute("ROLLBACK")
            assert b" 201 " in waits.recv(100_000)


@pytest.mark.parametrize("resting", [False, True], ids=["in the head", "between two requests"])
def test_lines_of_the_dead_keep_nobody_from_buying(
    patient: Server, key: str, resting: bool
) -> None:
    pid = patient.process.pid
    files = len(os.listdir(f"/proc/{pid}/fd")) + 100
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (files, files))
    head, _ = call(key, "v-0")
    said = b"GET /api/v1/health HTTP/1.1\r\nHost: raseed\r\n\r\n" if resting else head[:40]
    until = time.monotonic() + PATIENCE_S
    with ExitStack() as dead:
        for _ in range(files):
            dead.enter_context(line(patient, said))
        sold = None
        while sold is None:
            assert time.monotonic() < until
            # Refused before anything was sent, as long as there is no file for it.
            with suppress(httpx2.TransportError), patient.client(key) as client:
                sold = vend(client, f"v-many-{'resting' if resting else 'head'}").status_code
            time.sleep(0.05)
    assert sold == 201


def test_the_server_asks_for_as_many_files_as_it_may_have(patient: Server) -> None:
    soft, hard = resource.prlimit(patient.process.pid, resource.RLIMIT_NOFILE)
    assert soft == (8192 if hard == resource.RLIM_INFINITY else min(8192, hard))
