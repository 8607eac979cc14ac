"""Conversations with a DL/T 645-2007 meter: read, write, set clocks, freeze, switch the relay.

Numbers on the wire stand low byte first; data identifications (DI) are told as eight hex digits as
the standard prints them, `00010000`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import IntEnum
from typing import Final

from ..conversation import Conversation, LineSettings, Quiet, Send, Switch
from ..lines import NoReply
from .frames import ALL, ANY, Frame, address_bytes, address_text, encode, matches
from .station import SECRET_OF_ACCESS, Access, Function, Station, ask, ask_again

TRIES: Final = 2
_DI_BYTES: Final = 4
_MOST_FOLLOW_UPS: Final = 255
# Annex C: one bit per rate.
BAUD_CODES: Final = {600: 0x02, 1200: 0x04, 2400: 0x08, 4800: 0x10, 9600: 0x20, 19200: 0x40}


class Order(IntEnum):
    """What function 1C tells the relay."""

    TRIP = 0x1A
    PERMIT = 0x1B
    """The customer may close it at the meter."""
    CLOSE = 0x1C
    ALARM = 0x2A
    ALARM_OFF = 0x2B
    HOLD = 0x3A
    """Keep the supply whatever the balance says."""
    HOLD_OFF = 0x3B


def ask_address(station: Station, tries: int = TRIES) -> Conversation[str]:
    """The address of the only meter on the line. Raises NoReply, also if several answer at once:
    what arrives then is no frame."""
    anybody = replace(station, address=ANY)

    def tells_itself(frame: Frame) -> bool:
        # Some answer under the address of any, and tell their own in the data only.
        is_address = len(frame.data) == len(address_bytes(ANY)) and frame.data.hex().isdecimal()
        return is_address and matches(frame.address, address_text(frame.data))

    frame = yield from ask_again(anybody, Function.READ_ADDRESS, b"", tells_itself, tries)
    return address_text(frame.data)


def read(station: Station, di: str, tries: int = TRIES) -> Conversation[bytes]:
    """All data of one identification, low byte first, follow-up frames joined.

    Raises NoReply, Declined (`no_data` is a misfit: the meter does not keep it).
    """
    wanted = di_bytes(di)
    frame = yield from ask_again(station, Function.READ, wanted, _of(wanted), tries)
    data = frame.data[_DI_BYTES:]
    for sequence in range(1, _MOST_FOLLOW_UPS + 1):
        if not frame.more:
            return data
        accept = _of(wanted, sequence)
        asked = wanted + bytes([sequence])
        frame = yield from ask_again(station, Function.READ_NEXT, asked, accept, tries)
        data += frame.data[_DI_BYTES:-1]
    raise NoReply(station.line, station.address, "endless")


def write(station: Station, di: str, data: bytes, access: Access) -> Conversation[None]:
    """One value, once. Raises NoReply (may have happened), Declined."""
    head = di_bytes(di)
    secret = _shifted(SECRET_OF_ACCESS, len(head))
    yield from ask(station, Function.WRITE, head + access.wire + data, secret=(secret,))


def relay(station: Station, order: Order, access: Access, expires: datetime) -> Conversation[None]:
    """Tells the relay, once. By the meter's own clock, `expires` (naive) is the moment after which
    the order is void, however late it arrives. Raises NoReply, Declined.

    The answer says that the meter took the order, not that the relay has moved: read its state.
    """
    data = access.wire + bytes([order, 0]) + moment_bytes(expires)
    yield from ask(station, Function.RELAY, data, secret=(SECRET_OF_ACCESS,))


def broadcast_time(station: Station, moment: datetime) -> Conversation[None]:
    """Offers the time to every meter of the line; nobody answers. A meter takes it once a day, and
    only within five minutes of its own (clause 7.3.2)."""
    yield Quiet(station.gap_s)
    frame = Frame(ALL, Function.BROADCAST_TIME, moment_bytes(moment))
    yield Send(encode(frame, station.wake))


def freeze(station: Station, pattern: str = "99999999") -> Conversation[None]:
    """Keep the present readings at `MMDDhhmm`, where 99 is every; all 99: now. Whole lines at once
    with the address of all, where nobody answers. Raises NoReply, Declined."""
    data = bytes.fromhex(pattern)[::-1]
    if station.address == ALL:
        yield Quiet(station.gap_s)
        yield Send(encode(Frame(ALL, Function.FREEZE, data), station.wake))
        return
    yield from ask(station, Function.FREEZE, data)


def write_address(station: Station, new: str) -> Conversation[None]:
    """Gives the only meter on the line (address of any), or this one, a new address. Firmwares
    differ in whether they answer under the old one or the new one. Raises NoReply, Declined."""
    data = address_bytes(new)

    def old_or_new(frame: Frame) -> bool:
        return frame.address in (new, station.address)

    yield from ask(station, Function.WRITE_ADDRESS, data, old_or_new, heard=ANY)


def set_baud(station: Station, baud: int, settings: LineSettings) -> Conversation[None]:
    """The meter and the line go on with `baud`. It answers at the old rate with the same code.
    Raises NoReply, Declined."""
    code = bytes([BAUD_CODES[baud]])
    yield from ask(station, Function.BAUD, code, lambda frame: frame.data == code)
    yield Switch(replace(settings, baud=baud))


def set_password(station: Station, di: str, old: Access, new: Access) -> Conversation[None]:
    """Replaces a password; the answer repeats the new one. Raises NoReply, Declined."""
    head = di_bytes(di)
    fresh = new.wire[:_DI_BYTES]
    data = head + old.wire[:_DI_BYTES] + fresh
    secret = (_shifted(SECRET_OF_ACCESS, 4), _shifted(SECRET_OF_ACCESS, 8))
    accept: Callable[[Frame], bool] = lambda frame: frame.data == fresh  # noqa: E731
    yield from ask(station, Function.PASSWORD, data, accept, secret)


def di_bytes(di: str) -> bytes:
    """As on the wire, low byte first."""
    return bytes.fromhex(di)[::-1]


def moment_bytes(moment: datetime) -> bytes:
    """ss mm hh DD MM YY in BCD, as on the wire."""
    return bytes.fromhex(moment.strftime("%y%m%d%H%M%S"))[::-1]


def _of(di: bytes, sequence: int | None = None) -> Callable[[Frame], bool]:
    """Accepts answers that repeat the identification, and of follow-ups the number."""

    def accept(frame: Frame) -> bool:
        told = sequence is None or (len(frame.data) > _DI_BYTES and frame.data[-1] == sequence)
        return frame.data.startswith(di) and told

    return accept


def _shifted(stretch: tuple[int, int], by: int) -> tuple[int, int]:
    return stretch[0] + by, stretch[1] + by
