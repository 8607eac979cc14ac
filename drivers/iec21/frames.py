"""Messages of IEC 62056-21, clause 6: bytes to fields and back, nothing else.

    readout     STX  lines ... ! CR LF  ETX BCC
    command     SOH  command  STX  data set  ETX BCC
    answer           STX  data set  ETX BCC       (EOT instead of ETX: more blocks follow)

BCC is the exclusive or of every byte after the first of SOH and STX, up to and including ETX. All
characters are 7-bit ASCII.

Nothing checks the first byte itself: a spoilt STX is an SOH. So a message is sound only if what
follows has the shape that its first byte promises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import Final

SOH: Final = 0x01
STX: Final = 0x02
ETX: Final = 0x03
EOT: Final = 0x04
ACK: Final = b"\x06"
NAK: Final = b"\x15"
BREAK_COMMAND: Final = "B0"
# Clause 6.3.4: the letter or digit behind the maker, and its rate in mode C.
BAUD: Final = {"0": 300, "1": 600, "2": 1200, "3": 2400, "4": 4800, "5": 9600, "6": 19200}
READOUT: Final = "0"
PROGRAMMING: Final = "1"
_SLOW_S: Final = 0.2
_FAST_S: Final = 0.02
_IDENTIFICATION = re.compile(rb"/([A-Za-z]{3})([0-9A-I])([ -~]{0,24})\r\n")
_DATA_SET = re.compile(r"([^()\r\n!/]*)((?:\([^()\r\n]*\))+)")
_VALUE = re.compile(r"\(([^()*]*)(?:\*([^()*]*))?\)")
_BLANKS = "\r\n"
_FRAMING: Final = frozenset("()/!")
_SHAPE: Final = {
    STX: re.compile(rb"[ -~\r\n]*[\x03\x04]"),
    # Clause 6.3.3: a command is a letter and a digit.
    SOH: re.compile(rb"[A-Z][0-9](?:\x02[ -~\r\n]*)?[\x03\x04]"),
}
"""By the first byte: what may follow, up to and including ETX or EOT."""


@dataclass(frozen=True, slots=True)
class Identification:
    """What a meter says when it is called."""

    maker: str
    """Three letters; a small third one says that it reacts within 20 ms."""
    speed: str
    """`0` to `6`: the rate it offers."""
    text: str

    @property
    def reaction_s(self) -> float:
        return _FAST_S if self.maker[2].islower() else _SLOW_S


@dataclass(frozen=True, slots=True)
class Block:
    """One message with a check sum. The text has no repr: it may carry a password or a token."""

    command: str
    """`P0`, `R1` ...; empty for an answer or a readout."""
    text: str = field(repr=False)
    is_last: bool = True
    is_sound: bool = True
    """The check sum is right, and the shape is one that the first byte allows."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """`1.8.0(001234.56*kWh)`: an id and its values, each with its unit."""

    id: str
    values: tuple[tuple[str, str], ...]


def call(address: str = "") -> bytes:
    """The sign-on of anybody, or of one meter among several (up to 32 characters)."""
    return b"/?" + address.encode("ascii") + b"!\r\n"


def option(speed: str, mode: str) -> bytes:
    """The acknowledgement that chooses rate and mode, protocol 0."""
    return ACK + f"0{speed}{mode}\r\n".encode("ascii")


def command(name: str, data: str = "") -> bytes:
    """A command message; without data it has no STX either (B0)."""
    body = name.encode("ascii")
    if data:
        body += bytes([STX]) + data.encode("ascii")
    body += bytes([ETX])
    return bytes([SOH]) + body + bytes([bcc(body)])


def answer(text: str, is_last: bool = True) -> bytes:
    """A data message: a meter's answer, a readout, a partial block."""
    body = text.encode("ascii") + bytes([ETX if is_last else EOT])
    return bytes([STX]) + body + bytes([bcc(body)])


def is_plain(text: str) -> bool:
    """Whether a value or a password can stand between the brackets of a message."""
    return text.isascii() and text.isprintable() and not set(text) & _FRAMING


def bcc(body: bytes) -> int:
    """The check sum of what stands behind SOH or STX, ETX included."""
    return reduce(xor, body, 0)


def identification(raw: bytes) -> Identification | None:
    """The identification among the bytes, if it is whole."""
    found = _IDENTIFICATION.search(raw)
    if found is None:
        return None
    maker, speed, text = (part.decode("ascii") for part in found.groups())
    return Identification(maker, speed, text)


def blocks(raw: bytes) -> Iterator[Block]:
    """The whole messages among the bytes, spoilt ones too: they say that one came."""
    at = 0
    while at < len(raw):
        if raw[at] not in (SOH, STX):
            at += 1
            continue
        end = next((i for i in range(at + 1, len(raw)) if raw[i] in (ETX, EOT)), len(raw))
        if end + 1 >= len(raw):
            return
        yield _block(raw[at], raw[at + 1 : end + 1], raw[end + 1])
        at = end + 2


def data_sets(text: str) -> tuple[DataSet, ...] | None:
    """The data sets of a readout or an answer, in order; None if the text is none."""
    text = text.rstrip(_BLANKS).removesuffix("!")
    sets: list[DataSet] = []
    at = 0
    while at < len(text):
        if text[at] in _BLANKS:
            at += 1
            continue
        found = _DATA_SET.match(text, at)
        if found is None:
            return None
        values = tuple((v, unit or "") for v, unit in _VALUE.findall(found[2]))
        if len(values) != found[2].count("("):
            return None
        sets.append(DataSet(found[1], values))
        at = found.end()
    return tuple(sets)


def _block(start: int, body: bytes, check: int) -> Block:
    is_sound = bcc(body) == check and _SHAPE[start].fullmatch(body) is not None
    text = body[:-1].decode("ascii", "replace")
    name = ""
    if start == SOH:
        name, _, text = text.partition(chr(STX))
    return Block(name, text, body[-1] == ETX, is_sound)
