"""The demo's other processes: the simulated meters and the API, each a program of its own.

Both are started with the interpreter that runs the demo and ended by their process id. Both
also end when their standard input closes, so they cannot outlive a killed demo.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx2

from meters.errors import Unavailable

_START_WITHIN_S = 30.0
_END_WITHIN_S = 10.0


@dataclass(eq=False)
class ProgramNotStarted(Unavailable, code="demo.program_not_started"):
    """A program of the demo did not come up; its words are in the log file."""

    program: str
    log: str


class _Program:
    """A child process whose output goes to a log file in the demo's folder."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _start(
        self, arguments: list[str], environment: Mapping[str, str] | None = None, **pipes: Any
    ) -> subprocess.Popen[str]:
        with self.log.open("a", encoding="utf-8") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                [sys.executable, "-m", *arguments],
                env={**os.environ, **(environment or {})},
                stderr=errors,
                text=True,
                # Ctrl-C is for the demo, which then ends its children in order.
                start_new_session=True,
                **pipes,
            )
        return self._process

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    def end(self) -> None:
        """Terminate and wait; kill only if it does not listen."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        self._process = None


class MeterWorld(_Program):
    """The simulated meters."""

    gateways: dict[str, int]
    keypad: int

    def __init__(self, folder: Path, world: Path, speed: int) -> None:
        """Starts them; `speed` virtual seconds pass in a real one. Raises ProgramNotStarted."""
        super().__init__("meters", folder / "meters.log")
        process = self._start(
            ["simulators", str(world), "--speed", str(speed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            self.end()
            raise ProgramNotStarted(self.name, str(self.log))
        ready = json.loads(line)
        self.gateways = ready["gateways"]
        self.keypad = ready["keypad"]


class ApiServer(_Program):
    """`raseed serve` on a loopback port."""

    def __init__(self, folder: Path, environment: Mapping[str, str], url: str) -> None:
        """Starts it and waits until it is well. Raises ProgramNotStarted."""
        super().__init__("api", folder / "api.log")
        self.url = url
        process = self._start(
            ["vending.cli", "serve", "--while-stdin-is-open"],
            environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _START_WITHIN_S
        while not self._is_well():
            if process.poll() is not None or time.monotonic() > deadline:
                self.end()
                raise ProgramNotStarted(self.name, str(self.log))
            time.sleep(0.05)

    def _is_well(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/api/v1/health", timeout=2).status_code == 200
        except httpx2.HTTPError:
            return False

    def runs(self) -> bool:
        """Whether the server is there still."""
        return self._process is not None and self._process.poll() is None

    def wait(self) -> None:
        """Until the server ends by itself."""
        if self._process is not None:
            self._process.wait()
