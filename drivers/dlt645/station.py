"""One exchange with a DL/T 645 meter: a request goes out once, and a reply to it is told from
echoes, noise and the late replies of others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from ..conversation import Conversation, Quiet, Send
from ..gathering import Patience, gather
from ..lines import Declined, NoReply
from .frames import FUNCTION, HEAD, LONGEST, REPLY, Frame, begun, encode, find, matches


class Function(IntEnum):
    """Control codes of requests, clause 7 of DL/T 645-2007."""

    SECURITY = 0x03
    """Not of the standard itself: identification, account opening, top-up."""
    BROADCAST_TIME = 0x08
    READ = 0x11
    READ_NEXT = 0x12
    READ_ADDRESS = 0x13
    WRITE = 0x14
    WRITE_ADDRESS = 0x15
    FREEZE = 0x16
    BAUD = 0x17
    PASSWORD = 0x18
    RELAY = 0x1C


# Bits of the error byte, annex C. All of them say that the request was not carried out.
ERRORS: Final = {
    0: "other",
    1: "no_data",
    2: "not_authorised",
    3: "baud_fixed",
    4: "too_many_zones",
    5: "too_many_periods",
    6: "too_many_tariffs",
}
# Bits of the error word of function 03, the same in the firmwares that were found in public.
SECURITY_ERRORS: Final = {
    0: "other",
    1: "purchase_repeated",
    2: "secure_element",
    3: "not_identified",
    4: "customer_differs",
    5: "purchase_count",
    6: "too_much_credit",
    7: "address",
    8: "suspended",
    9: "not_closed",
}
NO_DATA: Final = "no_data"
_UNSURE: Final = "error_unknown"


# Clause 5.4: an answer begins within 500 ms, and no two bytes of it are further apart.
PATIENCE: Final = Patience(first_s=0.6, next_s=0.5, most=2 * LONGEST)


@dataclass(frozen=True, slots=True)
class Station:
    """A meter on a line, and how long it may take."""

    line: str
    """For people: `127.0.0.1:5020`, a port's name."""
    address: str
    """12 digits, high first; `A` wildcards."""
    patience: Patience = PATIENCE
    gap_s: float = 0.03
    """Silence before a request."""
    settle_s: float = 1.0
    """Silence after a reply that never came, in which it may still come and be thrown away."""
    wake: int = 4


@dataclass(frozen=True, slots=True)
class Access:
    """What a meter wants to see before it changes anything."""

    level: int
    """0 highest to 9; 2 for relays and most settings."""
    password: str = field(repr=False)
    """6 digits."""
    operator: str = "00000000"
    """8 digits, kept in the meter's event log."""

    @property
    def wire(self) -> bytes:
        """Level, password and operator as on the wire, low byte first each."""
        return bytes([self.level]) + _low_first(self.password) + _low_first(self.operator)


SECRET_OF_ACCESS: Final = (1, 4)
"""Where in `Access.wire` the password stands."""


def ask(
    station: Station,
    function: int,
    data: bytes = b"",
    accept: Callable[[Frame], bool] = lambda _: True,
    secret: tuple[tuple[int, int], ...] = (),
    heard: str = "",
) -> Conversation[Frame]:
    """Sends one request, once, and returns the meter's answer to it.

    `accept` judges the data of a positive answer; `secret` are stretches of `data`; `heard` is
    whose answers count, if not only those of the address that was asked. Raises NoReply (it may
    have happened), Declined (the meter says that it did not).
    """
    yield Quiet(station.gap_s)
    request = encode(Frame(station.address, function, data), station.wake)
    begin = station.wake + HEAD
    yield Send(request, tuple((begin + low, begin + high) for low, high in secret))

    def answer(raw: bytes) -> Frame | None:
        while (found := find(raw)) is not None:
            frame, end = found
            meant = _answers(heard or station.address, function, frame)
            if meant and (frame.failed or accept(frame)):
                return frame
            raw = raw[end:]
        return None

    got = yield from gather(answer, begun, station.patience)
    if got.found is None:
        raise NoReply(station.line, station.address, got.trouble)
    if got.found.failed:
        raise declined(station, function, got.found.data)
    return got.found


def ask_again(
    station: Station,
    function: int,
    data: bytes,
    accept: Callable[[Frame], bool],
    tries: int,
) -> Conversation[Frame]:
    """As `ask`, for what changes nothing: asked up to `tries` times, with the line left alone in
    between for as long as a late reply may take."""
    for _ in range(tries - 1):
        try:
            return (yield from ask(station, function, data, accept))
        except NoReply:
            yield Quiet(station.settle_s)
    return (yield from ask(station, function, data, accept))


def declined(station: Station, function: int, data: bytes) -> Declined:
    """What a negative answer says, by its error byte or, of function 03, error word."""
    names = SECURITY_ERRORS if function == Function.SECURITY else ERRORS
    # Function 03 puts the data identification before the error word in some firmwares.
    word = int.from_bytes(data[-2:] if function == Function.SECURITY else data[:1], "little")
    reason = "+".join(name for bit, name in names.items() if word >> bit & 1) or _UNSURE
    return Declined(
        unit=station.address,
        function=f"{function:02X}",
        reason=reason,
        # A purchase that the meter calls repeated has happened before.
        nothing_happened=reason != _UNSURE and "purchase_repeated" not in reason,
        is_misfit=NO_DATA in reason,
    )


def _answers(address: str, function: int, frame: Frame) -> bool:
    return bool(
        frame.control & REPLY
        and frame.control & FUNCTION == function
        and matches(address, frame.address)
    )


def _low_first(digits: str) -> bytes:
    return bytes.fromhex(digits)[::-1]
