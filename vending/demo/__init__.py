"""`raseed demo`: a small municipality, its simulated meters and its API, sold to before your eyes.

Everything runs as it would in earnest, in processes of its own: the meters answer Modbus TCP
and a keypad, the API is `raseed serve` on a fresh SQLite database and a sealed key file, counters
and office are API callers with a key each. Only names, keys and clock speed are invented.
"""

from __future__ import annotations

import secrets
import signal
import socket
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from meters.errors import Invalid, Refused, Unavailable

from ..api_keys import ApiScope, new_api_key
from ..keys import Passphrase, create_sealed
from ..ledger import read_chart
from ..messages import LOCAL_ZONE
from ..parties import Actor, Role
from ..running import Raseed
from ..settings import load_settings
from ..surroundings import CONFIG, utc_now
from ..tariff import Month
from ..wiring import open_raseed
from .checks import Checks
from .counter import Counter, Desk
from .factory import new_key, world_document, write_private, write_world
from .history import DAYS, Lived, MovedClock, live
from .keypad import KeypadLine
from .municipality import (
    NEXT_KRN,
    QUARTERS,
    Household,
    households,
    record,
    registration,
    roles,
    seller,
)
from .people import Login, let_in
from .place import Place
from .processes import ApiServer, MeterWorld
from .screen import Screen
from .stage import Booked, Stage
from .staying import stay
from .story import play

SPEED = 60
"""A minute of the meters' time passes in a second."""
DEFAULT_PORT = 8600


_AT_THE_COUNTER = frozenset({ApiScope.READ, ApiScope.VEND, ApiScope.METER})
_IN_THE_OFFICE = frozenset({ApiScope.READ, ApiScope.BOOKS, ApiScope.APPROVE, ApiScope.REGISTER})
_OFFICE = {
    "billing": (Role.BILLING, _IN_THE_OFFICE),
    "supervisor": (Role.SUPERVISOR, _IN_THE_OFFICE),
    "deputy": (Role.SUPERVISOR, _IN_THE_OFFICE),
}
_BANK = """[bank]
beneficiary = "Demo municipality"
name = "Demo bank"
account = "0001-4711"
"""


@dataclass(eq=False)
class FolderNotEmpty(Refused, code="demo.folder_not_empty"):
    """The demo begins in an empty folder, so that it can never touch real books."""

    folder: str


@dataclass(eq=False)
class FolderUnusable(Invalid, code="demo.folder_unusable"):
    """The demo cannot work in this folder."""

    folder: str
    reason: str


@dataclass(eq=False)
class PortTaken(Unavailable, code="demo.port_taken"):
    """Another program listens on the port that was asked for."""

    port: int


@dataclass(frozen=True, slots=True)
class _Founded:
    """A municipality that can begin its day."""

    keys: dict[str, str]
    """API keys by point or name."""
    logins: list[Login]
    lived: Lived


def run_demo(
    *,
    once: bool = False,
    folder: Path | None = None,
    port: int | None = None,
    console: Console | None = None,
) -> int:
    """Set up, sell, check; then serve until Ctrl-C, or end at once with `once`.

    0 if every verdict and sum was right, 1 if not. `folder` must be empty; without one a
    temporary folder is used and removed at the end. Raises FolderNotEmpty, FolderUnusable,
    PortTaken, ProgramNotStarted.
    """
    console, began = console or Console(), utc_now()
    # Told to end by whoever runs it, it ends as with Ctrl-C: children and folder are cleared.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="raseed-demo-")))
        else:
            _make_empty(folder)
        place = Place(folder)
        port = _port(port)
        console.print("[bold]Raseed demo[/]: two quarters, two counters, 40 customers, 80 meters")
        houses = households()
        checks = Checks()
        screen = Screen(console, read_chart(CONFIG / "chart-of-accounts.toml"))
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        ) as progress:
            meters = _start_meters(stack, progress, place, houses, port)
            founded = _found_municipality(progress, place, houses, meters)
            task = progress.add_task("Starting the API")
            environment = {
                "RASEED_CONFIG": str(place.settings),
                "RASEED_PASSPHRASE_FILE": str(place.passphrase),
            }
            api = stack.enter_context(ApiServer(folder, environment, f"http://127.0.0.1:{port}"))
            progress.update(task, completed=1, total=1)
        points = [quarter.point.code for quarter in QUARTERS]
        stage = Stage(
            screen,
            KeypadLine(meters.keypad),
            checks,
            {point: stack.enter_context(Counter(api.url, founded.keys[point])) for point in points},
            {name: stack.enter_context(Desk(api.url, founded.keys[name])) for name in _OFFICE},
            secrets.token_hex(3),
            utc_now,
            began,
            _booked(founded.lived),
        )
        play(stage, roles(houses))
        screen.checks(checks)
        if not once:
            stay(console, place, api, meters, founded.logins)
    return 0 if checks.ok else 1


