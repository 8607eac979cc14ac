"""Conversations with M-Bus meters: read all telegrams, give addresses and rates, send data, find
who is on the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..conversation import Conversation, LineSettings, Quiet, Switch
from ..lines import NoReply
from .frames import BAUD_CI, FCB, REQ_UD2, SELECTED, SEND_DATA, SND_NKE, SND_UD, Long, Short
from .station import (
    TRIES,
    Station,
    acknowledged,
    answered,
    is_meant,
    persistently,
    reset,
    selection,
)
from .structures import telegram
from .telegram import NotATelegram, Telegram

MOST_TELEGRAMS: Final = 32
ALL: Final = "F" * 16
_ID_DIGITS: Final = 8
_PRIMARY_ADDRESS: Final = bytes.fromhex("017A")


@dataclass(frozen=True, slots=True)
class Found:
    """What a search by secondary addresses brought."""

    meters: tuple[Telegram, ...]
    """First telegram of each."""
    conflicts: tuple[str, ...] = ()
    """Masks under which several answer that no digit of the identification tells apart."""


def read(station: Station, tries: int = TRIES) -> Conversation[tuple[Telegram, ...]]:
    """All telegrams of a meter, in order. Raises NoReply.

    The frame count bit asks for the next telegram when it toggles and for the last one again when
    it does not; after a reset the first request has it set. So a lost answer is asked for again
    without losing or doubling a telegram.
    """
    yield from reach(station, tries)
    told: list[Telegram] = []
    frames: list[Long] = []
    bit = FCB
    while len(told) < MOST_TELEGRAMS:
        frame = yield from _request(station, Short(REQ_UD2 | bit, station.target), frames, tries)
        one = _parsed(station, frame)
        # Answers are counted (a few meters do not): one that is not the next is late.
        if told and one.access not in (told[-1].access, told[-1].access + 1 & 0xFF):
            raise NoReply(station.line, station.unit, "out_of_order")
        told.append(one)
        if not one.more:
            return tuple(told)
        frames.append(frame)
        bit ^= FCB
    raise NoReply(station.line, station.unit, "endless")


def greet(station: Station, tries: int = TRIES) -> Conversation[Telegram]:
    """The first telegram of a meter, for what its header says: that is never sealed. Raises
    NoReply."""
    yield from reach(station, tries)
    frame = yield from _request(station, Short(REQ_UD2 | FCB, station.target), (), tries)
    return _headed(station, frame)


def send(station: Station, data: bytes) -> Conversation[None]:
    """Records for the meter to take as settings or commands, once. Raises NoReply (may have
    happened)."""
    yield from reach(station, TRIES)
    yield from acknowledged(station, data_frame(station, data))


def data_frame(station: Station, data: bytes) -> Long:
    """What carries records to the meter."""
    return Long(SND_UD, station.target, SEND_DATA, data)


def set_primary(station: Station, new: int) -> Conversation[None]:
    """Gives the meter a primary address (1 to 250); it answers under the old one. Raises NoReply:
    it may have happened."""
    data = _PRIMARY_ADDRESS + bytes([new])
    yield from reach(station, TRIES)
    yield from acknowledged(station, Long(SND_UD, station.target, SEND_DATA, data))


def set_baud(station: Station, baud: int, settings: LineSettings) -> Conversation[None]:
    """The meter and the line go on with `baud` (300 to 9600). It answers at the old rate. Raises
    NoReply: it may have happened."""
    yield from reach(station, TRIES)
    yield from acknowledged(station, Long(SND_UD, station.target, BAUD_CI[baud]))
    yield Switch(replace(settings, baud=baud))


def search(station: Station, mask: str = ALL) -> Conversation[Found]:
    """Everybody on the line whom the mask means: digit by digit of the identification, a mask being
    split where several answer at once. Raises nothing but what the line itself does."""
    meters: list[Telegram] = []
    conflicts: list[str] = []
    masks = [mask]
    while masks:
        one = masks.pop()
        match (yield from _who(replace(station, secondary=one))):
            case Telegram() as told:
                meters.append(told)
            case True:
                position = one[:_ID_DIGITS].find("F")
                if position < 0:
                    conflicts.append(one)
                    continue
                # The last is taken first.
                masks += [one[:position] + str(d) + one[position + 1 :] for d in range(9, -1, -1)]
    return Found(tuple(meters), tuple(conflicts))


def _who(station: Station) -> Conversation[Telegram | bool]:
    """The only meter that the mask means; True if there are several, False if there is none.

    Several E5 at once look like one, or like noise. So the answer to the request decides.
    """
    # Whoever was selected before lets go; with nobody selected nobody answers.
    try:
        yield from acknowledged(station, Short(SND_NKE, SELECTED))
    except NoReply:
        yield Quiet(station.gap_s)
    try:
        yield from acknowledged(station, selection(station.secondary))
    except NoReply as error:
        if error.reason == "timeout":
            return False
        yield Quiet(station.settle_s)
    try:
        frame = yield from answered(station, Short(REQ_UD2 | FCB, SELECTED))
        return _headed(station, frame)
    except NoReply:
        yield Quiet(station.settle_s)
        return True


def reach(station: Station, tries: int = TRIES) -> Conversation[None]:
    """The meter selected if it goes by its secondary address, and its telegrams from the start.
    Changes nothing else. Raises NoReply."""
    if station.secondary:
        yield from persistently(station, selection(station.secondary), tries)
        # A reset of address 253 would let go of the meter again: selecting has begun anew.
        return
    yield from reset(station, tries)


def _request(
    station: Station, frame: Short, before: Sequence[Long], tries: int
) -> Conversation[Long]:
    for _ in range(tries - 1):
        try:
            return (yield from answered(station, frame, before))
        except NoReply:
            yield Quiet(station.settle_s)
    return (yield from answered(station, frame, before))


def _parsed(station: Station, frame: Long) -> Telegram:
    one = _headed(station, frame)
    if one.is_encrypted:
        raise NoReply(station.line, station.unit, "encrypted")
    return one


def _headed(station: Station, frame: Long) -> Telegram:
    """The telegram, sealed or not, of the meter that was asked."""
    try:
        one = telegram(frame)
    except NotATelegram as error:
        raise NoReply(station.line, station.unit, str(error)) from None
    if not is_meant(station, one):
        raise NoReply(station.line, station.unit, "wrong_unit")
    return one
