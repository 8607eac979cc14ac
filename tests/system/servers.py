"""A PostgreSQL server of a test's own, to be stopped, killed and started again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.databases import Postgres
from vending.bench.postgres import Cluster, PostgresServer, ServerNotStarted, cluster

_PATIENCE_S: Final = 30


class OwnServer:
    """One data folder; while it is `up`, a server on it."""

    def __init__(self, made: Cluster, settings: Mapping[str, str] | None = None) -> None:
        self.cluster = made
        self._settings = settings
        self._running = ExitStack()
        self._server: PostgresServer | None = None
        self.start()
        self.databases = Postgres(self.url())

    @property
    def up(self) -> bool:
        return self._server is not None

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        assert self._server is not None
        return self._server.pid

    def url(self, database: str = "postgres") -> str:
        """The same before and after a restart."""
        assert self._server is not None
        return self._server.url(database)

    def start(self) -> None:
        """Waits until it takes connections. Processes of a postmaster that was killed may live
        on for a moment, and as long as they do none may start."""
        assert not self.up
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._server = self._running.enter_context(self.cluster.serving(self._settings))
            except ServerNotStarted as error:
                if "still in use" not in error.reason or time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self, how: int = signal.SIGINT) -> None:
        """By a signal to the postmaster: SIGINT ends connections and shuts down in order, SIGQUIT
        drops everything, SIGKILL asks nobody. Returns when it is gone, and with it the processes of
        its connections: one may answer for a moment longer."""
        pid, self._server = self.pid, None
        connections = _children(pid)
        os.kill(pid, how)
        until = time.monotonic() + _PATIENCE_S
        while any(map(_lives, (pid, *connections))):
            assert time.monotonic() < until, "the postmaster does not end"
            time.sleep(0.002)
        self._running.close()

    def ready(self) -> None:
        """Starts it if it was stopped, or has ended by itself."""
        if self._server is not None and not _lives(self._server.pid):
            self._server = None
            self._running.close()
        if not self.up:
            self.start()


def _children(pid: int) -> list[int]:
    with suppress(FileNotFoundError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _lives(pid: int) -> bool:
    with suppress(ProcessLookupError, FileNotFoundError):
        # A zombie waits for the shell that started it, and holds nothing any more.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    return False


@contextmanager
def own_server(
    data: Path | None = None,
    settings: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
) -> Iterator[OwnServer]:
    """A new one until the block ends; see `cluster`. Raises ServerNotStarted."""
    with cluster(data=data, options=options) as made:
        server = OwnServer(made, settings)
        try:
            yield server
        finally:
            if server.up:
                server.stop(signal.SIGQUIT)
