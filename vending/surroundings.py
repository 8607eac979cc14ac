"""What the program takes from the world around it: the clock, randomness, the files shipped with
it, the database and the lines to meters that the settings name."""

from __future__ import annotations

import os
import secrets
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drivers.keeping import Lines
from drivers.modbus.payment_meter import open_payment_meter
from drivers.places import parse_place
from meters.errors import Invalid
from meters.gateway import Gateway, MeterWithoutAddress

from .clock import ClockGuard, ClockLimits, Steady
from .ledger import Chart, read_chart
from .parties import GatewayPlace, Meter, Registration
from .ports import GatewayFor
from .settings import Settings
from .shapes import RegistrationIn
from .store import SqlStore, open_store, upgrade

CONFIG = Path(__file__).resolve().parents[1] / "config"


@dataclass(eq=False)
class DatabaseMissing(Invalid, code="settings.database_missing"):
    """There is no database file where the settings say, or it is empty."""

    path: str


def utc_now() -> datetime:
    """The wall clock, as everything else gets it passed in."""
    return datetime.now(UTC)


def steady_ns() -> int:
    """Nanoseconds since the machine started, whatever is done to its wall clock. Where the system
    can tell, the time that it sleeps counts: on waking, the wall clock is right all the same."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic_ns() if boot_time is None else time.clock_gettime_ns(boot_time)


def clock_guard(settings: Settings, steady: Steady = steady_ns) -> ClockGuard:
    """Judges the wall clock as the settings say."""
    closed = timedelta(days=settings.clock.closed_days)
    leap = timedelta(minutes=settings.clock.leap_minutes)
    return ClockGuard(ClockLimits(leap=leap, closed=closed, confirmed=closed), steady)


def random_nibbles() -> Callable[[], int]:
    """A source for the RND field of tokens, safe to share between threads. It draws from the system
    by the hundred: each draw lets other threads in, which in the middle of a batch of sales do not
    give way for milliseconds."""
    drawn: list[int] = []

    def nibble() -> int:
        while True:
            try:
                return drawn.pop()
            except IndexError:
                drawn.extend(byte & 15 for byte in secrets.token_bytes(512))

    return nibble


def read_shipped_chart() -> Chart:
    """Raises ChartMalformed."""
    return read_chart(CONFIG / "chart-of-accounts.toml")


def shipped_models() -> tuple[str, ...]:
    """Names of the shipped register maps."""
    return tuple(sorted(path.stem for path in (CONFIG / "meters").glob("*.toml")))


def sample_parties() -> Registration:
    """Invented parties to try out with."""
    text = (CONFIG / "examples" / "samples.toml").read_text("utf-8")
    return RegistrationIn.model_validate(tomllib.loads(text)).registration()


def open_books(
    settings: Settings, *, create: bool = False, upgrade_schema: bool = False
) -> SqlStore:
    """The database alone, as `open_raseed` says.

    Raises DatabaseMissing, StoreOutdated, StoreLocked, StoreFailed.
    """
    if settings.database.url is None:
        path = settings.data / "raseed.db"
        if create:
            _make_private(path)
        elif books_are_lost(settings):
            raise DatabaseMissing(str(path))
        where: Path | str = path
    else:
        where = settings.database.url.get_secret_value()
    upgrade_schema = upgrade_schema or create
    timeout = settings.database.busy_timeout_seconds
    store = open_store(where, busy_timeout_s=timeout, must_be_current=not upgrade_schema)
    if upgrade_schema:
        upgrade(store.engine)
    return store


def books_are_lost(settings: Settings) -> bool:
    """True if the database file of these settings is missing or empty. A database elsewhere
    (by URL) is not looked at."""
    if settings.database.url is not None:
        return False
    path = settings.data / "raseed.db"
    return not path.exists() or path.stat().st_size == 0


def gateway_for(settings: Settings) -> GatewayFor:
    """Gateways to meters by the address in their records."""

    lines = Lines()

    def open_gateway(meter: Meter) -> Gateway:
        address = meter.gateway
        if address is None:
            raise MeterWithoutAddress(meter.number.number)
        if isinstance(address, GatewayPlace):
            return lines.payment_gateway(parse_place(address.place), meter.number, utc_now)
        return open_payment_meter(
            address.host,
            address.port,
            address.unit_id,
            meter.number,
            utc_now,
            settings.meters.timeout_seconds,
        )

    return open_gateway


def _make_private(path: Path) -> None:
    # The books hold tokens: nobody else on the machine reads them.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
