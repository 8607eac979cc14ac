"""The disk says that it could not keep what was written: the whole batch is told an error of ours,
nothing is half-written nor written any more, and after a restart the books are right. `strace`
stands for the disk."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.system.everything import MORE_METERS
from tests.system.invariants import (
    BACKENDS,
    Witness,
    check,
    digits_of,
    looking,
    order,
    settle_and_check,
)
from tests.system.load import load
from tests.system.selling_child import PER_BATCH
from tests.system.servers import OwnServer
from tests.vending.support import SetClock, Town, service
from vending.store import CommitUnknown, open_store

ROOT = Path(__file__).parents[2]
STRACE: Final = shutil.which("strace")
INJECT: Final = "inject=fdatasync,fsync:error=EIO:when="
BATCHES: Final = 6


def _why_not() -> str:
    if STRACE is None:
        return "strace is not installed"
    tried = subprocess.run(
        [STRACE, "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False
    )
    return f"strace may not trace here: {tried.stderr.strip()}" if tried.returncode else ""


_REASON = _why_not()
pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(120),
    pytest.mark.skipif(bool(_REASON), reason=_REASON),
]


@pytest.mark.parametrize(
    "when", ["1", "3", "5+", "6"], ids=["first", "third", "fifth and all after", "sixth"]
)
def test_sqlite(tmp_path: Path, when: str) -> None:
    here = Town(tmp_path / "books.db", more_meters=MORE_METERS)
    # Its log is emptied: the first sale begins a new one, with a sync more.
    here.store.close()
    assert STRACE is not None
    command = [STRACE, "-f", "-qq", "--seccomp-bpf", "-o", str(tmp_path / "trace")]
    command += ["-e", "trace=fdatasync,fsync", "-e", f"{INJECT}{when}"]
    command += [sys.executable, "-m", "tests.system.selling_child", str(here.path), str(BATCHES)]
    told = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    trace = (tmp_path / "trace").read_text()
    assert "EIO" in trace, trace

    witness = Witness()
    failed: list[str] = []
    readable: list[int] = []
    for line in map(json.loads, told.stdout.splitlines()):
        witness.ask(line.get("asked", []))
        answers = line.get("told", {}).values()
        codes = {answer for answer in answers if isinstance(answer, str)}
        if codes:
            # All of a batch, and all the same.
            assert [type(answer) for answer in answers] == [str] * PER_BATCH
            (code,) = codes
            failed.append(code)
        else:
            for vend_id, digits in line.get("told", {}).items():
                witness.tell(vend_id, digits)
        if "told" in line:
            # What was answered can be read, whatever became of the disk.
            readable.append(line["sales"] - len(witness.told))
    assert len(witness.asked) == BATCHES * PER_BATCH
    # Even where the disk does as it is told again, nothing more is written over what it lost.
    assert failed[0] == "store.commit_unknown"
    assert failed[1:] == ["store.disk_failed"] * (len(failed) - 1)
    assert len(failed) + len(witness.told) // PER_BATCH == BATCHES
    assert len(failed) > 1
    assert readable == [0] * BATCHES

    with closing(open_store(here.path)) as store:
        settle_and_check(here.path, service(store, SetClock()), witness)


@pytest.fixture
def here(breakable: OwnServer) -> Iterator[Town]:
    made = Town(breakable.databases.new(), more_meters=MORE_METERS)
    yield made
    made.store.close()


@contextmanager
def _fsync_fails(pid: int) -> Iterator[None]:
    """For this process, from now on."""
    assert STRACE is not None
    command = [STRACE, "-f", "-qq", "-o", "/dev/null", "-p", str(pid)]
    command += ["-e", "trace=fdatasync,fsync", "-e", f"{INJECT}1+"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        try:
            status = Path(f"/proc/{pid}/status")
            until = time.monotonic() + 10
            while f"TracerPid:\t{tracer.pid}\n" not in status.read_text():
                if tracer.poll() is not None or time.monotonic() > until:
                    assert tracer.stderr is not None
                    pytest.skip(f"strace may not attach here: {tracer.stderr.read().strip()}")
                time.sleep(0.002)
            yield
        finally:
            if tracer.poll() is None:
                tracer.send_signal(signal.SIGINT)


def test_postgresql(here: Town) -> None:
    """The server gives up as it must (it cannot know what is on the disk), recovers from what is
    there, and the service goes on by itself."""
    witness = Witness()
    ids = [f"v-{i}" for i in range(4)]
    witness.ask(["before", *ids])
    witness.tell("before", digits_of(here.service.vend(*order("before"))))
    with looking(here.place) as ask:
        ((backend,),) = ask(BACKENDS)
    with _fsync_fails(backend):
        answers = here.service.vend_many([order(vend_id) for vend_id in ids])
    assert [type(answer) for answer in answers] == [CommitUnknown] * len(ids)

    with load(here.service, witness, callers=2) as callers:
        callers.wait_for_more(4)
    assert set(callers.errors) <= {"store.failed", "store.commit_unknown"}
    check(here.place, here.service, witness)
    settle_and_check(here.place, here.service, witness)
