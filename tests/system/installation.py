"""A whole installation to sell through: data folder, sealed key file, API key, and API processes
that are forked from here, so that they listen within milliseconds and can be killed by pid."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.system.crashpoints import start_child, wait_for
from tests.vending.support import ADMIN, SGC, START, TEST_KEY, town
from tokens.sts import BaseDate, Dkga, KeyAttributes, KeyRecord, KeyRef, KeyType, VendingKey
from vending.api_keys import ApiScope, new_api_key
from vending.cli.server import run
from vending.keys import Cost, Passphrase, create_sealed
from vending.parties import Actor, Role
from vending.running import Raseed
from vending.sale import VendRequest
from vending.settings import DatabaseSettings, JobSettings, OutboxSettings, Settings
from vending.wiring import open_raseed

PASSPHRASE: Final = Passphrase("a passphrase for this test")
POINTS: Final = ("P1", "P2")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said to one request."""

    status: int
    body: dict[str, Any]

    @property
    def digits(self) -> tuple[str, ...]:
        return tuple(str(token["digits"]) for token in self.body["tokens"])


class NoAnswer(Exception):
    """The connection ended first: the caller knows nothing."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A till's side of the connection. Never asks twice by itself."""

    port: int
    key: str
    timeout_s: float = 30

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        """Raises NoAnswer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
            response = connection.getresponse()
            return Answer(response.status, json.loads(response.read()))
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(type(error).__name__) from None
        finally:
            connection.close()

    def vend(self, request: VendRequest) -> Answer:
        """One sale, asked for once. Raises NoAnswer."""
        amount = request.amount.to_text()
        body = {"vend_id": request.vend_id, "meter": request.meter, "amount": amount}
        return self.post("/vends", body)


@dataclass(frozen=True, slots=True)
class Api:
    """A process that serves."""

    pid: int
    port: int


class Installation:
    """A town with an API key for each of its points, on an SQLite file in `folder` or on a URL."""

    def __init__(
        self,
        folder: Path,
        place: Path | str,
        more_meters: int = 0,
        *,
        seats: Mapping[str, Actor] | None = None,
        keys: Sequence[KeyRecord] | None = None,
        outbox: OutboxSettings | None = None,
        prepare: Callable[[Raseed], None] | None = None,
    ) -> None:
        """`seats`: more API keys, for whom and where. `prepare`: writes down other parties than
        those of `town`."""
        url = None if isinstance(place, Path) else place
        self.settings = Settings(
            data=folder,
            jobs=JobSettings(enabled=False),
            database=DatabaseSettings(url=url, busy_timeout_seconds=30),  # type: ignore[arg-type]
            outbox=outbox or OutboxSettings(),
        )
        records = [one_key()] if keys is None else keys
        create_sealed(self.settings.key_file, PASSPHRASE, records, cost=Cost(n=2**10))
        self.keys: dict[str, str] = {}
        """API keys by point, or seat."""
        with open_raseed(self.settings, PASSPHRASE, create=True) as raseed:
            if prepare is None:
                raseed.service.register(ADMIN, town(more_meters))
            else:
                prepare(raseed)
            tills = {point: Actor(f"till-{point}", Role.OPERATOR, point) for point in POINTS}
            for seat, actor in (tills | dict(seats or {})).items():
                key, self.keys[seat] = new_api_key(
                    actor.name,
                    actor.role,
                    frozenset(ApiScope),
                    START,
                    os.urandom,
                    point=actor.point,
                    terminal=actor.terminal,
                )
                raseed.api_keys.add(key)
        self.place: Path | str = folder / "raseed.db" if url is None else place
        """What `invariants` looks at."""

    def opened(self, url: str | None = None) -> Raseed:
        """The services in this process; the database behind another URL if one is given."""
        settings = self.settings
        if url is not None:
            database = settings.database.model_copy(update={"url": _secret(url)})
            settings = settings.model_copy(update={"database": database})
        return open_raseed(settings, PASSPHRASE)

    def caller(self, api: Api, point: str = "P1", port: int | None = None) -> Caller:
        """A till of this point, directly or through a proxy's port."""
        return Caller(port or api.port, self.keys[point])

    @contextmanager
    def serving(
        self, *, before: Callable[[], None] = lambda: None, url: str | None = None
    ) -> Iterator[Api]:
        """An API process, listening. At the end it is told to stop, if it still lives. `before`
        runs in it first."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(64)
            port = listener.getsockname()[1]

            def serve() -> None:
                before()
                # Before the server listens to it, and again once it has shut down.
                signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
                with self.opened(url) as raseed:
                    run(raseed, listener)

            pid = start_child(serve)
            # The child has the listener now; ours would keep the port open after its death.
            listener.close()
            try:
                yield Api(pid, port)
            finally:
                with suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGTERM)
                    wait_for(pid)


def one_key() -> KeyRecord:
    """The one vending key of most tests."""
    attributes = KeyAttributes(KeyRef(SGC, 1), Dkga.DKGA04, KeyType.DUTK, BaseDate.BASE_2014)
    return KeyRecord(attributes, VendingKey(TEST_KEY))


def _secret(url: str) -> Any:
    return DatabaseSettings(url=url).url  # type: ignore[arg-type]
