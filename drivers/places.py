"""Where a meter is reached, as people write it: `TRANSPORT://LINE/STATION?settings`.

    tcp://127.0.0.1/7                          Modbus TCP, unit 7, port as the model has it (502)
    rtu-tcp://127.0.0.1:4001/7                 Modbus RTU through a transparent gateway
    serial:///dev/ttyUSB0/7?baud=9600&parity=E
    tcp://127.0.0.1:4059/260305510012          DL/T 645 through a gateway: the model says which
                                              protocol the bytes are
    serial:///dev/ttyUSB0?baud=2400           the only meter there, whatever its station

The station is a Modbus unit, a DL/T 645 address, an M-Bus primary or secondary address, an IEC
62056-21 device address. Settings are `baud`, `parity` (N, E, O), `bits` (7, 8), `stop` (1, 2),
`echo`, `rs485` and `wake` (yes, no); what is not said is as the model is delivered. `rs485=yes`:
the kernel switches the transmitter, as adapters without a circuit for it want. `wake=yes`: a
battery meter of IEC 62056-21 is woken before it is called. Of a meter that speaks seven bits
with parity `bits=8&parity=E` means that the line carries eight bits and the parity is in the
eighth; `bits=8&parity=N` that whatever is between takes care of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from meters.errors import Invalid

from .conversation import LineSettings
from .maps.model import Line

TCP: Final = "tcp"
RTU_TCP: Final = "rtu-tcp"
SERIAL: Final = "serial"
TRANSPORTS: Final = (TCP, RTU_TCP, SERIAL)

_STATION = re.compile(r"[0-9A-Za-z]{0,32}", re.ASCII)
_CHOICES: Final[Mapping[str, Callable[[str], object]]] = {
    "baud": lambda text: _number(text, 50, 1_000_000),
    "bits": lambda text: _number(text, 7, 8),
    "stop": lambda text: _number(text, 1, 2),
    "parity": lambda text: _one_of(text.upper(), ("N", "E", "O")),
    **dict.fromkeys(("echo", "rs485", "wake"), lambda text: _yes(text)),
}


@dataclass(eq=False)
class PlaceInvalid(Invalid, code="line.place_invalid"):
    """This is not where a meter can be reached."""

    text: str
    problem: str


@dataclass(frozen=True, slots=True)
class Place:
    """A line, the station on it, and how the line is set up as far as that was said."""

    transport: str
    host: str = ""
    port: int | None = None
    path: str = ""
    """Of a serial port."""
    station: str = ""
    """Empty: the model's default, or whoever is the only one there."""
    baud: int | None = None
    parity: str = ""
    bits: int | None = None
    stop: int | None = None
    echo: bool | None = None
    rs485: bool | None = None
    wake: bool | None = None

    @property
    def line(self) -> str:
        """The line without the station, for people and as its key."""
        if self.transport == SERIAL:
            return self.path
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port is not None else host

    def settings(self, line: Line | None = None) -> LineSettings:
        """What was said, else as the model is delivered, else 9600 8N1."""
        usual = LineSettings()
        if line is not None:
            usual = LineSettings(
                line.default_baud, line.data_bits, line.default_parity, line.default_stop_bits
            )
        return LineSettings(
            self.baud or usual.baud,
            self.bits or usual.data_bits,
            self.parity or usual.parity,
            self.stop or usual.stop_bits,
        )


def parse_place(text: str) -> Place:
    """Raises PlaceInvalid with what is wrong."""
    try:
        return _parse(text)
    except ValueError as error:
        raise PlaceInvalid(text[:80], str(error)) from None


def is_place(text: str) -> bool:
    """Whether this is meant as a place, and not as a meter's number."""
    return text.partition(":")[0].lower() in TRANSPORTS


def _parse(text: str) -> Place:
    parts = urlsplit(text)
    if parts.scheme not in TRANSPORTS:
        raise ValueError(f"begins with {', '.join(f'{one}://' for one in TRANSPORTS)}")
    if parts.fragment or parts.username is not None:
        raise ValueError("has parts that mean nothing here")
    said = _said(parts.query)
    path = unquote(parts.path)
    if parts.scheme == SERIAL:
        if parts.netloc:
            raise ValueError("a serial port is written serial:///dev/NAME/STATION")
        port, station = _port_and_station(path)
        return Place(SERIAL, path=port, station=station, **said)  # type: ignore[arg-type]
    if not parts.hostname:
        raise ValueError("has no host")
    station = path.removeprefix("/")
    if not _STATION.fullmatch(station):
        raise ValueError("has no such station")
    if parts.scheme == RTU_TCP and parts.port is None:
        raise ValueError("needs a port: a transparent gateway has no usual one")
    return Place(
        parts.scheme,
        host=parts.hostname,
        port=parts.port,
        station=station,
        **said,  # type: ignore[arg-type]
    )


def _port_and_station(path: str) -> tuple[str, str]:
    """A device lies below /dev and has a name of letters; what follows it is the station, unless it
    is the name itself (`/dev/pts/3` is a device whose name is a number)."""
    head, _, last = path.rpartition("/")
    if head in ("", "/dev") or head.endswith("/dev") or not _STATION.fullmatch(last):
        return path, ""
    if head == "/dev/pts":
        return path, ""
    return head, last


def _said(query: str) -> dict[str, object]:
    said: dict[str, object] = {}
    for key, value in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)):
        if key not in _CHOICES:
            raise ValueError(f"has no setting {key[:20]}; there are {', '.join(_CHOICES)}")
        said[key] = _CHOICES[key](value)
    return said


def _number(text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise ValueError(f"a number from {least} to {most} is needed, not {text[:20]}")
    return int(text)


def _yes(text: str) -> bool:
    return _one_of(text.lower(), ("yes", "no")) == "yes"


def _one_of(text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        raise ValueError(f"one of {', '.join(words)} is needed, not {text[:20]}")
    return text
