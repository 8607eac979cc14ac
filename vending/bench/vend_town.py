"""A municipality to measure on: a hundred meters, one vending point, keys that are thrown away,
and the servers that sell there."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from meters.account import Commodity
from meters.gateway import Gateway, MeterUnreachable
from meters.identity import Drn
from tokens.sts import (
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyAttributes,
    KeyRecord,
    KeyRef,
    KeyType,
    VendingKey,
)

from ..api_keys import ApiScope, new_api_key
from ..demo.processes import ApiServer
from ..keys import Cost, Passphrase, create_sealed
from ..parties import (
    Actor,
    Customer,
    Meter,
    Registration,
    Role,
    ServicePoint,
    SupplyAgreement,
    VendingPoint,
)
from ..service import VendingService
from ..settings import DatabaseSettings, JobSettings, Settings
from ..surroundings import utc_now
from ..wiring import open_raseed
from .vend_load import Job, Result

METERS: Final = tuple(Drn.from_serial("01", 1000 + i) for i in range(100))
SGC: Final = "999962"
ADMIN: Final = Actor("bench", Role.ADMINISTRATOR)
CLERK: Final = Actor("bench", Role.OPERATOR, "B1", "1")


def key_record() -> KeyRecord:
    """A vending key of random bytes."""
    attributes = KeyAttributes(
        ref=KeyRef(SGC, 1),
        dkga=Dkga.DKGA04,
        key_type=KeyType.DUTK,
        base_date=BaseDate.BASE_2014,
    )
    return KeyRecord(attributes, VendingKey(secrets.token_bytes(20)))


def parties() -> Registration:
    """Electricity meters of one customer at one place."""
    kind = Commodity.ELECTRICITY
    return Registration(
        points=(VendingPoint("B1", "قياس", "Bench"),),
        customers=(Customer("1", "زبون", "Customer"),),
        service_points=(ServicePoint("1", "الوسط", "شارع"),),
        meters=tuple(Meter(m, kind, EncryptionAlgorithm.EA07, SGC, 1, 1) for m in METERS),
        agreements=tuple(
            SupplyAgreement(f"A{i}", "1", "1", meter, kind, "electricity-domestic")
            for i, meter in enumerate(METERS)
        ),
    )


def no_gateway(meter: Meter) -> Gateway:
    """Nothing is delivered here."""
    raise MeterUnreachable(meter.number.number, "no address")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Selling:
    """A server that sells, and what it takes to ask it."""

    pid: int
    port: int
    path: str
    key: str


@dataclass(frozen=True, slots=True)
class Installed:
    """A data folder with keys, a database with parties, and an API key that sells."""

    settings: Settings
    passphrase: str
    key: str


def install(folder: Path, url: str | None, then: Callable[[VendingService], object]) -> Installed:
    """On SQLite in `folder`, or the database at `url`; `then` does something with it."""
    passphrase = secrets.token_hex(16)
    settings = Settings(
        data=folder,
        database=DatabaseSettings.model_validate({"url": url}),
        jobs=JobSettings(enabled=False),
    )
    create_sealed(settings.key_file, Passphrase(passphrase), [key_record()], cost=Cost(n=2**10))
    with open_raseed(settings, Passphrase(passphrase), create=True) as raseed:
        raseed.service.register(ADMIN, parties())
        scopes = frozenset({ApiScope.VEND})
        key, text = new_api_key(
            "bench", Role.OPERATOR, scopes, utc_now(), secrets.token_bytes, point="B1"
        )
        raseed.api_keys.add(key)
        then(raseed.service)
    return Installed(settings, passphrase, text)


@contextmanager
def product(installed: Installed) -> Iterator[Selling]:
    """`raseed serve` as a process of its own."""
    settings, port = installed.settings, free_port()
    environment = {
        "RASEED_DATA": str(settings.data),
        "RASEED_PASSPHRASE": installed.passphrase,
        "RASEED_WEB__PORT": str(port),
        "RASEED_JOBS__ENABLED": "false",
    }
    if settings.database.url is not None:
        environment["RASEED_DATABASE__URL"] = settings.database.url.get_secret_value()
    with ApiServer(settings.data, environment, f"http://127.0.0.1:{port}") as server:
        yield Selling(server.pid, port, "/api/v1/vends", installed.key)


def cpu_seconds(pid: int | None, *, children: bool = False) -> float:
    """Processor time of a process so far; with its `children`, also those that have ended."""
    if pid is None:
        return 0.0
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat") if children else [Path(f"/proc/{pid}/stat")]:
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid:
            ticks += sum(map(int, fields[11:15] if children else fields[11:13]))
        elif int(fields[1]) == pid:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """The most memory a running process ever had, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1_000_000
    return 0.0


class Callers:
    """The load generator, a process of its own."""

    def __enter__(self) -> Callers:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "vending.bench.vend_load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()

    def sell(
        self, at: Selling, clients: int, seconds: float, prefix: str, most: int = 1_000_000
    ) -> Result:
        """That many callers for so long, or until all requests are answered."""
        meters = [meter.number for meter in METERS]
        job = Job(at.port, at.path, at.key, clients, seconds, prefix, meters, most)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asdict(job)) + "\n")
        process.stdin.flush()
        told: dict[str, Any] = json.loads(process.stdout.readline())
        return Result(**told)