def _booked(lived: Lived) -> Booked:
    """What the month before leaves in the books, as far as the evening counts it."""
    today = utc_now().astimezone(LOCAL_ZONE).date()
    return Booked(lived.entries, lived.sales_on(today), over_short=Fraction(lived.over_short))


def _start_meters(
    stack: ExitStack, progress: Progress, place: Place, houses: list[Household], port: int
) -> MeterWorld:
    """Keys, settings and the simulated meters."""
    task = progress.add_task("Making keys and 80 meters", total=3)
    now = utc_now()
    record = new_key(secrets.token_bytes, now)
    next_record = new_key(secrets.token_bytes, now, NEXT_KRN)
    passphrase = secrets.token_urlsafe(24)
    write_private(place.passphrase, passphrase + "\n")
    data = place.folder / "data"
    write_private(
        place.settings,
        f'data = "{data}"\n\n[web]\nport = {port}\n\n[meters]\ntimeout_seconds = 1\n\n{_BANK}',
    )
    settings = load_settings(place.settings)
    settings.data.mkdir(mode=0o700)
    create_sealed(settings.key_file, Passphrase(passphrase), [record, next_record])
    progress.advance(task)
    empty = houses[0].electricity
    write_world(place.world, world_document(houses, record, now, empty=empty))
    progress.advance(task)
    meters = stack.enter_context(MeterWorld(place.folder, place.world, SPEED))
    # The meters have their keys; nothing else needs this file.
    place.world.unlink()
    progress.advance(task)
    return meters


def _found_municipality(
    progress: Progress, place: Place, houses: list[Household], meters: MeterWorld
) -> _Founded:
    """Database, parties, a month of history, people, and an API key for each counter and each
    person of the office."""
    task = progress.add_task("Writing down customers and meters", total=3)
    founder, now = Actor("demo", Role.ADMINISTRATOR), utc_now()
    settings = load_settings(place.settings)
    passphrase = Passphrase(place.passphrase.read_text("utf-8").strip())
    clock = MovedClock(now - timedelta(days=DAYS + 1))
    with open_raseed(settings, passphrase, create=True, clock=clock) as raseed:
        month = str(Month.of(now, LOCAL_ZONE))
        raseed.service.register(founder, registration(houses, meters.gateways, month))
        progress.advance(task)
        on_stage = roles(houses).houses
        free = [house for house in houses if house.customer.account not in on_stage]
        lived = live(raseed, clock, free, now)
        progress.advance(task)
    with open_raseed(settings) as raseed:
        raseed.operators.register(founder, seller())
        raseed.town_hall.change(founder, record())
        logins = let_in(raseed)
        keys = _api_keys(raseed, place)
    progress.advance(task)
    return _Founded(keys, logins, lived)


def _api_keys(raseed: Raseed, place: Place) -> dict[str, str]:
    """By point or name."""
    keys = {}
    people = [
        (quarter.point.code, f"counter-{quarter.point.code}", Role.OPERATOR, _AT_THE_COUNTER)
        for quarter in QUARTERS
    ]
    people += [(name, name, role, scopes) for name, (role, scopes) in _OFFICE.items()]
    for short, name, role, scopes in people:
        at_counter = role is Role.OPERATOR
        key, text = new_api_key(
            name,
            role,
            scopes,
            utc_now(),
            secrets.token_bytes,
            point=short if at_counter else None,
            terminal=f"{short}-1" if at_counter else "",
        )
        raseed.api_keys.add(key)
        write_private(place.api_key(short), text + "\n")
        keys[short] = text
    return keys


def _make_empty(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise FolderNotEmpty(str(folder))
    except OSError as error:
        raise FolderUnusable(str(folder), error.strerror or "OSError") from None


def _port(wanted: int | None) -> int:
    """The port asked for, which must be free; without one the usual, or any. Raises PortTaken:
    whoever answers there would be taken for the demo's own server."""
    if not wanted:
        return _free_port(DEFAULT_PORT if wanted is None else 0)
    if _free_port(wanted) != wanted:
        raise PortTaken(wanted)
    return wanted


def _free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return wanted
