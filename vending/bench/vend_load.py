"""Callers of the API, as many as wanted, each asking again as soon as it is answered.

A program of its own (`python -m vending.bench.vend_load`), so that what it costs is not counted to
the server. It speaks plain HTTP/1.1 on connections that are open, from requests that are written,
before the clock starts: a full client library costs more than the sale it asks for, and callers
that are still connecting make small batches of what the product would sell together. One job per
line of standard input, one result per line of standard output, both JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice
from typing import Final, cast

import uvloop

_PATIENCE_S: Final = 60
"""For the answers that are still due when the time is over."""
_AT_MOST_PER_S: Final = 4000
"""Requests that are written beforehand, for each second of the job; more are written as needed."""


@dataclass(frozen=True, slots=True)
class Job:
    """Sell for some seconds."""

    port: int
    path: str
    key: str
    clients: int
    seconds: float
    prefix: str
    """Begins every vend id of the job; the same one again asks for the same sales."""
    meters: list[str]
    most: int
    """Requests at most."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it."""

    answers: int
    """With the status `sold` or `replayed`."""
    sold: int
    """201."""
    failed: int
    """With another status."""
    rate: float
    """Answers per second while all were asking: until the time was over, or the requests."""
    p50_ms: float
    p99_ms: float


class _Caller(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._began = 0.0
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's by behaviour alone.
        self._transport = cast(asyncio.Transport, transport)

    def ask(self) -> None:
        request = self._run.next()
        if request is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head = self._got.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._got.lower().index(b"content-length:", 0, head + 2) + 15
        length = int(self._got[at : self._got.index(b"\r\n", at)])
        if len(self._got) >= head + 4 + length:
            self._run.answered(self._got[9:12], time.perf_counter() - self._began)
            self._got = b""
            self.ask()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._run.left()


class _Run:
    def __init__(self, job: Job) -> None:
        lazily = _requests(job)
        written = list(islice(lazily, int(job.seconds * _AT_MOST_PER_S)))
        self._requests = chain(written, lazily)
        self._until = 0.0
        self._last = 0.0
        """When somebody was answered last, within the time."""
        self._in_time = 0
        self._callers = job.clients
        self._job = job
        self.seconds: list[float] = []
        self.statuses: dict[bytes, int] = {}
        self.done = asyncio.Event()

    async def __call__(self) -> Result:
        loop = asyncio.get_running_loop()
        callers = []
        for _ in range(self._job.clients):
            opened = loop.create_connection(lambda: _Caller(self), "127.0.0.1", self._job.port)
            callers.append((await opened)[1])
        began = time.perf_counter()
        self._until = began + self._job.seconds
        for caller in callers:
            caller.ask()
        await asyncio.wait_for(self.done.wait(), self._job.seconds + _PATIENCE_S)
        waits = sorted(self.seconds)
        sold, replayed = self.statuses.pop(b"201", 0), self.statuses.pop(b"200", 0)
        return Result(
            answers=sold + replayed,
            sold=sold,
            failed=sum(self.statuses.values()),
            rate=self._in_time / (self._last - began) if self._in_time else 0,
            p50_ms=waits[len(waits) // 2] * 1000 if waits else 0,
            p99_ms=waits[len(waits) * 99 // 100] * 1000 if waits else 0,
        )

    def next(self) -> bytes | None:
        return None if time.perf_counter() > self._until else next(self._requests, None)

    def answered(self, status: bytes, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.seconds.append(seconds)
        now = time.perf_counter()
        if now <= self._until:
            self._in_time += 1
            self._last = now

    def left(self) -> None:
        self._callers -= 1
        if self._callers == 0:
            self.done.set()


def _requests(job: Job) -> Iterator[bytes]:
    head = (
        f"POST {job.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {job.key}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    )
    for i in range(job.most):
        body = json.dumps(
            {
                "vend_id": f"{job.prefix}-{i}",
                "meter": job.meters[i % len(job.meters)],
                # Agorot that differ, so that balances are left over and used.
                "amount": f"{20 + i * 37 % 300}.{i % 100:02d}",
            }
        )
        yield f"{head}{len(body)}\r\n\r\n{body}".encode()


def main() -> None:
    """Until standard input ends."""
    for line in sys.stdin:
        job = Job(**json.loads(line))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            result = runner.run(_Run(job)())
        print(json.dumps(asdict(result)), flush=True)


if __name__ == "__main__":
    main()
