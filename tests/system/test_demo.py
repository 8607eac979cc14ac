"""The demo as a person starts it: a process of its own, every verdict and sum right."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import httpx2
import pytest

pytestmark = pytest.mark.system

RASEED = [sys.executable, "-m", "vending.cli"]


def test_demo_once_sells_and_everything_is_right(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = subprocess.run(
        [*RASEED, "demo", "--once", "--folder", str(folder), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "140", "LC_ALL": "C.UTF-8"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "verdicts and sums are right" in done.stdout
    assert "WRONG" not in done.stdout
    # Eleven that were shown, two of a key change, none of the sale that was held back.
    assert len(re.findall(r"\b\d{4} \d{4} \d{4} \d{4} \d{4}\b", done.stdout)) == 13
    for seen in (
        "USED",
        "has changed (debts)",
        "postponed (",
        "1ST KCT, ACCEPT, ACCEPT",
        "paid by card (slip 4711)",
        "cannot be voided",
        "asked for request",
        "-5.00 ILS",
        "Deposit slip T1-B00",
        "ledger verify: the books are right: ",
        "to be kept outside",
    ):
        assert seen in done.stdout, seen
    # The factory's file with decoder keys is gone, and no log holds a token.
    assert not (folder / "world.json").exists()
    tokens = re.findall(r"\b(?:\d{4} ){4}\d{4}\b", done.stdout)
    for log in folder.glob("*.log"):
        text = log.read_text(encoding="utf-8")
        assert not any(token.replace(" ", "") in text or token in text for token in tokens)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_demo_stays_until_ended_and_leaves_nothing_running(
    tmp_path: Path, how: signal.Signals
) -> None:
    process = subprocess.Popen(
        [*RASEED, "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200", "LC_ALL": "C.UTF-8", "TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    try:
        text = "".join(_lines_until(process.stdout, "Ctrl-C ends it"))
        found = re.search(r"The API runs at (http://127\.0\.0\.1:\d+)", text)
        assert found is not None, text
        url = found[1]
        (key_file,) = tmp_path.glob("raseed-demo-*/api-key-E1")
        headers = {"Authorization": f"Bearer {key_file.read_text().strip()}"}
        customers = httpx2.get(f"{url}/api/v1/customers", headers=headers, timeout=30)
        assert len(customers.json()) == 40
        assert httpx2.get(f"{url}/api/v1/docs", timeout=30).status_code == 200
        process.send_signal(how)
        code = process.wait(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
    assert code == (-how if how is signal.SIGKILL else 0)
    if how is not signal.SIGKILL:
        assert list(tmp_path.glob("raseed-demo-*")) == []
    _wait_until_silent(url)


def _lines_until(stream: IO[str], last: str) -> Iterator[str]:
    for line in stream:
        yield line
        if last in line:
            return


def _wait_until_silent(url: str) -> None:
    """The children hold pipes of the demo; they end by themselves once those close."""
    for _ in range(100):
        try:
            httpx2.get(f"{url}/api/v1/health", timeout=1)
        except httpx2.HTTPError:
            return
        time.sleep(0.1)
    pytest.fail("the API outlived the demo")


def test_a_port_that_somebody_has_is_not_taken_for_ours(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [*RASEED, "--lang", "en", "demo", "--once", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": str(tmp_path)},
            check=False,
        )
    assert done.returncode == 4
    assert "demo.port_taken" in done.stderr


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    done = subprocess.run(
        [*RASEED, "--lang", "en", "demo", "--once", "--folder", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "demo.folder_unusable" in done.stderr
