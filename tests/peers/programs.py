"""Starts the programs here. What is missing on this machine is told as a reason."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


class Missing(Exception):
    """Something that a peer needs is not on this machine."""


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="raseed-peers-"))


@cache
def compiled(name: str) -> Path:
    """The C program of this name. Raises Missing without a compiler or libmodbus."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Missing("no C compiler")
    program = _folder() / name
    flags = ["-O2", "-I/usr/include/modbus", "-o", str(program), str(HERE / f"{name}.c")]
    done = subprocess.run(
        [compiler, *flags, "-lmodbus"], capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        raise Missing("libmodbus-dev is not installed")
    return program


@contextmanager
def started(*command: str) -> Iterator[str]:
    """Runs a server; gives the first line that it prints, and ends it afterwards."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if not line:
                raise Missing(f"{Path(command[0]).name} {' '.join(command[1:])} does not start")
            yield line
        finally:
            process.terminate()
            process.wait(10)


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module here."""
    return (sys.executable, "-m", f"tests.peers.{module}", *arguments)
