"""Modbus programs of others, from `tests/peers` of the source tree: compiled, started, ended.

What is missing on this machine (a compiler, libmodbus, the source tree) is told as a reason and
leaves out what needs it.
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PEERS: Final = Path(__file__).parents[2] / "tests" / "peers"


class Missing(Exception):
    """Something that a peer needs is not on this machine."""


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="raseed-peers-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def compiled(name: str) -> Path:
    """The C program of this name (`server`, `client`; their sources tell the arguments). Raises
    Missing."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    source = PEERS / f"{name}.c"
    if compiler is None or not source.exists():
        raise Missing("no C compiler" if compiler is None else "no source tree")
    program = _folder() / name
    files = ["-o", str(program), str(source)]
    command = [compiler, "-O2", "-I/usr/include/modbus", *files, "-lmodbus"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)  # noqa: S603
    if done.returncode:
        raise Missing("libmodbus-dev is not installed")
    return program


class Ready(str):
    """The first line that a server printed, and which process it is."""

    __slots__ = ("process",)
    process: int


@contextmanager
def started(*command: str) -> Iterator[Ready]:
    """Runs a server; gives the first line that it prints, and ends it afterwards. Raises Missing
    if it prints none."""
    with subprocess.Popen(  # noqa: S603 - our own programs
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = Ready(process.stdout.readline().strip())
            line.process = process.pid
            if not line:
                raise Missing(f"{Path(command[0]).name} {' '.join(command[1:])} does not start")
            yield line
        finally:
            process.terminate()
            process.wait(10)


def is_installed(package: str) -> bool:
    """Whether this machine has a Python package."""
    return find_spec(package) is not None


def needed(package: str) -> None:
    """Raises Missing if a Python package is not installed."""
    if not is_installed(package):
        raise Missing(f"{package} is not installed")


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of this project."""
    return (sys.executable, "-m", module, *arguments)
