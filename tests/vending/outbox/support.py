"""A town with an outbox, and a real HTTP server that receives, counts and misbehaves."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from meters.identity import Drn
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    SetClock,
    new_store,
    request,
    service,
    town,
)
from vending.languages import Languages
from vending.outbox import OutboxPlan, messages_of
from vending.outbox_ports import Queued
from vending.outbox_worker import Outbox
from vending.parties import Actor, Role
from vending.sale import SaleReceipt
from vending.sending import HttpPoster
from vending.service import VendingService
from vending.settings import OutboxSettings, Settings, WebhookSettings
from vending.store import SqlStore
from vending.store.languages import SqlLanguages
from vending.store.outbox import SqlOutbox, insert_messages
from vending.ways_out import paper_desk, senders_for

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
GATEWAY_KEY = "gateway-key-hunter2"
JOB = Actor("job:outbox", Role.TECHNICIAN)
CHIEF = Actor("Omar", Role.SUPERVISOR)
DROP = "drop"
"""The request is read whole, and the line is closed without a word."""
PHONE = "0599-000 001"


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        return self.headers.get("idempotency-key") or self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A server on loopback. `script` says how it answers the next requests; then always 200."""

    port: int
    script: list[Any] = field(default_factory=list)
    got: list[Received] = field(default_factory=list)
    on_receipt: Callable[[], None] = lambda: None

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def keys(self) -> Counter[str]:
        return Counter(one.key for one in self.got)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serves until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append(Received(self.path, headers, body))
            receiver.on_receipt()
            answer = receiver.script.pop(0) if receiver.script else 200
            if answer == DROP:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, more = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in {"Content-Length": "2", **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def settings_for(folder: Path, receiver: Receiver) -> Settings:
    """Everything is set up: SMS gateway, one webhook, a printer at P1."""
    hook = WebhookSettings(url=SecretStr(receiver.url("/hook")), secret=SecretStr(SECRET))
    return Settings(
        data=folder,
        outbox=OutboxSettings(
            sms=True,
            printers={"P1": "till"},
            webhooks={"erp": hook},
            gateway=SecretStr(receiver.url("/sms?account=hunter2")),
            gateway_key=SecretStr(GATEWAY_KEY),
            timeout_seconds=5,
        ),
    )


SMS = OutboxPlan(sms=True)
HOOK = OutboxPlan(webhooks=("erp",))
PUSH = OutboxPlan(push=True)


@dataclass
class Office:
    """Books whose sales are sent to `receiver`."""

    place: Path | str
    receiver: Receiver
    settings: Settings
    clock: SetClock = field(default_factory=SetClock)
    poster: HttpPoster = field(init=False)
    books: SqlStore = field(init=False)
    service: VendingService = field(init=False)
    store: SqlOutbox = field(init=False)
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.poster = HttpPoster(self.settings.outbox.timeout_seconds)
        self.books = new_store(self.place)
        self.service = service(self.books, self.clock)
        self.store = SqlOutbox(self.books)
        self.outbox = self.worker(self.books)

    def worker(self, books: SqlStore) -> Outbox:
        """Another worker of the same queue."""
        languages = Languages(SqlLanguages(books), self.clock)
        desk = paper_desk(self.settings, languages=languages.of)
        senders = senders_for(self.settings, service(books, self.clock), self.poster, desk, {})
        return Outbox(SqlOutbox(books), senders, self.clock)

    def sell(self, vend_id: str = "v-1", plan: OutboxPlan = SMS, meter: Drn = POWER) -> SaleReceipt:
        """A sale, and what it queues."""
        receipt = self.service.vend(OPERATOR, request(vend_id, meter))
        self.queue(receipt, plan)
        return receipt

    def queue(self, receipt: SaleReceipt, plan: OutboxPlan) -> None:
        with self.books.writing() as books:
            insert_messages(books._db, messages_of(receipt, PHONE, plan), self.clock())

    def run(self, limit: int = 100) -> tuple[int, int, int]:
        """Sent, waiting, given up."""
        done = self.outbox.deliver_due(JOB, limit)
        return done.sent, done.waiting, done.given_up

    def only(self) -> Queued:
        """The one message that there is."""
        (found,) = self.outbox.messages(CHIEF)
        return found

    def close(self) -> None:
        self.poster.close()
        self.books.close()


@contextmanager
def office(place: Path | str, folder: Path) -> Iterator[Office]:
    """On a new database, with the parties of `town`."""
    with receiving() as receiver:
        made = Office(place, receiver, settings_for(folder, receiver))
        try:
            made.service.register(ADMIN, town())
            yield made
        finally:
            made.close()
